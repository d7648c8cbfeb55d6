//! Artifacts of a workspace, as people look at and delete them.

use std::sync::Arc;

use app::backend::Page;
use app::backend::artifacts::{ArtifactRow, Artifacts as Port, Purge, PurgeProgress, Stock};
use app::domain::artifact::ArtifactScope;
use app::domain::ids::{PurgeId, WorkspaceId};
use app::domain::names::{ArtifactHash, OrgSlug};
use app::domain::permission::Permission;
use app::error::{AppError, Conflict};
use app::request::Caller;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::retention::delete_blobs;
use crate::auth::access;
use crate::auth::change;
use crate::error::answer;
use crate::state::State;
use crate::store::artifacts::{self, After};
use crate::store::audit::{Action, Object, record};

/// Artifacts of a workspace.
pub struct Artifacts(pub Arc<State>);

/// A purge takes what was last stored or read before this moment.
fn last_used_before(which: Purge, now: DateTime<Utc>) -> DateTime<Utc> {
    match which {
        Purge::All => now,
        Purge::OlderThanDays(days) => now - TimeDelta::days(i64::from(days)),
    }
}

#[async_trait]
impl Port for Artifacts {
    async fn list(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        search: &str,
        after: Option<&str>,
    ) -> Result<Page<ArtifactRow>, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::workspace(db, caller, slug, workspace, Permission::ViewArtifacts).await?;
            let search = search.trim();
            if !search.is_empty() && ArtifactHash::parse(search).is_err() {
                // Nothing can start with what no hash can hold.
                return Ok(Page { rows: Vec::new(), next: None });
            }
            let after = match after {
                None => None,
                Some(text) if search.is_empty() => Some(After::Id(text.parse().map_err(|_| AppError::NotFound)?)),
                Some(text) => Some(After::Hash(ArtifactHash::parse(text).map_err(|_| AppError::NotFound)?)),
            };
            artifacts::list(db, &scope, search, after).await
        })
        .await
    }

    async fn of_executions(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Stock, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::workspace(db, caller, slug, workspace, Permission::ViewArtifacts).await?;
            artifacts::in_executions(db, &scope).await
        })
        .await
    }

    async fn delete(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, hash: &ArtifactHash) -> Result<(), AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::workspace_for_change(&tx, slug, workspace, Permission::PurgeArtifacts).await?;
            let gone = artifacts::find_for_purge(&tx, &scope, hash).await?.ok_or(AppError::NotFound)?;
            artifacts::delete(&tx, scope.id(), std::slice::from_ref(&gone)).await?;
            let object = Object { kind: "artifacts", id: scope.id().to_string(), name: scope.name().as_str() };
            record(&tx, &self.0.clock, caller, Some(scope.org().id()), Action::Purged, object, Some(json!({ "hash": hash }))).await?;
            tx.commit().await?;
            self.0.found.invalidate(&(scope.id(), ArtifactScope::Shared, hash.clone()));
            delete_blobs(&self.0, &[gone]).await
        })
        .await
    }

    async fn would_purge(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, which: Purge) -> Result<Stock, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::workspace(db, caller, slug, workspace, Permission::PurgeArtifacts).await?;
            artifacts::count_used_before(db, scope.id(), last_used_before(which, self.0.clock.now())).await
        })
        .await
    }

    async fn purge(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, which: Purge) -> Result<(), AppError> {
        answer(caller, async {
            let now = self.0.clock.now();
            let details = match which {
                Purge::All => json!({ "which": "all" }),
                Purge::OlderThanDays(days) => json!({ "which": "older", "days": days }),
            };
            let used_before = last_used_before(which, now);
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::workspace_for_change(&tx, slug, workspace, Permission::PurgeArtifacts).await?;
            if artifacts::newest_purge(&tx, &scope).await?.is_some_and(|purge| purge.finished_at.is_none()) {
                return Err(Conflict::PurgeRunning.into());
            }
            let total = artifacts::count_used_before(&tx, scope.id(), used_before).await?.artifacts;
            artifacts::insert_purge(&tx, &scope, PurgeId::from_uuid(self.0.clock.new_id()), used_before, total, now).await?;
            let object = Object { kind: "artifacts", id: scope.id().to_string(), name: scope.name().as_str() };
            record(&tx, &self.0.clock, caller, Some(scope.org().id()), Action::Purged, object, Some(details)).await?;
            tx.commit().await?;
            self.0.purge_waiting.notify_one();
            Ok(())
        })
        .await
    }

    async fn purge_progress(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Option<PurgeProgress>, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::workspace(db, caller, slug, workspace, Permission::ViewArtifacts).await?;
            artifacts::newest_purge(db, &scope).await
        })
        .await
    }
}
