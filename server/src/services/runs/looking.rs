//! Runs and their tasks, as people look at them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use app::backend::Page;
use app::backend::runs::{Drawn, RunView, TaskPage, TaskView, Timeline};
use app::domain::ids::{RunId, WorkspaceId};
use app::domain::names::WorkspaceName;
use app::domain::run::{RunFacts, millis_between};
use app::domain::run_filter::{CacheFilter, RunFilter, TaskFilter};
use app::domain::standing::Standing;
use app::domain::text::Sought;
use app::domain::timeline::{self, Span};
use app::error::AppError;

use super::sealing::RunKeys;
use super::{Opened, closing};
use crate::error::Result;
use crate::state::State;
use crate::store::runs::search::{self, Place, RunRecord, Search};
use crate::store::runs::tasks::{self, TaskRecord, TaskSearch};
use crate::store::workspaces;

/// Runs on a page.
const RUNS: u64 = 50;
/// Tasks on a page.
const TASKS: u64 = 100;
/// Tasks in a drawing.
const DRAWN: usize = 1000;

/// A page of runs.
pub async fn list(state: &State, place: Place<'_>, filter: &RunFilter, before: Option<RunId>) -> Result<Page<RunView>> {
    let org = match place {
        Place::Org(scope) => scope,
        Place::Workspace(scope) => scope.org(),
    };
    // Authors are stored with their address: found or not would tell a visitor whether they have guessed it.
    if org.standing().is_visitor() && !filter.author.is_empty() {
        return Err(AppError::Forbidden.into());
    }
    let keys = RunKeys::of(state, org.id()).await?;
    let index = |field, value: &String| (!value.is_empty()).then(|| keys.index(field, value));
    let in_workspace = matches!(place, Place::Workspace(_));
    let wanted = Search {
        branch: index("branch", &filter.branch),
        author: index("author", &filter.author),
        command: index("command", &filter.command),
        execution: index("execution", &filter.execution),
        task: index("task", &filter.task).filter(|_| in_workspace),
        hash: index("hash", &filter.hash).filter(|_| in_workspace),
        status: filter.status,
        ci: filter.origin.map(|origin| origin == app::domain::run::Origin::Ci),
        credential: filter.credential,
        before,
    };
    let db = state.db.read();
    let names: HashMap<WorkspaceId, WorkspaceName> = match place {
        Place::Org(scope) => workspaces::list(db, scope).await?.into_iter().map(|workspace| (workspace.id, workspace.name)).collect(),
        Place::Workspace(scope) => HashMap::from([(scope.id(), scope.name().clone())]),
    };
    let (found, next) = search::list(db, place, &wanted, RUNS).await?;
    let mut rows = Vec::with_capacity(found.len());
    for run in found {
        // A workspace that was deleted at this moment.
        if let Some(name) = names.get(&run.workspace) {
            rows.push(view(&keys, org.standing(), name.clone(), run)?);
        }
    }
    Ok(Page { rows, next: next.map(|id| id.to_string()) })
}

/// A run as this person may see it.
pub fn view(keys: &RunKeys, standing: Standing, workspace_name: WorkspaceName, run: RunRecord) -> Result<RunView> {
    let mut facts = keys.open_run(run.workspace, run.id, &run.sealed)?;
    if standing.role().is_none() {
        facts = for_visitors(facts);
    }
    Ok(RunView {
        id: run.id,
        workspace: run.workspace,
        workspace_name,
        facts,
        status: run.status,
        silent: closing::was_silent(run.status, run.closed_at, run.heard_at),
        ci: run.ci,
        inner: run.inner,
        cache: run.cache,
        encrypted: run.encrypted,
        credential: run.credential,
        access: run.access,
        started_at: run.started_at,
        ended_at: run.ended_at,
        announced: run.announced,
        counts: run.counts,
        lost_uploads: run.lost_uploads,
        log_cut: run.log_cut,
        incomplete: run.incomplete,
    })
}

/// Names of credentials are the organization's own; authors sometimes come with their address.
fn for_visitors(facts: RunFacts) -> RunFacts {
    let author = facts.author.as_deref().map(|author| author.split(['<', '(']).next().unwrap_or_default().trim().to_owned());
    RunFacts { credential: String::new(), author: author.filter(|author| !author.is_empty() && !author.contains('@')), ..facts }
}

/// A task as it is shown.
pub fn task_view(keys: &RunKeys, workspace: WorkspaceId, run: RunId, task: &TaskRecord) -> Result<TaskView> {
    Ok(TaskView {
        number: task.key.0,
        attempt: task.key.1,
        facts: keys.open_task(workspace, run, task.key, &task.sealed)?,
        cacheable: task.cacheable,
        continuous: task.continuous,
        status: task.status,
        cache: task.cache,
        miss: task.miss,
        stored: task.stored,
        code: task.code,
        started_at: task.started_at,
        duration_ms: task.duration_ms,
        has_details: task.details.is_some(),
    })
}

