//! CI pipeline executions: what the runs with one execution id make up.

use std::collections::{BTreeMap, HashSet};

use app::backend::runs::RunView;
use app::domain::ids::RunId;
use app::domain::run::{RunStatus, TaskStatus};
use app::domain::text::Sought;
use app::paths;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Map;

use super::listing::page_size;
use super::questions::ExecutionSearch;
use super::shapes::{
    Execution, ExecutionDetails, ExecutionInfo, ExecutionSummary, Group, GroupDetails, GroupInfo, Items, RecentExecutions, RunInfo,
    VcsContext,
};
use super::{Viewer, among, only, run_word};
use crate::error::Result;
use crate::store::runs::BlindIndex;
use crate::store::runs::search::Search;

/// Runs of one execution: the newest.
const MOST_RUNS: u64 = 200;
/// Runs of a branch that are looked at for the newest that is of an execution.
const NEWEST: u64 = 100;
/// Failed tasks of a run that are named.
const MOST_FAILED: u64 = 50;
/// Runs with failed tasks of which those are named, in one answer.
const MOST_FAILED_RUNS: usize = 100;
/// A CI job may go on with another command: that all went well is said when none has begun for so long.
const SETTLED: TimeDelta = TimeDelta::minutes(2);

/// An execution: its runs, the newest first.
pub(super) struct Found {
    id: String,
    /// There is one at least.
    newest: RunView,
    older: Vec<RunView>,
}

/// How some runs are together.
struct Together {
    status: &'static str,
    created: DateTime<Utc>,
    completed: Option<DateTime<Utc>>,
    updated: DateTime<Utc>,
}

fn together<'a>(runs: &(impl Iterator<Item = &'a RunView> + Clone), now: DateTime<Utc>) -> Together {
    let is = |status: RunStatus| runs.clone().any(|run| run.status == status);
    let created = runs.clone().map(|run| run.started_at).min().unwrap_or(now);
    let ended = runs.clone().filter_map(|run| run.ended_at).max().unwrap_or(created);
    let status = if is(RunStatus::Running) {
        RunStatus::Running
    } else if is(RunStatus::Failure) {
        RunStatus::Failure
    } else if is(RunStatus::Cancelled) {
        RunStatus::Cancelled
    } else if now - ended < SETTLED {
        RunStatus::Running
    } else {
        RunStatus::Success
    };
    let completed = (status != RunStatus::Running).then_some(ended);
    Together { status: run_word(status), created, completed, updated: ended }
}

impl Found {
    fn runs(&self) -> impl Iterator<Item = &RunView> + Clone {
        std::iter::once(&self.newest).chain(&self.older)
    }

    /// The main jobs, by their names.
    fn groups(&self) -> BTreeMap<String, Vec<&RunView>> {
        let mut groups: BTreeMap<String, Vec<&RunView>> = BTreeMap::new();
        for run in self.runs() {
            groups.entry(run.facts.environment.clone().unwrap_or_default()).or_default().push(run);
        }
        groups
    }

    fn branch(&self) -> String {
        self.newest.facts.branch.clone().unwrap_or_default()
    }
}

fn group_name(environment: &str) -> String {
    if environment.is_empty() { "main".to_owned() } else { environment.to_owned() }
}

