//! Runs, as people look at them; clients tell of them through the API.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Page;
use crate::domain::ids::{RunId, WorkspaceId};
use crate::domain::names::{OrgSlug, WorkspaceName};
use crate::domain::run::{CacheStatus, CredentialKind, MissReason, RunFacts, RunStatus, StoredFor, TaskCounts, TaskFacts, TaskStatus};
use crate::domain::run_filter::{RunFilter, TaskFilter};
use crate::domain::timeline::Span;
use crate::error::AppError;
use crate::request::Caller;

/// A run. Visitors see neither names of credentials nor e-mail addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct RunView {
    /// Its id.
    pub id: RunId,
    /// Where.
    pub workspace: WorkspaceId,
    /// The name of the workspace.
    pub workspace_name: WorkspaceName,
    /// What it says of itself.
    pub facts: RunFacts,
    /// How it is.
    pub status: RunStatus,
    /// Whether it ended because nothing was heard of it any more.
    pub silent: bool,
    /// Whether it is on a CI system.
    pub ci: bool,
    /// Whether another run started it.
    pub inner: bool,
    /// Whether the cache is used.
    pub cache: bool,
    /// Whether artifacts are encrypted by the client.
    pub encrypted: bool,
    /// The kind of its credential.
    pub credential: CredentialKind,
    /// What the credential allowed: `none`, `read-only`, `read-write`.
    pub access: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Tasks in its graph, as it said at its start.
    pub announced: u32,
    /// Its tasks.
    pub counts: TaskCounts,
    /// Artifacts that could not be stored although they should have been.
    pub lost_uploads: u32,
    /// Whether a part of its logs was not kept.
    pub log_cut: bool,
    /// Whether a part of what its client had to tell never arrived.
    pub incomplete: bool,
}

impl RunView {
    /// How long it took, or takes by now, in milliseconds.
    pub fn duration_ms(&self, now: DateTime<Utc>) -> u64 {
        crate::domain::run::millis_between(self.started_at, self.ended_at.unwrap_or(now))
    }
}

/// An attempt at a task of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskView {
    /// Its number in the run.
    pub number: u32,
    /// Which attempt; 1 is the first.
    pub attempt: u16,
    /// What it says of itself.
    pub facts: TaskFacts,
    /// Whether its result may be cached.
    pub cacheable: bool,
    /// Whether it runs until it is stopped.
    pub continuous: bool,
    /// How it is.
    pub status: TaskStatus,
    /// Where its result came from.
    pub cache: Option<CacheStatus>,
    /// Why not from the remote cache.
    pub miss: Option<MissReason>,
    /// For whom it was stored.
    pub stored: Option<StoredFor>,
    /// Exit code.
    pub code: Option<i32>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// How long it took, in milliseconds.
    pub duration_ms: Option<u64>,
    /// Whether it is known what its hash was made of.
    pub has_details: bool,
}

/// A task with all attempts at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPage {
    /// The attempt that is looked at.
    pub task: TaskView,
    /// All attempts, in order.
    pub attempts: Vec<(u16, TaskStatus)>,
    /// The numbers of the failed task before, and behind, in the order of the run.
    pub failures: (Option<u32>, Option<u32>),
}

/// A part of a log, as it was written: with escape sequences and all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPart {
    /// Its text.
    pub text: String,
    /// Number of its first line.
    pub first_line: u64,
    /// Which part, from 0.
    pub part: u32,
    /// How many there are.
    pub parts: u32,
    /// Bytes of the whole log.
    pub bytes: u64,
}

/// A line of a log that holds what was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHit {
    /// In which part.
    pub part: u32,
    /// Number of the line in the log.
    pub line: u64,
    /// The line, without escape sequences, cut.
    pub text: String,
}

/// What was found in a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSearch {
    /// The first lines with it.
    pub hits: Vec<LogHit>,
    /// Whether there are more.
    pub more: bool,
}

/// Tasks over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timeline {
    /// Tasks that are drawn, by lane: those that took longest.
    pub lanes: Vec<Vec<Drawn>>,
    /// The chain of tasks that made the run as long as it was.
    pub critical: Vec<Drawn>,
    /// Tasks that were too many to be drawn.
    pub left_out: u32,
    /// How long the run took, or takes by now.
    pub length_ms: u64,
}

/// A task of a timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Which task, and when.
    pub span: Span,
    /// Its id.
    pub id: String,
    /// How it is.
    pub status: TaskStatus,
    /// Where its result came from.
    pub cache: Option<CacheStatus>,
    /// Whether its result may be cached.
    pub cacheable: bool,
    /// Whether it is part of the chain that made the run as long as it was.
    pub critical: bool,
}

/// The same task in another run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherTask {
    /// Which run.
    pub run: RunId,
    /// Its number there.
    pub number: u32,
    /// Its hash.
    pub hash: Option<String>,
    /// The branch of that run.
    pub branch: Option<String>,
    /// When that run began.
    pub started_at: DateTime<Utc>,
    /// How the task is.
    pub status: TaskStatus,
    /// Where its result came from.
    pub cache: Option<CacheStatus>,
    /// Whether its result may be cached.
    pub cacheable: bool,
    /// Whether it is known what its hash was made of.
    pub has_details: bool,
}

/// An input of a hash that differs between two tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name.
    pub input: String,
    /// Its own hash, or value, in the task that is looked at; none when it has no such input.
    pub here: Option<String>,
    /// The same in the other one.
    pub there: Option<String>,
}

/// What differs between two hashes of one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The other one.
    pub other: OtherTask,
    /// The inputs that differ; `None` when it is not known what one of the hashes was made of.
    pub differences: Option<Vec<Difference>>,
    /// How many inputs are the same.
    pub same: u64,
}

/// Runs.
#[async_trait]
pub trait Runs: Send + Sync {
    /// Runs of a workspace, or of the whole organization, the newest first; `after` is the cursor of an earlier page.
    async fn list(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: Option<WorkspaceId>,
        filter: &RunFilter,
        after: Option<&str>,
    ) -> Result<Page<RunView>, AppError>;
    /// Where a run is, known by its id alone.
    async fn locate(&self, caller: &Caller, run: RunId) -> Result<(OrgSlug, WorkspaceId), AppError>;
    /// One run.
    async fn open(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, run: RunId) -> Result<RunView, AppError>;
    /// Its tasks, each in its last attempt; `after` is the cursor of an earlier page.
    async fn tasks(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        run: RunId,
        filter: &TaskFilter,
        after: Option<&str>,
    ) -> Result<Page<TaskView>, AppError>;
    /// Its tasks over time.
    async fn timeline(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, run: RunId) -> Result<Timeline, AppError>;
    /// One task of it; without an attempt the last one.
    async fn task(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        task: (RunId, u32),
        attempt: Option<u16>,
    ) -> Result<TaskPage, AppError>;
    /// A part of the log of an attempt; without a number the last one.
    async fn log(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        task: (RunId, u32),
        attempt: u16,
        part: Option<u32>,
    ) -> Result<LogPart, AppError>;
    /// Lines of the log that hold these words.
    async fn search_log(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        task: (RunId, u32),
        attempt: u16,
        words: &str,
    ) -> Result<LogSearch, AppError>;
    /// The last runs of the same task.
    async fn others(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, task: (RunId, u32))
    -> Result<Vec<OtherTask>, AppError>;
    /// What differs between the hash of a task and the one that it had in another run.
    async fn compare(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        task: (RunId, u32),
        other: RunId,
    ) -> Result<Comparison, AppError>;
}
