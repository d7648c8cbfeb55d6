//! How long an organization lets tokens live.

use async_trait::async_trait;

use crate::domain::names::OrgSlug;
use crate::domain::token::TokenPolicy;
use crate::error::AppError;
use crate::request::Caller;

/// How long an organization lets tokens live; Admins only.
#[async_trait]
pub trait TokenPolicies: Send + Sync {
    /// The limits.
    async fn policy(&self, caller: &Caller, slug: &OrgSlug) -> Result<TokenPolicy, AppError>;
    /// Changes them: when this returns, no token that is older works there.
    async fn set(&self, caller: &Caller, slug: &OrgSlug, policy: TokenPolicy) -> Result<(), AppError>;
}
