//! Workspaces of an organization.

use std::sync::Arc;

use app::backend::orgs::OrgView;
use app::backend::workspaces::{Usage, WorkspaceView, Workspaces as Port};
use app::domain::access::IdAccess;
use app::domain::ids::WorkspaceId;
use app::domain::names::{NxCloudId, OrgSlug, Reason, WorkspaceName};
use app::domain::permission::Permission;
use app::domain::plan::Measure;
use app::domain::retention::Retention;
use app::domain::text;
use app::error::{AppError, Conflict, Field};
use app::request::Caller;
use async_trait::async_trait;
use aws_lc_rs::rand;
use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::limits;
use crate::auth::access::{self, OrgScope, WorkspaceScope};
use crate::auth::change;
use crate::auth::secret::NoRandomness;
use crate::error::{Error, Result, answer};
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::{orgs, workspaces};

/// An organization can have so many workspaces.
const MOST_PER_ORG: u64 = 1000;

/// Workspaces of an organization.
pub struct Workspaces(pub Arc<State>);

fn object(scope: &WorkspaceScope) -> Object<'_> {
    Object { kind: "workspace", id: scope.id().to_string(), name: scope.name().as_str() }
}

/// An id that no other server has either: nx keeps local caches apart by it.
pub fn new_nx_cloud_id() -> Result<NxCloudId> {
    let mut bytes = [0_u8; 12];
    rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    NxCloudId::parse(&hex::encode(bytes)).map_err(|_| Error::Stored("nxCloudId"))
}

/// Refuses when the organization, which is locked, has no room for another workspace.
pub async fn require_room(state: &State, tx: &DatabaseTransaction, caller: &Caller, scope: &OrgScope) -> Result<()> {
    if workspaces::count(tx, scope).await? >= MOST_PER_ORG {
        return Err(Conflict::TooMany.into());
    }
    limits::require_room(state, tx, caller, scope.id(), Measure::Workspaces, 1, Conflict::NoRoomForWorkspace).await
}

/// Creates a workspace in a transaction that does more, and returns all of it, and what stands in `nx.json`.
pub async fn create_in(
    state: &State,
    tx: &DatabaseTransaction,
    caller: &Caller,
    scope: &OrgScope,
    name: WorkspaceName,
    id_access: IdAccess,
) -> Result<(WorkspaceView, NxCloudId)> {
    require_room(state, tx, caller, scope).await?;
    let nx_cloud_id = new_nx_cloud_id()?;
    let new = WorkspaceView {
        id: WorkspaceId::from_uuid(state.clock.new_id()),
        name,
        nx_cloud_id: Some(nx_cloud_id.clone()),
        id_access: Some(id_access),
        created_at: state.clock.now(),
        retention: Retention::DEFAULT,
        usage: Usage::default(),
    };
    workspaces::insert(tx, scope, &new, (&nx_cloud_id, id_access)).await?;
    let object = Object { kind: "workspace", id: new.id.to_string(), name: new.name.as_str() };
    record(tx, &state.clock, caller, Some(scope.id()), Action::Created, object, Some(json!({ "id_access": id_access }))).await?;
    Ok((new, nx_cloud_id))
}

impl Workspaces {
    /// Creates a workspace and returns all of it, and what stands in `nx.json`.
    pub async fn create_view(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        name: WorkspaceName,
        id_access: IdAccess,
    ) -> Result<(WorkspaceView, NxCloudId)> {
        let tx = change::begin(&self.0, caller).await?;
        let scope = access::org_for_change(&tx, slug, Permission::CreateWorkspace).await?;
        let created = create_in(&self.0, &tx, caller, &scope, name, id_access).await?;
        tx.commit().await?;
        Ok(created)
    }
}

#[async_trait]
impl Port for Workspaces {
    async fn list(&self, caller: &Caller, slug: &OrgSlug) -> Result<Vec<WorkspaceView>, AppError> {
        answer(caller, async {
            let scope = access::org(self.0.db.read(), caller, slug, Permission::ViewWorkspaces).await?;
            workspaces::list(self.0.db.read(), &scope).await
        })
        .await
    }

    async fn create(&self, caller: &Caller, slug: &OrgSlug, name: WorkspaceName, id_access: IdAccess) -> Result<WorkspaceId, AppError> {
        answer(caller, async { Ok(self.create_view(caller, slug, name, id_access).await?.0.id) }).await
    }

    async fn open(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId) -> Result<(OrgView, WorkspaceView), AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::workspace(db, caller, slug, id, Permission::ViewWorkspaces).await?;
            let org = limits::with_warnings(&self.0, scope.org(), orgs::view(db, scope.org()).await?).await?;
            Ok((org, workspaces::find(db, &scope).await?))
        })
        .await
    }

    async fn rename(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId, name: WorkspaceName) -> Result<(), AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::workspace_for_change(&tx, slug, id, Permission::EditWorkspace).await?;
            workspaces::rename(&tx, &scope, &name).await?;
            let details = json!({ "before": scope.name(), "after": name });
            record(&tx, &self.0.clock, caller, Some(scope.org().id()), Action::Renamed, object(&scope), Some(details)).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    async fn set_retention(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId, retention: Retention) -> Result<(), AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::workspace_for_change(&tx, slug, id, Permission::EditWorkspace).await?;
            let before = workspaces::find(&tx, &scope).await?.retention;
            workspaces::set_retention(&tx, &scope, retention).await?;
            let details = json!({ "before": before, "after": retention });
            record(&tx, &self.0.clock, caller, Some(scope.org().id()), Action::RetentionChanged, object(&scope), Some(details)).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    async fn delete(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId, confirmation: &str) -> Result<WorkspaceName, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::workspace_for_change(&tx, slug, id, Permission::DeleteWorkspace).await?;
            if !text::is_same(confirmation, scope.name().as_str()) {
                return Err(AppError::field(Field::Confirmation, Reason::DoesNotMatch).into());
            }
            workspaces::delete(&tx, &scope).await?;
            record(&tx, &self.0.clock, caller, Some(scope.org().id()), Action::Deleted, object(&scope), None).await?;
            tx.commit_taking_access(&self.0).await?;
            Ok(scope.name().clone())
        })
        .await
    }
}
