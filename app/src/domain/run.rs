//! A run: one `nx` command, its tasks, and what both can be.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::text;

/// A word that names no variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not one of the known words")]
pub struct UnknownWord;

/// An enum with a word for the database and addresses, and a title for people, for each variant.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal, $title:literal;)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$about])* $variant,)+
        }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The word in the database and in addresses.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            /// What people read.
            pub const fn title(self) -> &'static str {
                match self {
                    $(Self::$variant => $title,)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(self.title())
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text).ok_or(UnknownWord)
            }
        }
    };
}

words!(
    /// How a run is.
    RunStatus {
        /// It goes on.
        Running = "running", "Running";
        /// All tasks ended well.
        Success = "success", "Succeeded";
        /// A task failed.
        Failure = "failure", "Failed";
        /// It was stopped, or nothing was heard of it any more.
        Cancelled = "cancelled", "Cancelled";
    }
);

words!(
    /// How a task is.
    TaskStatus {
        /// It runs.
        Running = "running", "Running";
        /// It ended well.
        Success = "success", "Succeeded";
        /// It failed.
        Failure = "failure", "Failed";
        /// It was not run, because one that it needs failed.
        Skipped = "skipped", "Skipped";
        /// It was stopped.
        Stopped = "stopped", "Stopped";
    }
);

words!(
    /// Where a task's result came from.
    CacheStatus {
        /// From the machine's own cache.
        LocalHit = "local-hit", "Local hit";
        /// From the machine's own cache, and the outputs were in place already.
        LocalKept = "local-kept", "Local hit, outputs in place";
        /// From Buildkeep.
        RemoteHit = "remote-hit", "Remote hit";
        /// It was run.
        Miss = "miss", "Miss";
    }
);

impl CacheStatus {
    /// Whether the task did not have to be run.
    pub const fn is_hit(self) -> bool {
        match self {
            Self::LocalHit | Self::LocalKept | Self::RemoteHit => true,
            Self::Miss => false,
        }
    }
}

words!(
    /// Why the remote cache did not give a result.
    MissReason {
        /// There was none.
        NoEntry = "no-entry", "The remote cache had no artifact with this hash, or only one of another CI execution.";
        /// The credential may not read.
        NoRight = "no-right", "The credential of this run may not read the remote cache.";
        /// It is not to be cached.
        NotCacheable = "not-cacheable", "This target is not cached: “cache” is not set for it in nx.json or project.json.";
        /// The cache was switched off for the command.
        CacheOff = "cache-off", "The cache was switched off for this command.";
        /// It was encrypted with another key.
        OtherKey = "other-key", "The artifact was encrypted with another key than the one of this run.";
        /// It was damaged on the way.
        Damaged = "damaged", "The artifact arrived damaged, and was not used.";
        /// The server did not answer, or not in time.
        Unreachable = "unreachable", "The server did not answer in time.";
        /// nx has not asked for it.
        NotAsked = "not-asked", "nx ran the task without asking the remote cache: this version does so with tasks that it hashes late.";
    }
);

words!(
    /// For whom a result was stored.
    StoredFor {
        /// Everyone in the workspace.
        Shared = "shared", "Stored in the shared cache";
        /// The CI execution that made it.
        Execution = "execution", "Stored for its own CI execution";
    }
);

words!(
    /// With what kind of credential a run was recorded.
    CredentialKind {
        /// A CI access token.
        CiToken = "ci-token", "CI access token";
        /// The personal access token of a member.
        PersonalToken = "personal-token", "Personal access token";
        /// The Nx Cloud id alone.
        NxCloudId = "nx-cloud-id", "Nx Cloud id alone";
    }
);

words!(
    /// Where a client has found the credential of a run.
    CredentialSource {
        /// In the environment of the command.
        Environment = "environment", "Environment";
        /// In `nx-cloud.env`.
        File = "nx-cloud-env", "nx-cloud.env";
        /// In `nx.json`.
        NxJson = "nx-json", "nx.json";
        /// Where `nx login` has put it.
        Login = "login", "nx login";
    }
);

