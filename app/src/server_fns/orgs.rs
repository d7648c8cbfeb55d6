//! Forms about organizations.

use leptos::prelude::*;

use super::{field, org};
use crate::domain::names::{OrgName, OrgSlug, Reason};
use crate::domain::visibility::{VisibilityChange, VisitorLogs};
use crate::error::{AppError, Check, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Creates an organization; the person becomes its Admin.
#[server(prefix = "/do", endpoint = "orgs/create")]
pub async fn create_org(name: String, slug: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let mut check = Check::default();
    let name = check.take(Field::Name, OrgName::parse(&name));
    let slug = check.take(Field::Slug, OrgSlug::parse(&slug));
    let (name, slug) = check.finish(name.zip(slug))?;
    request.backend.orgs.create(&request.caller, name, slug.clone()).await?;
    request.visit.notify(Notice::OrgCreated);
    http::redirect(&paths::org(&slug));
    Ok(())
}

/// Gives an organization another name.
#[server(prefix = "/do", endpoint = "orgs/rename")]
pub async fn rename_org(org_slug: String, name: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let name = field(Field::Name, OrgName::parse(&name))?;
    request.backend.orgs.rename(&request.caller, &slug, name).await?;
    request.visit.notify(Notice::Saved);
    http::redirect(&paths::org_settings(&slug));
    Ok(())
}

/// Gives an organization another address.
#[server(prefix = "/do", endpoint = "orgs/change-slug")]
pub async fn change_org_slug(org_slug: String, slug: String) -> Result<(), AppError> {
    let request = request();
    let current = org(&org_slug)?;
    let slug = field(Field::Slug, OrgSlug::parse(&slug))?;
    request.backend.orgs.change_slug(&request.caller, &current, slug.clone()).await?;
    request.visit.notify(Notice::OrgMoved);
    http::redirect(&paths::org_settings(&slug));
    Ok(())
}

/// Turns one of the switches of an organization's visibility. To make it public takes its `typed_name`; with
/// `hide_logs`, task logs stay with members.
#[server(prefix = "/do", endpoint = "orgs/change-visibility")]
pub async fn change_org_visibility(
    org_slug: String,
    change: String,
    #[server(default)] hide_logs: bool,
    #[server(default)] typed_name: String,
) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let change = field(Field::Visibility, change.parse().map_err(|_| Reason::NotAChoice))?;
    let logs = if hide_logs { VisitorLogs::Hidden } else { VisitorLogs::Shown };
    request.backend.orgs.change_visibility(&request.caller, &slug, change, logs, &typed_name).await?;
    request.visit.notify(match change {
        VisibilityChange::MakePublic => Notice::OrgPublic,
        VisibilityChange::MakePrivate => Notice::OrgPrivate,
        VisibilityChange::List | VisibilityChange::Unlist => Notice::Saved,
    });
    http::redirect(&paths::org_settings(&slug));
    Ok(())
}

/// Says whether visitors of a public organization read task logs.
#[server(prefix = "/do", endpoint = "orgs/set-visitor-logs")]
pub async fn set_visitor_logs(org_slug: String, logs: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let logs = field(Field::Visibility, logs.parse().map_err(|_| Reason::NotAChoice))?;
    request.backend.orgs.set_visitor_logs(&request.caller, &slug, logs).await?;
    request.visit.notify(Notice::Saved);
    http::redirect(&paths::org_settings(&slug));
    Ok(())
}

/// Deletes an organization with everything in it.
#[server(prefix = "/do", endpoint = "orgs/delete")]
pub async fn delete_org(org_slug: String, #[server(default)] confirmation: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let name = request.backend.orgs.delete(&request.caller, &slug, &confirmation).await?;
    request.visit.notify(Notice::OrgDeleted(name.into()));
    http::redirect(paths::HOME);
    Ok(())
}
