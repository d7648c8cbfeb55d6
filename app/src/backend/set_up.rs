//! Who reads and who stores in a workspace, as a whole.

use async_trait::async_trait;

use super::ci_tokens::CiTokenRow;
use crate::domain::access::{IdAccess, TokenAccess};
use crate::domain::finding::Finding;
use crate::domain::ids::WorkspaceId;
use crate::domain::names::OrgSlug;
use crate::domain::set_up::Wanted;
use crate::error::AppError;
use crate::notice::IssuedToken;
use crate::request::Caller;

/// How it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Today {
    /// What the Nx Cloud id alone may do.
    pub id: IdAccess,
    /// What personal access tokens of members may do.
    pub personal: TokenAccess,
    /// The CI access tokens that work.
    pub tokens: Vec<CiTokenRow>,
}

/// Set-up and check-up of a workspace; Admins only.
#[async_trait]
pub trait SetUps: Send + Sync {
    /// How it is now.
    async fn today(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Today, AppError>;
    /// Makes it as it is wanted; the tokens that were missing.
    async fn apply(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, wanted: Wanted) -> Result<Vec<IssuedToken>, AppError>;
    /// What is worth mending, the weightiest first.
    async fn check_up(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Vec<Finding>, AppError>;
}
