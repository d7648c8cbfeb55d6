//! Runs. What names anything comes sealed, and is found by blind indexes; `services::runs` holds the keys.

pub mod findings;
pub mod logs;
pub mod search;
pub mod tasks;

use app::domain::ids::{RunId, WorkspaceId};
use app::domain::run::{ClientClock, CredentialKind, CredentialSource, RunStatus, TaskCounts};
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::entities::{run_details, runs};
use crate::auth::credential::RunScope;
use crate::auth::secret::SecretHash;
use crate::error::{Error, Result};

/// What stands for a name in the database: equal names of an organization have equal ones.
pub type BlindIndex = Vec<u8>;

/// A run that begins.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct NewRun {
    /// Its id.
    pub id: RunId,
    /// The secret that its client knows it by.
    pub key: SecretHash,
    /// Its sealed facts.
    pub sealed: Vec<u8>,
    /// Its branch.
    pub branch: Option<BlindIndex>,
    /// The author of its commit.
    pub author: Option<BlindIndex>,
    /// Its command.
    pub command: BlindIndex,
    /// Its CI execution.
    pub execution: Option<BlindIndex>,
    /// Whether it is of a pull or merge request.
    pub pull_request: bool,
    /// Whether it is on a CI system.
    pub ci: bool,
    /// Whether another run started it.
    pub inner: bool,
    /// Whether the cache is used.
    pub cache: bool,
    /// Whether artifacts are encrypted by the client.
    pub encrypted: bool,
    /// The kind of its credential.
    pub credential: CredentialKind,
    /// Which token.
    pub credential_id: Option<Uuid>,
    /// Where the client has found it.
    pub credential_source: Option<CredentialSource>,
    /// What the credential allows.
    pub access: &'static str,
    /// Its beginning and its clock.
    pub clock: ClientClock,
    /// When we heard of it.
    pub now: DateTime<Utc>,
    /// Tasks in its graph.
    pub announced: u32,
}

