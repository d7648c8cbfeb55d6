//! What is counted of the runs of a workspace: hits, times, failures.

use leptos::prelude::*;

use super::open;
use crate::backend::orgs::OrgView;
use crate::backend::statistics::{FlakyTask, StatDay, StatRow, Statistics};
use crate::backend::workspaces::WorkspaceView;
use crate::components::empty_state::EmptyState;
use crate::components::icon::Icon;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::page_header::PageHeader;
use crate::components::plot::{Line, Plot, Unit};
use crate::components::section::Section;
use crate::components::stat::{Bar, Stat};
use crate::components::when::When;
use crate::domain::permission::Permission;
use crate::domain::statistics::Range;
use crate::domain::time::{count, duration};
use crate::error::AppError;
use crate::pages::frame::Frame;
use crate::pages::{loaded, query};
use crate::paths;
use crate::request::request;

/// Numbers, plots, tables.
#[component]
pub fn StatisticsPage() -> impl IntoView {
    let request = request();
    let opened = open(&request);
    let range = match query("days").as_str() {
        "" => Ok(Range::default()),
        days => days.parse().map_err(|_| AppError::BadForm),
    };
    let load = async move {
        let (org, workspace) = opened.await?;
        let range = range?;
        let statistics = request.backend.statistics.of(&request.caller, &org.slug, workspace.id, range).await?;
        Ok((org, workspace, range, statistics))
    };
    loaded(load, |(org, workspace, range, statistics)| {
        let days = [("days", range.days().to_string())];
        let csv = paths::with_query(&paths::workspace_statistics_csv(&org.slug, workspace.id), &days);
        let nothing = statistics.total.tally.runs == 0;
        view! {
            <Frame title="Statistics" place=Place::Workspace(org.clone(), workspace.clone(), WorkspaceTab::Statistics)>
                <PageHeader title="Statistics" lead="Runs are counted when they are over. Days are days in UTC.">
                    <a class="button" href=csv download="">
                        <Icon of=icondata_lu::LuDownload/>
                        "CSV"
                    </a>
                </PageHeader>
                <Ranges org=org.clone() workspace=workspace.clone() range/>
                {if nothing { view! { <Nothing org workspace/> }.into_any() } else { view! { <Content org workspace statistics/> }.into_any() }}
            </Frame>
        }
    })
}

#[component]
fn Ranges(org: OrgView, workspace: WorkspaceView, range: Range) -> impl IntoView {
    let path = paths::workspace_statistics(&org.slug, workspace.id);
    let link = |one: Range| {
        let current = (one == range).then_some("page");
        view! {
            <li>
                <a class="tab" href=paths::with_query(&path, &[("days", one.days().to_string())]) aria-current=current>
                    {format!("{} days", one.days())}
                </a>
            </li>
        }
    };
    view! {
        <nav class="tabs run-tabs" aria-label="Range">
            <ul class="tabs-list">{Range::ALL.map(link).collect_view()}</ul>
        </nav>
    }
    .into_any()
}

#[component]
fn Nothing(org: OrgView, workspace: WorkspaceView) -> impl IntoView {
    let how = org.standing.grants(Permission::ConnectWorkspace).then(|| {
        view! {
            <p>
                "Hit rate, time saved, slow and flaky tasks are counted here as soon as a run of a connected workspace is over. See "
                <a href=paths::workspace_connect(&org.slug, workspace.id)>"how to connect nx"</a> "."
            </p>
        }
    });
    view! {
        <EmptyState icon=icondata_lu::LuChartLine title="Nothing counted in these days">
            {how}
        </EmptyState>
    }
}

#[component]
fn Content(org: OrgView, workspace: WorkspaceView, statistics: Statistics) -> impl IntoView {
    let Statistics { total, days, projects, tasks, failing, flaky } = statistics;
    let place = Some((org.clone(), workspace.clone()));
    let failing = if failing.is_empty() {
        view! { <p>"No task failed in these days."</p> }.into_any()
    } else {
        view! { <Rows rows=failing what="Task" link=place.clone()/> }.into_any()
    };
    view! {
        <Numbers total/>
        <Days days/>
        <Section id="tasks" title="Tasks" lead="Those that took the most time. Times are those of tasks that were run, not taken from a cache.">
            <Rows rows=tasks what="Task" link=place/>
        </Section>
        <Section id="projects" title="Projects" lead="Those that took the most time.">
            <Rows rows=projects what="Project" link=None/>
        </Section>
        <Section id="failing" title="Most failing" lead="Tasks that failed, those that did most often first.">
            {failing}
        </Section>
        <Flaky org workspace flaky/>
    }
    .into_any()
}

