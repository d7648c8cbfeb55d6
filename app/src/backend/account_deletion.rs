//! The end of an account.

use async_trait::async_trait;

use super::orgs::OrgView;
use crate::domain::secret::PlainSecret;
use crate::error::AppError;
use crate::request::Caller;

/// The end of the person's own account.
#[async_trait]
pub trait AccountDeletion: Send + Sync {
    /// The organizations that would be left without an Admin, and so stand in the way.
    async fn obstacles(&self, caller: &Caller) -> Result<Vec<OrgView>, AppError>;
    /// Deletes the account for good, if the address typed to confirm is the primary one. Whoever has a password enters it.
    async fn delete(&self, caller: &Caller, confirmation: &str, current: PlainSecret) -> Result<(), AppError>;
}
