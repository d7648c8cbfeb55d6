//! What is counted of the runs of a workspace, for those who look at it.

use std::sync::Arc;

use app::backend::statistics::{FlakyTask, StatDay, StatRow, Statistics as View, WorkspaceStatistics};
use app::domain::histogram::percentile;
use app::domain::ids::WorkspaceId;
use app::domain::names::OrgSlug;
use app::domain::permission::Permission;
use app::domain::statistics::{Kind, Range, Tally};
use app::error::AppError;
use app::request::Caller;
use async_trait::async_trait;
use chrono::{Days, NaiveDate, NaiveTime};

use super::runs::sealing::RunKeys;
use crate::auth::access::{self, WorkspaceScope};
use crate::error::{Error, Result, answer};
use crate::state::State;
use crate::store::runs::BlindIndex;
use crate::store::statistics;

/// Projects and tasks that are looked at, those that took the most time.
const MOST: u64 = 1000;
/// Those that are shown.
const SHOWN: usize = 50;
/// A task counts as flaky for so many days after it was seen to be.
const FLAKY_DAYS: u64 = 14;

/// Statistics of workspaces.
pub struct Statistics(pub Arc<State>);

/// What a page and a file are made from.
struct Reader<'a> {
    state: &'a State,
    scope: WorkspaceScope,
    keys: RunKeys,
    since: NaiveDate,
    today: NaiveDate,
}

impl Statistics {
    async fn reader(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, range: Range) -> Result<Reader<'_>> {
        let scope = access::workspace(self.0.db.read(), caller, slug, workspace, Permission::ViewRuns).await?;
        let keys = RunKeys::of(&self.0, scope.org().id()).await?;
        let today = self.0.clock.now().date_naive();
        let since = today.checked_sub_days(Days::new(u64::from(range.days()) - 1)).unwrap_or(today);
        Ok(Reader { state: &self.0, scope, keys, since, today })
    }

    /// The same as a table for spreadsheets (RFC 4180): days, then projects, then tasks.
    pub async fn csv(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, range: Range) -> Result<Vec<u8>, AppError> {
        answer(caller, async {
            let reader = self.reader(caller, slug, workspace, range).await?;
            let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
            table.write_record([
                "kind",
                "name",
                "runs",
                "tasks",
                "executed",
                "failed",
                "stopped",
                "local_hits",
                "remote_hits",
                "misses",
                "time_ms",
                "saved_ms",
                "p50_ms",
                "p95_ms",
            ])?;
            let mut write = |kind: &str, name: String, tally: &Tally, p50: Option<u64>, p95: Option<u64>| {
                let numbers = [
                    tally.runs,
                    tally.tasks,
                    tally.executed,
                    tally.failed,
                    tally.stopped,
                    tally.local_hits,
                    tally.remote_hits,
                    tally.misses,
                    tally.time_ms,
                    tally.saved_ms,
                ];
                let percentiles = [p50, p95].map(|ms| ms.map(|ms| ms.to_string()).unwrap_or_default());
                let cells = [kind.to_owned(), super::audit::defused(name)]
                    .into_iter()
                    .chain(numbers.map(|number| number.to_string()))
                    .chain(percentiles);
                table.write_record(cells)
            };
            for day in reader.days().await? {
                write("day", day.day.to_string(), &day.tally, day.p50_ms, day.p95_ms)?;
            }
            for (kind, word) in [(Kind::Project, "project"), (Kind::Task, "task")] {
                let all = reader.sums(kind).await?;
                for row in reader.rows(kind, &all).await? {
                    write(word, row.name, &row.tally, row.p50_ms, row.p95_ms)?;
                }
            }
            table.into_inner().map_err(|error| Error::Csv(error.into_error().into()))
        })
        .await
    }
}

