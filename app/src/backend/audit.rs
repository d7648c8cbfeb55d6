//! What happened in an organization.

use async_trait::async_trait;

use super::Page;
use crate::domain::audit::{AuditEvent, AuditFilter};
use crate::domain::names::OrgSlug;
use crate::error::AppError;
use crate::request::Caller;

/// What happened in an organization.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Events that fit, the newest first; `after` is the cursor of an earlier page.
    async fn list(&self, caller: &Caller, slug: &OrgSlug, filter: &AuditFilter, after: Option<&str>) -> Result<Page<AuditEvent>, AppError>;
}