fn stored(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

fn number(stored: i32) -> u32 {
    u32::try_from(stored).unwrap_or_default()
}

/// Begins a run; when there is one with this key already, it is that one.
pub async fn begin(db: &impl ConnectionTrait, scope: &RunScope, new: NewRun) -> Result<RunId> {
    let key = new.key.clone();
    let row = runs::ActiveModel {
        id: Set(new.id),
        org_id: Set(scope.org()),
        workspace_id: Set(scope.workspace()),
        key_hash: Set(new.key),
        sealed: Set(new.sealed),
        branch_index: Set(new.branch),
        author_index: Set(new.author),
        command_index: Set(new.command),
        execution_index: Set(new.execution),
        pull_request: Set(new.pull_request),
        ci: Set(new.ci),
        inner: Set(new.inner),
        cache: Set(new.cache),
        encrypted: Set(new.encrypted),
        credential: Set(new.credential.as_str().to_owned()),
        credential_id: Set(new.credential_id),
        credential_source: Set(new.credential_source.map(|source| source.as_str().to_owned())),
        access: Set(new.access.to_owned()),
        status: Set(RunStatus::Running.as_str().to_owned()),
        started_at: Set(new.clock.started_at),
        ended_at: Set(None),
        skew_ms: Set(new.clock.ahead_ms),
        created_at: Set(new.now),
        heard_at: Set(new.now),
        closed_at: Set(None),
        announced: Set(stored(new.announced)),
        running: Set(0),
        succeeded: Set(0),
        failed: Set(0),
        skipped: Set(0),
        stopped: Set(0),
        local_hits: Set(0),
        remote_hits: Set(0),
        misses: Set(0),
        lost_uploads: Set(0),
        log_bytes: Set(0),
        log_cut: Set(false),
        incomplete: Set(false),
    };
    let taken = OnConflict::columns([runs::Column::WorkspaceId, runs::Column::KeyHash]).do_nothing().to_owned();
    let inserted = runs::Entity::insert(row).on_conflict(taken).exec_without_returning(db).await?;
    if inserted > 0 {
        return Ok(new.id);
    }
    let found = runs::Entity::find()
        .select_only()
        .column(runs::Column::Id)
        .filter(runs::Column::WorkspaceId.eq(scope.workspace()))
        .filter(runs::Column::KeyHash.eq(key));
    found.into_tuple().one(db).await?.ok_or(Error::Stored("run that is there and is not"))
}

/// A run that its client adds to, locked until the transaction ends.
#[derive(Debug, Clone)]
pub struct OpenRun {
    /// Its id.
    pub id: RunId,
    /// Where.
    pub workspace: WorkspaceId,
    /// How it is.
    pub status: RunStatus,
    /// Its beginning and its clock.
    pub clock: ClientClock,
    /// When we heard of it first.
    pub created_at: DateTime<Utc>,
    /// When we heard of it last.
    pub heard_at: DateTime<Utc>,
    /// When it was over, by our clock.
    pub closed_at: Option<DateTime<Utc>>,
    /// Its tasks.
    pub counts: TaskCounts,
    /// Bytes of its logs.
    pub log_bytes: u64,
    /// Whether a part of its logs was not kept.
    pub log_cut: bool,
}

pub(super) fn counts(row: &runs::Model) -> TaskCounts {
    TaskCounts {
        running: number(row.running),
        succeeded: number(row.succeeded),
        failed: number(row.failed),
        skipped: number(row.skipped),
        stopped: number(row.stopped),
        local_hits: number(row.local_hits),
        remote_hits: number(row.remote_hits),
        misses: number(row.misses),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a row is used up by what is made of it")]
fn open_run(row: runs::Model) -> Result<OpenRun> {
    Ok(OpenRun {
        id: row.id,
        workspace: row.workspace_id,
        status: row.status.parse().map_err(|_| Error::Stored("status of a run"))?,
        clock: ClientClock { started_at: row.started_at, ahead_ms: row.skew_ms },
        created_at: row.created_at,
        heard_at: row.heard_at,
        closed_at: row.closed_at,
        counts: counts(&row),
        log_bytes: u64::try_from(row.log_bytes).unwrap_or_default(),
        log_cut: row.log_cut,
    })
}

/// The run with this id and key in the workspace of the credential; locked.
pub async fn lock(tx: &impl ConnectionTrait, scope: &RunScope, id: RunId, key: &SecretHash) -> Result<Option<OpenRun>> {
    let query =
        runs::Entity::find_by_id(id).filter(runs::Column::WorkspaceId.eq(scope.workspace())).filter(runs::Column::KeyHash.eq(key.clone()));
    query.lock_exclusive().one(tx).await?.map(open_run).transpose()
}

/// A run whose client may be gone; locked.
pub async fn lock_silent(tx: &impl ConnectionTrait, id: RunId, heard_before: DateTime<Utc>) -> Result<Option<OpenRun>> {
    let query = runs::Entity::find_by_id(id)
        .filter(runs::Column::Status.eq(RunStatus::Running.as_str()))
        .filter(runs::Column::HeardAt.lt(heard_before));
    query.lock_exclusive().one(tx).await?.map(open_run).transpose()
}

/// Runs of all organizations that go on and of which nothing was heard since.
pub async fn silent(db: &impl ConnectionTrait, heard_before: DateTime<Utc>, most: u64) -> Result<Vec<RunId>> {
    let found = runs::Entity::find()
        .select_only()
        .column(runs::Column::Id)
        .filter(runs::Column::Status.eq(RunStatus::Running.as_str()))
        .filter(runs::Column::HeardAt.lt(heard_before))
        .order_by_asc(runs::Column::HeardAt)
        .limit(most);
    Ok(found.into_tuple().all(db).await?)
}

/// Keeps what a report has changed.
pub async fn save_progress(tx: &impl ConnectionTrait, run: &OpenRun) -> Result<()> {
    let counts = run.counts;
    let set = |column: runs::Column, count: u32| (column, Expr::value(stored(count)));
    let mut update = runs::Entity::update_many().filter(runs::Column::Id.eq(run.id));
    for (column, value) in [
        set(runs::Column::Running, counts.running),
        set(runs::Column::Succeeded, counts.succeeded),
        set(runs::Column::Failed, counts.failed),
        set(runs::Column::Skipped, counts.skipped),
        set(runs::Column::Stopped, counts.stopped),
        set(runs::Column::LocalHits, counts.local_hits),
        set(runs::Column::RemoteHits, counts.remote_hits),
        set(runs::Column::Misses, counts.misses),
        (runs::Column::HeardAt, Expr::value(run.heard_at)),
        (runs::Column::LogBytes, Expr::value(i64::try_from(run.log_bytes).unwrap_or(i64::MAX))),
        (runs::Column::LogCut, Expr::value(run.log_cut)),
    ] {
        update = update.col_expr(column, value);
    }
    update.exec(tx).await?;
    Ok(())
}

/// How a run was over.
#[derive(Debug, Clone, Copy)]
pub struct Closing {
    /// How it is from now on.
    pub status: RunStatus,
    /// When it ended, by our clock.
    pub ended_at: DateTime<Utc>,
    /// When we knew.
    pub closed_at: DateTime<Utc>,
    /// Artifacts that could not be stored.
    pub lost_uploads: u32,
    /// Whether a part of what its client had to tell never arrived.
    pub incomplete: bool,
}

/// Closes a run; its counts are those of the run.
pub async fn close(tx: &impl ConnectionTrait, run: &OpenRun, closing: Closing) -> Result<()> {
    runs::Entity::update_many()
        .col_expr(runs::Column::Status, Expr::value(closing.status.as_str()))
        .col_expr(runs::Column::EndedAt, Expr::value(closing.ended_at))
        .col_expr(runs::Column::ClosedAt, Expr::value(closing.closed_at))
        .col_expr(runs::Column::LostUploads, Expr::value(stored(closing.lost_uploads)))
        .col_expr(runs::Column::Incomplete, Expr::value(closing.incomplete))
        .filter(runs::Column::Id.eq(run.id))
        .exec(tx)
        .await?;
    save_progress(tx, run).await
}

/// Opens a run again that was closed because nothing was heard of it.
pub async fn reopen(tx: &impl ConnectionTrait, run: &mut OpenRun) -> Result<()> {
    (run.status, run.closed_at) = (RunStatus::Running, None);
    runs::Entity::update_many()
        .col_expr(runs::Column::Status, Expr::value(run.status.as_str()))
        .col_expr(runs::Column::EndedAt, Expr::value(None::<DateTime<Utc>>))
        .col_expr(runs::Column::ClosedAt, Expr::value(None::<DateTime<Utc>>))
        .filter(runs::Column::Id.eq(run.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Keeps what hashes were made of. What is there already stays, and is used again.
pub async fn keep_details(
    tx: &impl ConnectionTrait,
    workspace: WorkspaceId,
    mut new: Vec<(BlindIndex, Vec<u8>)>,
    today: NaiveDate,
) -> Result<()> {
    // In one order, so that two reports never wait for each other's rows.
    new.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    new.dedup_by(|one, other| one.0 == other.0);
    for batch in new.chunks(500) {
        let rows = batch.iter().map(|(index, sealed)| run_details::ActiveModel {
            workspace_id: Set(workspace),
            details_index: Set(index.clone()),
            sealed: Set(sealed.clone()),
            used_on: Set(today),
        });
        let used = OnConflict::columns([run_details::Column::WorkspaceId, run_details::Column::DetailsIndex])
            .update_column(run_details::Column::UsedOn)
            .to_owned();
        run_details::Entity::insert_many(rows).on_conflict(used).exec_without_returning(tx).await?;
    }
    Ok(())
}

/// The first id that could be made at this moment: ids sort by the time at which they are made.
pub fn first_id_at(at: DateTime<Utc>) -> RunId {
    // An id has 48 bits for the time.
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or_default().min((1 << 48) - 1);
    RunId::from_uuid(Uuid::from_u128(millis << 80))
}

/// Deletes some runs that began before, with all that belongs to them. Returns how many.
pub async fn delete_old(db: &impl ConnectionTrait, before: DateTime<Utc>, most: u64) -> Result<u64> {
    let old: Vec<RunId> = runs::Entity::find()
        .select_only()
        .column(runs::Column::Id)
        .filter(runs::Column::Id.lt(first_id_at(before)))
        .order_by_asc(runs::Column::Id)
        .limit(most)
        .into_tuple()
        .all(db)
        .await?;
    let deleted = runs::Entity::delete_many().filter(runs::Column::Id.is_in(old)).exec(db).await?;
    Ok(deleted.rows_affected)
}

/// Deletes what hashes were made of that no kept run has.
pub async fn delete_old_details(db: &impl ConnectionTrait, before: NaiveDate) -> Result<()> {
    run_details::Entity::delete_many().filter(run_details::Column::UsedOn.lt(before)).exec(db).await?;
    Ok(())
}
