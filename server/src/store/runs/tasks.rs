//! Tasks of runs, attempt by attempt.

use std::collections::BTreeSet;

use app::domain::ids::{RunId, WorkspaceId};
use app::domain::run::{CacheStatus, MissReason, StoredFor, TaskStatus};
use app::domain::run_filter::TaskOrder;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{CaseStatement, Expr, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, Order, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};

use super::super::entities::{run_details, run_tasks};
use super::BlindIndex;
use super::logs::AttemptKey;
use crate::auth::access::WorkspaceScope;
use crate::error::{Error, Result};

/// Rows written in one statement: SQLite has a limit of values.
const BATCH: usize = 500;

/// An attempt at a task as it is kept.
#[derive(Debug, Clone)]
pub struct TaskRecord {
    /// Number and attempt.
    pub key: AttemptKey,
    /// Whether there is no later attempt.
    pub latest: bool,
    /// Its sealed facts.
    pub sealed: Vec<u8>,
    /// Its id.
    pub task: BlindIndex,
    /// Its project.
    pub project: BlindIndex,
    /// Its hash.
    pub hash: Option<BlindIndex>,
    /// What the hash was made of.
    pub details: Option<BlindIndex>,
    /// Whether its result may be cached.
    pub cacheable: bool,
    /// Whether it runs until it is stopped.
    pub continuous: bool,
    /// How it is.
    pub status: TaskStatus,
    /// Where its result came from.
    pub cache: Option<CacheStatus>,
    /// Why not from the remote cache.
    pub miss: Option<MissReason>,
    /// For whom it was stored.
    pub stored: Option<StoredFor>,
    /// Exit code.
    pub code: Option<i32>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How long it took.
    pub duration_ms: Option<u64>,
}

impl TaskRecord {
    /// Whether it was run, and its result is its own.
    pub fn executed(&self) -> bool {
        matches!(self.status, TaskStatus::Success | TaskStatus::Failure) && !self.cache.is_some_and(CacheStatus::is_hit)
    }
}

fn word<T: std::str::FromStr>(text: Option<String>, what: &'static str) -> Result<Option<T>> {
    text.map(|text| text.parse().map_err(|_| Error::Stored(what))).transpose()
}

pub(super) fn record(row: run_tasks::Model) -> Result<TaskRecord> {
    Ok(TaskRecord {
        key: (super::number(row.number), u16::try_from(row.attempt).unwrap_or_default()),
        latest: row.latest,
        sealed: row.sealed,
        task: row.task_index,
        project: row.project_index,
        hash: row.hash_index,
        details: row.details_index,
        cacheable: row.cacheable,
        continuous: row.continuous,
        status: row.status.parse().map_err(|_| Error::Stored("status of a task"))?,
        cache: word(row.cache, "cache status")?,
        miss: word(row.miss, "reason of a miss")?,
        stored: word(row.stored, "scope of a result")?,
        code: row.code,
        started_at: row.started_at,
        ended_at: row.ended_at,
        duration_ms: row.duration_ms.and_then(|ms| u64::try_from(ms).ok()),
    })
}

/// All attempts at these tasks of a run.
pub async fn known(tx: &impl ConnectionTrait, run: RunId, numbers: &BTreeSet<u32>) -> Result<Vec<TaskRecord>> {
    let rows = run_tasks::Entity::find()
        .filter(run_tasks::Column::RunId.eq(run))
        .filter(run_tasks::Column::Number.is_in(numbers.iter().copied().map(super::stored)))
        .all(tx)
        .await?;
    rows.into_iter().map(record).collect()
}

/// All attempts at all tasks of a run, in order.
pub async fn of_run(db: &impl ConnectionTrait, run: RunId) -> Result<Vec<TaskRecord>> {
    let rows = run_tasks::Entity::find()
        .filter(run_tasks::Column::RunId.eq(run))
        .order_by_asc(run_tasks::Column::Number)
        .order_by_asc(run_tasks::Column::Attempt)
        .all(db)
        .await?;
    rows.into_iter().map(record).collect()
}

