//! Artifacts of a workspace.

use std::collections::{BTreeMap, HashSet};

use app::backend::Page;
use app::backend::artifacts::{ArtifactRow, PurgeProgress, Stock};
use app::domain::artifact::{ArtifactFormat, ArtifactScope};
use app::domain::ids::{ArtifactId, PurgeId, WorkspaceId};
use app::domain::names::ArtifactHash;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::entities::{artifacts, purges};
use super::workspaces::adjust_artifacts;
use crate::auth::access::WorkspaceScope;
use crate::auth::credential::CacheScope;
use crate::error::{Error, Result};

/// Rows on one page of the list.
const PAGE: u64 = 100;

/// Where an artifact's bytes lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredArtifact {
    /// Its id.
    pub id: ArtifactId,
    /// Key of the sealed bytes in the blob store.
    pub blob: String,
    /// Its size as nx sent it.
    pub bytes: u64,
    /// Who can make sense of them.
    pub format: ArtifactFormat,
    /// Their SHA-256, when a client told it.
    pub sha256: Option<[u8; 32]>,
}

fn stored(row: artifacts::Model) -> StoredArtifact {
    StoredArtifact {
        id: row.id,
        blob: row.blob,
        bytes: u64::try_from(row.bytes).unwrap_or_default(),
        format: if row.encrypted { ArtifactFormat::Encrypted } else { ArtifactFormat::Tar },
        sha256: row.sha256.and_then(|digest| digest.try_into().ok()),
    }
}

/// The artifact behind a hash, for whoever may read there.
pub async fn find(
    db: &impl ConnectionTrait,
    scope: &CacheScope,
    kind: ArtifactScope,
    hash: &ArtifactHash,
) -> Result<Option<StoredArtifact>> {
    Ok(one(scope.workspace(), kind, hash).one(db).await?.map(stored))
}

/// Those of these hashes that are there, in these scopes, for whoever may read there.
pub async fn find_many(
    db: &impl ConnectionTrait,
    scope: &CacheScope,
    kinds: &[ArtifactScope],
    hashes: &[ArtifactHash],
) -> Result<Vec<(ArtifactScope, ArtifactHash, StoredArtifact)>> {
    let rows = artifacts::Entity::find()
        .filter(artifacts::Column::WorkspaceId.eq(scope.workspace()))
        .filter(artifacts::Column::Scope.is_in(kinds.iter().map(ToString::to_string)))
        .filter(artifacts::Column::Hash.is_in(hashes.iter().map(ArtifactHash::as_str)))
        .all(db)
        .await?;
    rows.into_iter()
        .map(|row| {
            let kind = kinds.iter().find(|kind| kind.to_string() == row.scope).ok_or(Error::Stored("artifact scope"))?;
            let hash = ArtifactHash::parse(&row.hash).map_err(|_| Error::Stored("artifact hash"))?;
            Ok((*kind, hash, stored(row)))
        })
        .collect()
}