words!(
    /// Where a run took place.
    Origin {
        /// On a CI system.
        Ci = "ci", "CI";
        /// On somebody's machine.
        Local = "local", "Local";
    }
);

/// What a run says of itself; everything here is sealed at rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RunFacts {
    /// As typed.
    pub command: String,
    /// Branch.
    pub branch: Option<String>,
    /// Number of the pull or merge request.
    pub pull_request: Option<String>,
    /// Hash of the commit.
    pub commit: Option<String>,
    /// First line of its message.
    pub commit_title: Option<String>,
    /// Name of its author.
    pub author: Option<String>,
    /// The CI system.
    pub ci: Option<String>,
    /// What all runs of one CI invocation share.
    pub execution: Option<String>,
    /// One of several main jobs.
    pub environment: Option<String>,
    /// Page of the job at the CI system; `http` or `https`.
    pub ci_url: Option<String>,
    /// Version of nx.
    pub nx_version: String,
    /// Version of the client.
    pub client_version: String,
    /// Version of Node.js.
    pub node_version: String,
    /// Hash of what tells machines apart.
    pub machine: String,
    /// Its operating system.
    pub platform: String,
    /// Its processors.
    pub cpu_cores: u32,
    /// Name of the credential.
    pub credential: String,
}

/// What a task says of itself; everything here is sealed at rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskFacts {
    /// `project:target`, or with a configuration behind.
    pub id: String,
    /// Project.
    pub project: String,
    /// Target.
    pub target: String,
    /// Configuration.
    pub configuration: Option<String>,
    /// What the cache knows it by.
    pub hash: Option<String>,
    /// Options of the command line.
    pub params: Option<String>,
    /// Numbers of the tasks that it waits for.
    pub depends_on: Vec<u32>,
}

/// How many tasks of a run are how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// They run.
    pub running: u32,
    /// They ended well.
    pub succeeded: u32,
    /// They failed.
    pub failed: u32,
    /// They were not run.
    pub skipped: u32,
    /// They were stopped.
    pub stopped: u32,
    /// Results from the machine's own cache.
    pub local_hits: u32,
    /// Results from Buildkeep.
    pub remote_hits: u32,
    /// Tasks that could have come from a cache and were run.
    pub misses: u32,
}

impl TaskCounts {
    /// All tasks that were told of.
    pub const fn all(&self) -> u32 {
        self.running + self.succeeded + self.failed + self.skipped + self.stopped
    }

    /// The tasks that could have come from a cache.
    pub const fn cacheable(&self) -> u32 {
        self.local_hits + self.remote_hits + self.misses
    }

    /// Results from a cache.
    pub const fn hits(&self) -> u32 {
        self.local_hits + self.remote_hits
    }

    /// Counts a task once more, or, when it has become another, once less.
    pub fn add(&mut self, status: TaskStatus, cache: Option<CacheStatus>, cacheable: bool, by: i32) {
        let change = |count: &mut u32| *count = count.saturating_add_signed(by);
        change(match status {
            TaskStatus::Running => &mut self.running,
            TaskStatus::Success => &mut self.succeeded,
            TaskStatus::Failure => &mut self.failed,
            TaskStatus::Skipped => &mut self.skipped,
            TaskStatus::Stopped => &mut self.stopped,
        });
        match cache {
            Some(CacheStatus::LocalHit | CacheStatus::LocalKept) => change(&mut self.local_hits),
            Some(CacheStatus::RemoteHit) => change(&mut self.remote_hits),
            Some(CacheStatus::Miss) if cacheable => change(&mut self.misses),
            Some(CacheStatus::Miss) | None => {}
        }
    }
}

/// A text as it is kept: without control characters and directions of writing, which would rearrange a page; cut at a
/// character's border.
pub fn tidy(text: &str, most_bytes: usize) -> String {
    let mut kept = String::with_capacity(text.len().min(most_bytes));
    for c in text.trim().chars().map(|c| if c.is_control() || text::is_direction(c) { ' ' } else { c }) {
        if kept.len() + c.len_utf8() > most_bytes {
            break;
        }
        kept.push(c);
    }
    kept
}

