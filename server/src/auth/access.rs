//! The gate: the only place that makes an [`OrgScope`] or [`WorkspaceScope`], the proofs that `store` asks for.
//!
//! Not a member (or no such organization): not found. A member without the permission: forbidden. Nobody: sign in.

use app::backend::orgs::OrgView;
use app::domain::identity::SignInRule;
use app::domain::ids::{OrgId, WorkspaceId};
use app::domain::names::{OrgName, OrgSlug, WorkspaceName};
use app::domain::permission::Permission;
use app::domain::role::Role;
use app::error::AppError;
use app::request::{Actor, Caller};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::refusals::{self, Refusal};
use crate::error::Result;
use crate::store::unscoped::{self, OrgLock};

/// Proof that the caller may do what was asked in this organization.
#[derive(Debug, Clone)]
pub struct OrgScope {
    id: OrgId,
    slug: OrgSlug,
    name: OrgName,
    role: Role,
    sign_in: SignInRule,
}

impl OrgScope {
    /// The organization.
    pub const fn id(&self) -> OrgId {
        self.id
    }

    /// Its address.
    pub const fn slug(&self) -> &OrgSlug {
        &self.slug
    }

    /// Its name.
    pub const fn name(&self) -> &OrgName {
        &self.name
    }

    /// How its members have to sign in.
    pub const fn sign_in(&self) -> &SignInRule {
        &self.sign_in
    }

    /// The caller's role in it.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// What the caller may be told about it, with the counts that the store found.
    pub fn view(&self, created_at: chrono::DateTime<chrono::Utc>, members: u64, workspaces: u64) -> OrgView {
        OrgView { id: self.id, slug: self.slug.clone(), name: self.name.clone(), role: self.role, created_at, members, workspaces }
    }
}

/// Proof that the caller may do what was asked in this workspace.
#[derive(Debug, Clone)]
pub struct WorkspaceScope {
    org: OrgScope,
    id: WorkspaceId,
    name: WorkspaceName,
}

impl WorkspaceScope {
    /// Its organization.
    pub const fn org(&self) -> &OrgScope {
        &self.org
    }

    /// The workspace.
    pub const fn id(&self) -> WorkspaceId {
        self.id
    }

    /// Its name.
    pub const fn name(&self) -> &WorkspaceName {
        &self.name
    }
}

/// Lets the caller look.
pub async fn org(db: &impl ConnectionTrait, caller: &Caller, slug: &OrgSlug, permission: Permission) -> Result<OrgScope> {
    admit(db, caller, slug, permission, OrgLock::None).await
}

/// Lets the caller change. The organization's row stays locked until the transaction ends, so that what is
/// checked here (the caller's role, the number of Admins) is still so when the change is written.
pub async fn org_for_change(tx: &DatabaseTransaction, caller: &Caller, slug: &OrgSlug, permission: Permission) -> Result<OrgScope> {
    admit(tx, caller, slug, permission, OrgLock::ForChange).await
}

/// Lets the caller look at a workspace.
pub async fn workspace(
    db: &impl ConnectionTrait,
    caller: &Caller,
    slug: &OrgSlug,
    id: WorkspaceId,
    permission: Permission,
) -> Result<WorkspaceScope> {
    let org = org(db, caller, slug, permission).await?;
    enter(db, org, id).await
}

/// Lets the caller change a workspace; the organization's row stays locked.
pub async fn workspace_for_change(
    tx: &DatabaseTransaction,
    caller: &Caller,
    slug: &OrgSlug,
    id: WorkspaceId,
    permission: Permission,
) -> Result<WorkspaceScope> {
    let org = org_for_change(tx, caller, slug, permission).await?;
    enter(tx, org, id).await
}

async fn enter(db: &impl ConnectionTrait, org: OrgScope, id: WorkspaceId) -> Result<WorkspaceScope> {
    let name = unscoped::workspace_name(db, org.id, id).await?.ok_or(AppError::NotFound)?;
    Ok(WorkspaceScope { org, id, name })
}

async fn admit(db: &impl ConnectionTrait, caller: &Caller, slug: &OrgSlug, permission: Permission, lock: OrgLock) -> Result<OrgScope> {
    if caller.actor == Actor::Anonymous {
        return Err(AppError::Unauthenticated.into());
    }
    let (org, moved) = match unscoped::find_org(db, slug, lock).await? {
        Some(org) => (org, false),
        None => (unscoped::find_org_by_old_slug(db, slug).await?.ok_or(AppError::NotFound)?, true),
    };
    let role = match &caller.actor {
        Actor::Anonymous => None,
        Actor::User(user) => unscoped::role_in(db, org.id, user.id).await?,
        // Whoever runs commands on the server owns all of it.
        Actor::Operator | Actor::Server => Some(Role::Admin),
    };
    let role = role.ok_or(AppError::NotFound)?;
    if moved {
        return Err(AppError::Moved(org.slug).into());
    }
    // Whoever cannot get in any more may still leave.
    if permission != Permission::LeaveOrg
        && let Actor::User(user) = &caller.actor
    {
        org.sign_in.admits(user.proof.as_ref()).map_err(AppError::SignIn)?;
    }
    if !role.grants(permission) {
        if lock == OrgLock::ForChange {
            refusals::note(Refusal { org: org.id, name: org.name, permission });
        }
        return Err(AppError::Forbidden.into());
    }
    Ok(OrgScope { id: org.id, slug: org.slug, name: org.name, role, sign_in: org.sign_in })
}
