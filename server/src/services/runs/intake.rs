//! What clients tell of a run while it goes on: start, reports, end. Each may come again, late, or twice at once; the row of
//! the run is locked for each.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use app::domain::access::Grant;
use app::domain::ids::{RunId, WorkspaceId};
use app::domain::run::{
    self, CacheStatus, ClientClock, CredentialKind, CredentialSource, MissReason, RunFacts, RunStatus, StoredFor, TaskFacts, TaskStatus,
    tidy,
};
use chrono::{DateTime, TimeDelta, Utc};

use super::closing;
use super::details::within_bound;
use super::sealing::RunKeys;
use crate::auth::credential::{Living, RunScope, TokenId};
use crate::bounds::Recorded;
use crate::error::{Error, Result};
use crate::network::{ClientNetwork, NetworkRate, RateLimit};
use crate::services::limits;
use crate::services::transfers::Shares;
use crate::state::State;
use crate::store::quotas::{self, Quota};
use crate::store::runs::logs::{AttemptKey, NewPiece, charged};
use crate::store::runs::tasks::TaskRecord;
use crate::store::runs::{self, BlindIndex, Closing, NewRun, OpenRun, logs, tasks};
use crate::wire;
use crate::wire::runs::{LogPiece, MOST_LOG_BYTES, MOST_RUN_LOG_BYTES, MOST_TASKS, Report, RunEnd, RunStart, Task};

/// New runs a minute of one token, and from one network.
const STARTS: u32 = 600;
/// The same without a token: from one network, and some times as many in one workspace.
const STARTS_BY_ID: u32 = 120;
/// Reports at once: each may have to be held in memory as a whole.
const PLACES: usize = 64;
/// What is told of a run so soon after its end is still taken: two requests may have passed each other.
const LATE: TimeDelta = TimeDelta::minutes(1);

/// How long a run that nothing was heard of may go on when something is heard again: a laptop that slept, a network that was away.
const MOST_ABSENCE: TimeDelta = TimeDelta::hours(24);

const COMMAND: usize = 4096;
const NAME: usize = 500;
const WORD: usize = 100;
const ADDRESS: usize = 2000;
/// Tasks that one task waits for.
const MOST_DEPENDENCIES: usize = 2000;

/// What holds back those who tell too much.
pub struct Intake {
    by_token: RateLimit<TokenId>,
    by_id: RateLimit<WorkspaceId>,
    in_network: NetworkRate,
    by_id_in_network: NetworkRate,
    /// Reports that may be read at once.
    pub places: Shares,
}

impl Default for Intake {
    fn default() -> Self {
        Self {
            by_token: RateLimit::per_minute(STARTS),
            by_id: RateLimit::per_minute(STARTS_BY_ID * Recorded::ALL.unsigned_abs()),
            in_network: NetworkRate::per_minute(STARTS),
            by_id_in_network: NetworkRate::per_minute(STARTS_BY_ID),
            places: Shares::new(PLACES),
        }
    }
}

impl Intake {
    /// Counts a new run of a credential in a network; says how long to wait when there were too many.
    pub fn count_start(&self, credential: &Living, network: ClientNetwork) -> Result<(), Duration> {
        if let Some(token) = credential.token {
            self.in_network.check(network)?;
            self.by_token.check(&token)
        } else {
            self.by_id_in_network.check(network)?;
            self.by_id.check(&credential.workspace)
        }
    }

    /// Forgets those who have waited long enough.
    pub fn forget_old(&self) {
        self.by_token.forget_old();
        self.by_id.forget_old();
        self.in_network.forget_old();
        self.by_id_in_network.forget_old();
    }
}

/// Whether what was told of a run has been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// It has, or it was known.
    Taken,
    /// There is no such run, or this is not its key.
    Unknown,
    /// The run is over.
    Over,
    /// The credential may not have runs recorded any more.
    NotAllowed,
    /// Callers without a token have told enough today.
    Enough,
}

/// What became of a run that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// It is recorded.
    Run(RunId),
    /// The plan has no room for it, or callers without a token have begun enough today.
    NoRoom,
    /// The credential may not have runs recorded any more.
    NotAllowed,
}

