//! The gate: the only place that makes an [`OrgScope`] or [`WorkspaceScope`], the proofs that `store` asks for.
//!
//! A private organization does not exist for whoever is not in it (or there is none): not found; nobody is asked to sign
//! in, whether it exists or not. A public one has visitors, who may look. Without the permission: forbidden, and nobody
//! is asked to sign in.

mod by_credential;
mod own;

pub use by_credential::{runs_as_visitor, runs_by_credential};
pub use own::{own_orgs, own_orgs_for_change};

use app::backend::orgs::OrgView;
use app::domain::identity::{SignInProblem, SignInRule};
use app::domain::ids::{OrgId, WorkspaceId};
use app::domain::names::{OrgName, OrgSlug, WorkspaceName};
use app::domain::permission::Permission;
use app::domain::role::Role;
use app::domain::standing::Standing;
use app::domain::token::TokenPolicy;
use app::domain::visibility::{Visibility, VisitorLogs};
use app::error::AppError;
use app::request::{Actor, Caller};
use sea_orm::ConnectionTrait;

use super::change::Change;
use super::refusals::{self, Refusal};
use crate::error::Result;
use crate::store::unscoped::{self, FoundOrg, OrgLock};

/// Proof that the caller may do what was asked in this organization.
#[derive(Debug, Clone)]
pub struct OrgScope {
    id: OrgId,
    slug: OrgSlug,
    name: OrgName,
    standing: Standing,
    visibility: Visibility,
    visitor_logs: VisitorLogs,
    visitors_accepted: bool,
    sign_in: SignInRule,
    tokens: TokenPolicy,
    kept_out: Option<SignInProblem>,
}

impl OrgScope {
    fn of(org: FoundOrg, standing: Standing, kept_out: Option<SignInProblem>) -> Self {
        Self {
            id: org.id,
            slug: org.slug,
            name: org.name,
            standing,
            visibility: org.visibility,
            visitor_logs: org.visitor_logs,
            visitors_accepted: org.visitors_accepted,
            sign_in: org.sign_in,
            tokens: org.tokens,
            kept_out,
        }
    }

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

    /// How long it lets tokens live.
    pub const fn tokens(&self) -> TokenPolicy {
        self.tokens
    }

    /// How the caller stands to it.
    pub const fn standing(&self) -> Standing {
        self.standing
    }

    /// Who may look at it.
    pub const fn visibility(&self) -> Visibility {
        self.visibility
    }

    /// Whether its visitors may read task logs.
    pub const fn visitor_logs(&self) -> VisitorLogs {
        self.visitor_logs
    }

    /// Whether the caller is a member whose sign-in does not open it: they learn no more than that they are in it.
    pub fn is_shut(&self) -> bool {
        self.kept_out.is_some() && self.standing.role().is_some()
    }

    /// What the caller may be told about it, with the counts that the store found.
    pub fn view(&self, created_at: chrono::DateTime<chrono::Utc>, members: u64, workspaces: u64) -> OrgView {
        OrgView {
            id: self.id,
            slug: self.slug.clone(),
            name: self.name.clone(),
            standing: self.standing,
            visibility: self.visibility,
            visitor_logs: self.visitor_logs,
            visitors_accepted: self.visitors_accepted,
            kept_out: self.kept_out,
            created_at,
            members,
            workspaces,
            warnings: Vec::new(),
        }
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
pub async fn org_for_change(tx: &Change, slug: &OrgSlug, permission: Permission) -> Result<OrgScope> {
    admit(tx, tx.caller(), slug, permission, OrgLock::ForChange).await
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
pub async fn workspace_for_change(tx: &Change, slug: &OrgSlug, id: WorkspaceId, permission: Permission) -> Result<WorkspaceScope> {
    let org = org_for_change(tx, slug, permission).await?;
    enter(tx, org, id).await
}

async fn enter(db: &impl ConnectionTrait, org: OrgScope, id: WorkspaceId) -> Result<WorkspaceScope> {
    let name = unscoped::workspace_name(db, org.id, id).await?.ok_or(AppError::NotFound)?;
    Ok(WorkspaceScope { org, id, name })
}

async fn admit(db: &impl ConnectionTrait, caller: &Caller, slug: &OrgSlug, permission: Permission, lock: OrgLock) -> Result<OrgScope> {
    let hidden = || match caller.actor {
        Actor::Anonymous => AppError::Unauthenticated,
        Actor::User(_) | Actor::Operator | Actor::Server => AppError::NotFound,
    };
    if caller.actor == Actor::Anonymous && lock == OrgLock::ForChange {
        // A stranger locks nothing.
        return Err(AppError::Unauthenticated.into());
    }
    let (org, moved) = match unscoped::find_org(db, slug, lock).await? {
        Some(org) => (org, false),
        None => (unscoped::find_org_by_old_slug(db, slug).await?.ok_or_else(hidden)?, true),
    };
    let standing = standing(db, caller, &org).await?.ok_or_else(hidden)?;
    if moved {
        return Err(AppError::Moved(org.slug).into());
    }
    let (standing, kept_out) = signed_in_as(caller, &org, standing, permission)?;
    if !standing.grants(permission) {
        return Err(refuse(caller, org, standing, permission, lock).into());
    }
    Ok(OrgScope::of(org, standing, kept_out))
}

/// How the caller stands to an organization; `None` when it does not exist for them.
async fn standing(db: &impl ConnectionTrait, caller: &Caller, org: &FoundOrg) -> Result<Option<Standing>> {
    let role = match &caller.actor {
        Actor::Anonymous => None,
        Actor::User(user) => unscoped::role_in(db, org.id, user.id).await?,
        // Whoever runs commands on the server owns all of it.
        Actor::Operator | Actor::Server => Some(Role::Admin),
    };
    Ok(role.map(Standing::Member).or_else(|| org.visitor()))
}

/// A member whose sign-in does not open the organization is kept out, and told why; of a public one they see what
/// everybody sees. Whoever cannot get in any more may still leave.
fn signed_in_as(
    caller: &Caller,
    org: &FoundOrg,
    standing: Standing,
    permission: Permission,
) -> Result<(Standing, Option<SignInProblem>), AppError> {
    let (Actor::User(user), Standing::Member(_)) = (&caller.actor, standing) else { return Ok((standing, None)) };
    match org.sign_in.admits(user.proof.as_ref()) {
        Ok(()) => Ok((standing, None)),
        Err(problem) if permission == Permission::LeaveOrg => Ok((standing, Some(problem))),
        Err(problem) => match org.visitor().filter(|visitor| visitor.grants(permission)) {
            Some(visitor) => Ok((visitor, Some(problem))),
            None => Err(AppError::SignIn(problem)),
        },
    }
}

/// What somebody is told who may look but not do this. Nobody may turn out to be a member, so they are asked to sign in.
/// Only members are audited: strangers would fill the log.
fn refuse(caller: &Caller, org: FoundOrg, standing: Standing, permission: Permission, lock: OrgLock) -> AppError {
    if caller.actor == Actor::Anonymous {
        return AppError::Unauthenticated;
    }
    if lock == OrgLock::ForChange && standing.role().is_some() {
        refusals::note(Refusal { org: org.id, name: org.name, permission });
    }
    AppError::Forbidden
}
