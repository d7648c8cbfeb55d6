//! What the Nx Cloud id alone and members' personal access tokens may do in a workspace.

use async_trait::async_trait;

use crate::domain::access::{IdAccess, TokenAccess};
use crate::domain::ids::WorkspaceId;
use crate::domain::names::OrgSlug;
use crate::error::AppError;
use crate::request::Caller;

/// The levels of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levels {
    /// What the Nx Cloud id alone may do.
    pub id: IdAccess,
    /// What personal access tokens of members may do.
    pub personal: TokenAccess,
}

/// One of the levels, as it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LevelChange {
    /// Of the Nx Cloud id alone.
    Id(IdAccess),
    /// Of personal access tokens.
    Personal(TokenAccess),
}

/// Access levels of a workspace: members see them, Admins choose.
#[async_trait]
pub trait AccessLevels: Send + Sync {
    /// Both levels.
    async fn levels(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Levels, AppError>;
    /// Changes one: when this returns, no request gets more than it.
    async fn change(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, change: LevelChange) -> Result<(), AppError>;
}
