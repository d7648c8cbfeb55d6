//! What deletes artifacts without anybody watching: purges, retention by age and by size, and the sweeper of bytes that
//! no row names.

use std::time::Duration;

use app::domain::ids::WorkspaceId;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::StreamExt as _;
use sea_orm::DatabaseTransaction;

use crate::blob::{BlobError, BlobKey};
use crate::error::Result;
use crate::state::State;
use crate::store::artifacts::{self, StoredArtifact};
use crate::store::audit;
use crate::store::runs;
use crate::store::statistics;
use crate::store::workspaces;

/// Artifacts deleted in one transaction: few enough that writers do not wait long.
const BATCH: u64 = 500;
/// When a CI execution ends, nobody tells: its artifacts are kept for this long.
pub const EXECUTION_AGE: TimeDelta = TimeDelta::hours(24);
/// Bytes without a row are left alone for this long: their upload may be about to be named.
pub const ORPHAN_AGE: Duration = Duration::from_hours(1);

/// Removes the bytes of artifacts whose rows are gone.
pub async fn delete_blobs(state: &State, gone: &[StoredArtifact]) -> Result<()> {
    for artifact in gone {
        if let Some(key) = BlobKey::parse(&artifact.blob) {
            state.blobs.delete(&key).await?;
        }
    }
    Ok(())
}

/// Carries on every purge that is not finished.
pub async fn run_purges(state: &State) -> Result<()> {
    for purge in artifacts::running_purges(state.db.read()).await? {
        loop {
            let batch = artifacts::used_before(state.db.read(), purge.workspace, purge.used_before, BATCH).await?;
            let finished = (batch.len() as u64) < BATCH;
            let tx = state.db.begin_without_session().await?;
            artifacts::delete(&tx, purge.workspace, &batch).await?;
            artifacts::advance_purge(&tx, purge.id, batch.len() as u64, finished.then(|| state.clock.now())).await?;
            tx.commit().await?;
            delete_blobs(state, &batch).await?;
            if finished {
                break;
            }
        }
        // What is remembered of places may name what is gone.
        state.found.invalidate_all();
    }
    Ok(())
}

/// Deletes artifacts of CI executions that must be over by now. Returns how many went.
pub async fn end_executions(state: &State) -> Result<u64> {
    let before = state.clock.now() - EXECUTION_AGE;
    let mut deleted = 0;
    loop {
        let batch = artifacts::executions_before(state.db.read(), before, BATCH).await?;
        let tx = state.db.begin_without_session().await?;
        for of_one in batch.chunk_by(|(one, _), (other, _)| one == other) {
            let gone: Vec<_> = of_one.iter().map(|(_, artifact)| artifact.clone()).collect();
            artifacts::delete(&tx, of_one[0].0, &gone).await?;
        }
        tx.commit().await?;
        let gone: Vec<_> = batch.into_iter().map(|(_, artifact)| artifact).collect();
        delete_blobs(state, &gone).await?;
        deleted += gone.len() as u64;
        if (gone.len() as u64) < BATCH {
            break;
        }
    }
    if deleted > 0 {
        state.found.invalidate_all();
        metrics::counter!("buildkeep_artifacts_expired_total").increment(deleted);
    }
    Ok(deleted)
}

/// Deletes what goes over the limits of each workspace. Returns how many artifacts went.
pub async fn apply(state: &State) -> Result<u64> {
    let mut deleted = 0;
    for workspace in workspaces::all(state.db.read()).await? {
        if let Some(days) = workspace.retention.days {
            let moment = state.clock.now() - TimeDelta::days(i64::from(days));
            deleted += delete_oldest(state, workspace.id, moment, u64::MAX).await?;
        }
        let over = workspace.retention.bytes().map_or(0, |limit| workspace.bytes.saturating_sub(limit));
        if over > 0 {
            deleted += delete_oldest(state, workspace.id, state.clock.now(), over).await?;
        }
    }
    if deleted > 0 {
        state.found.invalidate_all();
        metrics::counter!("buildkeep_artifacts_expired_total").increment(deleted);
        tracing::info!(deleted, "retention deleted artifacts");
    }
    Ok(deleted)
}

