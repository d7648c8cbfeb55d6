//! Numbers of tasks, from the newest runs: how often they came from a cache, how long they took, how they ended.

use std::collections::BTreeMap;

use app::domain::ids::RunId;
use app::domain::run::{CacheStatus, TaskFacts, TaskStatus};
use chrono::NaiveDate;

use super::listing::page_size;
use super::questions::TaskSearch;
use super::shapes::{DayNumber, Items, TaskDetails, TaskNumbers};
use super::{Viewer, among, only};
use crate::error::Result;
use crate::store::runs::search::Search;
use crate::store::runs::tasks::{self, Sample};

/// Runs that are counted.
const RUNS: usize = 200;
/// Tasks of them that are counted.
const MOST_SAMPLES: u64 = 20_000;

/// A sum, and of how many.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: u64,
    of: u32,
}

impl Mean {
    fn add(&mut self, value: u64) {
        self.sum += value;
        self.of += 1;
    }

    #[expect(clippy::cast_precision_loss, reason = "a mean is not exact")]
    fn value(self) -> f64 {
        if self.of == 0 { 0.0 } else { self.sum as f64 / f64::from(self.of) }
    }
}

fn rate(part: u32, of: u32) -> f64 {
    if of == 0 { 0.0 } else { f64::from(part) / f64::from(of) }
}

#[derive(Debug, Clone, Copy, Default)]
struct Count {
    remote: Mean,
    local: Mean,
    miss: Mean,
    succeeded: u32,
    failed: u32,
    all: u32,
}

impl Count {
    fn add(&mut self, sample: &Sample) {
        let of = match sample.cache {
            Some(CacheStatus::RemoteHit) => &mut self.remote,
            Some(CacheStatus::LocalHit | CacheStatus::LocalKept) => &mut self.local,
            Some(CacheStatus::Miss) | None => &mut self.miss,
        };
        of.add(sample.duration_ms.unwrap_or_default());
        match sample.status {
            TaskStatus::Success => self.succeeded += 1,
            TaskStatus::Failure => self.failed += 1,
            TaskStatus::Running | TaskStatus::Skipped | TaskStatus::Stopped => {}
        }
        self.all += 1;
    }

    fn numbers(&self, facts: &TaskFacts, is_ci: bool) -> TaskNumbers {
        let ended = self.succeeded + self.failed;
        TaskNumbers {
            project_name: facts.project.clone(),
            target: facts.target.clone(),
            avg_remote_cache_hit_duration_ms: self.remote.value(),
            avg_local_cache_hit_duration_ms: self.local.value(),
            avg_cache_miss_duration_ms: self.miss.value(),
            avg_remote_cache_hit_rate: rate(self.remote.of, self.all),
            avg_local_cache_hit_rate: rate(self.local.of, self.all),
            avg_cache_miss_rate: rate(self.miss.of, self.all),
            total_count: self.all,
            avg_success_rate: rate(self.succeeded, ended),
            avg_failure_rate: rate(self.failed, ended),
            is_ci,
        }
    }
}

/// What was counted of a task.
struct Counted {
    facts: TaskFacts,
    is_ci: bool,
    all: Count,
    days: BTreeMap<NaiveDate, Count>,
}

impl Counted {
    fn details(&self) -> TaskDetails {
        let by_day = |number: &dyn Fn(&Count) -> Option<f64>| {
            let day = |(day, count): (&NaiveDate, &Count)| Some(DayNumber { date: day.to_string(), value: number(count)? });
            self.days.iter().filter_map(day).collect::<Vec<_>>()
        };
        let mean = |mean: Mean| (mean.of > 0).then(|| mean.value());
        let ended = |count: &Count, part: u32| (count.succeeded + count.failed > 0).then(|| rate(part, count.succeeded + count.failed));
        TaskDetails {
            numbers: self.all.numbers(&self.facts, self.is_ci),
            raw_remote_cache_hit_durations: by_day(&|count| mean(count.remote)),
            raw_local_cache_hit_durations: by_day(&|count| mean(count.local)),
            raw_cache_miss_durations: by_day(&|count| mean(count.miss)),
            raw_remote_cache_hit_rates: by_day(&|count| Some(rate(count.remote.of, count.all))),
            raw_local_cache_hit_rates: by_day(&|count| Some(rate(count.local.of, count.all))),
            raw_cache_miss_rates: by_day(&|count| Some(rate(count.miss.of, count.all))),
            raw_success_rates: by_day(&|count| ended(count, count.succeeded)),
            raw_failure_rates: by_day(&|count| ended(count, count.failed)),
            raw_total_counts: by_day(&|count| Some(f64::from(count.all))),
        }
    }
}

impl Viewer<'_> {
    /// Numbers of tasks.
    pub async fn search_tasks(&self, asked: &TaskSearch) -> Result<Items<TaskNumbers>> {
        let page = self.counted(asked).await?;
        let numbers = |task: Counted| task.all.numbers(&task.facts, task.is_ci);
        Ok(Items { items: page.items.into_iter().map(numbers).collect(), next_page_token: page.next_page_token })
    }

    /// The same, also day by day.
    pub async fn task_details(&self, asked: &TaskSearch) -> Result<Items<TaskDetails>> {
        let page = self.counted(asked).await?;
        Ok(Items { items: page.items.iter().map(Counted::details).collect(), next_page_token: page.next_page_token })
    }

    async fn counted(&self, asked: &TaskSearch) -> Result<Items<Counted>> {
        let search = Search { task: only(&asked.task_ids).map(|task| self.index("task", task)), ..Search::default() };
        let mut walk = self.walk(search, None, (asked.min_start_time, asked.max_start_time));
        let mut runs: BTreeMap<RunId, bool> = BTreeMap::new();
        while runs.len() < RUNS {
            let Some(run) = walk.next().await? else { break };
            if run.ci || asked.include_local {
                runs.insert(run.id, run.ci);
            }
        }
        let wanted: Vec<_> = asked.task_ids.iter().map(|task| self.index("task", task)).collect();
        let ids: Vec<_> = runs.keys().copied().collect();
        let samples = tasks::samples(self.state.db.read(), &self.scope, &ids, &wanted, MOST_SAMPLES).await?;
        let mut counted: BTreeMap<(Vec<u8>, bool), Option<Counted>> = BTreeMap::new();
        for sample in samples {
            let is_ci = runs.get(&sample.run).copied().unwrap_or_default();
            let entry = match counted.entry((sample.task.clone(), is_ci)) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    let facts = self.keys.open_task(self.scope.id(), sample.run, sample.key, &sample.sealed)?;
                    let fits = among(&asked.project_names, Some(&facts.project))
                        && among(&asked.targets, Some(&facts.target))
                        && among(&asked.configurations, facts.configuration.as_deref());
                    entry.insert(fits.then(|| Counted { facts, is_ci, all: Count::default(), days: BTreeMap::new() }))
                }
            };
            if let Some(task) = entry {
                task.all.add(&sample);
                if let Some(at) = sample.started_at {
                    task.days.entry(at.date_naive()).or_default().add(&sample);
                }
            }
        }
        let mut all: Vec<_> = counted.into_values().flatten().collect();
        all.sort_by(|one, other| (&one.facts.id, one.is_ci).cmp(&(&other.facts.id, other.is_ci)));
        let skip = asked.page_token.as_deref().and_then(|token| token.parse().ok()).unwrap_or(0_usize).min(all.len());
        let size = page_size(asked.limit);
        let more = all.len() - skip > size;
        let items = all.into_iter().skip(skip).take(size).collect();
        Ok(Items { items, next_page_token: more.then(|| (skip + size).to_string()) })
    }
}
