//! How runs end: their client says so, or nothing is heard of it any more. With the end that its client tells, in the same
//! transaction, a run is counted; so each is counted exactly once. How a run ended that nothing was heard of is not known: it
//! is not counted, and what is heard later opens it again.

use std::collections::{BTreeMap, BTreeSet};

use app::domain::histogram;
use app::domain::ids::WorkspaceId;
use app::domain::run::{CacheStatus, RunStatus, TaskStatus, millis_between};
use app::domain::statistics::{Kind, Tally};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;

use super::sealing::RunKeys;
use crate::error::Result;
use crate::state::State;
use crate::store::runs::tasks::TaskRecord;
use crate::store::runs::{self, BlindIndex, Closing, OpenRun, tasks};
use crate::store::statistics::{self, Addition, Known, Subject};
use crate::wire::runs::LEASE_SECONDS;

/// Runs closed at one turn of the worker.
const BATCH: u64 = 100;

const LEASE: TimeDelta = TimeDelta::seconds(LEASE_SECONDS as i64);

/// Whether a run was closed because nothing was heard of it. One that its client ended was heard of at that very moment.
pub fn was_silent(status: RunStatus, closed_at: Option<DateTime<Utc>>, heard_at: DateTime<Utc>) -> bool {
    status == RunStatus::Cancelled && closed_at.is_some_and(|closed| closed > heard_at + LEASE)
}

/// The same, of one that is locked.
pub fn is_silent(run: &OpenRun) -> bool {
    was_silent(run.status, run.closed_at, run.heard_at)
}

/// Closes a run that goes on, as its client says, and counts it.
pub async fn close(tx: &impl ConnectionTrait, keys: &RunKeys, run: OpenRun, closing: Closing) -> Result<()> {
    let run = stop(tx, run, closing).await?;
    count(tx, keys, &run, closing).await
}

async fn stop(tx: &impl ConnectionTrait, mut run: OpenRun, closing: Closing) -> Result<OpenRun> {
    tasks::stop_running(tx, run.id, closing.ended_at).await?;
    run.counts.stopped += run.counts.running;
    run.counts.running = 0;
    run.status = closing.status;
    runs::close(tx, &run, closing).await?;
    Ok(run)
}

/// Marks runs as cancelled of which nothing was heard for too long. Returns how many.
pub async fn end_silent(state: &State) -> Result<u64> {
    let before = state.clock.now() - LEASE;
    let mut ended = 0;
    for id in runs::silent(state.db.read(), before, BATCH).await? {
        let tx = state.db.begin_without_session().await?;
        // It may have been heard of meanwhile, or be gone.
        if let Some(run) = runs::lock_silent(&tx, id, before).await? {
            // As long as we heard of it, whatever the client's clock says.
            let ended_at = run.clock.started_at + (run.heard_at - run.created_at).max(TimeDelta::zero());
            let closing =
                Closing { status: RunStatus::Cancelled, ended_at, closed_at: state.clock.now(), lost_uploads: 0, incomplete: true };
            stop(&tx, run, closing).await?;
            tx.commit().await?;
            ended += 1;
        }
    }
    if ended > 0 {
        tracing::info!(ended, "runs were cancelled: nothing was heard of them");
        metrics::counter!("buildkeep_runs_total", "status" => "silent").increment(ended);
    }
    Ok(ended)
}

/// What a run adds to the counts of its day.
#[derive(Default)]
struct Count {
    additions: BTreeMap<Subject, Addition>,
    /// How long tasks took, by task.
    took: BTreeMap<BlindIndex, u64>,
}