/// Begins a run. Told again with the same key, it is the same run.
pub async fn start(state: &State, scope: &RunScope, network: ClientNetwork, told: &RunStart) -> Result<Started> {
    if !limits::takes_runs(state, scope.org()).await? {
        return Ok(Started::NoRoom);
    }
    let now = state.clock.now();
    let keys = RunKeys::of(state, scope.org()).await?;
    let id = RunId::from_uuid(state.clock.new_id());
    let facts = facts(told, scope.credential());
    let index = |field, value: &Option<String>| value.as_ref().map(|value| keys.index(field, value));
    let (credential, access) = match scope.credential().grant {
        Grant::CiToken(access) => (CredentialKind::CiToken, access.as_str()),
        Grant::PersonalToken(access) => (CredentialKind::PersonalToken, access.as_str()),
        Grant::NxCloudId(access) => (CredentialKind::NxCloudId, access.as_str()),
    };
    let new = NewRun {
        id,
        key: key_hash(state, &told.key),
        sealed: keys.seal_run(scope.workspace(), id, &facts)?,
        branch: index("branch", &facts.branch),
        author: index("author", &facts.author),
        command: keys.index("command", &facts.command),
        execution: index("execution", &facts.execution),
        pull_request: facts.pull_request.is_some(),
        ci: told.ci.is_some(),
        inner: told.inner,
        cache: told.cache,
        encrypted: told.encrypted,
        credential,
        credential_id: scope.credential().token.map(|token| match token {
            TokenId::Ci(id) => id.as_uuid(),
            TokenId::Personal(id) => id.as_uuid(),
        }),
        credential_source: told.credential_source.map(credential_source),
        access,
        clock: ClientClock::of(told.started_at, now),
        now,
        announced: told.tasks.min(MOST_TASKS),
    };
    let tx = state.db.begin_without_session().await?;
    if !has_room(&tx, state, (scope, network), "runs", (1, state.config.bounds.by_id.runs)).await? {
        return Ok(Started::NoRoom);
    }
    let id = match runs::begin(&tx, scope, new).await {
        Ok(id) => id,
        // Its workspace.
        Err(error) if error.is_missing_parent() => return Ok(Started::NotAllowed),
        Err(error) => return Err(error),
    };
    if !scope.holds_in(state, &tx).await? {
        return Ok(Started::NotAllowed);
    }
    tx.commit().await?;
    Ok(Started::Run(id))
}

const fn credential_source(told: wire::runs::CredentialSource) -> CredentialSource {
    match told {
        wire::runs::CredentialSource::Environment => CredentialSource::Environment,
        wire::runs::CredentialSource::File => CredentialSource::File,
        wire::runs::CredentialSource::NxJson => CredentialSource::NxJson,
        wire::runs::CredentialSource::Login => CredentialSource::Login,
    }
}

/// Whether so much more may be recorded today. Only callers without a token are held: by what their network has told in the
/// workspace and everywhere, and by what all networks have told in the workspace. Counted in the database, for all servers.
async fn has_room(
    tx: &impl sea_orm::ConnectionTrait,
    state: &State,
    (scope, network): (&RunScope, ClientNetwork),
    what: &str,
    (more, most): (i32, i32),
) -> Result<bool> {
    if scope.credential().token.is_some() || more == 0 {
        return Ok(true);
    }
    if state.disk.is_nearly_full(state.config.keep_free_mib) {
        return Ok(false);
    }
    let (now, in_workspace) = (state.clock.now(), format!("{what} by id in {}", scope.workspace()));
    let daily = |most| Quota { most, within: TimeDelta::days(1) };
    let all = daily(most.saturating_mul(Recorded::ALL));
    // The common one last: what a network may not tell takes nothing from the others.
    Ok(quotas::take_many_in_network(tx, &format!("{what} by id"), network, more, all, now).await?.is_none()
        && quotas::take_many_in_network(tx, &in_workspace, network, more, daily(most), now).await?.is_none()
        && quotas::take_many(tx, &in_workspace, more, all, now).await?.is_none())
}

/// Bytes as they are counted a day: whole kibibytes.
fn kib(bytes: u64) -> i32 {
    i32::try_from(bytes.div_ceil(1 << 10)).unwrap_or(i32::MAX)
}

/// What is stored of a run's key.
fn key_hash(state: &State, key: &str) -> crate::auth::secret::SecretHash {
    state.hasher.hash(&format!("run {}", key.to_ascii_lowercase()))
}

fn short(text: Option<&String>, most: usize) -> Option<String> {
    text.map(|text| tidy(text, most)).filter(|text| !text.is_empty())
}