impl Viewer<'_> {
    async fn execution_by(&self, index: BlindIndex) -> Result<Option<Found>> {
        let id = hex::encode(&index);
        let (runs, _) = self.found(&Search { execution: Some(index), ..Search::default() }, MOST_RUNS).await?;
        let mut runs = runs.into_iter();
        Ok(runs.next().map(|newest| Found { id, newest, older: runs.collect() }))
    }

    /// The id of the execution that a run is of.
    pub(super) fn execution_id(&self, run: &RunView) -> Option<String> {
        run.facts.execution.as_ref().map(|execution| hex::encode(self.index("execution", execution)))
    }

    /// The newest execution of each of these branches, the newest first.
    pub async fn recent(&self, branches: &[String]) -> Result<RecentExecutions> {
        let mut found: Vec<Found> = Vec::new();
        for branch in branches.iter().collect::<HashSet<_>>() {
            // By the index alone: editors ask this again and again.
            let search = Search { branch: Some(self.index("branch", branch)), ..Search::default() };
            let (runs, _) = self.found(&search, NEWEST).await?;
            let Some(execution) = runs.iter().find_map(|run| run.facts.execution.as_ref()) else { continue };
            found.extend(self.execution_by(self.index("execution", execution)).await?);
        }
        found.sort_by_key(|execution| std::cmp::Reverse(execution.newest.id));
        found.dedup_by(|one, other| one.id == other.id);
        let mut named = 0;
        let mut infos = Vec::with_capacity(found.len());
        for execution in &found {
            infos.push(self.info(execution, &mut named).await?);
        }
        let workspace_url = self.address(&paths::workspace(self.scope.org().slug(), self.scope.id()));
        Ok(RecentExecutions { ci_pipeline_executions: infos, workspace_url })
    }

    async fn info(&self, execution: &Found, named: &mut usize) -> Result<ExecutionInfo> {
        let now = self.now();
        let mut run_groups = Vec::new();
        for (environment, runs) in execution.groups() {
            let all = together(&runs.iter().copied(), now);
            let mut infos = Vec::with_capacity(runs.len());
            for run in runs {
                let mut failed_tasks = Vec::new();
                if run.counts.failed > 0 && *named < MOST_FAILED_RUNS {
                    *named += 1;
                    failed_tasks = self.tasks_of(run.id, Some(TaskStatus::Failure), MOST_FAILED).await?;
                }
                infos.push(RunInfo {
                    link_id: run.id.to_string(),
                    command: run.facts.command.clone(),
                    status: run_word(run.status),
                    failed_tasks: failed_tasks.into_iter().map(|task| task.facts.id).collect(),
                    num_failed_tasks: run.counts.failed,
                    num_tasks: run.counts.all(),
                    run_url: self.address(&paths::run_link(run.id)),
                });
            }
            run_groups.push(GroupInfo {
                run_group: group_name(&environment),
                ci_execution_env: environment,
                created_at: all.created.timestamp_millis(),
                completed_at: all.completed.map(|at| at.timestamp_millis()),
                status: all.status,
                runs: infos,
            });
        }
        let all = together(&execution.runs(), now);
        let facts = &execution.newest.facts;
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("execution", facts.execution.as_deref().unwrap_or_default())
            .finish();
        let runs = paths::workspace_runs(self.scope.org().slug(), self.scope.id());
        Ok(ExecutionInfo {
            ci_pipeline_execution_id: execution.id.clone(),
            branch: execution.branch(),
            status: all.status,
            created_at: all.created.timestamp_millis(),
            completed_at: all.completed.map(|at| at.timestamp_millis()),
            commit_title: facts.commit_title.clone(),
            commit_url: None,
            author: facts.author.clone(),
            cipe_url: self.address(&format!("{runs}?{query}")),
            run_groups,
        })
    }

    fn told(&self, found: &Found) -> Execution {
        let all = together(&found.runs(), self.now());
        let facts = &found.newest.facts;
        Execution {
            id: found.id.clone(),
            workspace_id: self.scope.id().to_string(),
            ci_execution_id: facts.execution.clone().unwrap_or_default(),
            branch: found.branch(),
            status: all.status,
            created_at_ms: all.created.timestamp_millis(),
            updated_at_ms: all.updated.timestamp_millis(),
            completed_at_ms: all.completed.map(|at| at.timestamp_millis()),
            duration_ms: all.completed.map(|at| (at - all.created).num_milliseconds()),
            vcs_title: facts.commit_title.clone(),
            commit_sha: facts.commit.clone(),
            author: facts.author.clone(),
            touched_project_count: 0,
            critical_workflow_error_count: 0,
            cache_enabled: found.newest.cache,
        }
    }

    fn groups(&self, found: &Found) -> Vec<Group> {
        let group = |(environment, runs): (String, Vec<&RunView>)| {
            let all = together(&runs.iter().copied(), self.now());
            Group {
                run_group_name: group_name(&environment),
                status: all.status,
                created_at_ms: all.created.timestamp_millis(),
                completed_at_ms: all.completed.map(|at| at.timestamp_millis()),
                duration_ms: all.completed.map(|at| (at - all.created).num_milliseconds()),
                command_count: runs.len(),
                ci_execution_env: environment,
                has_critical_error: false,
            }
        };
        found.groups().into_iter().map(group).collect()
    }

    /// One execution.
    pub async fn execution(&self, id: &str) -> Result<Option<ExecutionDetails>> {
        let Ok(index) = hex::decode(id) else { return Ok(None) };
        let Some(found) = self.execution_by(index).await? else { return Ok(None) };
        let details = |group: Group| GroupDetails {
            closed: group.completed_at_ms.is_some(),
            group,
            stop_agents_on_failure: false,
            agent_ids: [],
            active_agent_ids: [],
            require_explicit_completion: false,
            linked_workflows: [],
            agents_metadata_summary: Map::new(),
        };
        Ok(Some(ExecutionDetails {
            execution: self.told(&found),
            run_groups: self.groups(&found).into_iter().map(details).collect(),
            vcs_context: VcsContext { branch: found.branch() },
            critical_workflow_errors: [],
        }))
    }

    /// Executions, the newest first. Each stands where its newest run is.
    pub async fn search_executions(&self, asked: &ExecutionSearch) -> Result<Items<ExecutionSummary>> {
        let words = Sought::new(asked.vcs_title_contains.as_deref().unwrap_or_default());
        let fits = |run: &RunView| {
            let facts = &run.facts;
            among(&asked.branches, facts.branch.as_deref())
                && among(&asked.authors, facts.author.as_deref())
                && words.is_in(facts.commit_title.as_deref().unwrap_or_default())
        };
        let search = Search { branch: only(&asked.branches).map(|branch| self.index("branch", branch)), ..Search::default() };
        let mut walk = self.walk(search, asked.page_token, (asked.min_created_at, asked.max_created_at));
        let mut seen: HashSet<RunId> = HashSet::new();
        let mut items = Vec::new();
        while items.len() < page_size(asked.limit) {
            let Some(run) = walk.next().await? else { break };
            let Some(execution) = run.facts.execution.as_ref().filter(|_| !seen.contains(&run.id) && fits(&run)) else { continue };
            let Some(found) = self.execution_by(self.index("execution", execution)).await? else { continue };
            seen.extend(found.runs().map(|run| run.id));
            let told = self.told(&found);
            if found.newest.id == run.id && among(&asked.statuses, Some(told.status)) {
                items.push(ExecutionSummary { execution: told, run_group_summaries: self.groups(&found) });
            }
        }
        Ok(Items { items, next_page_token: walk.rest() })
    }
}
