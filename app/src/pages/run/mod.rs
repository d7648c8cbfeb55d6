//! Pages of a run.

pub mod compare;
pub mod link;
pub mod list;
pub mod overview;
pub mod task;
pub mod timeline;

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use crate::backend::orgs::OrgView;
use crate::backend::runs::RunView;
use crate::backend::workspaces::WorkspaceView;
use crate::components::icon::Icon;
use crate::components::run::RunChip;
use crate::domain::ids::RunId;
use crate::domain::run::RunStatus;
use crate::error::AppError;
use crate::islands::live::Live;
use crate::paths;
use crate::request::Request;

/// A run with what it belongs to.
struct Opened {
    org: OrgView,
    workspace: WorkspaceView,
    run: RunView,
}

/// The run that the address names.
fn run_id() -> Result<RunId, AppError> {
    let id = use_params_map().get_untracked().get("run").unwrap_or_default();
    id.parse().map_err(|_| AppError::NotFound)
}

/// The task that the address names.
fn task_number() -> Result<u32, AppError> {
    let number = use_params_map().get_untracked().get("number").unwrap_or_default();
    number.parse().map_err(|_| AppError::NotFound)
}

/// The run that the address names, with its workspace and organization. Call it inside a page.
fn open(request: &Request) -> impl Future<Output = Result<Opened, AppError>> + Send + use<> {
    let (opened, id) = (super::workspace::open(request), run_id());
    let request = request.clone();
    async move {
        // Who may not look is told that, whatever stands in the address.
        let (org, workspace) = opened.await?;
        let run = request.backend.runs.open(&request.caller, &org.slug, workspace.id, id?).await?;
        Ok(Opened { org, workspace, run })
    }
}

/// The heading of all pages of a run, with the ways between them.
#[component]
fn RunHead(org: OrgView, run: RunView, here: &'static str) -> impl IntoView {
    let (slug, workspace) = (&org.slug, run.workspace);
    let links = [("Tasks", paths::run(slug, workspace, run.id)), ("Timeline", paths::run_timeline(slug, workspace, run.id))];
    let links = links.map(|(words, path)| {
        let current = (words == here).then_some("page");
        view! {
            <li>
                <a class="tab" href=path aria-current=current>
                    {words}
                </a>
            </li>
        }
    });
    view! {
        <div class="page-header">
            <div class="min-w-0">
                <p class="crumb">
                    <a href=paths::workspace_runs(slug, workspace)>"Runs"</a>
                </p>
                <h1 class="page-title run-title">
                    <code>{run.facts.command.clone()}</code>
                    <RunChip status=run.status/>
                </h1>
            </div>
        </div>
        <nav class="tabs run-tabs" aria-label="Run">
            <ul class="tabs-list">{links.collect_view()}</ul>
        </nav>
    }
    .into_any()
}

/// Says that something goes on, and keeps the page fresh.
#[component]
fn StillRunning(status: RunStatus, path: String) -> impl IntoView {
    (status == RunStatus::Running).then(|| {
        view! {
            <p class="alert" role="status">
                <Icon of=icondata_lu::LuLoader/>
                <span>"This run goes on. " <a href=path>"Refresh"</a></span>
                <Live seconds=4/>
            </p>
        }
    })
}
