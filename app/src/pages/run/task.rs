//! A task of a run: what it was, why it was not in the cache, and its log.

use leptos::prelude::*;

use super::{Opened, StillRunning, open, task_number};
use crate::backend::orgs::OrgView;
use crate::backend::runs::{LogPart, LogSearch, RunView, TaskPage as View};
use crate::components::code::CodeLine;
use crate::components::empty_state::EmptyState;
use crate::components::icon::Icon;
use crate::components::nav::{Place, WorkspaceTab};
use crate::components::run::{TaskChip, cache_words};
use crate::components::section::Section;
use crate::components::terminal::Terminal;
use crate::domain::permission::Permission;
use crate::domain::run::{RunStatus, TaskStatus};
use crate::domain::time::{bytes, duration};
use crate::islands::run_keys::RunKeys;
use crate::pages::frame::Frame;
use crate::pages::{loaded, query};
use crate::paths;
use crate::request::request;
use crate::terminal;

/// Facts and log.
#[component]
pub fn TaskPage() -> impl IntoView {
    let request = request();
    let (opened, number) = (open(&request), task_number());
    let (attempt, part, words) = (query("attempt").parse().ok(), query("part"), query("q"));
    let sought = words.clone();
    let load = async move {
        let opened = opened.await?;
        let (caller, runs, slug, workspace) = (&request.caller, &request.backend.runs, &opened.org.slug, opened.workspace.id);
        let task = (opened.run.id, number?);
        let page = runs.task(caller, slug, workspace, task, attempt).await?;
        let attempt = page.task.attempt;
        // Parts have numbers from 1 for people. The end of a log says why a task failed.
        let part = part.parse::<u32>().ok().map(|part| part.saturating_sub(1)).or((page.task.status != TaskStatus::Failure).then_some(0));
        let (log, found) = if opened.org.standing.grants(Permission::ViewLogs) {
            let log = runs.log(caller, slug, workspace, task, attempt, part).await?;
            let found = match sought.as_str() {
                "" => None,
                words => Some(runs.search_log(caller, slug, workspace, task, attempt, words).await?),
            };
            (Some(log), found)
        } else {
            (None, None)
        };
        Ok((opened, page, log, found))
    };
    loaded(load, move |(Opened { org, workspace, run }, page, log, found)| {
        let path = paths::run_task(&org.slug, workspace.id, run.id, page.task.number);
        let going_on = if page.task.status == TaskStatus::Running { run.status } else { RunStatus::Success };
        view! {
            <Frame title=page.task.facts.id.clone() place=Place::Workspace(org.clone(), workspace, WorkspaceTab::Runs)>
                <Head org=org.clone() run=run.clone() page=page.clone()/>
                <StillRunning status=going_on path=path/>
                {page.failures.1.map(|_| view! { <RunKeys list=false/> })}
                <Facts org=org.clone() run=run.clone() page=page.clone()/>
                {match log {
                    Some(log) => view! { <Log org run page log found words/> }.into_any(),
                    None => view! { <HiddenLog/> }.into_any(),
                }}
            </Frame>
        }
    })
}

#[component]
fn Head(org: OrgView, run: RunView, page: View) -> impl IntoView {
    let link = |number: u32| paths::run_task(&org.slug, run.workspace, run.id, number);
    let (before, behind) = page.failures;
    view! {
        <div class="page-header">
            <div class="min-w-0">
                <p class="crumb">
                    <a href=paths::workspace_runs(&org.slug, run.workspace)>"Runs"</a>
                    " / "
                    <a href=paths::run(&org.slug, run.workspace, run.id)>{run.facts.command.clone()}</a>
                </p>
                <h1 class="page-title run-title">
                    <span>{page.task.facts.id.clone()}</span>
                    <TaskChip status=page.task.status/>
                </h1>
            </div>
            <div class="page-actions">
                {before
                    .map(|number| {
                        view! {
                            <a class="button" href=link(number)>
                                "Previous failure"
                            </a>
                        }
                    })}
                {behind
                    .map(|number| {
                        view! {
                            <a class="button" href=link(number) data-next-failure="">
                                "Next failure"
                            </a>
                        }
                    })}
            </div>
        </div>
    }
    .into_any()
}

#[component]
fn Facts(org: OrgView, run: RunView, page: View) -> impl IntoView {
    let task = page.task;
    let path = paths::run_task(&org.slug, run.workspace, run.id, task.number);
    let attempts = (page.attempts.len() > 1).then(|| {
        let shown = task.attempt;
        let links = page.attempts.into_iter().map(|(attempt, status)| {
            let current = (attempt == shown).then_some("page");
            let to = paths::with_query(&path, &[("attempt", attempt.to_string())]);
            view! {
                <li>
                    <a class="tab" href=to aria-current=current>
                        {format!("Attempt {attempt}: {}", status.title().to_lowercase())}
                    </a>
                </li>
            }
        });
        view! {
            <nav class="tabs run-tabs" aria-label="Attempts">
                <ul class="tabs-list">{links.collect_view()}</ul>
            </nav>
        }
    });
    let hash = task.facts.hash.map(|hash| {
        view! {
            <dt>"Hash"</dt>
            <dd>
                <CodeLine id="hash" what="Hash" text=hash/>
                <p>
                    <a href=paths::run_compare(&org.slug, run.workspace, run.id, task.number)>"Compare with another run"</a>
                </p>
            </dd>
        }
    });
    let fact = |name: &'static str, value: Option<String>| {
        value.map(|value| {
            view! {
                <dt>{name}</dt>
                <dd class="wraps">{value}</dd>
            }
        })
    };
    view! {
        {attempts}
        <Section id="facts" title="About this task">
            <dl class="facts">
                {fact("Duration", task.duration_ms.map(duration))}
                {fact("Exit code", task.code.map(|code| code.to_string()))}
                <dt>"Cache"</dt>
                <dd>{cache_words(task.cache, task.cacheable)} {task.miss.map(|reason| view! { <p class="hint">{reason.title()}</p> })}</dd>
                {fact("Result", task.stored.map(|stored| stored.title().to_owned()))}
                {hash}
                {fact("Options", task.facts.params)}
                {fact("Configuration", task.facts.configuration)}
                {task.continuous.then(|| fact("Kind", Some("Runs until it is stopped".to_owned())))}
            </dl>
        </Section>
    }
    .into_any()
}

