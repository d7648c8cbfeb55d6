//! Forms about what a workspace's credentials may do.

use leptos::prelude::*;

use super::{field, org, workspace};
use crate::backend::access_levels::LevelChange;
use crate::domain::access::{IdAccess, TokenAccess};
use crate::domain::names::Reason;
use crate::error::{AppError, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Chooses what the Nx Cloud id alone may do.
#[server(prefix = "/do", endpoint = "access-levels/set-id")]
pub async fn set_id_access(org_slug: String, workspace_id: String, #[server(default)] access: String) -> Result<(), AppError> {
    let request = request();
    let (slug, id) = (org(&org_slug)?, workspace(&workspace_id)?);
    let access = field(Field::Access, access.parse::<IdAccess>().map_err(|_| Reason::NotAChoice))?;
    request.backend.access_levels.change(&request.caller, &slug, id, LevelChange::Id(access)).await?;
    request.visit.notify(Notice::Saved);
    http::redirect(&paths::workspace_tokens(&slug, id));
    Ok(())
}

/// Chooses what members' personal access tokens may do.
#[server(prefix = "/do", endpoint = "access-levels/set-personal")]
pub async fn set_personal_access(org_slug: String, workspace_id: String, #[server(default)] access: String) -> Result<(), AppError> {
    let request = request();
    let (slug, id) = (org(&org_slug)?, workspace(&workspace_id)?);
    let access = field(Field::Access, access.parse::<TokenAccess>().map_err(|_| Reason::NotAChoice))?;
    request.backend.access_levels.change(&request.caller, &slug, id, LevelChange::Personal(access)).await?;
    request.visit.notify(Notice::Saved);
    http::redirect(&paths::workspace_tokens(&slug, id));
    Ok(())
}