#[component]
fn Numbers(total: StatRow) -> impl IntoView {
    let tally = total.tally;
    let time = |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), duration);
    view! {
        <dl class="stats">
            <Stat label="Hit rate" value=tally.hit_rate().map_or_else(|| "–".to_owned(), |rate| format!("{rate} %"))>
                {tally.hit_rate().map(|percent| view! { <Bar label="Hit rate" percent/> })}
            </Stat>
            <Stat label="Time saved" value=duration(tally.saved_ms)>
                "How long the tasks from a cache took when they were run last"
            </Stat>
            <Stat label="Runs" value=count(tally.runs)>
                {format!("{} failed, {} cancelled", count(tally.failed), count(tally.stopped))}
            </Stat>
            <Stat label="Half of the runs take up to" value=time(total.p50_ms)>
                "p50, within an eighth"
            </Stat>
            <Stat label="19 of 20 runs take up to" value=time(total.p95_ms)>
                "p95, within an eighth"
            </Stat>
        </dl>
    }
    .into_any()
}

#[component]
fn Days(days: Vec<StatDay>) -> impl IntoView {
    let dates: Vec<_> = days.iter().map(|day| day.day).collect();
    let values = |part: fn(&StatDay) -> Option<u64>| days.iter().map(part).collect::<Vec<_>>();
    let over = format!("on each of the last {} days", days.len());
    let rate = vec![Line { name: "Hit rate", values: values(|day| day.tally.hit_rate()) }];
    let saved = vec![Line { name: "Time saved", values: values(|day| Some(day.tally.saved_ms)) }];
    let times = vec![Line { name: "p95", values: values(|day| day.p95_ms) }, Line { name: "p50", values: values(|day| day.p50_ms) }];
    let runs = vec![
        Line { name: "Runs", values: values(|day| Some(day.tally.runs)) },
        Line { name: "Failed", values: values(|day| Some(day.tally.failed)) },
    ];
    let plot = |what: &str, lines: Vec<Line>, unit: Unit| view! { <Plot label=format!("{what} {over}") days=dates.clone() lines unit/> };
    let plots = [
        ("hit-rate", "Hit rate", plot("Hit rate in percent", rate, Unit::Percent).into_any()),
        ("saved", "Time saved", plot("Time saved by hits", saved, Unit::Duration).into_any()),
        ("times", "Duration of runs", plot("Duration of runs, p50 and p95,", times, Unit::Duration).into_any()),
        ("runs", "Runs", plot("Runs, all and failed,", runs, Unit::Count).into_any()),
    ];
    let sections = plots.into_iter().map(|(id, title, plot)| view! { <Section id title>{plot}</Section> });
    view! {
        <div class="plots">{sections.collect_view()}</div>
        <Section id="days" title="Day by day" lead="The numbers behind the lines.">
            <DayTable days/>
        </Section>
    }
    .into_any()
}

#[component]
fn DayTable(days: Vec<StatDay>) -> impl IntoView {
    let time = |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), duration);
    let row = |day: StatDay| {
        view! {
            <tr>
                <th scope="row">{day.day.to_string()}</th>
                <td class="number" data-label="Runs">
                    {count(day.tally.runs)}
                </td>
                <td class="number" data-label="Failed">
                    {count(day.tally.failed)}
                </td>
                <td class="number" data-label="Hit rate">
                    {day.tally.hit_rate().map_or_else(|| "–".to_owned(), |rate| format!("{rate} %"))}
                </td>
                <td class="number" data-label="Time saved">
                    {duration(day.tally.saved_ms)}
                </td>
                <td class="number" data-label="p50">
                    {time(day.p50_ms)}
                </td>
                <td class="number" data-label="p95">
                    {time(day.p95_ms)}
                </td>
            </tr>
        }
        .into_any()
    };
    let heads = ["Runs", "Failed", "Hit rate", "Time saved", "p50", "p95"].map(|words| {
        view! {
            <th scope="col" class="number">
                {words}
            </th>
        }
    });
    view! {
        <details class="disclosure">
            <summary>"Show the table"</summary>
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Day"</th>
                        {heads.collect_view()}
                    </tr>
                </thead>
                <tbody>{days.into_iter().rev().map(row).collect_view()}</tbody>
            </table>
        </details>
    }
    .into_any()
}

