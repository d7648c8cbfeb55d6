//! Which artifacts a workspace holds; Admins delete them here, one or many.

use leptos::prelude::*;

use super::{open, which};
use crate::backend::Page;
use crate::backend::artifacts::{ArtifactRow, OfExecutions, PurgeProgress};
use crate::backend::orgs::OrgView;
use crate::backend::workspaces::WorkspaceView;
use crate::components::code::CodeBlock;
use crate::components::empty_state::EmptyState;
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::icon::Icon;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::page_header::PageHeader;
use crate::components::pager::{Pager, SearchForm};
use crate::components::section::DangerZone;
use crate::components::when::When;
use crate::domain::permission::Permission;
use crate::domain::time::{bytes, count};
use crate::error::Field;
use crate::islands::confirm::Confirm;
use crate::islands::reload::Reload;
use crate::pages::frame::Frame;
use crate::pages::{loaded, query};
use crate::paths;
use crate::request::request;
use crate::server_fns::artifacts::{DeleteArtifact, PurgeArtifacts};

/// Artifacts, part by part.
#[component]
pub fn ArtifactsPage() -> impl IntoView {
    let request = request();
    let opened = open(&request);
    let (search, after) = (query("q"), query("after"));
    let later = !after.is_empty();
    let sought = search.clone();
    let load = async move {
        let (org, workspace) = opened.await?;
        let (caller, artifacts) = (&request.caller, &request.backend.artifacts);
        let page = artifacts.list(caller, &org.slug, workspace.id, &sought, later.then_some(after.as_str())).await?;
        let purge = artifacts.purge_progress(caller, &org.slug, workspace.id).await?;
        let of_executions = artifacts.of_executions(caller, &org.slug, workspace.id).await?;
        Ok((org, workspace, page, purge, of_executions))
    };
    loaded(load, move |(org, workspace, page, purge, of_executions)| {
        let path = paths::workspace_artifacts(&org.slug, workspace.id);
        let shared = workspace.usage.artifacts.saturating_sub(of_executions.artifacts);
        let shared_bytes = workspace.usage.bytes.saturating_sub(of_executions.bytes);
        let stored = format!("{} stored, {}", count(shared), bytes(shared_bytes));
        let next = page.next.clone();
        let running = purge.filter(|purge| purge.finished_at.is_none());
        let purges = org.standing.grants(Permission::PurgeArtifacts);
        view! {
            <Frame title="Artifacts" place=Place::Workspace(org.clone(), workspace.clone(), WorkspaceTab::Artifacts)>
                <PageHeader title="Artifacts" lead=stored/>
                {(of_executions.artifacts > 0).then(|| view! { <Apart of_executions/> })}
                {running.map(|purge| view! { <Running purge path=path.clone()/> })}
                <SearchForm path=path.clone() search=search.clone() label="Search artifacts by hash" placeholder="Beginning of a hash"/>
                <Artifacts org=org.clone() workspace=workspace.clone() page search=search.clone()/>
                <Pager path search later next/>
                {(purges && running.is_none()).then(|| view! { <Purging org workspace last=purge/> })}
            </Frame>
        }
    })
}

/// What the list does not show.
#[component]
fn Apart(of_executions: OfExecutions) -> impl IntoView {
    let OfExecutions { artifacts, bytes: size } = of_executions;
    view! {
        <p class="hint">
            {format!("{} more, {}, belong to CI executions: no one else reads them, and they go within a day.", count(artifacts), bytes(size))}
        </p>
    }
}

#[component]
fn Running(purge: PurgeProgress, path: String) -> impl IntoView {
    view! {
        <section class="alert alert-care" role="status" aria-label="Purge">
            <Icon of=icondata_lu::LuHourglass/>
            <div class="grow">
                <p>{format!("Deleting artifacts: {} of {} done.", count(purge.done), count(purge.total))}</p>
                <progress class="bar" max=purge.total.max(1).to_string() value=purge.done.to_string() aria-label="Deleted so far"></progress>
                <a href=path>"Show how far it is"</a>
                <Reload seconds=3/>
            </div>
        </section>
    }
}

