//! Which artifacts a workspace holds; Admins delete them here, one or many.

use leptos::prelude::*;

use super::{open, which};
use crate::backend::Page;
use crate::backend::artifacts::{ArtifactRow, Purge, PurgeProgress, Stock};
use crate::backend::orgs::OrgView;
use crate::backend::workspaces::WorkspaceView;
use crate::components::code::CodeBlock;
use crate::components::empty_state::EmptyState;
use crate::components::form::{ActionForm, FormError, FormState};
use crate::components::icon::Icon;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::page_header::PageHeader;
use crate::components::pager::{Pager, SearchForm};
use crate::components::section::DangerZone;
use crate::components::when::When;
use crate::domain::permission::Permission;
use crate::domain::time::{bytes, count};
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
    let unused_days = query("unused_days");
    let load = async move {
        let (org, workspace) = opened.await?;
        let (caller, artifacts) = (&request.caller, &request.backend.artifacts);
        let page = artifacts.list(caller, &org.slug, workspace.id, &sought, later.then_some(after.as_str())).await?;
        let purge = artifacts.purge_progress(caller, &org.slug, workspace.id).await?;
        let of_executions = artifacts.of_executions(caller, &org.slug, workspace.id).await?;
        let preview = if org.standing.grants(Permission::PurgeArtifacts) && !unused_days.is_empty() {
            let Some(days) = Purge::days(&unused_days) else {
                return Ok((org, workspace, page, purge, of_executions, Some(Preview::NotInRange(unused_days))));
            };
            let stock = artifacts.would_purge(caller, &org.slug, workspace.id, Purge::OlderThanDays(days)).await?;
            Some(Preview::Counted(days, stock))
        } else {
            None
        };
        Ok((org, workspace, page, purge, of_executions, preview))
    };
    loaded(load, move |(org, workspace, page, purge, of_executions, preview)| {
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
                {(purges && running.is_none()).then(|| view! { <Purging org workspace last=purge preview/> })}
            </Frame>
        }
    })
}

/// What became of the question how much a purge by age would delete.
#[derive(Debug, Clone)]
enum Preview {
    /// So much.
    Counted(u16, Stock),
    /// These are no days.
    NotInRange(String),
}

/// What the list does not show.
#[component]
fn Apart(of_executions: Stock) -> impl IntoView {
    let Stock { artifacts, bytes: size } = of_executions;
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
                                <Confirm label="Delete…".to_owned() title="Delete this artifact?".to_owned()>
                                    <p>
                                        <code class="hash">{hash.clone()}</code>
                                        {format!(", {}, read {}.", bytes(artifact.bytes), times(artifact.hits))}
                                    </p>
                                    <p>"The next build that needs it makes it anew. This cannot be undone."</p>
                                    <ActionForm action=delete>
                                        {which}
                                        <input type="hidden" name="hash" value=hash.clone()/>
                                        <button class="button button-danger" aria-label=format!("Delete {hash}")>
                                            "Delete"
                                        </button>
                                    </ActionForm>
                                </Confirm>
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

fn times(number: u64) -> String {
    match number {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        number => format!("{} times", count(number)),
    }
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
fn Purging(org: OrgView, workspace: WorkspaceView, last: Option<PurgeProgress>, preview: Option<Preview>) -> impl IntoView {
    let request = request();
    let purge = ServerAction::<PurgeArtifacts>::new();
    let form = FormState::of(purge, &request.draft);
    let all = which(&org, &workspace);
    let path = paths::workspace_artifacts(&org.slug, workspace.id);
    let last = last.and_then(|last| last.finished_at.map(|at| (last.done, at)));
    let title = format!("Delete all {} artifacts of {}?", count(workspace.usage.artifacts), workspace.name);
    let (days, problem) = match &preview {
        Some(Preview::Counted(days, _)) => (days.to_string(), None),
        Some(Preview::NotInRange(text)) => (text.clone(), Some(Purge::NOT_IN_RANGE.to_string())),
        None => ("30".to_owned(), None),
    };
    let counted = preview.and_then(|preview| match preview {
        Preview::Counted(days, stock) => Some(view! { <Older org=org.clone() workspace=workspace.clone() purge days stock/> }),
        Preview::NotInRange(_) => None,
    });
    view! {
        <DangerZone title="Purge" lead="Deletes many artifacts at once, in the background. Builds go on working, and take longer until the cache is filled again.">
            <FormError form=form.clone()/>
            <form class="form" method="get" action=format!("{path}#purge") id="purge">
                <div class="field">
                    <label class="label" for="unused_days">
                        "Neither stored nor read for so many days"
                    </label>
                    <input
                        class="input"
                        id="unused_days"
                        name="unused_days"
                        type="number"
                        min="1"
                        max="3650"
                        value=days
                        required=true
                        aria-invalid=problem.as_ref().map(|_| "true")
                        aria-describedby=problem.as_ref().map(|_| "unused_days-error")
                    />
                    {problem
                        .map(|problem| {
                            view! {
                                <p class="field-error" id="unused_days-error">
                                    {problem}
                                </p>
                            }
                        })}
                </div>
                <div class="form-end">
                    <button class="button">"Count them…"</button>
                </div>
            </form>
            {counted}
            <hr class="rule"/>
            <Confirm label="Delete all artifacts…".to_owned() title>
                <p>{format!("{} in all. This cannot be undone.", bytes(workspace.usage.bytes))}</p>
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

/// What a purge by age would delete, and the button that does.
#[component]
fn Older(org: OrgView, workspace: WorkspaceView, purge: ServerAction<PurgeArtifacts>, days: u16, stock: Stock) -> impl IntoView {
    let of = count(workspace.usage.artifacts);
    if stock.artifacts == 0 {
        let words = format!("None of the {of} artifacts has been unused for {days} days.");
        return view! { <p role="status">{words}</p> }.into_any();
    }
    let words = format!("{} of {of} artifacts ({}) have been unused for {days} days.", count(stock.artifacts), bytes(stock.bytes));
    let button = if stock.artifacts == 1 { "Delete this one".to_owned() } else { format!("Delete these {}", count(stock.artifacts)) };
    view! {
        <p role="status">{words}</p>
        <ActionForm action=purge>
            {which(&org, &workspace)}
            <input type="hidden" name="which" value="older"/>
            <input type="hidden" name="days" value=days.to_string()/>
            <button class="button button-danger">{button}</button>
        </ActionForm>
    }
    .into_any()
}
