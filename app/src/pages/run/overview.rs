//! A run: what it was, how it went, and its tasks.

use leptos::prelude::*;

use super::{Opened, RunHead, StillRunning, open};
use crate::backend::Page;
use crate::backend::orgs::OrgView;
use crate::backend::runs::{RunView, TaskView};
use crate::components::empty_state::EmptyState;
use crate::components::icon::Icon;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::pager::PagerLinks;
use crate::components::run::{HitBar, TaskChip, cache_words, run_duration};
use crate::components::run_filter::TaskFilterForm;
use crate::components::section::Section;
use crate::components::stat::Stat;
use crate::components::when::When;
use crate::domain::run::{CredentialKind, RunStatus, TaskStatus};
use crate::domain::run_filter::TaskFilter;
use crate::domain::time::{count, duration};
use crate::error::AppError;
use crate::islands::run_keys::RunKeys;
use crate::pages::frame::Frame;
use crate::pages::{loaded, query};
use crate::paths;
use crate::request::request;

/// Numbers, facts, tasks.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let request = request();
    let opened = open(&request);
    let filter = TaskFilter::parse(query).map_err(|_| AppError::BadForm);
    let after = query("after");
    let later = !after.is_empty();
    let load = async move {
        let opened = opened.await?;
        let filter = filter?;
        let (slug, workspace, run) = (&opened.org.slug, opened.workspace.id, opened.run.id);
        let page = request.backend.runs.tasks(&request.caller, slug, workspace, run, &filter, later.then_some(after.as_str())).await?;
        Ok((opened, filter, page))
    };
    loaded(load, move |(Opened { org, workspace, run }, filter, page)| {
        let path = paths::run(&org.slug, workspace.id, run.id);
        let parts = filter.parts();
        let first = paths::with_query(&path, &parts);
        let next = page.next.as_ref().map(|after| paths::with_query(&path, &[&parts[..], &[("after", after.clone())]].concat()));
        view! {
            <Frame title=run.facts.command.clone() place=Place::Workspace(org.clone(), workspace, WorkspaceTab::Runs)>
                <RunHead org=org.clone() run=run.clone() here="Tasks"/>
                <StillRunning status=run.status path=first.clone()/>
                <Remarks run=run.clone()/>
                <Numbers run=run.clone()/>
                <TaskFilterForm path filter=filter.clone()/>
                <RunKeys list=true/>
                <Tasks org run=run.clone() page filter/>
                <PagerLinks first later next/>
                <Facts run/>
            </Frame>
        }
    })
}

/// What is out of the ordinary.
#[component]
fn Remarks(run: RunView) -> impl IntoView {
    let mut remarks = Vec::new();
    if run.silent {
        remarks.push(
            "Nothing was heard of this run any more: nx was killed, or its machine was cut off from here. How it ended is not known, \
             and it is in no statistics."
                .to_owned(),
        );
    }
    if run.incomplete && !run.silent {
        remarks.push(
            "A part of what happened in this run did not reach the server, which could not be reached for a while. How it ended is known."
                .to_owned(),
        );
    }
    if run.lost_uploads > 0 {
        remarks.push(format!("{} artifacts could not be stored, although they should have been.", count(u64::from(run.lost_uploads))));
    }
    if run.log_cut {
        remarks.push("The logs of this run were larger than the server keeps; a part of them is missing.".to_owned());
    }
    let remark = |words: String| {
        view! {
            <p class="alert alert-care">
                <Icon of=icondata_lu::LuCircleAlert/>
                <span>{words}</span>
            </p>
        }
    };
    remarks.into_iter().map(remark).collect_view()
}

#[component]
fn Numbers(run: RunView) -> impl IntoView {
    let counts = run.counts;
    let rate = (u64::from(counts.hits()) * 100).checked_div(u64::from(counts.cacheable()));
    let announced = (run.status == RunStatus::Running).then(|| format!("of {} so far", count(u64::from(run.announced.max(counts.all())))));
    view! {
        <dl class="stats">
            <Stat label="Duration" value=run_duration(&run, request().now)/>
            <Stat label="Tasks" value=count(u64::from(counts.all()))>
                {announced}
            </Stat>
            <Stat label="Failed" value=count(u64::from(counts.failed))/>
            <Stat label="From a cache" value=rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate} %"))>
                <HitBar counts/>
            </Stat>
        </dl>
    }
}

