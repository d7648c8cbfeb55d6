//! One file per page: load through the services, then lay out.
//!
//! A page is rendered once, on the server, and as a whole (`SsrMode::Async`), so that it can still answer with
//! another status or a redirect when its data is there.

pub mod access_matrix;
pub mod account;
pub mod check_mail;
pub mod choose_password;
pub mod confirm_address;
pub mod connect_by_hand;
pub mod connection;
pub mod forgot_password;
pub mod frame;
pub mod home;
pub mod invite;
pub mod join;
pub mod login;
pub mod new_org;
pub mod not_found;
pub mod org;
pub mod problem;
pub mod purpose;
pub mod run;
pub mod sign_in;
pub mod sign_up;
pub mod workspace;

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::domain::ids::WorkspaceId;
use crate::domain::names::OrgSlug;
use crate::domain::permission::Permission;
use crate::domain::standing::Standing;
use crate::error::AppError;
use crate::request::Caller;

/// Shows what was loaded, or why it could not be.
fn loaded<T, V>(
    load: impl Future<Output = Result<T, AppError>> + Send + 'static,
    show: impl FnOnce(T) -> V + Send + 'static,
) -> impl IntoView
where
    T: Send + 'static,
    V: IntoView + 'static,
{
    Suspend::new(async move {
        match load.await {
            Ok(loaded) => show(loaded).into_any(),
            Err(error) => problem::problem(error),
        }
    })
}

/// The organization that the address names; a malformed one names nothing.
fn org_slug() -> Result<OrgSlug, AppError> {
    let slug = use_params_map().get_untracked().get("slug").unwrap_or_default();
    OrgSlug::parse(&slug).map_err(|_| AppError::NotFound)
}

/// The workspace that the address names.
fn workspace_id() -> Result<WorkspaceId, AppError> {
    let id = use_params_map().get_untracked().get("workspace").unwrap_or_default();
    id.parse().map_err(|_| AppError::NotFound)
}

/// A part of the query, trimmed; empty when it is not there.
fn query(name: &str) -> String {
    use_query_map().get_untracked().get(name).unwrap_or_default().trim().to_owned()
}

/// For pages that consist of a form: without the permission there is nothing to show.
fn require(caller: &Caller, standing: Standing, permission: Permission) -> Result<(), AppError> {
    match standing {
        _ if standing.grants(permission) => Ok(()),
        // Nobody may turn out to be a member.
        Standing::Visitor(_) => Err(caller.user().err().unwrap_or(AppError::Forbidden)),
        Standing::Member(_) => Err(AppError::Forbidden),
    }
}
