//! Runs: what clients tell of them, under attack and under concurrency, and what people see.

mod attacks;
mod pages;
mod statistics;

use app::backend::runs::{RunView, TaskView};
use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use app::domain::ids::RunId;
use app::domain::run::{CacheStatus, CredentialKind, RunStatus, TaskStatus};
use app::domain::run_filter::{RunFilter, TaskFilter};
use chrono::TimeDelta;
use serde_json::{Value, json};
use server::plans::PlanSettings;
use server::services::limits::REMEMBERED;
use server::services::retention::trim_runs;
use server::services::runs::closing::end_silent;

use crate::support::run::{Nx, new_key, run_start, send_json, task, with};
use crate::support::{Ci, PASSWORD, Person, TestApp, Workspace};

async fn world() -> (TestApp, Person, Workspace, Ci) {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadOnly).await;
    (app, ada, workspace, ci)
}

async fn view(app: &TestApp, workspace: &Workspace, run: RunId) -> RunView {
    app.backend().runs.open(&app.operator(), &workspace.org, workspace.id, run).await.unwrap()
}

async fn tasks(app: &TestApp, workspace: &Workspace, run: RunId) -> Vec<TaskView> {
    app.backend().runs.tasks(&app.operator(), &workspace.org, workspace.id, run, &TaskFilter::default(), None).await.unwrap().rows
}