#[component]
fn Tasks(org: OrgView, run: RunView, page: Page<TaskView>, filter: TaskFilter) -> impl IntoView {
    if page.rows.is_empty() {
        let (title, words) = match (filter.is_empty(), run.status) {
            (false, _) => ("No such task", "No task of this run fits all of the filter."),
            (true, RunStatus::Running) => ("No task yet", "Tasks appear here as they begin."),
            (true, _) => ("No tasks", "This command ran no task."),
        };
        return view! {
            <EmptyState icon=icondata_lu::LuSearchX title>
                <p>{words}</p>
            </EmptyState>
        }
        .into_any();
    }
    let row = move |task: TaskView| {
        let path = paths::run_task(&org.slug, run.workspace, run.id, task.number);
        let failed = (task.status == TaskStatus::Failure).then_some("");
        let again = (task.attempt > 1).then(|| view! { <span class="row-note">{format!("Attempt {}", task.attempt)}</span> });
        let why = task.miss.map(|reason| view! { <span class="row-note">{reason.title()}</span> });
        let stored = task.stored.map(|stored| view! { <span class="row-note">{stored.title()}</span> });
        view! {
            <tr>
                <th scope="row">
                    <span class="row-title">
                        <a class="row-link" href=path data-task="" data-failed=failed>
                            {task.facts.id}
                        </a>
                        <TaskChip status=task.status/>
                    </span>
                    {again}
                </th>
                <td data-label="Cache">{cache_words(task.cache, task.cacheable)} {why} {stored}</td>
                <td class="number" data-label="Duration">
                    {task.duration_ms.map_or_else(|| "–".to_owned(), duration)}
                </td>
            </tr>
        }
        .into_any()
    };
    view! {
        <div class="card">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Task"</th>
                        <th scope="col">"Cache"</th>
                        <th scope="col" class="number">
                            "Duration"
                        </th>
                    </tr>
                </thead>
                <tbody>{page.rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
    .into_any()
}

#[component]
fn Facts(run: RunView) -> impl IntoView {
    let now = request().now;
    let facts = run.facts.clone();
    let fact = |name: &'static str, value: Option<String>| {
        value.filter(|value| !value.is_empty()).map(|value| {
            view! {
                <dt>{name}</dt>
                <dd class="wraps">{value}</dd>
            }
        })
    };
    let commit = facts.commit.map(|sha| [Some(sha), facts.commit_title].into_iter().flatten().collect::<Vec<_>>().join(" · "));
    let ci = facts.ci.map(|ci| [Some(ci), facts.environment].into_iter().flatten().collect::<Vec<_>>().join(" · "));
    let job = facts.ci_url.map(|url| {
        let words = url.clone();
        view! {
            <dt>"Job"</dt>
            <dd class="wraps">
                <a href=url rel="noreferrer nofollow ugc">
                    {words}
                </a>
            </dd>
        }
    });
    let credential = match (run.credential, facts.credential.as_str()) {
        (CredentialKind::NxCloudId, _) | (_, "") => run.credential.title().to_owned(),
        (kind, name) => format!("{} “{name}”", kind.title()),
    };
    let cache = match (run.cache, run.encrypted) {
        (false, _) => "Switched off for this command",
        (true, true) => "On; artifacts are encrypted by the client",
        (true, false) => "On",
    };
    let machine = format!("{} · {} processors", facts.platform, facts.cpu_cores);
    let versions = format!("nx {} · client {} · Node.js {}", facts.nx_version, facts.client_version, facts.node_version);
    view! {
        <Section id="facts" title="About this run">
            <dl class="facts">
                <dt>"Began"</dt>
                <dd>
                    <When at=run.started_at now/>
                </dd>
                {fact("Branch", facts.branch)}
                {fact("Pull request", facts.pull_request)}
                {fact("Commit", commit)}
                {fact("Author", facts.author)}
                {fact("CI", ci)}
                {fact("CI execution", facts.execution)}
                {job}
                <dt>"Credential"</dt>
                <dd class="wraps">
                    {format!("{credential}, {} for the shared cache", run.access)}
                </dd>
                <dt>"Cache"</dt>
                <dd>{cache}</dd>
                {fact("Machine", Some(machine))}
                {fact("Versions", Some(versions))}
            </dl>
        </Section>
    }
    .into_any()
}
