//! CI access tokens of a workspace.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::access::TokenAccess;
use crate::domain::ids::{CiTokenId, WorkspaceId};
use crate::domain::names::{OrgSlug, TokenName};
use crate::domain::token::{TokenLife, TokenState};
use crate::error::AppError;
use crate::notice::IssuedToken;
use crate::request::Caller;

/// One token, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CiTokenRow {
    /// Its id.
    pub id: CiTokenId,
    /// Its name.
    pub name: TokenName,
    /// What it may do.
    pub access: TokenAccess,
    /// The last four characters of its value.
    pub last_four: String,
    /// Who made it; kept readable when the person is gone.
    pub created_by: String,
    /// Made when.
    pub created_at: DateTime<Utc>,
    /// Works until; `None` is until revoked.
    pub expires_at: Option<DateTime<Utc>>,
    /// After a rotation: until when the old value works too.
    pub old_works_until: Option<DateTime<Utc>>,
    /// Last used when and from which address.
    pub last_used: Option<(DateTime<Utc>, String)>,
    /// What it is now.
    pub state: TokenState,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewCiToken {
    /// Its name.
    pub name: TokenName,
    /// What it may do.
    pub access: TokenAccess,
    /// How long it lives.
    pub life: TokenLife,
}

/// CI access tokens of a workspace; Admins only.
#[async_trait]
pub trait CiTokens: Send + Sync {
    /// All of them, the newest first.
    async fn list(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Vec<CiTokenRow>, AppError>;
    /// Makes one; its value is in the answer and nowhere else.
    async fn create(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, token: NewCiToken) -> Result<IssuedToken, AppError>;
    /// Gives it a new value; the old one goes on working for `overlap_hours`.
    async fn rotate(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        id: CiTokenId,
        overlap_hours: u16,
    ) -> Result<IssuedToken, AppError>;
    /// Takes it back: when this returns, no request with it succeeds. Returns its name.
    async fn revoke(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, id: CiTokenId) -> Result<TokenName, AppError>;
}
