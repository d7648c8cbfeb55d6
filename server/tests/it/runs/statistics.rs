//! What is counted when runs are over.

use app::backend::statistics::Statistics;
use app::domain::statistics::Range;
use chrono::TimeDelta;
use serde_json::json;

use super::world;
use crate::support::run::{Nx, task};
use crate::support::{TestApp, Workspace};

async fn statistics(app: &TestApp, workspace: &Workspace, range: Range) -> Statistics {
    app.backend().statistics.of(&app.operator(), &workspace.org, workspace.id, range).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_end_is_not_known_is_in_no_statistics_until_it_is() {
    let (app, _, workspace, ci) = world().await;
    let nx = Nx::start(&app, &ci).await;
    nx.tasks(&[nx.ran(0, "app:build", 4000, &json!({}))]).await;
    app.state.clock.advance(TimeDelta::seconds(91));
    assert_eq!(server::services::runs::closing::end_silent(&app.state).await.unwrap(), 1);
    let tally = statistics(&app, &workspace, Range::Week).await.total.tally;
    assert_eq!((tally.runs, tally.stopped, tally.tasks), (0, 0, 0));
    nx.end("success").await.is(204);
    let tally = statistics(&app, &workspace, Range::Week).await.total.tally;
    assert_eq!((tally.runs, tally.stopped, tally.failed, tally.misses), (1, 0, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_and_the_time_that_they_saved_are_counted() {
    let (app, _, workspace, ci) = world().await;
    let first = Nx::start_as(&app, &ci, &json!({ "started_at": app.state.clock.now() - TimeDelta::seconds(10) })).await;
    first.tasks(&[first.ran(0, "app:build", 4000, &json!({})), first.ran(1, "app:test", 2000, &json!({ "status": "failure" }))]).await;
    first.end("failure").await.is(204);
    for _ in 0..2 {
        let next = Nx::start(&app, &ci).await;
        let hit = next.ran(0, "app:build", 3, &json!({ "cache": "remote_hit" }));
        next.tasks(&[hit, task(1, "app:test", &json!({ "status": "skipped" })), task(2, "app:serve", &json!({ "cacheable": false }))])
            .await;
        next.end("success").await.is(204);
    }
    let counted = statistics(&app, &workspace, Range::Week).await;
    assert_eq!(counted.days.len(), 7);
    let tally = counted.total.tally;
    assert_eq!((tally.runs, tally.failed, tally.remote_hits, tally.misses, tally.saved_ms), (3, 1, 2, 2, 8000));
    assert_eq!((tally.hit_rate(), tally.stopped), (Some(50), 0));
    assert!((9_000..=11_000).contains(&counted.total.p95_ms.unwrap()), "{:?}", counted.total.p95_ms);
    assert_eq!(counted.days.last().unwrap().tally, tally);
    assert_eq!(counted.projects.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["app"]);
    assert_eq!(counted.tasks[0].name, "app:build");
    assert!((3500..=4500).contains(&counted.tasks[0].p50_ms.unwrap()));
    assert_eq!(counted.failing.iter().map(|row| (row.name.as_str(), row.tally.failed)).collect::<Vec<_>>(), [("app:test", 1)]);
    assert!(counted.flaky.is_empty());
    app.state.clock.advance(TimeDelta::days(7));
    assert_eq!(statistics(&app, &workspace, Range::Week).await.total.tally.runs, 0);
    assert_eq!(statistics(&app, &workspace, Range::Month).await.total.tally.runs, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_flaky_that_ends_differently_with_the_same_hash() {
    let (app, _, workspace, ci) = world().await;
    for (status, hash) in [("failure", "1"), ("failure", "2"), ("success", "1")] {
        let nx = Nx::start(&app, &ci).await;
        let tasks =
            [nx.ran(0, "app:e2e", 5, &json!({ "status": status, "hash": hash })), nx.ran(1, "app:lint", 5, &json!({ "hash": "9" }))];
        nx.tasks(&tasks).await;
        nx.end("success").await.is(204);
    }
    // Within one run too: the second attempt succeeds.
    let nx = Nx::start(&app, &ci).await;
    nx.tasks(&[nx.ran(0, "lib:e2e", 5, &json!({ "status": "failure", "hash": "7" }))]).await;
    nx.tasks(&[nx.ran(0, "lib:e2e", 5, &json!({ "hash": "7", "attempt": 2 }))]).await;
    nx.end("success").await.is(204);
    let flaky = statistics(&app, &workspace, Range::Month).await.flaky;
    let mut names: Vec<_> = flaky.iter().map(|task| (task.name.as_str(), task.hashes)).collect();
    names.sort_unstable();
    assert_eq!(names, [("app:e2e", 1), ("lib:e2e", 1)]);
    app.state.clock.advance(TimeDelta::days(16));
    assert!(statistics(&app, &workspace, Range::Month).await.flaky.is_empty(), "it has been quiet for two weeks");
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_end_at_once_are_all_counted() {
    let (app, _, workspace, ci) = world().await;
    let (_, other) = app.another_server().await;
    let mut runs = Vec::new();
    for n in 0..12 {
        let nx = Nx::start(&app, &ci).await;
        nx.tasks(&[nx.ran(0, "app:build", 100, &json!({})), nx.ran(1, &format!("lib{}:build", n % 3), 100, &json!({}))]).await;
        runs.push(if n % 2 == 0 { nx.by(&ci.at(&other)) } else { nx });
    }
    let answers = futures_util::future::join_all(runs.iter().map(|nx| nx.end("success"))).await;
    for answer in answers {
        answer.is(204);
    }
    let counted = statistics(&app, &workspace, Range::Week).await;
    assert_eq!((counted.total.tally.runs, counted.total.tally.tasks), (12, 24));
    let mut tasks: Vec<_> = counted.tasks.iter().map(|row| (row.name.as_str(), row.tally.executed)).collect();
    tasks.sort_unstable();
    assert_eq!(tasks, [("app:build", 12), ("lib0:build", 4), ("lib1:build", 4), ("lib2:build", 4)]);
}
