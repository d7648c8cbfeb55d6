//! Runs one by one, the newest first, within a bound; and lists of them.

use std::collections::VecDeque;

use app::backend::runs::{RunView, TaskView};
use app::domain::ids::RunId;
use app::domain::run::CacheStatus;
use chrono::{DateTime, TimeDelta, Utc};

use super::questions::RunSearch;
use super::shapes::{Items, RunDetails, RunSummary, Task};
use super::{MOST_TASKS, Viewer, among, looking, only, run_word, task_word};
use crate::error::Result;
use crate::store::runs::first_id_at;
use crate::store::runs::search::Search;

/// Runs that one question looks at.
const LOOKED_AT: usize = 500;
/// Runs that are read at once.
const AT_ONCE: u64 = 100;
const USUAL_PAGE: u64 = 20;
const LARGEST_PAGE: u64 = 100;

pub(super) fn page_size(asked: Option<u64>) -> usize {
    usize::try_from(asked.unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE)).unwrap_or(1)
}

/// A walk through runs.
pub(super) struct Walk<'a> {
    viewer: &'a Viewer<'a>,
    search: Search,
    oldest: Option<RunId>,
    left: usize,
    read: VecDeque<RunView>,
    last: Option<RunId>,
    more: bool,
}

impl Walk<'_> {
    /// The next run; none at the end, and when enough were looked at.
    pub(super) async fn next(&mut self) -> Result<Option<RunView>> {
        while self.read.is_empty() && self.more && self.left > 0 {
            let (runs, next) = self.viewer.found(&self.search, AT_ONCE).await?;
            self.more = next.is_some();
            self.search.before = next.or(self.search.before);
            if runs.is_empty() {
                // What was looked at had nothing of what is asked for.
                self.left = self.left.saturating_sub(LOOKED_AT / 5);
                self.last = self.search.before;
            }
            self.read.extend(runs);
        }
        if self.left == 0 {
            return Ok(None);
        }
        let next = self.read.pop_front().filter(|run| self.oldest.is_none_or(|oldest| run.id >= oldest));
        if let Some(run) = &next {
            self.left -= 1;
            self.last = Some(run.id);
        } else {
            // All that is left is too old.
            self.more = false;
            self.read.clear();
        }
        Ok(next)
    }

    /// From where the next page goes on, if there may be more.
    pub(super) fn rest(&self) -> Option<String> {
        (self.more || !self.read.is_empty()).then(|| self.last.map(|id| id.to_string())).flatten()
    }
}

impl Viewer<'_> {
    pub(super) fn walk(
        &self,
        search: Search,
        behind: Option<RunId>,
        (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    ) -> Walk<'_> {
        // Behind the last millisecond that is asked for.
        let newest = to.and_then(|to| to.checked_add_signed(TimeDelta::milliseconds(1))).map(first_id_at);
        let before = [behind, newest].into_iter().flatten().min();
        let search = Search { before, ..search };
        Walk { viewer: self, search, oldest: from.map(first_id_at), left: LOOKED_AT, read: VecDeque::new(), last: before, more: true }
    }

    /// Runs, the newest first.
    pub async fn search_runs(&self, asked: &RunSearch) -> Result<Items<RunSummary>> {
        let execution = match asked.pipeline_execution_id.as_deref().map(hex::decode) {
            Some(Ok(index)) => Some(index),
            Some(Err(_)) => return Ok(Items { items: Vec::new(), next_page_token: None }),
            None => None,
        };
        let search = Search { execution, branch: only(&asked.branches).map(|branch| self.index("branch", branch)), ..Search::default() };
        let mut walk = self.walk(search, asked.page_token, (asked.min_start_time, asked.max_start_time));
        let mut items = Vec::new();
        while items.len() < page_size(asked.limit) {
            let Some(run) = walk.next().await? else { break };
            let facts = &run.facts;
            if among(&asked.branches, facts.branch.as_deref())
                && among(&asked.run_groups, facts.environment.as_deref())
                && among(&asked.commit_shas, facts.commit.as_deref())
                && among(&asked.statuses, Some(run_word(run.status)))
            {
                items.push(self.summary(run));
            }
        }
        Ok(Items { items, next_page_token: walk.rest() })
    }

    fn summary(&self, run: RunView) -> RunSummary {
        let now = self.now();
        RunSummary {
            id: run.id.to_string(),
            workspace_id: run.workspace.to_string(),
            url_slug: run.id.to_string(),
            start_time_ms: run.started_at.timestamp_millis(),
            end_time_ms: run.ended_at.unwrap_or(now).timestamp_millis(),
            duration_ms: run.duration_ms(now),
            status: run_word(run.status),
            task_count: run.counts.all(),
            created_at_ms: run.started_at.timestamp_millis(),
            cache_enabled: run.cache,
            command: run.facts.command,
            branch: run.facts.branch,
            run_group: run.facts.environment,
            commit_sha: run.facts.commit,
            nx_version: run.facts.nx_version,
        }
    }

    /// One run with its tasks, those that failed first.
    pub async fn run(&self, id: RunId) -> Result<Option<RunDetails>> {
        let Some(opened) = self.opened(id).await? else { return Ok(None) };
        let run = looking::view(&self.keys, self.scope.org().standing(), self.scope.name().clone(), opened.run)?;
        let tasks = self.tasks_of(id, None, MOST_TASKS).await?;
        let now = self.now();
        Ok(Some(RunDetails {
            updated_at_ms: run.ended_at.unwrap_or(now).timestamp_millis(),
            tasks: tasks.into_iter().map(|task| told(&run, task)).collect(),
            inner: run.inner,
            distributed_execution_id: self.execution_id(&run),
            run: self.summary(run),
        }))
    }
}

fn told(run: &RunView, task: TaskView) -> Task {
    let began = task.started_at.unwrap_or(run.started_at).timestamp_millis();
    let took = task.duration_ms.unwrap_or_default();
    Task {
        task_id: task.facts.id,
        run_id: run.id.to_string(),
        project_name: task.facts.project,
        target: task.facts.target,
        start_time_ms: began,
        end_time_ms: began.saturating_add_unsigned(took),
        duration_ms: took,
        status: task_word(task.status),
        cache_status: match task.cache {
            Some(CacheStatus::RemoteHit) => "remote-cache-hit",
            Some(CacheStatus::LocalHit | CacheStatus::LocalKept) => "local-cache-hit",
            Some(CacheStatus::Miss) | None => "cache-miss",
        },
        is_cacheable: task.cacheable,
        hash: task.facts.hash.unwrap_or_default(),
    }
}
