//! What Nx Console gets. Names and meanings are those of its sources; what Buildkeep does not know, such as
//! agents and fixes by machines, is left out or empty.

use serde::Serialize;
use serde_json::{Map, Value};

/// The newest executions of some branches.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecentExecutions {
    /// One for each branch that has any.
    pub ci_pipeline_executions: Vec<ExecutionInfo>,
    /// Page of the workspace.
    pub workspace_url: String,
}

/// An execution, for the editor's tree. What may be null has to be there.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct ExecutionInfo {
    pub ci_pipeline_execution_id: String,
    pub branch: String,
    pub status: &'static str,
    pub created_at: i64,
    pub completed_at: Option<i64>,
    pub commit_title: Option<String>,
    pub commit_url: Option<String>,
    pub author: Option<String>,
    pub cipe_url: String,
    pub run_groups: Vec<GroupInfo>,
}

/// The runs of one main job.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct GroupInfo {
    pub ci_execution_env: String,
    pub run_group: String,
    pub created_at: i64,
    pub completed_at: Option<i64>,
    pub status: &'static str,
    pub runs: Vec<RunInfo>,
}

/// A run in it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct RunInfo {
    pub link_id: String,
    pub command: String,
    pub status: &'static str,
    pub failed_tasks: Vec<String>,
    pub num_failed_tasks: u32,
    pub num_tasks: u32,
    pub run_url: String,
}

/// A page of something.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Items<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// What asks for the next one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_page_token: Option<String>,
}

/// An execution.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct Execution {
    pub id: String,
    pub workspace_id: String,
    pub ci_execution_id: String,
    pub branch: String,
    pub status: &'static str,
    pub created_at_ms: i64,
    pub updated_at_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vcs_title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_sha: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    pub touched_project_count: u32,
    pub critical_workflow_error_count: u32,
    pub cache_enabled: bool,
}

/// An execution in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct ExecutionSummary {
    #[serde(flatten)]
    pub execution: Execution,
    pub run_group_summaries: Vec<Group>,
}

/// An execution with all that is known of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct ExecutionDetails {
    #[serde(flatten)]
    pub execution: Execution,
    pub run_groups: Vec<GroupDetails>,
    pub vcs_context: VcsContext,
    pub critical_workflow_errors: [(); 0],
}

/// Where the code was.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VcsContext {
    /// The branch.
    #[serde(rename = "ref")]
    pub branch: String,
}

/// A main job.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct Group {
    pub run_group_name: String,
    pub status: &'static str,
    pub created_at_ms: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<i64>,
    pub command_count: usize,
    pub ci_execution_env: String,
    pub has_critical_error: bool,
}

/// A main job with all that is known of it: there are no agents.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct GroupDetails {
    #[serde(flatten)]
    pub group: Group,
    pub stop_agents_on_failure: bool,
    pub agent_ids: [(); 0],
    pub active_agent_ids: [(); 0],
    pub closed: bool,
    pub require_explicit_completion: bool,
    pub linked_workflows: [(); 0],
    pub agents_metadata_summary: Map<String, Value>,
}

/// A run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct RunSummary {
    pub id: String,
    pub workspace_id: String,
    pub url_slug: String,
    pub command: String,
    pub start_time_ms: i64,
    pub end_time_ms: i64,
    pub duration_ms: u64,
    pub status: &'static str,
    pub task_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit_sha: Option<String>,
    pub created_at_ms: i64,
    pub cache_enabled: bool,
    pub nx_version: String,
}

/// A run with its tasks.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct RunDetails {
    #[serde(flatten)]
    pub run: RunSummary,
    pub updated_at_ms: i64,
    pub tasks: Vec<Task>,
    pub inner: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distributed_execution_id: Option<String>,
}

/// A task of a run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct Task {
    pub task_id: String,
    pub run_id: String,
    pub project_name: String,
    pub target: String,
    pub start_time_ms: i64,
    pub end_time_ms: i64,
    pub duration_ms: u64,
    pub status: &'static str,
    pub cache_status: &'static str,
    pub is_cacheable: bool,
    pub hash: String,
}

/// Numbers of a task, in CI or outside of it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct TaskNumbers {
    pub project_name: String,
    pub target: String,
    pub avg_remote_cache_hit_duration_ms: f64,
    pub avg_local_cache_hit_duration_ms: f64,
    pub avg_cache_miss_duration_ms: f64,
    pub avg_remote_cache_hit_rate: f64,
    pub avg_local_cache_hit_rate: f64,
    pub avg_cache_miss_rate: f64,
    pub total_count: u32,
    pub avg_success_rate: f64,
    pub avg_failure_rate: f64,
    #[serde(rename = "isCI")]
    pub is_ci: bool,
}

/// A number of one day.
#[derive(Debug, Serialize)]
pub struct DayNumber {
    /// The day, `2026-11-22`.
    pub date: String,
    /// The number.
    pub value: f64,
}

/// Numbers of a task, also day by day.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are Nx Console's")]
pub struct TaskDetails {
    #[serde(flatten)]
    pub numbers: TaskNumbers,
    pub raw_remote_cache_hit_durations: Vec<DayNumber>,
    pub raw_local_cache_hit_durations: Vec<DayNumber>,
    pub raw_cache_miss_durations: Vec<DayNumber>,
    pub raw_remote_cache_hit_rates: Vec<DayNumber>,
    pub raw_local_cache_hit_rates: Vec<DayNumber>,
    pub raw_cache_miss_rates: Vec<DayNumber>,
    pub raw_success_rates: Vec<DayNumber>,
    pub raw_failure_rates: Vec<DayNumber>,
    pub raw_total_counts: Vec<DayNumber>,
}

/// Where a log is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLink {
    /// Address of a gzip'd tar with the log in it; it takes no credential, for a minute.
    pub artifact_url: String,
}
