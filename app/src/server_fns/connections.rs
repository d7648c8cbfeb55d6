//! Forms of the links that `nx connect` prints.

use leptos::prelude::*;

use super::{field, org};
use crate::backend::connections::{Connected, Offer, Owner};
use crate::domain::names::{OrgName, OrgSlug, WorkspaceName};
use crate::domain::secret::PlainSecret;
use crate::error::{AppError, Check, Field};
use crate::notice::Notice;
use crate::request::{Request, request};
use crate::{http, paths};

/// Brings the workspace of a link into an organization.
#[server(prefix = "/do", endpoint = "connections/accept")]
pub async fn accept_connection(code: String, #[server(default)] org_slug: String, workspace: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let name = field(Field::Workspace, WorkspaceName::parse(&workspace))?;
    let code = PlainSecret::new(code);
    let connected = request.backend.connections.accept(&request.caller, &code, Owner::Existing(slug), name).await?;
    go_on(&request, &connected);
    Ok(())
}

/// Brings the workspace of a link into an organization that is created for it.
#[server(prefix = "/do", endpoint = "connections/accept-into-new")]
pub async fn accept_connection_into_new(code: String, name: String, slug: String, first_workspace: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let mut check = Check::default();
    let name = check.take(Field::Name, OrgName::parse(&name));
    let slug = check.take(Field::Slug, OrgSlug::parse(&slug));
    let workspace = check.take(Field::Workspace, WorkspaceName::parse(&first_workspace));
    let ((name, slug), workspace) = check.finish(name.zip(slug).zip(workspace))?;
    let code = PlainSecret::new(code);
    let connected = request.backend.connections.accept(&request.caller, &code, Owner::New(name, slug), workspace).await?;
    go_on(&request, &connected);
    Ok(())
}

/// Leads on to what the link made.
pub fn go_on(request: &Request, connected: &Connected) {
    let (slug, id) = (&connected.org, connected.workspace);
    let (notice, next) = match connected.offer {
        Offer::Claim => (Notice::WorkspaceClaimed, paths::workspace(slug, id)),
        Offer::Create { names_other: false } => (Notice::WorkspaceCreated, paths::workspace_connect(slug, id)),
        Offer::Create { names_other: true } => (Notice::WorkspaceToName, paths::workspace_connect(slug, id)),
    };
    request.visit.notify(notice);
    http::redirect(&next);
}