/// Keeps attempts as they are now.
pub async fn save(tx: &impl ConnectionTrait, run: RunId, workspace: WorkspaceId, records: &[TaskRecord]) -> Result<()> {
    let code = |code: Option<&'static str>| code.map(ToOwned::to_owned);
    for batch in records.chunks(BATCH) {
        let rows = batch.iter().map(|record| run_tasks::ActiveModel {
            run_id: Set(run),
            number: Set(super::stored(record.key.0)),
            attempt: Set(i16::try_from(record.key.1).unwrap_or(i16::MAX)),
            latest: Set(record.latest),
            workspace_id: Set(workspace),
            sealed: Set(record.sealed.clone()),
            task_index: Set(record.task.clone()),
            project_index: Set(record.project.clone()),
            hash_index: Set(record.hash.clone()),
            details_index: Set(record.details.clone()),
            cacheable: Set(record.cacheable),
            continuous: Set(record.continuous),
            status: Set(record.status.as_str().to_owned()),
            cache: Set(code(record.cache.map(CacheStatus::as_str))),
            miss: Set(code(record.miss.map(MissReason::as_str))),
            stored: Set(code(record.stored.map(StoredFor::as_str))),
            code: Set(record.code),
            started_at: Set(record.started_at),
            ended_at: Set(record.ended_at),
            duration_ms: Set(record.duration_ms.and_then(|ms| i64::try_from(ms).ok())),
        });
        let key = [run_tasks::Column::RunId, run_tasks::Column::Number, run_tasks::Column::Attempt];
        let all = [
            run_tasks::Column::Latest,
            run_tasks::Column::Sealed,
            run_tasks::Column::TaskIndex,
            run_tasks::Column::ProjectIndex,
            run_tasks::Column::HashIndex,
            run_tasks::Column::DetailsIndex,
            run_tasks::Column::Cacheable,
            run_tasks::Column::Continuous,
            run_tasks::Column::Status,
            run_tasks::Column::Cache,
            run_tasks::Column::Miss,
            run_tasks::Column::Stored,
            run_tasks::Column::Code,
            run_tasks::Column::StartedAt,
            run_tasks::Column::EndedAt,
            run_tasks::Column::DurationMs,
        ];
        let replaced = OnConflict::columns(key).update_columns(all).to_owned();
        run_tasks::Entity::insert_many(rows).on_conflict(replaced).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Marks all tasks of a run that still run as stopped.
pub async fn stop_running(tx: &impl ConnectionTrait, run: RunId, at: DateTime<Utc>) -> Result<()> {
    run_tasks::Entity::update_many()
        .col_expr(run_tasks::Column::Status, Expr::value(TaskStatus::Stopped.as_str()))
        .col_expr(run_tasks::Column::EndedAt, Expr::value(at))
        .filter(run_tasks::Column::RunId.eq(run))
        .filter(run_tasks::Column::Status.eq(TaskStatus::Running.as_str()))
        .exec(tx)
        .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Verdict {
    hash_index: Vec<u8>,
    status: String,
}

/// Those of these hashes with which tasks of the workspace have succeeded as well as failed.
pub async fn contradicting(tx: &impl ConnectionTrait, workspace: WorkspaceId, hashes: &[BlindIndex]) -> Result<Vec<BlindIndex>> {
    let mut found = Vec::new();
    for batch in hashes.chunks(BATCH) {
        let verdicts: Vec<Verdict> = run_tasks::Entity::find()
            .select_only()
            .columns([run_tasks::Column::HashIndex, run_tasks::Column::Status])
            .filter(run_tasks::Column::WorkspaceId.eq(workspace))
            .filter(run_tasks::Column::HashIndex.is_in(batch.iter().cloned()))
            .filter(run_tasks::Column::Status.is_in([TaskStatus::Success.as_str(), TaskStatus::Failure.as_str()]))
            .group_by(run_tasks::Column::HashIndex)
            .group_by(run_tasks::Column::Status)
            .into_model()
            .all(tx)
            .await?;
        let mut succeeded = BTreeSet::new();
        let mut failed = BTreeSet::new();
        for verdict in verdicts {
            let of = if verdict.status == TaskStatus::Success.as_str() { &mut succeeded } else { &mut failed };
            of.insert(verdict.hash_index);
        }
        found.extend(succeeded.intersection(&failed).cloned());
    }
    Ok(found)
}

/// Which tasks of a run are looked for.
#[derive(Debug, Clone, Default)]
pub struct TaskSearch {
    /// How they are.
    pub status: Option<TaskStatus>,
    /// Where their results came from.
    pub cache: Option<&'static [CacheStatus]>,
    /// In which order.
    pub order: TaskOrder,
    /// So many are left out.
    pub offset: u64,
    /// So many at most.
    pub limit: Option<u64>,
}

fn last_attempts(scope: &WorkspaceScope, run: RunId) -> Select<run_tasks::Entity> {
    run_tasks::Entity::find()
        .filter(run_tasks::Column::RunId.eq(run))
        .filter(run_tasks::Column::WorkspaceId.eq(scope.id()))
        .filter(run_tasks::Column::Latest.eq(true))
}

/// Tasks of a run, each in its last attempt.
pub async fn list(db: &impl ConnectionTrait, scope: &WorkspaceScope, run: RunId, search: &TaskSearch) -> Result<Vec<TaskRecord>> {
    let mut query = last_attempts(scope, run)
        .apply_if(search.status, |query, status| query.filter(run_tasks::Column::Status.eq(status.as_str())))
        .apply_if(search.cache, |query, cache| query.filter(run_tasks::Column::Cache.is_in(cache.iter().map(|status| status.as_str()))));
    let rank = |status: TaskStatus, rank: i32| (run_tasks::Column::Status.eq(status.as_str()), rank);
    query = match search.order {
        TaskOrder::Trouble => {
            let ranks = [rank(TaskStatus::Failure, 0), rank(TaskStatus::Running, 1), rank(TaskStatus::Stopped, 2)];
            let trouble: sea_orm::sea_query::SimpleExpr =
                ranks.into_iter().fold(CaseStatement::new(), |case, (is, rank)| case.case(is, rank)).finally(3).into();
            query.order_by(trouble, Order::Asc)
        }
        TaskOrder::Start => query.order_by(run_tasks::Column::StartedAt.is_null(), Order::Asc).order_by_asc(run_tasks::Column::StartedAt),
        TaskOrder::Duration => {
            query.order_by(run_tasks::Column::DurationMs.is_null(), Order::Asc).order_by_desc(run_tasks::Column::DurationMs)
        }
    };
    // SQLite knows an offset only behind a limit.
    let rows = query.order_by_asc(run_tasks::Column::Number).limit(search.limit.unwrap_or(ALL)).offset(search.offset).all(db).await?;
    rows.into_iter().map(record).collect()
}

/// More than a run can have.
const ALL: u64 = 1_000_000;

/// All attempts at one task, in order.
pub async fn attempts(db: &impl ConnectionTrait, scope: &WorkspaceScope, run: RunId, number: u32) -> Result<Vec<TaskRecord>> {
    let rows = run_tasks::Entity::find()
        .filter(run_tasks::Column::RunId.eq(run))
        .filter(run_tasks::Column::WorkspaceId.eq(scope.id()))
        .filter(run_tasks::Column::Number.eq(super::stored(number)))
        .order_by_asc(run_tasks::Column::Attempt)
        .all(db)
        .await?;
    rows.into_iter().map(record).collect()
}

/// The failed tasks before and behind one, by their numbers.
pub async fn failures_beside(
    db: &impl ConnectionTrait,
    scope: &WorkspaceScope,
    run: RunId,
    number: u32,
) -> Result<(Option<u32>, Option<u32>)> {
    let failed = || {
        let query = last_attempts(scope, run).filter(run_tasks::Column::Status.eq(TaskStatus::Failure.as_str()));
        query.select_only().column(run_tasks::Column::Number)
    };
    let number = super::stored(number);
    let before: Option<i32> =
        failed().filter(run_tasks::Column::Number.lt(number)).order_by_desc(run_tasks::Column::Number).into_tuple().one(db).await?;
    let behind: Option<i32> =
        failed().filter(run_tasks::Column::Number.gt(number)).order_by_asc(run_tasks::Column::Number).into_tuple().one(db).await?;
    Ok((before.map(super::number), behind.map(super::number)))
}

/// The same task in other runs, the newest first.
pub async fn same_task(
    db: &impl ConnectionTrait,
    scope: &WorkspaceScope,
    task: &BlindIndex,
    but: RunId,
    most: u64,
) -> Result<Vec<(RunId, TaskRecord)>> {
    let rows = run_tasks::Entity::find()
        .filter(run_tasks::Column::WorkspaceId.eq(scope.id()))
        .filter(run_tasks::Column::TaskIndex.eq(task.clone()))
        .filter(run_tasks::Column::Latest.eq(true))
        .filter(run_tasks::Column::RunId.ne(but))
        .order_by_desc(run_tasks::Column::RunId)
        .limit(most)
        .all(db)
        .await?;
    rows.into_iter().map(|row| Ok((row.run_id, record(row)?))).collect()
}

/// The same task in one other run.
pub async fn same_task_in(db: &impl ConnectionTrait, scope: &WorkspaceScope, task: &BlindIndex, run: RunId) -> Result<Option<TaskRecord>> {
    let query = last_attempts(scope, run).filter(run_tasks::Column::TaskIndex.eq(task.clone())).order_by_asc(run_tasks::Column::Number);
    query.one(db).await?.map(record).transpose()
}

/// What hashes were made of, sealed.
pub async fn details(db: &impl ConnectionTrait, scope: &WorkspaceScope, index: &BlindIndex) -> Result<Option<Vec<u8>>> {
    let found = run_details::Entity::find_by_id((scope.id(), index.clone())).one(db).await?;
    Ok(found.map(|row| row.sealed))
}

/// A task of a run, as far as it is counted.
#[derive(Debug, Clone)]
pub struct Sample {
    /// Of which run.
    pub run: RunId,
    /// Number and attempt.
    pub key: AttemptKey,
    /// Its sealed facts.
    pub sealed: Vec<u8>,
    /// Its id.
    pub task: BlindIndex,
    /// How it is.
    pub status: TaskStatus,
    /// Where its result came from.
    pub cache: Option<CacheStatus>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// How long it took.
    pub duration_ms: Option<u64>,
}

/// Tasks of these runs, each in its last attempt, the newest first; only these tasks, when any are named.
pub async fn samples(
    db: &impl ConnectionTrait,
    scope: &WorkspaceScope,
    runs: &[RunId],
    only: &[BlindIndex],
    most: u64,
) -> Result<Vec<Sample>> {
    let mut query = run_tasks::Entity::find()
        .filter(run_tasks::Column::RunId.is_in(runs.iter().copied()))
        .filter(run_tasks::Column::WorkspaceId.eq(scope.id()))
        .filter(run_tasks::Column::Latest.eq(true));
    if !only.is_empty() {
        query = query.filter(run_tasks::Column::TaskIndex.is_in(only.iter().cloned()));
    }
    let rows = query.order_by_desc(run_tasks::Column::RunId).order_by_asc(run_tasks::Column::Number).limit(most).all(db).await?;
    let sample = |row: run_tasks::Model| {
        let run = row.run_id;
        let task = record(row)?;
        Ok(Sample {
            run,
            key: task.key,
            sealed: task.sealed,
            task: task.task,
            status: task.status,
            cache: task.cache,
            started_at: task.started_at,
            duration_ms: task.duration_ms,
        })
    };
    rows.into_iter().map(sample).collect()
}