#[component]
fn HiddenLog() -> impl IntoView {
    view! {
        <EmptyState icon=icondata_lu::LuLock title="Task logs are for members">
            <p>"The organization is public, and its Admins keep what tasks print to its members."</p>
        </EmptyState>
    }
}

#[component]
fn Log(org: OrgView, run: RunView, page: View, log: LogPart, found: Option<LogSearch>, words: String) -> impl IntoView {
    let task = page.task;
    if log.bytes == 0 {
        let words = match task.status {
            TaskStatus::Running => {
                "nx hands over what a task writes when the task ends; with its terminal UI (nx 21 and newer) while it runs, and it appears here."
            }
            TaskStatus::Skipped => "The task was not run, so that it wrote nothing.",
            TaskStatus::Success | TaskStatus::Failure | TaskStatus::Stopped => {
                "The task wrote nothing, or its client was told not to upload logs."
            }
        };
        return view! {
            <EmptyState icon=icondata_lu::LuTerminal title="No log">
                <p>{words}</p>
            </EmptyState>
        }
        .into_any();
    }
    let path = paths::run_task(&org.slug, run.workspace, run.id, task.number);
    let to_part = {
        let (path, attempt) = (path.clone(), task.attempt);
        move |part: u32| paths::with_query(&path, &[("attempt", attempt.to_string()), ("part", (part + 1).to_string())])
    };
    let lines = terminal::lines(&log.text);
    let failure = (task.status == TaskStatus::Failure).then(|| terminal::failure(&lines)).flatten();
    let failure = failure.map(|place| format!("#L{}", log.first_line + place));
    let download = paths::run_log(&org.slug, run.workspace, run.id, task.number, task.attempt);
    let neighbours = (log.parts > 1).then(|| {
        view! {
            <nav class="pager" aria-label="Parts of the log">
                <span class="hint">{format!("Part {} of {}", log.part + 1, log.parts)}</span>
                {(log.part > 0)
                    .then(|| {
                        view! {
                            <a class="button" href=to_part(log.part - 1)>
                                "Earlier"
                            </a>
                        }
                    })}
                {(log.part + 1 < log.parts)
                    .then(|| {
                        view! {
                            <a class="button" href=to_part(log.part + 1)>
                                "Later"
                            </a>
                        }
                    })}
            </nav>
        }
    });
    view! {
        <Section id="log" title="Log" lead=format!("{}, as the task wrote it.", bytes(log.bytes))>
            <div class="log-tools">
                <form class="search" method="get" action=path role="search">
                    <input type="hidden" name="attempt" value=task.attempt.to_string()/>
                    <input class="input" type="search" name="q" value=words placeholder="Words in a line" aria-label="Search in the log"/>
                    <button class="button">
                        <Icon of=icondata_lu::LuSearch/>
                        "Search"
                    </button>
                </form>
                {failure
                    .map(|to| {
                        view! {
                            <a class="button" href=to>
                                <Icon of=icondata_lu::LuCircleAlert/>
                                "Jump to the failure"
                            </a>
                        }
                    })}
                <a class="button" href=download download="">
                    <Icon of=icondata_lu::LuDownload/>
                    "Raw log"
                </a>
            </div>
            {found.map(|found| view! { <Found found to_part=Box::new(to_part.clone())/> })}
            <Terminal label=format!("Log of {}", task.facts.id) lines first=log.first_line/>
            {neighbours}
        </Section>
    }
    .into_any()
}

#[component]
fn Found(found: LogSearch, to_part: Box<dyn Fn(u32) -> String + Send>) -> impl IntoView {
    if found.hits.is_empty() {
        return view! { <p role="status">"No line of the log holds these words."</p> }.into_any();
    }
    let more = found.more.then(|| view! { <p class="hint">"There are more; these are the first."</p> });
    let hit = |hit: crate::backend::runs::LogHit| {
        let to = format!("{}#L{}", to_part(hit.part), hit.line);
        view! {
            <li>
                <a href=to>{format!("Line {}", hit.line)}</a>
                " "
                <code class="wraps">{hit.text}</code>
            </li>
        }
    };
    view! {
        <p role="status">{if found.hits.len() == 1 { "1 line found".to_owned() } else { format!("{} lines found", found.hits.len()) }}</p>
        <ul class="found">{found.hits.into_iter().map(hit).collect_view()}</ul>
        {more}
    }
    .into_any()
}
