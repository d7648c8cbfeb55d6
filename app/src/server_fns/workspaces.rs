//! Forms about workspaces.

use leptos::prelude::*;

use super::{field, org, workspace};
use crate::domain::access::IdAccess;
use crate::domain::names::{Reason, WorkspaceName};
use crate::domain::retention::Retention;
use crate::error::{AppError, Check, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Creates a workspace; `id_access` is what its Nx Cloud id alone opens.
#[server(prefix = "/do", endpoint = "workspaces/create")]
pub async fn create_workspace(org_slug: String, name: String, #[server(default)] id_access: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let mut check = Check::default();
    let name = check.take(Field::Name, WorkspaceName::parse(&name));
    let id_access = match id_access.as_str() {
        "" => Some(IdAccess::DEFAULT),
        word => check.take(Field::Access, word.parse().map_err(|_| Reason::NotAChoice)),
    };
    let (name, id_access) = check.finish(name.zip(id_access))?;
    let id = request.backend.workspaces.create(&request.caller, &slug, name, id_access).await?;
    request.visit.notify(Notice::WorkspaceCreated);
    http::redirect(&paths::workspace_connect(&slug, id));
    Ok(())
}

/// Gives a workspace another name.
#[server(prefix = "/do", endpoint = "workspaces/rename")]
pub async fn rename_workspace(org_slug: String, workspace_id: String, name: String) -> Result<(), AppError> {
    let request = request();
    let (slug, id) = (org(&org_slug)?, workspace(&workspace_id)?);
    let name = field(Field::Name, WorkspaceName::parse(&name))?;
    request.backend.workspaces.rename(&request.caller, &slug, id, name).await?;
    request.visit.notify(Notice::Saved);
    http::redirect(&paths::workspace_settings(&slug, id));
    Ok(())
}

/// Changes how long a workspace keeps artifacts; an empty field is no limit.
#[server(prefix = "/do", endpoint = "workspaces/set-retention")]
pub async fn set_workspace_retention(
    org_slug: String,
    workspace_id: String,
    #[server(default)] days: String,
    #[server(default)] gibibytes: String,
) -> Result<(), AppError> {
    let request = request();
    let (slug, id) = (org(&org_slug)?, workspace(&workspace_id)?);
    let mut check = Check::default();
    let days = check.take(Field::Days, Retention::parse_days(&days));
    let gibibytes = check.take(Field::Gibibytes, Retention::parse_gibibytes(&gibibytes));
    let retention = check.finish(days.zip(gibibytes).map(|(days, gibibytes)| Retention { days, gibibytes }))?;
    request.backend.workspaces.set_retention(&request.caller, &slug, id, retention).await?;
    request.visit.notify(Notice::Saved);
    http::redirect(&paths::workspace_settings(&slug, id));
    Ok(())
}

/// Deletes a workspace with its tokens and artifacts.
#[server(prefix = "/do", endpoint = "workspaces/delete")]
pub async fn delete_workspace(org_slug: String, workspace_id: String, #[server(default)] confirmation: String) -> Result<(), AppError> {
    let request = request();
    let (slug, id) = (org(&org_slug)?, workspace(&workspace_id)?);
    let name = request.backend.workspaces.delete(&request.caller, &slug, id, &confirmation).await?;
    request.visit.notify(Notice::WorkspaceDeleted(name.into()));
    http::redirect(&paths::org(&slug));
    Ok(())
}