/// Those of CI executions, as the partial index of them has it: a bound value would keep it from being used.
fn of_executions() -> sea_orm::Select<artifacts::Entity> {
    artifacts::Entity::find().filter(Expr::cust(r#""artifacts"."scope" <> 'shared'"#))
}

async fn count_of_executions(db: &impl ConnectionTrait, workspace: WorkspaceId) -> Result<Stock> {
    counted(db, of_executions().filter(artifacts::Column::WorkspaceId.eq(workspace))).await
}

async fn counted(db: &impl ConnectionTrait, which: sea_orm::Select<artifacts::Entity>) -> Result<Stock> {
    let sum = Expr::col((artifacts::Entity, artifacts::Column::Bytes)).sum().cast_as("bigint");
    let found: Option<(i64, Option<i64>)> =
        which.select_only().column_as(artifacts::Column::Id.count(), "amount").expr(sum).into_tuple().one(db).await?;
    let number = |stored: i64| u64::try_from(stored).unwrap_or_default();
    Ok(found.map(|(artifacts, bytes)| Stock { artifacts: number(artifacts), bytes: bytes.map_or(0, number) }).unwrap_or_default())
}

/// Bytes of a workspace's artifacts that belong to CI executions.
pub async fn execution_bytes(db: &impl ConnectionTrait, scope: &CacheScope) -> Result<u64> {
    Ok(count_of_executions(db, scope.workspace()).await?.bytes)
}

/// Bytes of the artifacts of one CI execution.
pub async fn bytes_of_execution(db: &impl ConnectionTrait, scope: &CacheScope, kind: ArtifactScope) -> Result<u64> {
    let sum = of_executions()
        .filter(artifacts::Column::WorkspaceId.eq(scope.workspace()))
        .filter(artifacts::Column::Scope.eq(kind.to_string()))
        .select_only()
        .expr(Expr::col((artifacts::Entity, artifacts::Column::Bytes)).sum().cast_as("bigint"))
        .into_tuple::<Option<i64>>()
        .one(db)
        .await?;
    Ok(sum.flatten().map_or(0, |bytes| u64::try_from(bytes).unwrap_or_default()))
}

/// The artifacts of a workspace that belong to CI executions.
pub async fn in_executions(db: &impl ConnectionTrait, scope: &WorkspaceScope) -> Result<Stock> {
    count_of_executions(db, scope.id()).await
}

/// The next artifacts of CI executions that were stored before a moment.
pub async fn executions_before(db: &impl ConnectionTrait, moment: DateTime<Utc>, most: u64) -> Result<Vec<(WorkspaceId, StoredArtifact)>> {
    let rows = of_executions()
        .filter(artifacts::Column::CreatedAt.lt(moment))
        .order_by_asc(artifacts::Column::WorkspaceId)
        .limit(most)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|row| (row.workspace_id, stored(row))).collect())
}

fn one(workspace: WorkspaceId, kind: ArtifactScope, hash: &ArtifactHash) -> sea_orm::Select<artifacts::Entity> {
    artifacts::Entity::find()
        .filter(artifacts::Column::WorkspaceId.eq(workspace))
        .filter(artifacts::Column::Scope.eq(kind.to_string()))
        .filter(artifacts::Column::Hash.eq(hash.as_str()))
}