#[component]
fn Artifacts(org: OrgView, workspace: WorkspaceView, page: Page<ArtifactRow>, search: String) -> impl IntoView {
    let delete = ServerAction::<DeleteArtifact>::new();
    let form = FormState::of(delete, &request().draft);
    if page.rows.is_empty() {
        return if search.is_empty() { view! { <NoArtifact org workspace/> }.into_any() } else { view! { <NoMatch/> }.into_any() };
    }
    let purges = org.standing.grants(Permission::PurgeArtifacts);
    let names_tokens = page.rows.iter().any(|artifact| artifact.created_by.is_some());
    let row = move |artifact: ArtifactRow| {
        let now = request().now;
        let hash = artifact.hash.to_string();
        let which = purges.then(|| which(&org, &workspace));
        view! {
            <tr>
                <th scope="row">
                    <code class="hash">{hash.clone()}</code>
                </th>
                <td class="number" data-label="Size">
                    {bytes(artifact.bytes)}
                </td>
                <td class="number" data-label="Hits">
                    {count(artifact.hits)}
                </td>
                <td data-label="Last read">{artifact.last_read_at.map_or_else(|| "never".into_any(), |at| view! { <When at now/> }.into_any())}</td>
                <td data-label="Stored">
                    <When at=artifact.created_at now/>
                </td>
                {artifact.created_by.map(|name| view! { <td data-label="By token">{name}</td> })}
                {purges
                    .then(|| {
                        view! {
                            <td class="actions">
                                <ActionForm action=delete>
                                    {which}
                                    <input type="hidden" name="hash" value=hash.clone()/>
                                    <button class="button" aria-label=format!("Delete {hash}")>
                                        "Delete"
                                    </button>
                                </ActionForm>
                            </td>
                        }
                    })}
            </tr>
        }
        .into_any()
    };
    view! {
        <FormError form/>
        <div class="card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Hash"</th>
                        <th scope="col" class="number">"Size"</th>
                        <th scope="col" class="number">"Hits"</th>
                        <th scope="col">"Last read"</th>
                        <th scope="col">"Stored"</th>
                        {names_tokens.then(|| view! { <th scope="col">"By token"</th> })}
                        {purges
                            .then(|| {
                                view! {
                                    <th scope="col">
                                        <span class="sr-only">"Actions"</span>
                                    </th>
                                }
                            })}
                    </tr>
                </thead>
                <tbody>{page.rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn NoMatch() -> impl IntoView {
    view! {
        <EmptyState icon=icondata_lu::LuSearchX title="No such artifact">
            <p>"No artifact's hash begins with this. It may have been deleted, or never stored."</p>
        </EmptyState>
    }
}

#[component]
fn NoArtifact(org: OrgView, workspace: WorkspaceView) -> impl IntoView {
    view! {
        <EmptyState icon=icondata_lu::LuPackageOpen title="Nothing stored yet">
            {org
                .standing
                .grants(Permission::ConnectWorkspace)
                .then(|| {
                    view! {
                        <p>
                            "Artifacts appear here as soon as a build with a read-write token has run. See "
                            <a href=paths::workspace_connect(&org.slug, workspace.id)>"how to connect nx"</a>", then build something:"
                        </p>
                        <CodeBlock id="build" caption="In the workspace" text="npx nx run-many -t build"/>
                    }
                })}
        </EmptyState>
    }
}

#[component]
fn Purging(org: OrgView, workspace: WorkspaceView, last: Option<PurgeProgress>) -> impl IntoView {
    let request = request();
    let purge = ServerAction::<PurgeArtifacts>::new();
    let form = FormState::of(purge, &request.draft);
    let (older, all) = (which(&org, &workspace), which(&org, &workspace));
    let last = last.and_then(|last| last.finished_at.map(|at| (last.done, at)));
    let title = format!("Delete all {} artifacts of {}?", count(workspace.usage.artifacts), workspace.name);
    view! {
        <DangerZone title="Purge" lead="Deletes many artifacts at once, in the background. Builds go on working, and take longer until the cache is filled again.">
            <FormError form=form.clone()/>
            <ActionForm action=purge>
                <div class="form">
                    {older}
                    <input type="hidden" name="which" value="older"/>
                    <TextField form field=Field::Days name="days" label="Neither stored nor read for" kind="number" stored="30" unit="days"/>
                    <div class="form-end">
                        <button class="button">"Delete these"</button>
                    </div>
                </div>
            </ActionForm>
            <hr class="rule"/>
            <Confirm label="Delete all artifacts…".to_owned() title>
                <p>"This cannot be undone."</p>
                <ActionForm action=purge>
                    {all}
                    <input type="hidden" name="which" value="all"/>
                    <button class="button button-danger">"Delete all"</button>
                </ActionForm>
            </Confirm>
            {last
                .map(|(done, at)| {
                    view! {
                        <p class="hint">
                            {format!("The last purge deleted {} artifacts and ended ", count(done))} <When at now=request.now/> "."
                        </p>
                    }
                })}
        </DangerZone>
    }
    .into_any()
}
