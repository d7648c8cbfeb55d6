//! A run that failed, with a task from the cache and one that hides things in its log.

use app::backend::Page;
use app::backend::runs::{
    Comparison, Difference, Drawn, LogHit, LogPart, LogSearch, OtherTask, RunView, Runs, TaskPage, TaskView, Timeline,
};
use app::backend::statistics::{FlakyTask, StatDay, StatRow, Statistics, WorkspaceStatistics};
use app::domain::ids::{RunId, WorkspaceId};
use app::domain::names::OrgSlug;
use app::domain::permission::Permission;
use app::domain::run::{CacheStatus, CredentialKind, MissReason, RunFacts, RunStatus, StoredFor, TaskCounts, TaskFacts, TaskStatus};
use app::domain::run_filter::{RunFilter, TaskFilter};
use app::domain::statistics::{Range, Tally};
use app::domain::timeline::Span;
use app::error::AppError;
use app::request::Caller;
use async_trait::async_trait;
use chrono::TimeDelta;

use super::backend::Fake;
use super::data;

/// What stands in the log.
const LOG: &str = "compiling…\n\u{1b}[1;31merror\u{1b}[0m: no such module <script>alert(1)</script>\n\u{1b}]0;hidden\u{7}done\n";

fn run(visitor: bool) -> RunView {
    let text = |text: &str| Some(text.to_owned());
    RunView {
        id: data::id("run", 1),
        workspace: data::id("wks", data::USED),
        workspace_name: data::name("web"),
        facts: RunFacts {
            command: "nx run-many -t build".to_owned(),
            branch: text("main"),
            commit: text("1a2b3c"),
            commit_title: text("Fix <b>it</b>"),
            author: text("Grace Hopper"),
            ci: text("github"),
            execution: text("42-1"),
            ci_url: text("https://ci.example.com/42"),
            nx_version: "24.0.6".to_owned(),
            platform: "linux".to_owned(),
            cpu_cores: 8,
            credential: if visitor { String::new() } else { "main branch".to_owned() },
            ..RunFacts::default()
        },
        status: RunStatus::Failure,
        silent: false,
        ci: true,
        inner: false,
        cache: true,
        encrypted: false,
        credential: CredentialKind::CiToken,
        access: "read-write".to_owned(),
        started_at: data::now() - TimeDelta::minutes(5),
        ended_at: Some(data::now() - TimeDelta::minutes(4)),
        announced: 2,
        counts: TaskCounts { succeeded: 1, failed: 1, remote_hits: 1, misses: 1, ..TaskCounts::default() },
        lost_uploads: 0,
        log_cut: false,
        incomplete: false,
    }
}

fn task(number: u32) -> TaskView {
    let failed = number == 0;
    TaskView {
        number,
        attempt: 1,
        facts: TaskFacts {
            id: if failed { "shop:build".to_owned() } else { "lib:build".to_owned() },
            hash: Some("123".to_owned()),
            ..TaskFacts::default()
        },
        cacheable: true,
        continuous: false,
        status: if failed { TaskStatus::Failure } else { TaskStatus::Success },
        cache: Some(if failed { CacheStatus::Miss } else { CacheStatus::RemoteHit }),
        miss: failed.then_some(MissReason::NoEntry),
        stored: (!failed).then_some(StoredFor::Shared),
        code: Some(i32::from(failed)),
        started_at: Some(data::now() - TimeDelta::minutes(5)),
        duration_ms: Some(42_000),
        has_details: true,
    }
}

impl Fake {
    fn in_run(&self, caller: &Caller, slug: &OrgSlug, id: RunId) -> Result<RunView, AppError> {
        let org = self.org(caller, slug, Permission::ViewRuns)?;
        let run = run(org.standing.role().is_none());
        if run.id == id { Ok(run) } else { Err(AppError::NotFound) }
    }
}

#[async_trait]
impl Runs for Fake {
    async fn list(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: Option<WorkspaceId>,
        filter: &RunFilter,
        after: Option<&str>,
    ) -> Result<Page<RunView>, AppError> {
        let org = self.org(caller, slug, Permission::ViewRuns)?;
        let there = org.workspaces > 0 && workspace.is_none_or(|id| id == data::id("wks", data::USED)) && filter.branch != "none";
        let rows = if there { vec![run(org.standing.role().is_none())] } else { vec![] };
        let next = (there && after.is_none()).then(|| "cursor".to_owned());
        Ok(Page { rows, next })
    }

    async fn locate(&self, caller: &Caller, id: RunId) -> Result<(OrgSlug, WorkspaceId), AppError> {
        let slug = data::name("acme");
        let run = self.in_run(caller, &slug, id)?;
        Ok((slug, run.workspace))
    }