/// Takes the names of all artifacts of a workspace away, in a transaction that does more; their bytes go afterwards.
pub async fn delete_all(tx: &DatabaseTransaction, workspace: WorkspaceId) -> Result<Vec<StoredArtifact>> {
    let mut gone = Vec::new();
    loop {
        let batch = artifacts::next_of(tx, workspace, BATCH).await?;
        artifacts::delete(tx, workspace, &batch).await?;
        let complete = (batch.len() as u64) < BATCH;
        gone.extend(batch);
        if complete {
            return Ok(gone);
        }
    }
}

/// Deletes artifacts last used before a moment, the longest unused first, until so many bytes are free.
async fn delete_oldest(state: &State, workspace: WorkspaceId, moment: DateTime<Utc>, mut bytes: u64) -> Result<u64> {
    let mut deleted = 0;
    while bytes > 0 {
        let mut batch = artifacts::used_before(state.db.read(), workspace, moment, BATCH).await?;
        let complete = (batch.len() as u64) < BATCH;
        let mut taken = 0;
        batch.retain(|artifact| {
            let wanted = bytes > 0;
            if wanted {
                bytes = if bytes == u64::MAX { bytes } else { bytes.saturating_sub(artifact.bytes) };
                taken += 1;
            }
            wanted
        });
        let tx = state.db.begin_without_session().await?;
        artifacts::delete(&tx, workspace, &batch).await?;
        tx.commit().await?;
        delete_blobs(state, &batch).await?;
        deleted += taken;
        if complete {
            break;
        }
    }
    Ok(deleted)
}

/// Days are counted for no less: the page of statistics goes back so far.
const LEAST_STATISTICS_DAYS: u32 = 91;
/// Runs deleted in one transaction, each with all its tasks and logs.
const RUN_BATCH: u64 = 20;

/// Deletes runs that are older than the operator keeps them, and what was counted so long ago. Returns how many runs went.
pub async fn trim_runs(state: &State) -> Result<u64> {
    let now = state.clock.now();
    let before = now - TimeDelta::days(i64::from(state.config.run_days));
    let mut trimmed = 0;
    loop {
        let batch = runs::delete_old(state.db.write(), before, RUN_BATCH).await?;
        trimmed += batch;
        if batch < RUN_BATCH {
            break;
        }
    }
    // What a run refers to was used on its day or later.
    runs::delete_old_details(state.db.write(), before.date_naive()).await?;
    let counted = now - TimeDelta::days(i64::from(state.config.run_days.max(LEAST_STATISTICS_DAYS)));
    statistics::delete_old(state.db.write(), counted.date_naive()).await?;
    if trimmed > 0 {
        tracing::info!(trimmed, "retention deleted runs");
    }
    Ok(trimmed)
}

/// Deletes events of the audit log that are older than the operator keeps them. Returns how many went.
pub async fn trim_audit(state: &State) -> Result<u64> {
    let Some(days) = state.config.audit_days else { return Ok(0) };
    let before = state.clock.now() - TimeDelta::days(i64::from(days));
    let mut trimmed = 0;
    for org in audit::chains(state.db.read()).await? {
        loop {
            let tx = state.db.begin_without_session().await?;
            let batch = audit::trim_chain(&tx, org, before, BATCH).await?;
            tx.commit().await?;
            trimmed += batch;
            if batch < BATCH {
                break;
            }
        }
    }
    loop {
        let batch = audit::trim_unchained(state.db.write(), before, BATCH).await?;
        trimmed += batch;
        if batch < BATCH {
            break;
        }
    }
    if trimmed > 0 {
        tracing::info!(trimmed, "retention deleted events of the audit log");
    }
    Ok(trimmed)
}

/// Removes bytes that no row names: uploads that were never finished, and what a deleted workspace left. Returns how many blobs went.
pub async fn sweep(state: &State) -> Result<u64> {
    let before = std::time::SystemTime::from(state.clock.now()) - ORPHAN_AGE;
    let mut swept = 0;
    let mut listed = state.blobs.list().ready_chunks(500);
    while let Some(chunk) = listed.next().await {
        let entries = chunk.into_iter().collect::<Result<Vec<_>, BlobError>>()?;
        let old = entries.into_iter().filter(|entry| entry.modified < before).map(|entry| entry.key.to_string()).collect();
        for orphan in artifacts::unnamed(state.db.read(), old).await? {
            if let Some(key) = BlobKey::parse(&orphan) {
                state.blobs.delete(&key).await?;
                swept += 1;
            }
        }
    }
    if swept > 0 {
        tracing::info!(swept, "removed bytes that no artifact names");
    }
    Ok(swept)
}