impl Reader<'_> {
    async fn days(&self) -> Result<Vec<StatDay>> {
        let db = self.state.db.read();
        let known = statistics::days(db, &self.scope, self.since).await?;
        let times = statistics::run_times(db, &self.scope, self.since).await?;
        let day = |day: NaiveDate| {
            let times = times.get(&day).map(Vec::as_slice).unwrap_or_default();
            let tally = known.get(&day).copied().unwrap_or_default();
            StatDay { day, tally, p50_ms: percentile(times, 50), p95_ms: percentile(times, 95) }
        };
        Ok(self.since.iter_days().take_while(|date| *date <= self.today).map(day).collect())
    }

    async fn sums(&self, kind: Kind) -> Result<Vec<(BlindIndex, Tally)>> {
        statistics::sums(self.state.db.read(), &self.scope, kind, self.since, MOST).await
    }

    /// Names and percentiles to sums.
    async fn rows(&self, kind: Kind, sums: &[(BlindIndex, Tally)]) -> Result<Vec<StatRow>> {
        let db = self.state.db.read();
        let subjects: Vec<_> = sums.iter().map(|(subject, _)| subject.clone()).collect();
        let known = statistics::known(db, self.scope.id(), kind, &subjects).await?;
        let times = statistics::times(db, &self.scope, kind, &subjects, self.since).await?;
        let mut rows = Vec::with_capacity(sums.len());
        for (subject, tally) in sums {
            // Counted and not known any more: it was not seen for longer than days are kept.
            let Some(known) = known.get(subject) else { continue };
            let times = times.get(subject).map(Vec::as_slice).unwrap_or_default();
            rows.push(StatRow {
                name: self.keys.open_subject(self.scope.id(), kind, subject, &known.sealed)?,
                tally: *tally,
                p50_ms: percentile(times, 50),
                p95_ms: percentile(times, 95),
            });
        }
        Ok(rows)
    }

    async fn flaky(&self) -> Result<Vec<FlakyTask>> {
        let db = self.state.db.read();
        let since = self.today.checked_sub_days(Days::new(FLAKY_DAYS)).unwrap_or(self.today).and_time(NaiveTime::MIN).and_utc();
        let found = statistics::flaky(db, &self.scope, since, SHOWN as u64).await?;
        let subjects: Vec<_> = found.iter().map(|(subject, ..)| subject.clone()).collect();
        let known = statistics::known(db, self.scope.id(), Kind::Task, &subjects).await?;
        let mut tasks = Vec::new();
        for (subject, hashes, seen_at) in found {
            let Some(known) = known.get(&subject) else { continue };
            let name = self.keys.open_subject(self.scope.id(), Kind::Task, &subject, &known.sealed)?;
            tasks.push(FlakyTask { name, hashes, seen_at });
        }
        Ok(tasks)
    }
}

#[async_trait]
impl WorkspaceStatistics for Statistics {
    async fn of(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, range: Range) -> Result<View, AppError> {
        answer(caller, async {
            let reader = self.reader(caller, slug, workspace, range).await?;
            let days = reader.days().await?;
            let mut tally = Tally::default();
            for day in &days {
                tally += day.tally;
            }
            let whole = [statistics::whole().1];
            let times = statistics::times(self.0.db.read(), &reader.scope, Kind::Workspace, &whole, reader.since).await?;
            let times = times.get(&whole[0]).map(Vec::as_slice).unwrap_or_default();
            let total =
                StatRow { name: reader.scope.name().to_string(), tally, p50_ms: percentile(times, 50), p95_ms: percentile(times, 95) };

            let projects = reader.sums(Kind::Project).await?;
            let all = reader.sums(Kind::Task).await?;
            let mut failed: Vec<_> = all.iter().filter(|(_, tally)| tally.failed > 0).cloned().collect();
            failed.sort_by_key(|(_, tally)| std::cmp::Reverse(tally.failed));
            failed.truncate(SHOWN);
            let shown = |all: &[(BlindIndex, Tally)]| all[..all.len().min(SHOWN)].to_vec();
            Ok(View {
                total,
                days,
                projects: reader.rows(Kind::Project, &shown(&projects)).await?,
                tasks: reader.rows(Kind::Task, &shown(&all)).await?,
                failing: reader.rows(Kind::Task, &failed).await?,
                flaky: reader.flaky().await?,
            })
        })
        .await
    }
}
