//! The form that sets a workspace up as a whole.

use leptos::prelude::*;

use super::{field, org, workspace};
use crate::domain::names::Reason;
use crate::domain::set_up::Wanted;
use crate::error::{AppError, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Sets the levels and makes the tokens that are missing; their values are shown once, on the next page.
#[server(prefix = "/do", endpoint = "set-up/apply")]
pub async fn apply_set_up(
    org_slug: String,
    workspace_id: String,
    #[server(default)] set_up: String,
    #[server(default)] id_access: String,
) -> Result<(), AppError> {
    let request = request();
    let (slug, id) = (org(&org_slug)?, workspace(&workspace_id)?);
    let wanted = field(Field::SetUp, Wanted::parse(&set_up, &id_access).ok_or(Reason::NotAChoice))?;
    let issued = request.backend.set_up.apply(&request.caller, &slug, id, wanted).await?;
    request.visit.notify(Notice::SetUpApplied(issued));
    http::redirect(&paths::workspace_set_up_as(&slug, id, wanted));
    Ok(())
}
