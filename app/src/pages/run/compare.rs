//! Two hashes of one task: why it was run again.

use leptos::prelude::*;

use super::{Opened, open, task_number};
use crate::backend::orgs::OrgView;
use crate::backend::runs::{Comparison, Difference, OtherTask, RunView, TaskView};
use crate::components::empty_state::EmptyState;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::run::{TaskChip, cache_words};
use crate::components::section::Section;
use crate::components::when::When;
use crate::domain::time::count;
use crate::error::AppError;
use crate::pages::frame::Frame;
use crate::pages::{loaded, query};
use crate::paths;
use crate::request::request;

/// The runs to choose from, and what differs from the one that was chosen.
#[component]
pub fn ComparePage() -> impl IntoView {
    let request = request();
    let (opened, number, with) = (open(&request), task_number(), query("with"));
    let load = async move {
        let opened = opened.await?;
        let (caller, runs, slug, workspace) = (&request.caller, &request.backend.runs, &opened.org.slug, opened.workspace.id);
        let task = (opened.run.id, number?);
        let page = runs.task(caller, slug, workspace, task, None).await?;
        let others = runs.others(caller, slug, workspace, task).await?;
        let comparison = match with.as_str() {
            "" => None,
            id => Some(runs.compare(caller, slug, workspace, task, id.parse().map_err(|_| AppError::NotFound)?).await?),
        };
        Ok((opened, page.task, others, comparison))
    };
    loaded(load, |(Opened { org, workspace, run }, task, others, comparison)| {
        let title = format!("Compare {}", task.facts.id);
        view! {
            <Frame title=title.clone() place=Place::Workspace(org.clone(), workspace, WorkspaceTab::Runs)>
                <div class="page-header">
                    <div class="min-w-0">
                        <p class="crumb">
                            <a href=paths::run(&org.slug, run.workspace, run.id)>{run.facts.command.clone()}</a>
                            " / "
                            <a href=paths::run_task(&org.slug, run.workspace, run.id, task.number)>{task.facts.id.clone()}</a>
                        </p>
                        <h1 class="page-title">{title}</h1>
                        <p class="page-lead">"A task is run again when its hash is another one. Here is what the hash was made of, beside the same task in another run."</p>
                    </div>
                </div>
                {comparison.map(|comparison| view! { <Differences task=task.clone() comparison/> })}
                <Others org run task others/>
            </Frame>
        }
    })
}

#[component]
fn Differences(task: TaskView, comparison: Comparison) -> impl IntoView {
    let Comparison { other, differences, same } = comparison;
    let now = request().now;
    let equal = task.facts.hash.is_some() && task.facts.hash == other.hash;
    let body = match differences {
        _ if equal => view! { <p>"Both have the same hash: nothing differs."</p> }.into_any(),
        None => view! {
            <p>"It is not known what one of these hashes was made of: its client did not say, because there was too much of it or its version of nx does not tell."</p>
        }
        .into_any(),
        Some(differences) if differences.is_empty() => {
            view! { <p>"All inputs that are known are the same. What differs is something that nx does not tell, such as its own version."</p> }.into_any()
        }
        Some(differences) => view! { <DifferenceTable differences/> }.into_any(),
    };
    let lead = format!("{} inputs are the same.", count(same));
    view! {
        <Section id="differences" title="What differs" lead>
            <p>
                "Compared with the run of " <When at=other.started_at now/>
                {other.branch.map(|branch| view! { " on " <code>{branch}</code> })} "."
            </p>
            {body}
        </Section>
    }
    .into_any()
}

#[component]
fn DifferenceTable(differences: Vec<Difference>) -> impl IntoView {
    let cell = |value: Option<String>| match value {
        Some(value) => view! { <code class="hash">{value}</code> }.into_any(),
        None => view! { <span class="muted">"Not there"</span> }.into_any(),
    };
    let row = |one: Difference| {
        view! {
            <tr>
                <th scope="row" class="wraps">
                    <code>{one.input}</code>
                </th>
                <td data-label="Here">{cell(one.here)}</td>
                <td data-label="There">{cell(one.there)}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Input"</th>
                    <th scope="col">"Here"</th>
                    <th scope="col">"There"</th>
                </tr>
            </thead>
            <tbody>{differences.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Others(org: OrgView, run: RunView, task: TaskView, others: Vec<OtherTask>) -> impl IntoView {
    if others.is_empty() {
        return view! {
            <EmptyState icon=icondata_lu::LuGitCompare title="Nothing to compare with">
                <p>"No other run that is kept has this task."</p>
            </EmptyState>
        }
        .into_any();
    }
    let now = request().now;
    let path = paths::run_compare(&org.slug, run.workspace, run.id, task.number);
    let here = task.facts.hash.clone();
    let row = move |other: OtherTask| {
        let to = paths::with_query(&path, &[("with", other.run.to_string())]);
        let same = other.hash.is_some() && other.hash == here;
        view! {
            <tr>
                <th scope="row">
                    <a class="row-link" href=to>
                        <When at=other.started_at now/>
                    </a>
                    {other.branch.map(|branch| view! { <span class="row-note">{branch}</span> })}
                </th>
                <td data-label="Hash">{if same { "The same" } else { "Another one" }}</td>
                <td data-label="Result">
                    <TaskChip status=other.status/>
                </td>
                <td data-label="Cache">{cache_words(other.cache, other.cacheable)}</td>
            </tr>
        }
        .into_any()
    };
    view! {
        <Section id="others" title="Compare with" lead="The last runs of this task.">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Run"</th>
                        <th scope="col">"Hash"</th>
                        <th scope="col">"Result"</th>
                        <th scope="col">"Cache"</th>
                    </tr>
                </thead>
                <tbody>{others.into_iter().map(row).collect_view()}</tbody>
            </table>
        </Section>
    }
    .into_any()
}
