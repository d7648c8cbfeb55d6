//! Pages of a workspace.

mod access_levels;
pub mod artifacts;
pub mod check_up;
pub mod connect;
pub mod new;
pub mod overview;
pub mod runs;
pub mod set_up;
pub mod settings;
pub mod statistics;
pub mod tokens;

use leptos::prelude::*;

use crate::backend::orgs::OrgView;
use crate::backend::workspaces::WorkspaceView;
use crate::error::AppError;
use crate::request::Request;

/// The workspace that the address names, with its organization. Call it inside a page.
pub(super) fn open(request: &Request) -> impl Future<Output = Result<(OrgView, WorkspaceView), AppError>> + Send + use<> {
    let (slug, id) = (super::org_slug(), super::workspace_id());
    let request = request.clone();
    async move { request.backend.workspaces.open(&request.caller, &slug?, id?).await }
}

/// The hidden fields of a form that say which workspace it is about.
fn which(org: &OrgView, workspace: &WorkspaceView) -> impl IntoView + use<> {
    view! {
        <input type="hidden" name="org_slug" value=org.slug.to_string()/>
        <input type="hidden" name="workspace_id" value=workspace.id.to_string()/>
    }
}
