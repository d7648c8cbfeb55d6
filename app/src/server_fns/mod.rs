//! Writes, one file per noun. Each function: take the request, parse, call one service, redirect.
//!
//! They are public HTTP endpoints under `/do/`, posted by plain forms; the guard is in the service.
//! A new one needs a row in `server/tests/it/authz.rs`, and one in `home`: its page answers it when it is refused.

pub mod access_levels;
pub mod account_deletion;
pub mod accounts;
pub mod addresses;
pub mod artifacts;
pub mod billing;
pub mod ci_tokens;
pub mod connections;
pub mod domain_invites;
pub mod home;
pub mod identities;
pub mod invites;
pub mod logins;
pub mod members;
pub mod orgs;
pub mod personal_tokens;
pub mod sessions;
pub mod set_up;
pub mod token_policy;
pub mod workspaces;

use crate::domain::ids::WorkspaceId;
use crate::domain::names::{OrgSlug, Reason};
use crate::error::{AppError, Field};

/// The organization that a form's hidden field names; a malformed one names nothing.
pub fn org(slug: &str) -> Result<OrgSlug, AppError> {
    OrgSlug::parse(slug).map_err(|_| AppError::NotFound)
}

/// The workspace that a form's hidden field names.
pub fn workspace(id: &str) -> Result<WorkspaceId, AppError> {
    id.parse().map_err(|_| AppError::NotFound)
}

/// Parses one field, or names it in the error.
pub fn field<T>(field: Field, parsed: Result<T, Reason>) -> Result<T, AppError> {
    parsed.map_err(|reason| AppError::field(field, reason))
}