    async fn open(&self, caller: &Caller, slug: &OrgSlug, _: WorkspaceId, id: RunId) -> Result<RunView, AppError> {
        self.in_run(caller, slug, id)
    }

    async fn tasks(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        _: WorkspaceId,
        id: RunId,
        filter: &TaskFilter,
        _: Option<&str>,
    ) -> Result<Page<TaskView>, AppError> {
        self.in_run(caller, slug, id)?;
        let rows = [task(0), task(1)].into_iter().filter(|task| filter.status.is_none_or(|status| status == task.status));
        Ok(Page { rows: rows.collect(), next: None })
    }

    async fn timeline(&self, caller: &Caller, slug: &OrgSlug, _: WorkspaceId, id: RunId) -> Result<Timeline, AppError> {
        self.in_run(caller, slug, id)?;
        let drawn = |number: u32, from: u64, to: u64| {
            let TaskView { facts, status, cache, .. } = task(number);
            Drawn { span: Span { number, from, to }, id: facts.id, status, cache, cacheable: true, critical: number == 0 }
        };
        let lanes = vec![vec![drawn(0, 0, 42_000)], vec![drawn(1, 0, 10)]];
        Ok(Timeline { lanes, critical: vec![drawn(0, 0, 42_000)], left_out: 0, length_ms: 60_000 })
    }

    async fn task(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        _: WorkspaceId,
        (id, number): (RunId, u32),
        _: Option<u16>,
    ) -> Result<TaskPage, AppError> {
        self.in_run(caller, slug, id)?;
        if number > 1 {
            return Err(AppError::NotFound);
        }
        Ok(TaskPage { task: task(number), attempts: vec![(1, task(number).status)], failures: (None, (number == 1).then_some(0)) })
    }

    async fn log(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        _: WorkspaceId,
        (id, number): (RunId, u32),
        _: u16,
        _: Option<u32>,
    ) -> Result<LogPart, AppError> {
        self.in_run(caller, slug, id)?;
        let text = if number == 0 { LOG } else { "" };
        Ok(LogPart { text: text.to_owned(), first_line: 1, part: 0, parts: 1, bytes: text.len() as u64 })
    }

    async fn search_log(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        _: WorkspaceId,
        (id, _): (RunId, u32),
        _: u16,
        _: &str,
    ) -> Result<LogSearch, AppError> {
        self.in_run(caller, slug, id)?;
        Ok(LogSearch { hits: vec![LogHit { part: 0, line: 2, text: "error: <script>".to_owned() }], more: true })
    }

    async fn others(&self, caller: &Caller, slug: &OrgSlug, _: WorkspaceId, (id, _): (RunId, u32)) -> Result<Vec<OtherTask>, AppError> {
        self.in_run(caller, slug, id).map(|_| vec![other()])
    }

    async fn compare(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        _: WorkspaceId,
        (id, _): (RunId, u32),
        _: RunId,
    ) -> Result<Comparison, AppError> {
        self.in_run(caller, slug, id)?;
        let difference = Difference { input: "AllExternalDependencies".to_owned(), here: Some("1".to_owned()), there: None };
        Ok(Comparison { other: other(), differences: Some(vec![difference]), same: 41 })
    }
}

fn other() -> OtherTask {
    OtherTask {
        run: data::id("run", 2),
        number: 0,
        hash: Some("456".to_owned()),
        branch: Some("feature".to_owned()),
        started_at: data::now() - TimeDelta::days(1),
        status: TaskStatus::Success,
        cache: Some(CacheStatus::Miss),
        cacheable: true,
        has_details: true,
    }
}

#[async_trait]
impl WorkspaceStatistics for Fake {
    async fn of(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, range: Range) -> Result<Statistics, AppError> {
        self.org(caller, slug, Permission::ViewRuns)?;
        let used = workspace == data::id("wks", data::USED);
        let tally = Tally {
            runs: 4,
            tasks: 9,
            executed: 5,
            failed: 1,
            remote_hits: 4,
            misses: 5,
            time_ms: 90_000,
            saved_ms: 240_000,
            ..Tally::default()
        };
        let tally = if used { tally } else { Tally::default() };
        let row = |name: &str| StatRow { name: name.to_owned(), tally, p50_ms: Some(1200), p95_ms: Some(60_000) };
        let first = data::now().date_naive() - TimeDelta::days(i64::from(range.days()) - 1);
        let days =
            first.iter_days().take(range.days() as usize).map(|day| StatDay { day, tally, p50_ms: Some(1200), p95_ms: Some(60_000) });
        Ok(Statistics {
            total: row("web"),
            days: days.collect(),
            projects: vec![row("shop")],
            tasks: vec![row("shop:build")],
            failing: vec![row("shop:build")],
            flaky: vec![FlakyTask { name: "shop:e2e".to_owned(), hashes: 2, seen_at: data::now() }],
        })
    }
}
