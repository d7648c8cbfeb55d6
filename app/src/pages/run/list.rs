//! A list of runs, for a workspace or for all of an organization; the runs of one CI execution stand together.

use leptos::prelude::*;

use crate::backend::Page;
use crate::backend::orgs::OrgView;
use crate::backend::runs::RunView;
use crate::components::code::CodeBlock;
use crate::components::empty_state::EmptyState;
use crate::components::icon::Icon;
use crate::components::pager::PagerLinks;
use crate::components::run::{RunChip, run_duration};
use crate::components::run_filter::RunFilterForm;
use crate::components::when::When;
use crate::domain::ids::WorkspaceId;
use crate::domain::permission::Permission;
use crate::domain::run::RunStatus;
use crate::domain::run_filter::RunFilter;
use crate::domain::time::count;
use crate::islands::live::Live;
use crate::paths;
use crate::request::request;

/// Filter, runs, pages.
#[component]
pub fn RunList(
    /// The organization.
    org: OrgView,
    /// The workspace, when it is the list of one.
    workspace: Option<WorkspaceId>,
    /// What is asked for.
    filter: RunFilter,
    /// Whether this is a later page.
    later: bool,
    /// The runs.
    page: Page<RunView>,
) -> impl IntoView {
    let path = match workspace {
        Some(id) => paths::workspace_runs(&org.slug, id),
        None => paths::org_runs(&org.slug),
    };
    let parts = filter.parts();
    let first = paths::with_query(&path, &parts);
    let next = page.next.as_ref().map(|after| paths::with_query(&path, &[&parts[..], &[("after", after.clone())]].concat()));
    let runs_on = page.rows.iter().any(|run| run.status == RunStatus::Running);
    let empty = page.rows.is_empty();
    let shows_all = filter.is_empty();
    if empty && shows_all && !later {
        return view! { <NoRun org workspace/> }.into_any();
    }
    view! {
        <RunFilterForm path=path.clone() filter=filter.clone() in_workspace=workspace.is_some() by_author=!org.standing.is_visitor()/>
        {runs_on
            .then(|| {
                view! {
                    <p class="alert" role="status">
                        <Icon of=icondata_lu::LuLoader/>
                        <span>"Runs go on. " <a href=first.clone()>"Refresh"</a></span>
                        {(!later).then(|| view! { <Live seconds=5/> })}
                    </p>
                }
            })}
        {if empty { view! { <NoMatch more=next.is_some()/> }.into_any() } else { view! { <Table org workspace rows=page.rows/> }.into_any() }}
        <PagerLinks first later next/>
    }
    .into_any()
}

/// Runs that belong together: those of one CI execution, or one alone.
struct Group {
    execution: Option<String>,
    runs: Vec<RunView>,
}

/// In the order of each group's newest run.
fn grouped(rows: Vec<RunView>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for run in rows {
        let execution = run.facts.execution.clone();
        let is_there =
            |group: &&mut Group| group.execution.is_some() && group.execution == execution && group.runs[0].workspace == run.workspace;
        match groups.iter_mut().find(is_there) {
            Some(group) => group.runs.push(run),
            None => groups.push(Group { execution, runs: vec![run] }),
        }
    }
    groups
}

