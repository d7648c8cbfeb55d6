//! Who may look at the runs of a workspace with what an editor finds on a machine: what nx itself is connected with.
//!
//! A member by their personal access token sees what members see, be they an Admin or not. A CI access token and the Nx
//! Cloud id have runs recorded and show none: they lie in jobs and repositories, where also strangers get at them. Of a
//! public organization everyone sees what visitors see.

use app::domain::access::Grant;
use app::domain::ids::WorkspaceId;
use app::domain::permission::Permission;
use app::domain::role::Role;
use app::domain::standing::Standing;
use sea_orm::ConnectionTrait;

use super::{OrgScope, WorkspaceScope};
use crate::auth::credential::Credential;
use crate::error::Result;
use crate::store::unscoped;

/// Lets the holder of a credential look at the runs of its workspace.
pub async fn runs_by_credential(db: &impl ConnectionTrait, credential: &Credential) -> Result<Option<WorkspaceScope>> {
    let living = credential.living();
    let member = match living.grant {
        Grant::PersonalToken(_) => Some(Standing::Member(Role::Member)),
        Grant::CiToken(_) | Grant::NxCloudId(_) => None,
    };
    look(db, living.workspace, member).await
}

/// Lets everyone look at the runs of a workspace, if its organization is public.
pub async fn runs_as_visitor(db: &impl ConnectionTrait, workspace: WorkspaceId) -> Result<Option<WorkspaceScope>> {
    look(db, workspace, None).await
}

async fn look(db: &impl ConnectionTrait, workspace: WorkspaceId, member: Option<Standing>) -> Result<Option<WorkspaceScope>> {
    let Some(found) = unscoped::find_workspace(db, workspace).await? else { return Ok(None) };
    let org = found.org;
    let standing = member.or_else(|| org.visitor());
    let Some(standing) = standing.filter(|standing| standing.grants(Permission::ViewRuns)) else { return Ok(None) };
    Ok(Some(WorkspaceScope { org: OrgScope::of(org, standing, None), id: found.id, name: found.name }))
}
