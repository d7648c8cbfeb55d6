//! `/api/v1/runs`: what a client tells of one `nx` command, while it runs.
//!
//! Start, any number of reports, end. Each may be sent again: a run is known by its key, a task by its number and
//! attempt, a piece of log by its number. A run that nothing is heard of for [`LEASE_SECONDS`] is cancelled,
//! until something is.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::whoami::Whoami;

/// A client reports at least this often, be it empty.
pub const REPORT_SECONDS: u32 = 15;
/// A run of which nothing was heard for so long is cancelled.
pub const LEASE_SECONDS: u32 = 90;
/// Tasks of one run.
pub const MOST_TASKS: u32 = 20_000;
/// Tasks in one report.
pub const MOST_TASKS_IN_REPORT: usize = 500;
/// Attempts at one task.
pub const MOST_ATTEMPTS: u16 = 1000;
/// Pieces of logs in one report.
pub const MOST_PIECES_IN_REPORT: usize = 5000;
/// Pieces of the log of one attempt at a task.
pub const MOST_PIECES: u32 = 100_000;
/// Bytes of one report.
pub const MOST_REPORT_BYTES: usize = 8 << 20;
/// Bytes of one piece of log, in UTF-8.
pub const MOST_PIECE_BYTES: usize = 256 << 10;
/// Bytes of the log of one attempt at a task; what is more, the client cuts out of the middle.
pub const MOST_LOG_BYTES: u64 = 32 << 20;
/// Bytes of all logs of one run.
pub const MOST_RUN_LOG_BYTES: u64 = 512 << 20;
/// Bytes of the details of one hash, as JSON.
pub const MOST_HASH_DETAILS_BYTES: usize = 64 << 10;
/// The name under which those details stand together for which there is no room.
pub const HASH_DETAILS_REST: &str = "…";

/// `POST /api/v1/runs`: a run begins. Sent again with the same key, it is the same run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RunStart {
    /// Secret that the client has made up: 64 hex characters. Later requests carry it in `Buildkeep-Run-Key`.
    pub key: String,
    /// As typed: `nx run-many -t build`. Up to 4 KiB; longer ones are cut.
    pub command: String,
    /// When it began, by the client's clock.
    pub started_at: DateTime<Utc>,
    /// Whether another run started it.
    #[serde(default)]
    pub inner: bool,
    /// Branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Number of the pull or merge request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<String>,
    /// Commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// The CI system, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ci: Option<Ci>,
    /// Version of nx.
    pub nx_version: String,
    /// Version of the client.
    pub client_version: String,
    /// Version of Node.js.
    pub node_version: String,
    /// The machine.
    pub machine: Machine,
    /// Whether the cache is used (`--skip-nx-cache` was not given).
    pub cache: bool,
    /// Whether artifacts are encrypted by the client.
    #[serde(default)]
    pub encrypted: bool,
    /// Where the credential was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential_source: Option<CredentialSource>,
    /// Tasks in the graph.
    pub tasks: u32,
}

/// Where a client finds a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialSource {
    /// In the environment of the command.
    Environment,
    /// In `nx-cloud.env`.
    File,
    /// In `nx.json`: for a token that is a leak.
    NxJson,
    /// Where `nx login` has put it.
    Login,
}

/// A commit, as git tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Commit {
    /// Its hash.
    pub sha: String,
    /// First line of its message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Name of its author.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
}

/// A CI system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ci {
    /// `github`, `gitlab`, `circleci`, `azure`, `jenkins`, `bitbucket`, … or `other`.
    pub provider: String,
    /// What all `nx` commands of one CI invocation share (`NX_CI_EXECUTION_ID`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_id: Option<String>,
    /// One of several main jobs (`NX_CI_EXECUTION_ENV`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution_env: Option<String>,
    /// Page of the job at the CI system, `https://…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// The machine that a run is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Machine {
    /// Hash of what tells machines apart; not its name.
    pub id: String,
    /// `linux`, `darwin`, `win32`.
    pub platform: String,
    /// Processors.
    pub cpu_cores: u32,
}

/// Answer to [`RunStart`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunStarted {
    /// The run; none when it is not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunLink>,
    /// What the credential is, and what it may do.
    pub whoami: Whoami,
}

/// Where a run is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunLink {
    /// Its id: `run_…`.
    pub id: String,
    /// Its page.
    pub url: String,
}

/// `POST /api/v1/runs/{run}/report`: what has happened since the last report. Empty, it only says that the run goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// Tasks that changed, each as a whole: the newest report of an attempt replaces those before.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub tasks: Vec<Task>,
    /// Pieces of logs. One that is there already stays.
    #[serde(default)]
    #[schema(max_items = 5000)]
    pub logs: Vec<LogPiece>,
}

/// A task of a run, in one attempt at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    /// Its number in the run, from 0.
    pub number: u32,
    /// 1 for the first attempt.
    pub attempt: u16,
    /// `project:target` or `project:target:configuration`.
    pub id: String,
    /// Project.
    pub project: String,
    /// Target.
    pub target: String,
    /// Configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<String>,
    /// What the cache knows it by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// What the hash was made of: name of an input to its own hash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_details: Option<BTreeMap<String, String>>,
    /// Options of the command line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params: Option<String>,
    /// Whether its result may be cached.
    pub cacheable: bool,
    /// Whether it runs until it is stopped.
    #[serde(default)]
    pub continuous: bool,
    /// Ids of the tasks that it waits for.
    #[serde(default)]
    pub depends_on: Vec<u32>,
    /// How it is.
    pub status: TaskStatus,
    /// Where its result came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheStatus>,
    /// Why the remote cache did not give its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub miss: Option<MissReason>,
    /// Whether its result was stored in the remote cache, and for whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stored: Option<super::artifacts::Scope>,
    /// Exit code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<i32>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
}

/// How a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// It runs.
    Running,
    /// It ended well.
    Success,
    /// It failed.
    Failure,
    /// It was not run, because one that it needs failed.
    Skipped,
    /// It was stopped.
    Stopped,
}

/// Where a task's result came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CacheStatus {
    /// From this machine's own cache.
    LocalHit,
    /// From this machine's own cache, and the outputs were in place already.
    LocalKept,
    /// From Buildkeep.
    RemoteHit,
    /// It was run.
    Miss,
}

/// Why the remote cache did not give a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissReason {
    /// There was none, also not one of another execution that the credential may not read.
    NoEntry,
    /// The credential may not read.
    NoRight,
    /// It is not to be cached.
    NotCacheable,
    /// The cache was switched off for this command.
    CacheOff,
    /// It was encrypted with another key.
    OtherKey,
    /// It was damaged on the way.
    Damaged,
    /// The server did not answer, or not in time.
    Unreachable,
    /// nx has not asked for it.
    NotAsked,
}

/// A piece of the log of one attempt at a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LogPiece {
    /// Number of the task.
    pub task: u32,
    /// The attempt.
    pub attempt: u16,
    /// Number of the piece, from 0.
    pub piece: u32,
    /// The text, at most 256 KiB in UTF-8.
    pub text: String,
}

/// `POST /api/v1/runs/{run}/end`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RunEnd {
    /// When it ended, by the client's clock.
    pub ended_at: DateTime<Utc>,
    /// How.
    pub status: RunStatus,
    /// Artifacts that could not be stored although they should have been.
    #[serde(default)]
    pub lost_uploads: u32,
    /// Whether a part of what was to be told of it could not be sent.
    #[serde(default)]
    pub incomplete: bool,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// All tasks ended well.
    Success,
    /// A task failed.
    Failure,
    /// It was stopped.
    Cancelled,
}
