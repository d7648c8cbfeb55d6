//! Who ran when: the tasks of a run over time, and what made it as long as it was.

use leptos::prelude::*;

use super::{Opened, RunHead, StillRunning, open};
use crate::backend::orgs::OrgView;
use crate::backend::runs::{Drawn, RunView, Timeline};
use crate::components::empty_state::EmptyState;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::run::{TaskChip, cache_words};
use crate::components::section::Section;
use crate::domain::run::TaskStatus;
use crate::domain::time::{count, duration};
use crate::pages::frame::Frame;
use crate::pages::loaded;
use crate::paths;
use crate::request::request;

/// Height of a lane.
const LANE: usize = 18;
/// Lanes that are drawn.
const MOST_LANES: usize = 64;

/// Drawing and critical path.
#[component]
pub fn TimelinePage() -> impl IntoView {
    let request = request();
    let opened = open(&request);
    let load = async move {
        let opened = opened.await?;
        let timeline = request.backend.runs.timeline(&request.caller, &opened.org.slug, opened.workspace.id, opened.run.id).await?;
        Ok((opened, timeline))
    };
    loaded(load, |(Opened { org, workspace, run }, timeline)| {
        let path = paths::run_timeline(&org.slug, workspace.id, run.id);
        let title = format!("Timeline of {}", run.facts.command);
        let nothing = timeline.lanes.is_empty();
        view! {
            <Frame title=title place=Place::Workspace(org.clone(), workspace, WorkspaceTab::Runs)>
                <RunHead org=org.clone() run=run.clone() here="Timeline"/>
                <StillRunning status=run.status path/>
                {if nothing {
                    view! {
                        <EmptyState icon=icondata_lu::LuChartGantt title="Nothing to draw">
                            <p>"No task of this run says when it ran."</p>
                        </EmptyState>
                    }
                        .into_any()
                } else {
                    view! {
                        <Drawing timeline=timeline.clone()/>
                        <Critical org run timeline/>
                    }
                        .into_any()
                }}
            </Frame>
        }
    })
}

/// A part of the whole length, as a length of SVG.
fn share(part: u64, whole: u64) -> String {
    let thousandths = part * 100_000 / whole.max(1);
    format!("{}.{:03}%", thousandths / 1000, thousandths % 1000)
}

#[component]
fn Drawing(timeline: Timeline) -> impl IntoView {
    let Timeline { lanes, left_out, length_ms, .. } = timeline;
    let shown = lanes.len().min(MOST_LANES);
    let beyond: usize = lanes.iter().skip(MOST_LANES).map(Vec::len).sum();
    let left_out = u64::from(left_out) + beyond as u64;
    let drawn: usize = lanes.iter().take(MOST_LANES).map(Vec::len).sum();
    let label = format!("{drawn} tasks over {}, up to {shown} at once", duration(length_ms));
    let height = (shown * LANE).to_string();
    let bar = move |place: usize, task: Drawn| {
        let class = match (task.status, task.cache.is_some_and(crate::domain::run::CacheStatus::is_hit)) {
            (TaskStatus::Failure, _) => "span span-bad",
            (TaskStatus::Running, _) => "span span-running",
            (TaskStatus::Stopped | TaskStatus::Skipped, _) => "span span-care",
            (TaskStatus::Success, true) => "span span-hit",
            (TaskStatus::Success, false) => "span span-good",
        };
        let class = if task.critical { format!("{class} span-critical") } else { class.to_owned() };
        let words = format!("{}: {}", task.id, duration(task.span.to - task.span.from));
        // What took no time at all can be seen all the same.
        let width = share((task.span.to - task.span.from).max(length_ms / 500), length_ms);
        view! {
            <rect class=class x=share(task.span.from, length_ms) y=(place * LANE + 2).to_string() width=width height=(LANE - 4).to_string() rx="2">
                <title>{words}</title>
            </rect>
        }
    };
    let bars = lanes.into_iter().take(MOST_LANES).enumerate().flat_map(|(place, lane)| lane.into_iter().map(move |task| (place, task)));
    let note = (left_out > 0).then(|| view! { <p class="hint">{format!("{} shorter tasks are left out.", count(left_out))}</p> });
    view! {
        <Section id="drawing" title="Timeline" lead="Each line is what ran at the same time as the others. Outlined tasks are on the critical path.">
            <svg class="timeline" role="img" aria-label=label width="100%" height=height>
                {bars.map(|(place, task)| bar(place, task)).collect_view()}
            </svg>
            <p class="timeline-scale">
                <span>"0"</span>
                <span>{duration(length_ms / 2)}</span>
                <span>{duration(length_ms)}</span>
            </p>
            <ul class="hit-names">
                <li class="hit-name span-good">"Run"</li>
                <li class="hit-name span-hit">"From a cache"</li>
                <li class="hit-name span-bad">"Failed"</li>
                <li class="hit-name span-care">"Stopped"</li>
            </ul>
            {note}
        </Section>
    }
    .into_any()
}

#[component]
fn Critical(org: OrgView, run: RunView, timeline: Timeline) -> impl IntoView {
    let length = timeline.length_ms;
    let row = move |task: Drawn| {
        view! {
            <tr>
                <th scope="row">
                    <span class="row-title">
                        <a class="row-link" href=paths::run_task(&org.slug, run.workspace, run.id, task.span.number)>
                            {task.id}
                        </a>
                        <TaskChip status=task.status/>
                    </span>
                </th>
                <td data-label="Cache">{cache_words(task.cache, task.cacheable)}</td>
                <td class="number" data-label="Began after">
                    {duration(task.span.from)}
                </td>
                <td class="number" data-label="Duration">
                    {duration(task.span.to - task.span.from)}
                </td>
                <td class="number" data-label="Of the run">
                    {format!("{} %", (task.span.to - task.span.from) * 100 / length.max(1))}
                </td>
            </tr>
        }
        .into_any()
    };
    view! {
        <Section
            id="critical"
            title="Critical path"
            lead="The chain of tasks that made the run as long as it was, each waiting for the one before. To make the run faster, make one of these faster."
        >
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Task"</th>
                        <th scope="col">"Cache"</th>
                        <th scope="col" class="number">
                            "Began after"
                        </th>
                        <th scope="col" class="number">
                            "Duration"
                        </th>
                        <th scope="col" class="number">
                            "Of the run"
                        </th>
                    </tr>
                </thead>
                <tbody>{timeline.critical.into_iter().map(row).collect_view()}</tbody>
            </table>
        </Section>
    }
    .into_any()
}
