//! What Nx Console asks, in the words of its sources.

use app::domain::ids::RunId;
use chrono::{DateTime, Utc};
use serde::Deserialize;

/// Branches of which the newest execution is asked for.
#[derive(Debug, Deserialize)]
pub struct Recent {
    /// Their names.
    #[serde(default)]
    pub branches: Vec<String>,
}

/// Which executions are asked for; what is empty does not matter.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ExecutionSearch {
    /// On one of these branches.
    pub branches: Vec<String>,
    /// In one of these states.
    pub statuses: Vec<String>,
    /// By one of these authors.
    pub authors: Vec<String>,
    /// A part of the title of the commit.
    pub vcs_title_contains: Option<String>,
    /// Not before.
    pub min_created_at: Option<DateTime<Utc>>,
    /// Not after.
    pub max_created_at: Option<DateTime<Utc>>,
    /// So many on a page.
    pub limit: Option<u64>,
    /// From where to go on.
    pub page_token: Option<RunId>,
}

/// Which runs are asked for; what is empty does not matter.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunSearch {
    /// Of this CI execution.
    pub pipeline_execution_id: Option<String>,
    /// On one of these branches.
    pub branches: Vec<String>,
    /// Of one of these main jobs.
    pub run_groups: Vec<String>,
    /// Of one of these commits.
    pub commit_shas: Vec<String>,
    /// In one of these states.
    pub statuses: Vec<String>,
    /// Not before.
    pub min_start_time: Option<DateTime<Utc>>,
    /// Not after.
    pub max_start_time: Option<DateTime<Utc>>,
    /// So many on a page.
    pub limit: Option<u64>,
    /// From where to go on.
    pub page_token: Option<RunId>,
}

/// Of which tasks numbers are asked for; what is empty does not matter.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TaskSearch {
    /// These.
    pub task_ids: Vec<String>,
    /// Of these projects.
    pub project_names: Vec<String>,
    /// With these targets.
    pub targets: Vec<String>,
    /// With these configurations.
    pub configurations: Vec<String>,
    /// Not before.
    pub min_start_time: Option<DateTime<Utc>>,
    /// Not after.
    pub max_start_time: Option<DateTime<Utc>>,
    /// Whether those outside of CI count too.
    pub include_local: bool,
    /// So many on a page.
    pub limit: Option<u64>,
    /// How many came on the pages before.
    pub page_token: Option<String>,
}

/// Of which task the log is asked for.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogRequest {
    /// `project:target`, perhaps with a configuration.
    pub task_id: String,
    /// The run, as its links name it.
    pub link_id: Option<String>,
    /// The run, as it is named otherwise.
    pub execution_id: Option<String>,
}