/// Projects or tasks; a task leads to the runs that have it.
#[component]
fn Rows(rows: Vec<StatRow>, what: &'static str, link: Option<(OrgView, WorkspaceView)>) -> impl IntoView {
    let time = |ms: Option<u64>| ms.map_or_else(|| "–".to_owned(), duration);
    let percent = |rate: Option<u64>| rate.map_or_else(|| "–".to_owned(), |rate| format!("{rate} %"));
    let row = move |row: StatRow| {
        let name = match &link {
            Some((org, workspace)) => {
                let path = paths::workspace_runs(&org.slug, workspace.id);
                let to = paths::with_query(&path, &[("task", row.name.clone())]);
                view! {
                    <a class="row-link" href=to>
                        {row.name}
                    </a>
                }
                .into_any()
            }
            None => row.name.into_any(),
        };
        view! {
            <tr>
                <th scope="row" class="wraps">
                    {name}
                </th>
                <td class="number" data-label="Run">
                    {count(row.tally.executed)}
                </td>
                <td class="number" data-label="Failed">
                    {percent(row.tally.failure_rate())}
                </td>
                <td class="number" data-label="Hit rate">
                    {percent(row.tally.hit_rate())}
                </td>
                <td class="number" data-label="p50">
                    {time(row.p50_ms)}
                </td>
                <td class="number" data-label="p95">
                    {time(row.p95_ms)}
                </td>
                <td class="number" data-label="In all">
                    {duration(row.tally.time_ms)}
                </td>
                <td class="number" data-label="Saved">
                    {duration(row.tally.saved_ms)}
                </td>
            </tr>
        }
        .into_any()
    };
    let heads = ["Run", "Failed", "Hit rate", "p50", "p95", "In all", "Saved"].map(|words| {
        view! {
            <th scope="col" class="number">
                {words}
            </th>
        }
    });
    view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">{what}</th>
                    {heads.collect_view()}
                </tr>
            </thead>
            <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

#[component]
fn Flaky(org: OrgView, workspace: WorkspaceView, flaky: Vec<FlakyTask>) -> impl IntoView {
    let now = request().now;
    let none = flaky.is_empty();
    let path = paths::workspace_runs(&org.slug, workspace.id);
    let row = move |task: FlakyTask| {
        let to = paths::with_query(&path, &[("task", task.name.clone())]);
        view! {
            <tr>
                <th scope="row" class="wraps">
                    <a class="row-link" href=to>
                        {task.name}
                    </a>
                </th>
                <td class="number" data-label="Hashes">
                    {count(task.hashes)}
                </td>
                <td data-label="Seen last">
                    <When at=task.seen_at now/>
                </td>
            </tr>
        }
        .into_any()
    };
    let table = view! {
        <table class="table">
            <thead>
                <tr>
                    <th scope="col">"Task"</th>
                    <th scope="col" class="number">
                        "Hashes"
                    </th>
                    <th scope="col">"Seen last"</th>
                </tr>
            </thead>
            <tbody>{flaky.into_iter().map(row).collect_view()}</tbody>
        </table>
    };
    view! {
        <Section
            id="flaky"
            title="Flaky"
            lead="Tasks that both succeeded and failed with the same hash, so that more than their inputs decides. After two quiet weeks a task is no longer listed."
        >
            {if none { view! { <p>"No task was seen to be flaky in the last two weeks."</p> }.into_any() } else { table.into_any() }}
        </Section>
    }
    .into_any()
}