fn facts(told: &RunStart, credential: &Living) -> RunFacts {
    let commit = told.commit.as_ref();
    let ci = told.ci.as_ref();
    let is_link = |url: &String| url.starts_with("https://") || url.starts_with("http://");
    RunFacts {
        command: tidy(&told.command, COMMAND),
        branch: short(told.branch.as_ref(), NAME),
        pull_request: short(told.pull_request.as_ref(), WORD),
        commit: short(commit.map(|commit| &commit.sha), WORD),
        commit_title: short(commit.and_then(|commit| commit.title.as_ref()), NAME),
        author: short(commit.and_then(|commit| commit.author.as_ref()), NAME),
        ci: short(ci.map(|ci| &ci.provider), WORD),
        execution: short(ci.and_then(|ci| ci.execution_id.as_ref()), NAME),
        environment: short(ci.and_then(|ci| ci.execution_env.as_ref()), NAME),
        // Whatever else a browser would take for an address is none here.
        ci_url: ci.and_then(|ci| ci.url.as_ref()).filter(|url| url.len() <= ADDRESS).map(|url| tidy(url, ADDRESS)).filter(is_link),
        nx_version: tidy(&told.nx_version, WORD),
        client_version: tidy(&told.client_version, WORD),
        node_version: tidy(&told.node_version, WORD),
        machine: tidy(&told.machine.id, WORD),
        platform: tidy(&told.machine.platform, WORD),
        cpu_cores: told.machine.cpu_cores.min(100_000),
        credential: credential.name.clone(),
    }
}

/// A report, sealed: what took time was done before the row of the run is locked.
struct Sealed {
    tasks: BTreeMap<AttemptKey, (Task, TaskRecord)>,
    pieces: Vec<NewPiece>,
    details: Vec<(BlindIndex, Vec<u8>)>,
}

/// A row costs no less.
const LEAST_ROW: usize = 512;

impl Sealed {
    fn log_bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| charged(piece.bytes)).sum()
    }

    fn task_bytes(&self) -> u64 {
        let tasks = self.tasks.values().map(|(_, record)| record.sealed.len().max(LEAST_ROW));
        let details = self.details.iter().map(|(_, sealed)| sealed.len().max(LEAST_ROW));
        tasks.chain(details).sum::<usize>() as u64
    }
}

/// Takes what has happened since the last report.
pub async fn report(state: &State, (scope, network): (&RunScope, ClientNetwork), id: RunId, key: &str, report: Report) -> Result<Heard> {
    let key = key_hash(state, key);
    let keys = RunKeys::of(state, scope.org()).await?;
    let mut sealed = {
        let scope = scope.clone();
        tokio::task::spawn_blocking(move || seal(&keys, &scope, id, report)).await.map_err(|_| Error::Stopped)??
    };
    let now = state.clock.now();
    let tx = state.db.begin_without_session().await?;
    let Some(mut run) = runs::lock(&tx, scope, id, &key).await? else { return Ok(Heard::Unknown) };
    if is_over(&run, now) {
        return Ok(Heard::Over);
    }
    let bounds = state.config.bounds.by_id;
    if !has_room(&tx, state, (scope, network), "tasks", (kib(sealed.task_bytes()), bounds.task_kib)).await? {
        return Ok(Heard::Enough);
    }
    if !has_room(&tx, state, (scope, network), "logs", (kib(sealed.log_bytes()), bounds.log_kib)).await? {
        sealed.pieces.clear();
        run.log_cut = true;
    }
    if closing::is_silent(&run) {
        runs::reopen(&tx, &mut run).await?;
    }
    runs::keep_details(&tx, run.workspace, sealed.details, now.date_naive()).await?;
    take_tasks(&tx, &mut run, sealed.tasks, now).await?;
    take_pieces(&tx, &mut run, sealed.pieces).await?;
    if run.closed_at.is_none() {
        run.heard_at = now;
    }
    runs::save_progress(&tx, &run).await?;
    if !scope.holds_in(state, &tx).await? {
        return Ok(Heard::NotAllowed);
    }
    tx.commit().await?;
    Ok(Heard::Taken)
}

fn is_over(run: &OpenRun, now: DateTime<Utc>) -> bool {
    let late = if closing::is_silent(run) { MOST_ABSENCE } else { LATE };
    run.closed_at.is_some_and(|closed| now - closed > late)
}