#[component]
fn Table(org: OrgView, workspace: Option<WorkspaceId>, rows: Vec<RunView>) -> impl IntoView {
    let in_org = workspace.is_none();
    let columns = if in_org { 6 } else { 5 };
    let groups = grouped(rows).into_iter().map(|group| {
        let head = group.execution.filter(|_| group.runs.len() > 1).map(|execution| {
            let path = paths::workspace_runs(&org.slug, group.runs[0].workspace);
            let all = paths::with_query(&path, &[("execution", execution.clone())]);
            let facts = &group.runs[0].facts;
            let words = facts.commit_title.clone().or_else(|| facts.branch.clone()).unwrap_or_default();
            view! {
                <tr class="group-head">
                    <th scope="rowgroup" colspan=columns>
                        <a href=all>{format!("CI execution {execution}")}</a>
                        <span class="row-note">{format!("{} runs here", group.runs.len())} {(!words.is_empty()).then(|| format!(" · {words}"))}</span>
                    </th>
                </tr>
            }
        });
        let org = org.clone();
        let rows = group.runs.into_iter().map(move |run| view! { <RunRow org=org.clone() run in_org/> });
        let class = if head.is_some() { "group" } else { "" };
        view! { <tbody class=class>{head} {rows.collect_view()}</tbody> }
    });
    view! {
        <div class="card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Command"</th>
                        {in_org.then(|| view! { <th scope="col">"Workspace"</th> })}
                        <th scope="col">"Branch"</th>
                        <th scope="col">"Tasks"</th>
                        <th scope="col" class="number">
                            "Duration"
                        </th>
                        <th scope="col">"Began"</th>
                    </tr>
                </thead>
                {groups.collect_view()}
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn RunRow(org: OrgView, run: RunView, in_org: bool) -> impl IntoView {
    let now = request().now;
    let took = run_duration(&run, now);
    let place = (!run.ci).then(|| "Local".to_owned());
    let from =
        [place, run.facts.author.clone(), Some(run.credential.title().to_owned())].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    let (counts, facts) = (run.counts, run.facts);
    let all = count(u64::from(counts.all()));
    let tasks = match (counts.failed, counts.hits()) {
        (0, 0) => all,
        (0, hits) => format!("{all}, {} from a cache", count(u64::from(hits))),
        (failed, _) => format!("{} failed of {all}", count(u64::from(failed))),
    };
    view! {
        <tr>
            <th scope="row">
                <span class="row-title">
                    <a class="row-link" href=paths::run(&org.slug, run.workspace, run.id)>
                        <code>{facts.command}</code>
                    </a>
                    <RunChip status=run.status/>
                </span>
                <span class="row-note">{from}</span>
            </th>
            {in_org
                .then(|| {
                    view! {
                        <td data-label="Workspace">
                            <a class="row-link" href=paths::workspace_runs(&org.slug, run.workspace)>
                                {run.workspace_name.to_string()}
                            </a>
                        </td>
                    }
                })}
            <td data-label="Branch" class="wraps">
                {facts.branch.unwrap_or_else(|| "–".to_owned())}
                {facts.pull_request.map(|number| view! { <span class="row-note">{format!("Pull request {number}")}</span> })}
            </td>
            <td data-label="Tasks">{tasks}</td>
            <td class="number" data-label="Duration">
                {took}
            </td>
            <td data-label="Began">
                <When at=run.started_at now/>
            </td>
        </tr>
    }
    .into_any()
}

#[component]
fn NoMatch(more: bool) -> impl IntoView {
    let words = if more {
        "Nothing among the runs that were looked through fits all of the filter. Go on with the next page to look further back."
    } else {
        "No run fits all of the filter. Names are stored encrypted and found as a whole only: write them exactly as the run says them."
    };
    view! {
        <EmptyState icon=icondata_lu::LuSearchX title="No such run">
            <p>{words}</p>
        </EmptyState>
    }
}

#[component]
fn NoRun(org: OrgView, workspace: Option<WorkspaceId>) -> impl IntoView {
    let connects = org.standing.grants(Permission::ConnectWorkspace);
    let how = workspace.filter(|_| connects).map(|id| {
        view! {
            <p>
                "Each nx command of a connected workspace appears here while it runs. See " <a href=paths::workspace_connect(&org.slug, id)>"how to connect nx"</a>
                ", then build something:"
            </p>
            <CodeBlock id="build" caption="In the workspace" text="npx nx run-many -t build"/>
        }
    });
    let where_else = (workspace.is_none() && connects).then(|| {
        view! {
            <p>
                "Each nx command of a connected workspace appears here while it runs. Open one of the " <a href=paths::org(&org.slug)>"workspaces"</a>
                " to see how to connect nx to it."
            </p>
        }
    });
    view! {
        <EmptyState icon=icondata_lu::LuPlay title="No runs yet">
            {how}
            {where_else}
        </EmptyState>
    }
}
