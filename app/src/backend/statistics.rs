//! What is counted of the runs of a workspace.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::ids::WorkspaceId;
use crate::domain::names::OrgSlug;
use crate::domain::statistics::{Range, Tally};
use crate::error::AppError;
use crate::request::Caller;

/// A day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatDay {
    /// The day.
    pub day: NaiveDate,
    /// What was counted; times are those of runs.
    pub tally: Tally,
    /// Half of the runs took no longer than this, in milliseconds.
    pub p50_ms: Option<u64>,
    /// Nineteen of twenty runs took no longer.
    pub p95_ms: Option<u64>,
}

/// A project or a task, counted over all days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatRow {
    /// Its name.
    pub name: String,
    /// What was counted; times are those of tasks that were run.
    pub tally: Tally,
    /// Half of the times that it was run, it took no longer than this.
    pub p50_ms: Option<u64>,
    /// Nineteen of twenty times it took no longer.
    pub p95_ms: Option<u64>,
}

/// A task that both succeeded and failed with the same hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlakyTask {
    /// Its id.
    pub name: String,
    /// With how many hashes.
    pub hashes: u64,
    /// When last.
    pub seen_at: DateTime<Utc>,
}

/// Everything that is counted of a workspace over some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statistics {
    /// All days together.
    pub total: StatRow,
    /// Each day, without gaps, today the last.
    pub days: Vec<StatDay>,
    /// Projects, those that took the most time first.
    pub projects: Vec<StatRow>,
    /// Tasks, those that took the most time first.
    pub tasks: Vec<StatRow>,
    /// Tasks that failed, those that did most often first.
    pub failing: Vec<StatRow>,
    /// Tasks whose result does not hang on their inputs alone.
    pub flaky: Vec<FlakyTask>,
}

/// Statistics of workspaces.
#[async_trait]
pub trait WorkspaceStatistics: Send + Sync {
    /// What was counted in the last days.
    async fn of(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, range: Range) -> Result<Statistics, AppError>;
}
