//! What is worth mending about the access to a workspace, each with its fix.

use leptos::prelude::*;

use super::open;
use crate::components::chip::{Chip, Tone};
use crate::components::empty_state::EmptyState;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::page_header::PageHeader;
use crate::domain::finding::{Finding, Fix, UNUSED_DAYS, Weight};
use crate::domain::ids::WorkspaceId;
use crate::domain::names::OrgSlug;
use crate::pages::frame::Frame;
use crate::pages::loaded;
use crate::paths;
use crate::request::request;

/// The findings; Admins only.
#[component]
pub fn CheckUpPage() -> impl IntoView {
    let request = request();
    let opened = open(&request);
    let load = async move {
        let (org, workspace) = opened.await?;
        let findings = request.backend.set_up.check_up(&request.caller, &org.slug, workspace.id).await?;
        Ok((org, workspace, findings))
    };
    loaded(load, |(org, workspace, findings)| {
        let (slug, id) = (org.slug.clone(), workspace.id);
        let list = if findings.is_empty() {
            view! {
                <EmptyState icon=icondata_lu::LuShieldCheck title="Nothing to mend">
                    <p>{format!("The nxCloudId alone opens nothing, members and pull requests only read, and every token expires and was used within {UNUSED_DAYS} days.")}</p>
                </EmptyState>
            }
            .into_any()
        } else {
            let row = |finding: Finding| view! { <Row slug=slug.clone() id finding/> };
            view! { <ul class="findings">{findings.into_iter().map(row).collect_view()}</ul> }.into_any()
        };
        let (set_up, tokens) = (paths::workspace_set_up(&org.slug, workspace.id), paths::workspace_tokens(&org.slug, workspace.id));
        view! {
            <Frame title="Check-up" place=Place::Workspace(org.clone(), workspace.clone(), WorkspaceTab::Access)>
                <PageHeader title="Check-up" lead="What more people or machines can do here than is usually needed, as it is at this moment.">
                    <a class="button" href=set_up>
                        "Set-up"
                    </a>
                    <a class="button" href=tokens>
                        "CI access tokens"
                    </a>
                </PageHeader>
                {list}
            </Frame>
        }
    })
}

#[component]
fn Row(slug: OrgSlug, id: WorkspaceId, finding: Finding) -> impl IntoView {
    let (tone, weight) = match finding.weight() {
        Weight::Danger => (Tone::Bad, "Danger"),
        Weight::Care => (Tone::Care, "Take care"),
        Weight::Hint => (Tone::Plain, "Hint"),
    };
    let (path, words) = match finding.fix() {
        Fix::SetUp => (paths::workspace_set_up(&slug, id), "Choose a set-up"),
        Fix::Tokens => (paths::workspace_tokens(&slug, id), "CI access tokens"),
    };
    view! {
        <li class="card finding">
            <div class="finding-words">
                <h2 class="card-title">{finding.title()} " " <Chip tone>{weight}</Chip></h2>
                <p class="hint">{finding.describe()}</p>
                <p>{finding.advice()}</p>
            </div>
            <a class="button" href=path>
                {words}
            </a>
        </li>
    }
    .into_any()
}