/// A page of tasks; `skip` are on earlier ones.
pub async fn tasks(state: &State, Opened { scope, keys, run }: &Opened, filter: &TaskFilter, skip: u64) -> Result<Page<TaskView>> {
    let everything =
        TaskSearch { status: filter.status, cache: filter.cache.map(CacheFilter::statuses), order: filter.order, ..TaskSearch::default() };
    let words = Sought::new(&filter.search);
    let mut rows = Vec::new();
    if words.is_empty() {
        let found = tasks::list(state.db.read(), scope, run.id, &TaskSearch { offset: skip, limit: Some(TASKS + 1), ..everything }).await?;
        for task in found {
            rows.push(task_view(keys, scope.id(), run.id, &task)?);
        }
    } else {
        // Names are sealed: all of them are opened, and a run has a bounded number.
        let mut found = 0;
        for task in tasks::list(state.db.read(), scope, run.id, &everything).await? {
            let task = task_view(keys, scope.id(), run.id, &task)?;
            if words.is_in(&task.facts.id) {
                found += 1;
                if found > skip {
                    rows.push(task);
                }
            }
            if rows.len() as u64 > TASKS {
                break;
            }
        }
    }
    let more = rows.len() as u64 > TASKS;
    rows.truncate(usize::try_from(TASKS).unwrap_or(usize::MAX));
    Ok(Page { rows, next: more.then(|| (skip + TASKS).to_string()) })
}

/// A task with its attempts.
pub async fn task(state: &State, Opened { scope, keys, run }: &Opened, number: u32, attempt: Option<u16>) -> Result<TaskPage> {
    let db = state.db.read();
    let all = tasks::attempts(db, scope, run.id, number).await?;
    let attempts = all.iter().map(|task| (task.key.1, task.status)).collect();
    let chosen = match attempt {
        Some(attempt) => all.into_iter().find(|task| task.key.1 == attempt),
        None => all.into_iter().next_back(),
    };
    let task = task_view(keys, scope.id(), run.id, &chosen.ok_or(AppError::NotFound)?)?;
    Ok(TaskPage { task, attempts, failures: tasks::failures_beside(db, scope, run.id, number).await? })
}

/// The tasks over time.
pub async fn timeline(state: &State, Opened { scope, keys, run }: &Opened) -> Result<Timeline> {
    let length_ms = millis_between(run.started_at, run.ended_at.unwrap_or_else(|| state.clock.now()));
    let all: BTreeMap<u32, TaskRecord> =
        tasks::list(state.db.read(), scope, run.id, &TaskSearch::default()).await?.into_iter().map(|task| (task.key.0, task)).collect();
    let spans: BTreeMap<u32, Span> = all.iter().filter_map(|(number, task)| Some((*number, span(run, task, length_ms)?))).collect();
    let facts = |number: u32| {
        let task = all.get(&number)?;
        keys.open_task(scope.id(), run.id, task.key, &task.sealed).ok()
    };
    let path = timeline::critical_path(&spans, |number| facts(number).map(|facts| facts.depends_on).unwrap_or_default());
    let critical: BTreeSet<u32> = path.iter().map(|span| span.number).collect();

    let mut drawn: Vec<Span> = spans.values().copied().collect();
    drawn.sort_unstable_by_key(|span| (!critical.contains(&span.number), std::cmp::Reverse(span.to - span.from)));
    let left_out = drawn.len().saturating_sub(DRAWN);
    drawn.truncate(DRAWN);
    drawn.sort_unstable_by_key(|span| (span.from, span.number));
    let describe = |span: Span| {
        let task = all.get(&span.number)?;
        let is_critical = critical.contains(&span.number);
        Some(Drawn {
            span,
            id: facts(span.number)?.id,
            status: task.status,
            cache: task.cache,
            cacheable: task.cacheable,
            critical: is_critical,
        })
    };
    Ok(Timeline {
        lanes: timeline::lanes(&drawn).into_iter().map(|lane| lane.into_iter().filter_map(describe).collect()).collect(),
        critical: path.into_iter().filter_map(describe).collect(),
        left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        length_ms,
    })
}

fn span(run: &RunRecord, task: &TaskRecord, length_ms: u64) -> Option<Span> {
    let from = millis_between(run.started_at, task.started_at?).min(length_ms);
    // One that runs has come as far as the run.
    let to = task.ended_at.map_or(length_ms, |ended| millis_between(run.started_at, ended)).clamp(from, length_ms.max(from));
    Some(Span { number: task.key.0, from, to })
}