async fn all_runs(app: &TestApp, workspace: &Workspace) -> Vec<RunView> {
    app.backend().runs.list(&app.operator(), &workspace.org, Some(workspace.id), &RunFilter::default(), None).await.unwrap().rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_recorded_from_its_start_to_its_end() {
    let (app, _, workspace, ci) = world().await;
    let nx = Nx::start(&app, &ci).await;
    nx.tasks(&[task(0, "app:build", &json!({ "hash": "123", "started_at": app.state.clock.now() }))]).await;
    let run = view(&app, &workspace, nx.id).await;
    assert_eq!((run.status, run.counts.running, run.facts.command.as_str()), (RunStatus::Running, 1, "nx run-many -t build"));
    assert_eq!((run.credential, run.access.as_str(), run.facts.credential.as_str()), (CredentialKind::CiToken, "read-only", "ci"));

    app.state.clock.advance(TimeDelta::seconds(5));
    nx.tasks(&[nx.ran(0, "app:build", 4000, &json!({ "hash": "123" })), nx.ran(1, "lib:build", 10, &json!({ "cache": "remote_hit" }))])
        .await;
    nx.end("success").await.is(204);
    let run = view(&app, &workspace, nx.id).await;
    assert_eq!((run.status, run.counts.succeeded, run.counts.remote_hits, run.counts.misses), (RunStatus::Success, 2, 1, 1));
    assert!((5000..6000).contains(&run.duration_ms(app.state.clock.now())), "{run:?}");
    let tasks = tasks(&app, &workspace, nx.id).await;
    assert_eq!((tasks[0].facts.id.as_str(), tasks[0].duration_ms, tasks[0].code), ("app:build", Some(4000), Some(0)));
    assert_eq!(tasks[1].cache, Some(CacheStatus::RemoteHit));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_again_counts_once() {
    let (app, _, workspace, ci) = world().await;
    let key = new_key();
    let start = run_start(&app, &key).to_string();
    let (one, two) = tokio::join!(send_json(&ci, "/api/v1/runs", &[], start.clone()), send_json(&ci, "/api/v1/runs", &[], start));
    let id = |body: &[u8]| serde_json::from_slice::<Value>(body).unwrap()["run"]["id"].as_str().unwrap().to_owned();
    assert_eq!(id(&one.is(200).body), id(&two.is(200).body));
    assert_eq!(all_runs(&app, &workspace).await.len(), 1);

    let nx = Nx::start(&app, &ci).await;
    let report = json!({
        "tasks": [nx.ran(0, "app:build", 4000, &json!({})), task(1, "lib:build", &json!({}))],
        "logs": [{ "task": 0, "attempt": 1, "piece": 0, "text": "once\n" }],
    });
    let answers = futures_util::future::join_all((0..8).map(|_| nx.report(&report))).await;
    for answer in answers {
        answer.is(204);
    }
    let run = view(&app, &workspace, nx.id).await;
    assert_eq!((run.counts.all(), run.counts.succeeded, run.counts.running, run.counts.misses), (2, 1, 1, 1));
    let log = app.backend().runs.log(&app.operator(), &workspace.org, workspace.id, (nx.id, 0), 1, None).await.unwrap();
    assert_eq!(log.text, "once\n");
    let ends = futures_util::future::join_all((0..4).map(|_| nx.end("failure"))).await;
    for answer in ends {
        answer.is(204);
    }
    nx.end("success").await.is(204);
    assert_eq!(view(&app, &workspace, nx.id).await.status, RunStatus::Failure, "the first word counts");
    assert_eq!(app.db_count("stat_days WHERE kind = 0 AND runs = 1").await, 1, "it was counted once");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_at_once_lose_nothing() {
    let (app, _, workspace, ci) = world().await;
    let nx = Nx::start(&app, &ci).await;
    // One token has places for some more.
    let reports = (0..12).map(|n| {
        let tasks: Vec<_> = (0..50).map(|m| nx.ran(n * 50 + m, &format!("p{n}:t{m}"), 5, &json!({}))).collect();
        json!({ "tasks": tasks })
    });
    let reports: Vec<_> = reports.collect();
    let answers = futures_util::future::join_all(reports.iter().map(|report| nx.report(report))).await;
    for answer in answers {
        answer.is(204);
    }
    let run = view(&app, &workspace, nx.id).await;
    assert_eq!((run.counts.all(), run.counts.succeeded, run.counts.misses), (600, 600, 600));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_has_attempts_and_the_last_one_counts() {
    let (app, _, workspace, ci) = world().await;
    let nx = Nx::start(&app, &ci).await;
    nx.tasks(&[nx.ran(0, "app:test", 5, &json!({ "status": "failure", "code": 1 }))]).await;
    nx.tasks(&[nx.ran(0, "app:test", 5, &json!({ "attempt": 2 }))]).await;
    // The first report comes once more, late.
    nx.tasks(&[nx.ran(0, "app:test", 5, &json!({ "status": "failure", "code": 1 }))]).await;
    nx.tasks(&[task(0, "app:test", &json!({ "attempt": 2 }))]).await;
    let run = view(&app, &workspace, nx.id).await;
    assert_eq!((run.counts.all(), run.counts.succeeded, run.counts.failed), (1, 1, 0));
    let page = app.backend().runs.task(&app.operator(), &workspace.org, workspace.id, (nx.id, 0), None).await.unwrap();
    assert_eq!(page.attempts, [(1, TaskStatus::Failure), (2, TaskStatus::Success)]);
    assert_eq!((page.task.attempt, page.task.status), (2, TaskStatus::Success));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_nothing_is_heard_of_is_cancelled_until_something_is() {
    let (app, _, workspace, ci) = world().await;
    let (silent, lively) = (Nx::start(&app, &ci).await, Nx::start(&app, &ci).await);
    silent.tasks(&[task(0, "app:serve", &json!({ "started_at": app.state.clock.now() }))]).await;
    app.state.clock.advance(TimeDelta::seconds(60));
    lively.report(&json!({})).await.is(204);
    app.state.clock.advance(TimeDelta::seconds(31));
    assert_eq!(end_silent(&app.state).await.unwrap(), 1);
    assert_eq!(end_silent(&app.state).await.unwrap(), 0);
    assert_eq!(view(&app, &workspace, lively.id).await.status, RunStatus::Running);
    let run = view(&app, &workspace, silent.id).await;
    assert_eq!((run.status, run.silent, run.counts.stopped), (RunStatus::Cancelled, true, 1));
    assert!(run.duration_ms(app.state.clock.now()) < 1000, "it lasted as long as it was heard of");

    // It was the network, or a laptop that slept.
    app.state.clock.advance(TimeDelta::hours(2));
    silent.tasks(&[silent.ran(0, "app:serve", 5, &json!({})), task(1, "app:late", &json!({}))]).await;
    let run = view(&app, &workspace, silent.id).await;
    assert_eq!((run.status, run.silent, run.ended_at, run.counts.succeeded, run.counts.running), (RunStatus::Running, false, None, 1, 1));
    silent.end("success").await.is(204);
    let run = view(&app, &workspace, silent.id).await;
    assert_eq!((run.status, run.silent, run.counts.running, run.counts.stopped), (RunStatus::Success, false, 0, 1));
    app.state.clock.advance(TimeDelta::seconds(61));
    silent.report(&json!({})).await.is(409);
    silent.end("success").await.is(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_run_counts_also_when_it_comes_after_its_lease_and_not_after_a_day() {
    let (app, _, workspace, ci) = world().await;
    let (late, gone) = (Nx::start(&app, &ci).await, Nx::start(&app, &ci).await);
    app.state.clock.advance(TimeDelta::seconds(91));
    assert_eq!(end_silent(&app.state).await.unwrap(), 2);
    late.send("end", &late.key, json!({ "ended_at": app.state.clock.now(), "status": "failure", "incomplete": true }).to_string())
        .await
        .is(204);
    let run = view(&app, &workspace, late.id).await;
    assert_eq!((run.status, run.silent, run.incomplete), (RunStatus::Failure, false, true));
    app.state.clock.advance(TimeDelta::hours(25));
    gone.end("success").await.is(409);
    assert_eq!(view(&app, &workspace, gone.id).await.status, RunStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_its_client_cancels_after_a_long_silence_is_not_one_that_was_not_heard_of() {
    let (app, _, workspace, ci) = world().await;
    let nx = Nx::start(&app, &ci).await;
    app.state.clock.advance(TimeDelta::minutes(10));
    nx.end("cancelled").await.is(204);
    assert!(!view(&app, &workspace, nx.id).await.silent);
}

#[tokio::test(flavor = "multi_thread")]
async fn times_of_a_wrong_clock_are_put_right() {
    let (app, _, workspace, ci) = world().await;
    let now = app.state.clock.now();
    for told in [now + TimeDelta::days(400), now - TimeDelta::days(400), chrono::DateTime::from_timestamp(0, 0).unwrap()] {
        let nx = Nx::start_as(&app, &ci, &json!({ "started_at": told })).await;
        let times = json!({ "started_at": told, "ended_at": told + TimeDelta::milliseconds(1) });
        nx.tasks(&[with(nx.ran(0, "app:build", 0, &json!({})), &times)]).await;
        let far = json!({ "ended_at": "+262142-12-31T23:59:59Z", "status": "success" });
        nx.send("end", &nx.key, far.to_string()).await.is(204);
        let run = view(&app, &workspace, nx.id).await;
        assert!(run.started_at >= now - TimeDelta::seconds(1) && run.ended_at.unwrap() <= app.state.clock.now(), "{told}: {run:?}");
    }
    // One that was told of when it was over.
    let began = now - TimeDelta::hours(5);
    let nx = Nx::start_as(&app, &ci, &json!({ "started_at": began })).await;
    nx.send("end", &nx.key, json!({ "ended_at": began + TimeDelta::minutes(2), "status": "success" }).to_string()).await.is(204);
    assert_eq!(view(&app, &workspace, nx.id).await.duration_ms(now), 120_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_be_recorded_is_told_and_not_refused() {
    let (app, ada, workspace, ci) = world().await;
    let id = ada.nx_cloud_id(&workspace).await;
    let start = |key: String| {
        let (nobody, id, body) = (ci.with(""), id.clone(), run_start(&app, &key).to_string());
        async move { send_json(&nobody, "/api/v1/runs", &[("Nx-Cloud-Id", &id)], body).await.is(200) }
    };
    let recorded: Value = serde_json::from_slice(&start(new_key()).await.body).unwrap();
    assert!(recorded["run"]["url"].as_str().unwrap().contains("/runs/run_"));
    app.db_execute("UPDATE workspaces SET id_access = 'none'").await;
    app.state.access_changed();
    let answer: Value = serde_json::from_slice(&start(new_key()).await.body).unwrap();
    assert_eq!((answer.get("run"), &answer["whoami"]["access"]["records_runs"]), (None, &json!(false)));
    assert_eq!(all_runs(&app, &workspace).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_limit_of_the_plan_a_run_is_not_recorded_and_nothing_fails() {
    let small = PlanSettings {
        name: "Small".to_owned(),
        members: None,
        workspaces: None,
        artifact_gib: None,
        transfer_gib_month: None,
        runs_month: Some(2),
    };
    let (app, ada, workspace) = TestApp::start_with(|config| config.plans = vec![small]).await.and_workspace().await;
    let ci = ada.token(&workspace, ReadOnly).await;
    for _ in 0..2 {
        Nx::start(&app, &ci).await.end("success").await.is(204);
    }
    app.state.clock.advance(REMEMBERED);
    let answer = send_json(&ci, "/api/v1/runs", &[], run_start(&app, &new_key()).to_string()).await.is(200);
    assert!(serde_json::from_slice::<Value>(&answer.body).unwrap().get("run").is_none());
    let usage = app.backend().billing.usage(&app.operator(), &workspace.org).await.unwrap();
    assert_eq!((usage.used.runs, usage.plan.limits.runs), (2, Some(2)));
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_a_workspace_that_is_nobodys_are_not_recorded() {
    let (app, _, _, ci) = world().await;
    let asked = json!({ "workspaceName": "web", "installationSource": "nx-connect" });
    let answer = send_json(&ci.with(""), "/nx-cloud/v2/create-org-and-workspace", &[], asked.to_string()).await.is(200);
    let id = serde_json::from_slice::<Value>(&answer.body).unwrap()["nxCloudId"].as_str().unwrap().to_owned();
    let start = run_start(&app, &new_key()).to_string();
    let answer = send_json(&ci.with(""), "/api/v1/runs", &[("Nx-Cloud-Id", &id)], start).await.is(200);
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.get("run"), &answer["whoami"]["access"]["records_runs"]), (None, &json!(false)));
    assert_eq!(app.db_count("runs").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_kept_for_some_days_and_go_with_their_workspace() {
    let (app, ada, workspace, ci) = world().await;
    let old = Nx::start(&app, &ci).await;
    old.tasks(&[old.ran(0, "app:build", 5, &json!({ "hash_details": { "a": "1" } }))]).await;
    old.log(0, 0, "text").await;
    old.end("success").await.is(204);
    assert_eq!(app.db_count("run_details").await, 1);
    app.state.clock.advance(TimeDelta::days(60));
    ada.sign_in(&ada.email, PASSWORD).await.done();
    let ci = ada.token(&workspace, ReadWrite).await;
    let new = Nx::start(&app, &ci).await;
    new.tasks(&[new.ran(0, "app:build", 5, &json!({ "hash_details": { "b": "1" } }))]).await;
    app.state.clock.advance(TimeDelta::days(32));
    assert_eq!(trim_runs(&app.state).await.unwrap(), 1);
    assert_eq!(all_runs(&app, &workspace).await.iter().map(|run| run.id).collect::<Vec<_>>(), [new.id]);
    for (table, left) in [("run_tasks", 1), ("run_logs", 0), ("run_details", 1), ("stat_days", 0), ("stat_times", 0), ("stat_subjects", 0)]
    {
        assert_eq!(app.db_count(table).await, left, "{table}");
    }
    new.end("success").await.is(204);
    ada.sign_in(&ada.email, PASSWORD).await.done();
    ada.post_about(&workspace, "/do/workspaces/delete", &[("confirmation", "web")]).await.done();
    for table in ["runs", "run_tasks", "run_logs", "run_details", "stat_days", "stat_times", "stat_subjects"] {
        assert_eq!(app.db_count(table).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_run_is_taken_and_paged() {
    let (app, _, workspace, ci) = world().await;
    let nx = Nx::start_as(&app, &ci, &json!({ "tasks": 10_000 })).await;
    for part in 0..20 {
        let tasks: Vec<_> =
            (0..500).map(|n| part * 500 + n).map(|n| nx.ran(n, &format!("project-{n}:build"), i64::from(n % 7), &json!({}))).collect();
        nx.report(&json!({ "tasks": tasks })).await.is(204);
    }
    nx.end("success").await.is(204);
    assert_eq!(view(&app, &workspace, nx.id).await.counts.succeeded, 10_000);
    let backend = app.backend();
    let page = |after: Option<String>, search: &str| {
        let filter = TaskFilter { search: search.to_owned(), ..TaskFilter::default() };
        let (backend, caller, workspace) = (backend.clone(), app.operator(), workspace.clone());
        async move { backend.runs.tasks(&caller, &workspace.org, workspace.id, nx.id, &filter, after.as_deref()).await.unwrap() }
    };
    let first = page(None, "").await;
    assert_eq!((first.rows.len(), first.next.as_deref()), (100, Some("100")));
    assert_eq!(page(Some("9900".to_owned()), "").await.next, None);
    let found = page(None, "PROJECT-9999").await;
    assert_eq!(found.rows.iter().map(|task| task.number).collect::<Vec<_>>(), [9999]);
    assert_eq!(page(Some("100".to_owned()), "project-99").await.rows.len(), 11);
    let timeline = backend.runs.timeline(&app.operator(), &workspace.org, workspace.id, nx.id).await.unwrap();
    assert_eq!(timeline.left_out, 9_000);
}