async fn count(tx: &impl ConnectionTrait, keys: &RunKeys, run: &OpenRun, closing: Closing) -> Result<()> {
    let all = tasks::of_run(tx, run.id).await?;
    let day = closing.closed_at.date_naive();
    let of_kind =
        |part: fn(&TaskRecord) -> &BlindIndex| all.iter().map(part).cloned().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>();
    let (projects, names) = (of_kind(|task| &task.project), of_kind(|task| &task.task));
    let known_tasks = statistics::known(tx, run.workspace, Kind::Task, &names).await?;
    let known_projects = statistics::known(tx, run.workspace, Kind::Project, &projects).await?;

    let mut counted = Count::default();
    let mut total = Tally { runs: 1, time_ms: millis_between(run.clock.started_at, closing.ended_at), ..Tally::default() };
    total.failed = u64::from(closing.status == RunStatus::Failure);
    total.stopped = u64::from(closing.status == RunStatus::Cancelled);
    for task in all.iter().filter(|task| task.latest) {
        let usual = known_tasks.get(&task.task).and_then(|known| known.usual_ms);
        let tally = counted.add(task, usual);
        total += Tally { failed: 0, stopped: 0, time_ms: 0, ..tally };
    }
    let mut whole = Addition { tally: total, ..Addition::default() };
    whole.times.insert(histogram::bucket(total.time_ms), 1);
    counted.additions.insert(statistics::whole(), whole);

    let mut subjects: BTreeMap<Subject, Known> = BTreeMap::new();
    for task in &all {
        for (kind, index, known) in [(Kind::Project, &task.project, &known_projects), (Kind::Task, &task.task, &known_tasks)] {
            let subject = (kind, index.clone());
            if subjects.contains_key(&subject) {
                continue;
            }
            let sealed = if let Some(known) = known.get(index) {
                known.sealed.clone()
            } else {
                let facts = keys.open_task(run.workspace, run.id, task.key, &task.sealed)?;
                let name = if kind == Kind::Project { &facts.project } else { &facts.id };
                keys.seal_subject(run.workspace, kind, index, name)?
            };
            let usual_ms = if kind == Kind::Task { counted.took.get(index).copied() } else { None };
            subjects.insert(subject, Known { sealed, usual_ms });
        }
    }
    statistics::save_subjects(tx, run.workspace, &subjects, day).await?;
    mark_flaky(tx, run.workspace, &all, closing).await?;
    // Last, as every run of the workspace adds to the same row.
    statistics::add(tx, run.workspace, day, &counted.additions).await
}

impl Count {
    /// Adds a task to its project and to itself; what it adds comes back.
    fn add(&mut self, task: &TaskRecord, usual_ms: Option<u64>) -> Tally {
        let done = matches!(task.status, TaskStatus::Success | TaskStatus::Failure | TaskStatus::Stopped);
        if !done {
            return Tally::default();
        }
        let is = |condition: bool| u64::from(condition);
        let hit = task.cache.is_some_and(CacheStatus::is_hit);
        // What runs until it is stopped takes as long as others need it.
        let took = task.duration_ms.filter(|_| task.executed() && !task.continuous);
        let tally = Tally {
            runs: 0,
            tasks: 1,
            executed: is(task.executed()),
            failed: is(task.status == TaskStatus::Failure),
            stopped: is(task.status == TaskStatus::Stopped),
            local_hits: is(matches!(task.cache, Some(CacheStatus::LocalHit | CacheStatus::LocalKept))),
            remote_hits: is(task.cache == Some(CacheStatus::RemoteHit)),
            misses: is(task.cache == Some(CacheStatus::Miss) && task.cacheable),
            time_ms: took.unwrap_or_default(),
            saved_ms: if hit { usual_ms.unwrap_or_default() } else { 0 },
        };
        for subject in [(Kind::Project, task.project.clone()), (Kind::Task, task.task.clone())] {
            let addition = self.additions.entry(subject).or_default();
            addition.tally += tally;
            if let Some(took) = took {
                *addition.times.entry(histogram::bucket(took)).or_default() += 1;
            }
        }
        if let Some(took) = took.filter(|_| task.status == TaskStatus::Success) {
            self.took.insert(task.task.clone(), took);
        }
        tally
    }
}

/// Notes the hashes of this run with which a task has succeeded here and failed elsewhere, or the other way round.
async fn mark_flaky(tx: &impl ConnectionTrait, workspace: WorkspaceId, all: &[TaskRecord], closing: Closing) -> Result<()> {
    let executed = all.iter().filter(|task| task.executed() && !task.continuous);
    let hashes: BTreeMap<BlindIndex, BlindIndex> = executed.filter_map(|task| Some((task.hash.clone()?, task.task.clone()))).collect();
    let wanted: Vec<_> = hashes.keys().cloned().collect();
    let found = tasks::contradicting(tx, workspace, &wanted).await?;
    let flaky = hashes.into_iter().filter(|(hash, _)| found.contains(hash)).collect();
    statistics::mark_flaky(tx, workspace, &flaky, closing.closed_at).await
}
