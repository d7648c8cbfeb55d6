//! What is counted of runs and tasks, day by day. Each run is counted once, when it is over, so that nothing here has to
//! open the runs themselves.

use std::collections::BTreeMap;

use app::domain::ids::WorkspaceId;
use app::domain::statistics::{Kind, Tally};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Func, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect};

use super::entities::{flaky_hashes, stat_days, stat_subjects, stat_times};
use super::runs::BlindIndex;
use crate::auth::access::WorkspaceScope;
use crate::error::Result;

/// Rows written in one statement: SQLite has a limit of values.
const BATCH: usize = 500;

/// What something is counted of.
pub type Subject = (Kind, BlindIndex);

/// The subject that is the workspace as a whole.
pub fn whole() -> Subject {
    (Kind::Workspace, vec![0; 16])
}

/// What a run adds to a subject.
#[derive(Debug, Clone, Default)]
pub struct Addition {
    /// Its counts.
    pub tally: Tally,
    /// Its times: how many in each bucket.
    pub times: BTreeMap<u16, u64>,
}

/// What is known of a subject.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its sealed name.
    pub sealed: Vec<u8>,
    /// How long the task took when it was run last.
    pub usual_ms: Option<u64>,
}

fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or_default()
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn bucket(number: u16) -> i16 {
    i16::try_from(number).unwrap_or(i16::MAX)
}

/// What is known of these subjects.
pub async fn known(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    kind: Kind,
    subjects: &[BlindIndex],
) -> Result<BTreeMap<BlindIndex, Known>> {
    let mut known = BTreeMap::new();
    for batch in subjects.chunks(BATCH) {
        let rows = stat_subjects::Entity::find()
            .filter(stat_subjects::Column::WorkspaceId.eq(workspace))
            .filter(stat_subjects::Column::Kind.eq(kind.number()))
            .filter(stat_subjects::Column::Subject.is_in(batch.iter().cloned()))
            .all(db)
            .await?;
        known.extend(rows.into_iter().map(|row| (row.subject, Known { sealed: row.sealed, usual_ms: row.usual_ms.map(number) })));
    }
    Ok(known)
}

