//! Forms about who is in an organization.

use leptos::prelude::*;

use super::org;
use crate::domain::names::Reason;
use crate::error::{AppError, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Gives a member another role.
#[server(prefix = "/do", endpoint = "members/set-role")]
pub async fn set_member_role(org_slug: String, member: String, role: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let user = member.parse().map_err(|_| AppError::NotFound)?;
    let role = role.parse().map_err(|_| AppError::field(Field::Role, Reason::NotAChoice))?;
    let name = request.backend.members.set_role(&request.caller, &slug, user, role).await?;
    request.visit.notify(Notice::RoleChanged(name.into()));
    http::redirect(&paths::org_members(&slug));
    Ok(())
}

/// Takes a member out.
#[server(prefix = "/do", endpoint = "members/remove")]
pub async fn remove_member(org_slug: String, member: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let user = member.parse().map_err(|_| AppError::NotFound)?;
    let name = request.backend.members.remove(&request.caller, &slug, user).await?;
    request.visit.notify(Notice::MemberRemoved(name.into()));
    http::redirect(&paths::org_members(&slug));
    Ok(())
}

/// The person leaves the organization, and goes on to `next`.
#[server(prefix = "/do", endpoint = "members/leave")]
pub async fn leave_org(org_slug: String, #[server(default)] next: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let name = request.backend.members.leave(&request.caller, &slug).await?;
    request.visit.notify(Notice::OrgLeft(name.into()));
    http::redirect(&paths::local_or_home(&next));
    Ok(())
}