/// An artifact whose bytes are stored and which is to be named.
#[derive(Debug, Clone)]
pub struct NewArtifact {
    /// Its id.
    pub id: ArtifactId,
    /// Where it belongs.
    pub workspace: WorkspaceId,
    /// Who may read it.
    pub scope: ArtifactScope,
    /// Its key.
    pub hash: ArtifactHash,
    /// Key of its bytes.
    pub blob: String,
    /// Its size as nx sent it.
    pub bytes: u64,
    /// Who can make sense of its bytes.
    pub format: ArtifactFormat,
    /// Their SHA-256, when a client told it.
    pub sha256: Option<[u8; 32]>,
    /// Name of the credential that stored it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Names those whose keys are not taken, and tells for each whether it was. Run it in a transaction.
pub async fn insert(db: &impl ConnectionTrait, new: &[&NewArtifact]) -> Result<Vec<bool>> {
    // In the order of their keys, so that two servers never wait for each other's rows.
    let mut rows: Vec<&NewArtifact> = new.to_vec();
    rows.sort_unstable_by_key(|new| (new.workspace, new.scope.to_string(), new.hash.as_str()));
    let rows = rows.into_iter().map(|new| artifacts::ActiveModel {
        id: Set(new.id),
        workspace_id: Set(new.workspace),
        scope: Set(new.scope.to_string()),
        hash: Set(new.hash.clone().into()),
        blob: Set(new.blob.clone()),
        bytes: Set(i64::try_from(new.bytes).unwrap_or(i64::MAX)),
        created_by: Set(new.created_by.clone()),
        created_at: Set(new.created_at),
        last_read_at: Set(None),
        last_used_at: Set(new.created_at),
        hits: Set(0),
        encrypted: Set(new.format == ArtifactFormat::Encrypted),
        sha256: Set(new.sha256.map(Into::into)),
    });
    let key = [artifacts::Column::WorkspaceId, artifacts::Column::Scope, artifacts::Column::Hash];
    let inserted: HashSet<ArtifactId> = artifacts::Entity::insert_many(rows)
        .on_conflict(OnConflict::columns(key).do_nothing().to_owned())
        .exec_with_returning_keys(db)
        .await?
        .into_iter()
        .collect();
    let mut added: BTreeMap<WorkspaceId, (i64, i64)> = BTreeMap::new();
    for new in new.iter().filter(|new| inserted.contains(&new.id)) {
        let (count, bytes) = added.entry(new.workspace).or_default();
        *count += 1;
        *bytes = bytes.saturating_add_unsigned(new.bytes);
    }
    for (workspace, (count, bytes)) in added {
        adjust_artifacts(db, workspace, count, bytes).await?;
    }
    Ok(new.iter().map(|new| inserted.contains(&new.id)).collect())
}

/// Adds reads that the servers counted since they last wrote them down.
pub async fn add_reads(db: &impl ConnectionTrait, id: ArtifactId, hits: u64, last: DateTime<Utc>) -> Result<()> {
    artifacts::Entity::update_many()
        .col_expr(artifacts::Column::Hits, Expr::col(artifacts::Column::Hits).add(i64::try_from(hits).unwrap_or(i64::MAX)))
        .col_expr(artifacts::Column::LastReadAt, Expr::value(last))
        .col_expr(artifacts::Column::LastUsedAt, Expr::value(last))
        .filter(artifacts::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Where the next page of a list starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum After {
    /// Without a search: behind this artifact.
    Id(ArtifactId),
    /// With a search: behind this hash.
    Hash(ArtifactHash),
}

/// Artifacts whose hash starts with `search`, by hash; without a search the newest first.
pub async fn list(db: &impl ConnectionTrait, scope: &WorkspaceScope, search: &str, after: Option<After>) -> Result<Page<ArtifactRow>> {
    let mut query = artifacts::Entity::find()
        .filter(artifacts::Column::WorkspaceId.eq(scope.id()))
        .filter(artifacts::Column::Scope.eq(ArtifactScope::Shared.to_string()));
    if search.is_empty() {
        if let Some(After::Id(id)) = &after {
            query = query.filter(artifacts::Column::Id.lt(*id));
        }
        query = query.order_by_desc(artifacts::Column::Id);
    } else {
        query = query
            .filter(artifacts::Column::Hash.gte(search))
            // A hash is ASCII: the first text behind all those with this start.
            .filter(artifacts::Column::Hash.lt(format!("{search}\u{7f}")));
        if let Some(After::Hash(hash)) = &after {
            query = query.filter(artifacts::Column::Hash.gt(hash.as_str()));
        }
        query = query.order_by_asc(artifacts::Column::Hash);
    }
    let mut rows = query.limit(PAGE + 1).all(db).await?;
    let more = rows.len() as u64 > PAGE;
    rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let cursor = |row: &artifacts::Model| if search.is_empty() { row.id.to_string() } else { row.hash.clone() };
    let next = if more { rows.last().map(cursor) } else { None };
    let rows = rows.into_iter().map(|row| {
        Ok(ArtifactRow {
            hash: ArtifactHash::parse(&row.hash).map_err(|_| Error::Stored("artifact hash"))?,
            bytes: u64::try_from(row.bytes).unwrap_or_default(),
            created_by: scope.org().standing().role().map(|_| row.created_by),
            created_at: row.created_at,
            last_read_at: row.last_read_at,
            hits: u64::try_from(row.hits).unwrap_or_default(),
        })
    });
    Ok(Page { rows: rows.collect::<Result<_>>()?, next })
}

/// One artifact, for a person who may delete it.
pub async fn find_for_purge(db: &impl ConnectionTrait, scope: &WorkspaceScope, hash: &ArtifactHash) -> Result<Option<StoredArtifact>> {
    Ok(one(scope.id(), ArtifactScope::Shared, hash).one(db).await?.map(stored))
}

/// The next artifacts last used before a moment, the longest unused first.
pub async fn used_before(
    db: &impl ConnectionTrait,
    workspace: WorkspaceId,
    moment: DateTime<Utc>,
    most: u64,
) -> Result<Vec<StoredArtifact>> {
    let rows = old(workspace, moment).order_by_asc(artifacts::Column::LastUsedAt).limit(most).all(db).await?;
    Ok(rows.into_iter().map(stored).collect())
}

/// Some of the artifacts of a workspace, of all scopes, for whoever takes all of them away.
pub async fn next_of(db: &impl ConnectionTrait, workspace: WorkspaceId, most: u64) -> Result<Vec<StoredArtifact>> {
    let rows = artifacts::Entity::find().filter(artifacts::Column::WorkspaceId.eq(workspace)).limit(most).all(db).await?;
    Ok(rows.into_iter().map(stored).collect())
}

/// How many there are, and how large.
pub async fn count_used_before(db: &impl ConnectionTrait, workspace: WorkspaceId, moment: DateTime<Utc>) -> Result<Stock> {
    counted(db, old(workspace, moment)).await
}

fn old(workspace: WorkspaceId, moment: DateTime<Utc>) -> sea_orm::Select<artifacts::Entity> {
    artifacts::Entity::find().filter(artifacts::Column::WorkspaceId.eq(workspace)).filter(artifacts::Column::LastUsedAt.lt(moment))
}

/// Takes the names of these artifacts away, and corrects the workspace's counters. Run it in a transaction.
pub async fn delete(db: &impl ConnectionTrait, workspace: WorkspaceId, gone: &[StoredArtifact]) -> Result<()> {
    let ids = gone.iter().map(|artifact| artifact.id);
    let rows = artifacts::Entity::find()
        .filter(artifacts::Column::Id.is_in(ids))
        .filter(artifacts::Column::WorkspaceId.eq(workspace))
        // Two that delete the same artifact must not both correct the counters; in order, so that they do not wait for
        // each other.
        .order_by_asc(artifacts::Column::Id)
        .lock_exclusive()
        .all(db)
        .await?;
    let bytes: i64 = rows.iter().map(|row| row.bytes).sum();
    let deleted = artifacts::Entity::delete_many().filter(artifacts::Column::Id.is_in(rows.iter().map(|row| row.id))).exec(db).await?;
    adjust_artifacts(db, workspace, -i64::try_from(deleted.rows_affected).unwrap_or(i64::MAX), -bytes).await
}

/// Which of these blobs no artifact names.
pub async fn unnamed(db: &impl ConnectionTrait, blobs: Vec<String>) -> Result<Vec<String>> {
    let named: Vec<String> = artifacts::Entity::find()
        .select_only()
        .column(artifacts::Column::Blob)
        .filter(artifacts::Column::Blob.is_in(blobs.iter().cloned()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(blobs.into_iter().filter(|blob| !named.contains(blob)).collect())
}

/// A purge under way.
#[derive(Debug, Clone, Copy)]
pub struct RunningPurge {
    /// Its id.
    pub id: PurgeId,
    /// Where.
    pub workspace: WorkspaceId,
    /// Artifacts last used before this go.
    pub used_before: DateTime<Utc>,
}

/// Starts a purge.
pub async fn insert_purge(
    db: &impl ConnectionTrait,
    scope: &WorkspaceScope,
    id: PurgeId,
    used_before: DateTime<Utc>,
    total: u64,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = purges::ActiveModel {
        id: Set(id),
        workspace_id: Set(scope.id()),
        used_before: Set(used_before),
        total: Set(i64::try_from(total).unwrap_or(i64::MAX)),
        done: Set(0),
        started_at: Set(now),
        finished_at: Set(None),
    };
    purges::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The newest purge of the workspace.
pub async fn newest_purge(db: &impl ConnectionTrait, scope: &WorkspaceScope) -> Result<Option<PurgeProgress>> {
    let row = purges::Entity::find().filter(purges::Column::WorkspaceId.eq(scope.id())).order_by_desc(purges::Column::Id).one(db).await?;
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    Ok(row.map(|row| PurgeProgress { done: count(row.done), total: count(row.total), finished_at: row.finished_at }))
}

/// All purges that are not finished, also those that a stopped server left.
pub async fn running_purges(db: &impl ConnectionTrait) -> Result<Vec<RunningPurge>> {
    let rows = purges::Entity::find().filter(purges::Column::FinishedAt.is_null()).order_by_asc(purges::Column::Id).all(db).await?;
    Ok(rows.into_iter().map(|row| RunningPurge { id: row.id, workspace: row.workspace_id, used_before: row.used_before }).collect())
}

/// Notes how far a purge is.
pub async fn advance_purge(db: &impl ConnectionTrait, id: PurgeId, deleted: u64, finished_at: Option<DateTime<Utc>>) -> Result<()> {
    purges::Entity::update_many()
        .col_expr(purges::Column::Done, Expr::col(purges::Column::Done).add(i64::try_from(deleted).unwrap_or(i64::MAX)))
        .apply_if(finished_at, |update, at| update.col_expr(purges::Column::FinishedAt, Expr::value(at)))
        .filter(purges::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}