/// Keeps names and how long tasks took. Who has no new time keeps the old one.
pub async fn save_subjects(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
    subjects: &BTreeMap<Subject, Known>,
    today: NaiveDate,
) -> Result<()> {
    // In the order of their keys, as everywhere here, so that two servers never wait for each other's rows.
    let rows: Vec<_> = subjects
        .iter()
        .map(|((kind, subject), known)| stat_subjects::ActiveModel {
            workspace_id: Set(workspace),
            kind: Set(kind.number()),
            subject: Set(subject.clone()),
            sealed: Set(known.sealed.clone()),
            usual_ms: Set(known.usual_ms.map(stored)),
            seen_on: Set(today),
        })
        .collect();
    let (new, old) = (("excluded", stat_subjects::Column::UsualMs), (stat_subjects::Entity, stat_subjects::Column::UsualMs));
    for batch in rows.chunks(BATCH) {
        let seen = OnConflict::columns([stat_subjects::Column::WorkspaceId, stat_subjects::Column::Kind, stat_subjects::Column::Subject])
            .update_column(stat_subjects::Column::SeenOn)
            .value(stat_subjects::Column::UsualMs, Func::coalesce([Expr::col(new), Expr::col(old)]))
            .to_owned();
        stat_subjects::Entity::insert_many(batch.to_vec()).on_conflict(seen).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Adds what a run counts.
pub async fn add(tx: &impl ConnectionTrait, workspace: WorkspaceId, day: NaiveDate, additions: &BTreeMap<Subject, Addition>) -> Result<()> {
    let times: Vec<_> = additions
        .iter()
        .flat_map(|((kind, subject), addition)| {
            addition.times.iter().map(|(number, amount)| stat_times::ActiveModel {
                workspace_id: Set(workspace),
                kind: Set(kind.number()),
                subject: Set(subject.clone()),
                day: Set(day),
                bucket: Set(bucket(*number)),
                amount: Set(stored(*amount)),
            })
        })
        .collect();
    let plus = |column| Expr::col((stat_times::Entity, column)).add(Expr::col(("excluded", column)));
    for batch in times.chunks(BATCH) {
        use stat_times::Column as C;
        let added =
            OnConflict::columns([C::WorkspaceId, C::Kind, C::Subject, C::Day, C::Bucket]).value(C::Amount, plus(C::Amount)).to_owned();
        stat_times::Entity::insert_many(batch.to_vec()).on_conflict(added).exec_without_returning(tx).await?;
    }
    let days: Vec<_> = additions.iter().map(|(subject, addition)| day_row(workspace, day, subject, &addition.tally)).collect();
    let plus = |column| Expr::col((stat_days::Entity, column)).add(Expr::col(("excluded", column)));
    for batch in days.chunks(BATCH) {
        use stat_days::Column as C;
        let mut added = OnConflict::columns([C::WorkspaceId, C::Kind, C::Day, C::Subject]);
        for column in COUNTS {
            added.value(column, plus(column));
        }
        stat_days::Entity::insert_many(batch.to_vec()).on_conflict(added).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// Every column that is added up.
const COUNTS: [stat_days::Column; 10] = [
    stat_days::Column::Runs,
    stat_days::Column::Tasks,
    stat_days::Column::Executed,
    stat_days::Column::Failed,
    stat_days::Column::Stopped,
    stat_days::Column::LocalHits,
    stat_days::Column::RemoteHits,
    stat_days::Column::Misses,
    stat_days::Column::TimeMs,
    stat_days::Column::SavedMs,
];

fn day_row(workspace: WorkspaceId, day: NaiveDate, (kind, subject): &Subject, tally: &Tally) -> stat_days::ActiveModel {
    stat_days::ActiveModel {
        workspace_id: Set(workspace),
        kind: Set(kind.number()),
        day: Set(day),
        subject: Set(subject.clone()),
        runs: Set(stored(tally.runs)),
        tasks: Set(stored(tally.tasks)),
        executed: Set(stored(tally.executed)),
        failed: Set(stored(tally.failed)),
        stopped: Set(stored(tally.stopped)),
        local_hits: Set(stored(tally.local_hits)),
        remote_hits: Set(stored(tally.remote_hits)),
        misses: Set(stored(tally.misses)),
        time_ms: Set(stored(tally.time_ms)),
        saved_ms: Set(stored(tally.saved_ms)),
    }
}

/// Notes hashes with which a task has succeeded and failed.
pub async fn mark_flaky(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
    hashes: &BTreeMap<BlindIndex, BlindIndex>,
    at: DateTime<Utc>,
) -> Result<()> {
    let rows: Vec<_> = hashes
        .iter()
        .map(|(hash, subject)| flaky_hashes::ActiveModel {
            workspace_id: Set(workspace),
            hash_index: Set(hash.clone()),
            subject: Set(subject.clone()),
            seen_at: Set(at),
        })
        .collect();
    for batch in rows.chunks(BATCH) {
        let again = OnConflict::columns([flaky_hashes::Column::WorkspaceId, flaky_hashes::Column::HashIndex])
            .update_column(flaky_hashes::Column::SeenAt)
            .to_owned();
        flaky_hashes::Entity::insert_many(batch.to_vec()).on_conflict(again).exec_without_returning(tx).await?;
    }
    Ok(())
}

#[derive(FromQueryResult)]
struct Sums {
    subject: Vec<u8>,
    runs: i64,
    tasks: i64,
    executed: i64,
    failed: i64,
    stopped: i64,
    local_hits: i64,
    remote_hits: i64,
    misses: i64,
    time_ms: i64,
    saved_ms: i64,
}

/// Days of the workspace as a whole, from then on.
pub async fn days(db: &impl ConnectionTrait, scope: &WorkspaceScope, since: NaiveDate) -> Result<BTreeMap<NaiveDate, Tally>> {
    let rows = stat_days::Entity::find()
        .filter(stat_days::Column::WorkspaceId.eq(scope.id()))
        .filter(stat_days::Column::Kind.eq(Kind::Workspace.number()))
        .filter(stat_days::Column::Day.gte(since))
        .all(db)
        .await?;
    let tally = |row: stat_days::Model| Tally {
        runs: number(row.runs),
        tasks: number(row.tasks),
        executed: number(row.executed),
        failed: number(row.failed),
        stopped: number(row.stopped),
        local_hits: number(row.local_hits),
        remote_hits: number(row.remote_hits),
        misses: number(row.misses),
        time_ms: number(row.time_ms),
        saved_ms: number(row.saved_ms),
    };
    Ok(rows.into_iter().map(|row| (row.day, tally(row))).collect())
}

/// Sums of subjects of one kind from then on: of these, or of those that took the most time.
pub async fn sums(
    db: &impl ConnectionTrait,
    scope: &WorkspaceScope,
    kind: Kind,
    since: NaiveDate,
    most: u64,
) -> Result<Vec<(BlindIndex, Tally)>> {
    let mut query = stat_days::Entity::find().select_only().column(stat_days::Column::Subject);
    for column in COUNTS {
        // A sum of `BIGINT`s is `NUMERIC` in PostgreSQL.
        query = query.column_as(column.into_expr().sum().cast_as("bigint"), sea_orm::IdenStatic::as_str(&column));
    }
    let rows: Vec<Sums> = query
        .filter(stat_days::Column::WorkspaceId.eq(scope.id()))
        .filter(stat_days::Column::Kind.eq(kind.number()))
        .filter(stat_days::Column::Day.gte(since))
        .group_by(stat_days::Column::Subject)
        .order_by_desc(stat_days::Column::TimeMs.into_expr().sum())
        .order_by_asc(stat_days::Column::Subject)
        .limit(most)
        .into_model()
        .all(db)
        .await?;
    let tally = |row: &Sums| Tally {
        runs: number(row.runs),
        tasks: number(row.tasks),
        executed: number(row.executed),
        failed: number(row.failed),
        stopped: number(row.stopped),
        local_hits: number(row.local_hits),
        remote_hits: number(row.remote_hits),
        misses: number(row.misses),
        time_ms: number(row.time_ms),
        saved_ms: number(row.saved_ms),
    };
    Ok(rows.into_iter().map(|row| (row.subject.clone(), tally(&row))).collect())
}

/// Histograms: of each subject, the buckets with their counts, in order.
pub type Histograms = BTreeMap<BlindIndex, Vec<(u16, u64)>>;

/// How long these subjects took from then on.
pub async fn times(
    db: &impl ConnectionTrait,
    scope: &WorkspaceScope,
    kind: Kind,
    subjects: &[BlindIndex],
    since: NaiveDate,
) -> Result<Histograms> {
    let mut found: Histograms = BTreeMap::new();
    for batch in subjects.chunks(BATCH) {
        let rows: Vec<(Vec<u8>, i16, i64)> = stat_times::Entity::find()
            .select_only()
            .columns([stat_times::Column::Subject, stat_times::Column::Bucket])
            .column_as(stat_times::Column::Amount.into_expr().sum().cast_as("bigint"), "amount")
            .filter(stat_times::Column::WorkspaceId.eq(scope.id()))
            .filter(stat_times::Column::Kind.eq(kind.number()))
            .filter(stat_times::Column::Subject.is_in(batch.iter().cloned()))
            .filter(stat_times::Column::Day.gte(since))
            .group_by(stat_times::Column::Subject)
            .group_by(stat_times::Column::Bucket)
            .order_by_asc(stat_times::Column::Subject)
            .order_by_asc(stat_times::Column::Bucket)
            .into_tuple()
            .all(db)
            .await?;
        for (subject, bucket, amount) in rows {
            found.entry(subject).or_default().push((u16::try_from(bucket).unwrap_or_default(), number(amount)));
        }
    }
    Ok(found)
}

/// How long the runs of each day took, from then on.
pub async fn run_times(
    db: &impl ConnectionTrait,
    scope: &WorkspaceScope,
    since: NaiveDate,
) -> Result<BTreeMap<NaiveDate, Vec<(u16, u64)>>> {
    let rows = stat_times::Entity::find()
        .filter(stat_times::Column::WorkspaceId.eq(scope.id()))
        .filter(stat_times::Column::Kind.eq(Kind::Workspace.number()))
        .filter(stat_times::Column::Day.gte(since))
        .order_by_asc(stat_times::Column::Day)
        .order_by_asc(stat_times::Column::Bucket)
        .all(db)
        .await?;
    let mut days: BTreeMap<NaiveDate, Vec<(u16, u64)>> = BTreeMap::new();
    for row in rows {
        days.entry(row.day).or_default().push((u16::try_from(row.bucket).unwrap_or_default(), number(row.amount)));
    }
    Ok(days)
}

/// The tasks with the most hashes that both succeeded and failed: how many, and when last.
pub async fn flaky(
    db: &impl ConnectionTrait,
    scope: &WorkspaceScope,
    since: DateTime<Utc>,
    most: u64,
) -> Result<Vec<(BlindIndex, u64, DateTime<Utc>)>> {
    let rows: Vec<(Vec<u8>, i64, DateTime<Utc>)> = flaky_hashes::Entity::find()
        .select_only()
        .column(flaky_hashes::Column::Subject)
        .column_as(flaky_hashes::Column::HashIndex.count(), "hashes")
        .column_as(flaky_hashes::Column::SeenAt.max(), "seen_at")
        .filter(flaky_hashes::Column::WorkspaceId.eq(scope.id()))
        .filter(flaky_hashes::Column::SeenAt.gte(since))
        .group_by(flaky_hashes::Column::Subject)
        .order_by_desc(flaky_hashes::Column::HashIndex.count())
        .order_by_asc(flaky_hashes::Column::Subject)
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(subject, hashes, at)| (subject, number(hashes), at)).collect())
}

/// Forgets days, and what was seen on none that is kept.
pub async fn delete_old(db: &impl ConnectionTrait, before: NaiveDate) -> Result<()> {
    stat_times::Entity::delete_many().filter(stat_times::Column::Day.lt(before)).exec(db).await?;
    stat_days::Entity::delete_many().filter(stat_days::Column::Day.lt(before)).exec(db).await?;
    stat_subjects::Entity::delete_many().filter(stat_subjects::Column::SeenOn.lt(before)).exec(db).await?;
    let moment = before.and_time(chrono::NaiveTime::MIN).and_utc();
    flaky_hashes::Entity::delete_many().filter(flaky_hashes::Column::SeenAt.lt(moment)).exec(db).await?;
    Ok(())
}