fn seal(keys: &RunKeys, scope: &RunScope, run: RunId, report: Report) -> Result<Sealed> {
    let workspace = scope.workspace();
    let mut sealed = Sealed { tasks: BTreeMap::new(), pieces: Vec::new(), details: Vec::new() };
    for mut task in report.tasks {
        let key = (task.number, task.attempt);
        let details = task.hash_details.take().and_then(within_bound);
        let details = details.map(|details| keys.seal_details(workspace, &details)).transpose()?;
        let facts = task_facts(&task);
        let record = TaskRecord {
            key,
            latest: true,
            sealed: keys.seal_task(workspace, run, key, &facts)?,
            task: keys.index("task", &facts.id),
            project: keys.index("project", &facts.project),
            hash: facts.hash.as_ref().map(|hash| keys.index("hash", hash)),
            details: details.as_ref().map(|(index, _)| index.clone()),
            cacheable: task.cacheable,
            continuous: task.continuous,
            status: status(task.status),
            cache: task.cache.map(cache_status),
            miss: task.miss.map(miss_reason),
            stored: task.stored.map(stored_for),
            code: task.code,
            started_at: None,
            ended_at: None,
            duration_ms: None,
        };
        sealed.details.extend(details);
        // Of two in one report the later one counts.
        sealed.tasks.insert(key, (task, record));
    }
    for LogPiece { task, attempt, piece, text } in report.logs {
        let of = (task, attempt);
        sealed.pieces.push(NewPiece {
            of,
            piece,
            sealed: keys.seal_piece(workspace, run, of, piece, &text)?,
            bytes: u32::try_from(text.len()).unwrap_or(u32::MAX),
            lines: u32::try_from(text.bytes().filter(|byte| *byte == b'\n').count()).unwrap_or(u32::MAX),
        });
    }
    Ok(sealed)
}

fn task_facts(task: &Task) -> TaskFacts {
    TaskFacts {
        id: tidy(&task.id, NAME),
        project: tidy(&task.project, NAME),
        target: tidy(&task.target, NAME),
        configuration: short(task.configuration.as_ref(), NAME),
        hash: short(task.hash.as_ref(), NAME),
        params: short(task.params.as_ref(), COMMAND),
        depends_on: task.depends_on.iter().copied().filter(|number| *number < MOST_TASKS).take(MOST_DEPENDENCIES).collect(),
    }
}

async fn take_tasks(
    tx: &impl sea_orm::ConnectionTrait,
    run: &mut OpenRun,
    told: BTreeMap<AttemptKey, (Task, TaskRecord)>,
    now: DateTime<Utc>,
) -> Result<()> {
    let numbers: BTreeSet<u32> = told.keys().map(|(number, _)| *number).collect();
    let known = tasks::known(tx, run.id, &numbers).await?;
    let mut attempts: BTreeMap<AttemptKey, TaskRecord> = BTreeMap::new();
    for record in known {
        if record.latest {
            run.counts.add(record.status, record.cache, record.cacheable, -1);
        }
        attempts.insert(record.key, record);
    }
    let mut changed: BTreeSet<AttemptKey> = BTreeSet::new();
    for (key, (task, mut record)) in told {
        let before = attempts.get(&key);
        if record.status == TaskStatus::Running && before.is_some_and(|before| before.status != TaskStatus::Running) {
            // An older report that was on the way for longer.
            continue;
        }
        record.started_at = task.started_at.map(|at| run.clock.ours(at, now));
        if record.status == TaskStatus::Running && run.closed_at.is_some() {
            record.status = TaskStatus::Stopped;
        }
        if record.status != TaskStatus::Running {
            let ended = task.ended_at.map(|at| run.clock.ours(at, now));
            record.ended_at = ended.map(|at| record.started_at.map_or(at, |started| at.max(started)));
            record.duration_ms = record.started_at.zip(record.ended_at).map(|(from, to)| run::millis_between(from, to));
        }
        // What a hash was made of may be told once only.
        record.details = record.details.or_else(|| before.and_then(|before| before.details.clone()));
        attempts.insert(key, record);
        changed.insert(key);
    }
    for number in numbers {
        let of_task = (number, 0)..=(number, u16::MAX);
        let Some(last) = attempts.range(of_task.clone()).next_back().map(|(key, _)| *key) else { continue };
        for (key, record) in attempts.range_mut(of_task) {
            let latest = *key == last;
            if record.latest != latest {
                record.latest = latest;
                changed.insert(*key);
            }
        }
        if let Some(last) = attempts.get(&last) {
            run.counts.add(last.status, last.cache, last.cacheable, 1);
        }
    }
    attempts.retain(|key, _| changed.contains(key));
    tasks::save(tx, run.id, run.workspace, &attempts.into_values().collect::<Vec<_>>()).await
}

