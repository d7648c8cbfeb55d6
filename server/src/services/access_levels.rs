//! What the Nx Cloud id alone and members' personal access tokens may do in a workspace.

use std::sync::Arc;

use app::backend::access_levels::{AccessLevels as Port, LevelChange, Levels};
use app::domain::ids::WorkspaceId;
use app::domain::names::OrgSlug;
use app::domain::permission::Permission;
use app::error::AppError;
use app::request::Caller;
use async_trait::async_trait;
use sea_orm::DatabaseTransaction;
use serde_json::json;

use crate::auth::access::{self, WorkspaceScope};
use crate::auth::change;
use crate::error::{Result, answer};
use crate::state::State;
use crate::store::access_levels;
use crate::store::audit::{Action, Object, record};

/// What a workspace's credentials may do.
pub struct AccessLevels(pub Arc<State>);

/// Changes one level in a change that may do more, unless it is so already; `true` when its commit takes access.
pub async fn change_within(
    state: &State,
    tx: &DatabaseTransaction,
    caller: &Caller,
    scope: &WorkspaceScope,
    change: LevelChange,
) -> Result<bool> {
    let levels = access_levels::find(tx, scope).await?;
    let (of, before, after) = match change {
        LevelChange::Id(access) => ("id", levels.id.as_str(), access.as_str()),
        LevelChange::Personal(access) => ("personal", levels.personal.as_str(), access.as_str()),
    };
    if before == after {
        return Ok(false);
    }
    access_levels::change(tx, scope, change).await?;
    let object = Object { kind: "workspace", id: scope.id().to_string(), name: scope.name().as_str() };
    let details = json!({ "of": of, "before": before, "after": after });
    record(tx, &state.clock, caller, Some(scope.org().id()), Action::AccessLevelChanged, object, Some(details)).await?;
    Ok(true)
}

#[async_trait]
impl Port for AccessLevels {
    async fn levels(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Levels, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::workspace(db, caller, slug, workspace, Permission::ConnectWorkspace).await?;
            access_levels::find(db, &scope).await
        })
        .await
    }

    async fn change(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, change: LevelChange) -> Result<(), AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::workspace_for_change(&tx, slug, workspace, Permission::ManageTokens).await?;
            if change_within(&self.0, &tx, caller, &scope, change).await? {
                tx.commit_taking_access(&self.0).await?;
            }
            Ok(())
        })
        .await
    }
}