/// How the times of a client's clock become ours.
///
/// A run may be told of when it is over (`nx-cloud view-logs`). One that begins in the future, or began long ago, has a clock
/// that is wrong, and all its times are moved by the same distance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientClock {
    /// When the run began, by our clock.
    pub started_at: DateTime<Utc>,
    /// How far the client's clock is ahead, in milliseconds.
    pub ahead_ms: i64,
}

impl ClientClock {
    /// A run may be told of so late.
    const LATE: TimeDelta = TimeDelta::days(7);

    /// The clock of a run that says it began at `told`.
    pub fn of(told: DateTime<Utc>, received: DateTime<Utc>) -> Self {
        if told <= received && received - told <= Self::LATE {
            return Self { started_at: whole_millis(told), ahead_ms: 0 };
        }
        // Beyond some thousand years neither databases nor subtraction agree any more; so far no clock is off.
        let ahead = (told - received).num_milliseconds().clamp(-MOST_AHEAD_MS, MOST_AHEAD_MS);
        Self { started_at: whole_millis(received), ahead_ms: ahead }
    }

    /// A time of the client by our clock: after the run began, and not in the future.
    pub fn ours(&self, told: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
        let ours = told.checked_sub_signed(TimeDelta::milliseconds(self.ahead_ms)).unwrap_or(now);
        whole_millis(ours).clamp(self.started_at, now.max(self.started_at))
    }
}

/// A hundred years.
const MOST_AHEAD_MS: i64 = 100 * 366 * 86_400_000;

fn whole_millis(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at)
}

/// Whole milliseconds between two moments, never less than none.
pub fn millis_between(from: DateTime<Utc>, to: DateTime<Utc>) -> u64 {
    u64::try_from((to - from).num_milliseconds()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn words_are_read_back() {
        for status in TaskStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(*status));
        }
        assert_eq!("Running".parse::<RunStatus>(), Err(UnknownWord));
    }

    #[test]
    fn a_text_is_cut_between_characters_and_holds_no_control_characters() {
        assert_eq!(tidy(" nx\u{0}run\n\u{1b}[31m ", 100), "nx run  [31m");
        assert_eq!(tidy("a\u{202e}b \u{2066}c", 100), "a b  c");
        assert_eq!(tidy("aüü", 4), "aü");
        assert_eq!(tidy(&"x".repeat(9000), 4096).len(), 4096);
    }

    #[test]
    fn a_run_that_began_some_days_ago_is_believed() {
        let clock = ClientClock::of(at(-100_000), at(0));
        assert_eq!(clock, ClientClock { started_at: at(-100_000), ahead_ms: 0 });
        assert_eq!(clock.ours(at(-60), at(0)), at(-60));
    }

    #[test]
    fn a_clock_that_is_wrong_is_put_right() {
        for off in [3600, -8 * 86_400, 50_000_000] {
            let clock = ClientClock::of(at(off), at(0));
            assert_eq!(clock.started_at, at(0));
            assert_eq!(clock.ours(at(off + 7), at(60)), at(7), "{off}");
        }
    }

    #[test]
    fn no_time_lies_before_the_run_or_in_the_future() {
        let clock = ClientClock::of(at(0), at(0));
        assert_eq!(clock.ours(at(-5), at(60)), at(0));
        assert_eq!(clock.ours(at(500), at(60)), at(60));
        for far in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            assert!((at(0)..=at(60)).contains(&clock.ours(far, at(60))));
            assert_eq!(ClientClock::of(far, at(9)).started_at, at(9));
        }
    }

    #[test]
    fn counts_follow_a_task_that_changes() {
        let mut counts = TaskCounts::default();
        counts.add(TaskStatus::Running, None, true, 1);
        assert_eq!((counts.all(), counts.running), (1, 1));
        counts.add(TaskStatus::Running, None, true, -1);
        counts.add(TaskStatus::Failure, Some(CacheStatus::Miss), true, 1);
        assert_eq!(counts, TaskCounts { failed: 1, misses: 1, ..TaskCounts::default() });
        counts.add(TaskStatus::Success, Some(CacheStatus::Miss), false, 1);
        assert_eq!((counts.cacheable(), counts.all()), (1, 2), "what is not cacheable is no miss");
    }
}