async fn take_pieces(tx: &impl sea_orm::ConnectionTrait, run: &mut OpenRun, told: Vec<NewPiece>) -> Result<()> {
    if told.is_empty() {
        return Ok(());
    }
    let mut known = logs::known(tx, run.id, &told.iter().map(|piece| piece.of.0).collect()).await?;
    let mut new = Vec::with_capacity(told.len());
    for piece in told {
        let (there, bytes) = known.entry(piece.of).or_default();
        if there.contains(&piece.piece) {
            continue;
        }
        let more = charged(piece.bytes);
        if *bytes + more > MOST_LOG_BYTES + SLACK || run.log_bytes + more > MOST_RUN_LOG_BYTES {
            run.log_cut = true;
            continue;
        }
        there.insert(piece.piece);
        *bytes += more;
        run.log_bytes += more;
        new.push(piece);
    }
    logs::insert(tx, run.id, &new).await
}

/// Small pieces count for more than their bytes, and a log that was cut may hold a line about that.
const SLACK: u64 = 1 << 20;

/// Ends a run.
pub async fn end(state: &State, scope: &RunScope, id: RunId, key: &str, told: &RunEnd) -> Result<Heard> {
    let key = key_hash(state, key);
    let keys = RunKeys::of(state, scope.org()).await?;
    let now = state.clock.now();
    let tx = state.db.begin_without_session().await?;
    let Some(mut run) = runs::lock(&tx, scope, id, &key).await? else { return Ok(Heard::Unknown) };
    if is_over(&run, now) {
        return Ok(Heard::Over);
    }
    // The truth comes late, and counts.
    if closing::is_silent(&run) {
        runs::reopen(&tx, &mut run).await?;
    }
    if run.closed_at.is_none() {
        run.heard_at = now;
        let status = match told.status {
            wire::runs::RunStatus::Success => RunStatus::Success,
            wire::runs::RunStatus::Failure => RunStatus::Failure,
            wire::runs::RunStatus::Cancelled => RunStatus::Cancelled,
        };
        let ended_at = run.clock.ours(told.ended_at, now);
        let closing = Closing { status, ended_at, closed_at: now, lost_uploads: told.lost_uploads, incomplete: told.incomplete };
        closing::close(&tx, &keys, run, closing).await?;
        if !scope.holds_in(state, &tx).await? {
            return Ok(Heard::NotAllowed);
        }
        tx.commit().await?;
        metrics::counter!("buildkeep_runs_total", "status" => status.as_str()).increment(1);
    }
    Ok(Heard::Taken)
}

const fn status(told: wire::runs::TaskStatus) -> TaskStatus {
    match told {
        wire::runs::TaskStatus::Running => TaskStatus::Running,
        wire::runs::TaskStatus::Success => TaskStatus::Success,
        wire::runs::TaskStatus::Failure => TaskStatus::Failure,
        wire::runs::TaskStatus::Skipped => TaskStatus::Skipped,
        wire::runs::TaskStatus::Stopped => TaskStatus::Stopped,
    }
}

const fn cache_status(told: wire::runs::CacheStatus) -> CacheStatus {
    match told {
        wire::runs::CacheStatus::LocalHit => CacheStatus::LocalHit,
        wire::runs::CacheStatus::LocalKept => CacheStatus::LocalKept,
        wire::runs::CacheStatus::RemoteHit => CacheStatus::RemoteHit,
        wire::runs::CacheStatus::Miss => CacheStatus::Miss,
    }
}

const fn miss_reason(told: wire::runs::MissReason) -> MissReason {
    match told {
        wire::runs::MissReason::NoEntry => MissReason::NoEntry,
        wire::runs::MissReason::NoRight => MissReason::NoRight,
        wire::runs::MissReason::NotCacheable => MissReason::NotCacheable,
        wire::runs::MissReason::CacheOff => MissReason::CacheOff,
        wire::runs::MissReason::OtherKey => MissReason::OtherKey,
        wire::runs::MissReason::Damaged => MissReason::Damaged,
        wire::runs::MissReason::Unreachable => MissReason::Unreachable,
        wire::runs::MissReason::NotAsked => MissReason::NotAsked,
    }
}

const fn stored_for(told: wire::artifacts::Scope) -> StoredFor {
    match told {
        wire::artifacts::Scope::Shared => StoredFor::Shared,
        wire::artifacts::Scope::Execution => StoredFor::Execution,
    }
}
