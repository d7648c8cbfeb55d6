//! What callers without a token may store, and what one CI execution may.

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{behind_a_proxy, from};
use crate::connections::nx_connect;
use crate::support::archive::archive_of;
use crate::support::run::{Nx, new_key, run_start, task};
use crate::support::{Answer, Ci, Terminal, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn an_unclaimed_workspace_is_full_at_the_write_and_not_later() {
    let app = TestApp::start_with(|config| config.bounds.unclaimed_workspace = 1 << 20).await;
    let (id, _) = nx_connect(&app, "web").await;
    let terminal = Terminal::new(&app.url, &id);
    // At once: what is on its way counts.
    let puts = join_all((0..8).map(|n| {
        let terminal = &terminal;
        async move { terminal.put(&n.to_string(), archive_of(300_000)).await }
    }));
    assert_eq!(puts.await.into_iter().filter(|status| *status == 200).count(), 3);
    assert_eq!(terminal.put("9", archive_of(300_000)).await, 409);
    assert_eq!(terminal.put("10", archive_of(100_000)).await, 200, "what fits is stored");
    assert_eq!(app.blobs().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_is_not_told_counts_as_the_largest() {
    let app = TestApp::start_with(|config| {
        config.bounds.unclaimed_workspace = 1 << 20;
        config.bounds.unclaimed_artifact = 600_000;
    })
    .await;
    let (id, _) = nx_connect(&app, "web").await;
    let ci = Ci::new(&app.url, "tok_00000000000000000000000000".parse().unwrap(), String::new());
    let put = async |hash: &str, bytes: usize| {
        let body = futures_util::stream::iter([Ok::<_, std::io::Error>(archive_of(bytes))]);
        let request = ci.request(Method::PUT, &format!("/w/{id}/v1/cache/{hash}")).body(reqwest::Body::wrap_stream(body));
        ci.send(request).await.status
    };
    assert_eq!(put("1", 500_000).await, 200);
    assert_eq!(put("2", 10_000).await, 409, "it might be larger than what is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_of_an_unclaimed_workspace_is_small() {
    let app = TestApp::start_with(|config| config.bounds.unclaimed_artifact = 100_000).await;
    let (id, _) = nx_connect(&app, "web").await;
    let terminal = Terminal::new(&app.url, &id);
    assert_eq!(terminal.put("1", archive_of(100_001)).await, 409);
    assert_eq!(terminal.put("1", archive_of(100_000)).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_nothing_is_stored_on_a_disk_that_is_nearly_full() {
    // No disk has so much free.
    let (app, ada, workspace) = TestApp::start_with(|config| config.keep_free_mib = u32::MAX).await.and_workspace().await;
    let (id, _) = nx_connect(&app, "web").await;
    assert_eq!(Terminal::new(&app.url, &id).put("1", archive_of(1000)).await, 409);
    let ci = ada.token(&workspace, ReadWrite).await;
    ci.put("1", archive_of(1000)).await.is(200);
}

/// A job in a CI execution.
async fn put_in(ci: &Ci, execution: char, hash: &str, bytes: usize) -> Answer {
    let body = archive_of(bytes);
    let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(digest(&SHA256, &body)));
    let request = ci.request(Method::PUT, &format!("/api/v1/artifacts/{hash}")).header("Content-Digest", digest);
    ci.send(request.header("Buildkeep-Execution", execution.to_string().repeat(64)).body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_ci_execution_leaves_room_for_the_others() {
    let configured = TestApp::start_with(|config| {
        config.execution_limit_gib = 1;
        // A quarter of a mebibyte for each.
        config.bounds.execution_parts = 4096;
    });
    let (app, ada, workspace) = configured.await.and_workspace().await;
    let ci = ada.token(&workspace, ReadOnly).await;
    let greedy = join_all((0..8).map(|n| {
        let ci = &ci;
        async move { put_in(ci, '1', &n.to_string(), 100_000).await.status }
    }));
    assert_eq!(greedy.await.into_iter().filter(|status| *status == 201).count(), 2);
    let refused = put_in(&ci, '1', "9", 100_000).await.is(403).json();
    assert_eq!(refused["code"], "over_limit");
    put_in(&ci, '2', "9", 100_000).await.is(201);
    app.flush().await;
}

/// A server whose workspace has runs recorded by its Nx Cloud id alone, a few a day.
async fn recording() -> (TestApp, Terminal, Ci) {
    let configured = TestApp::start_with(|config| {
        behind_a_proxy(config);
        config.bounds.by_id.runs = 3;
        config.bounds.by_id.log_kib = 64;
        config.bounds.by_id.task_kib = 16;
    });
    let (app, ada, workspace) = configured.await.and_workspace().await;
    let terminal = Terminal::new(&app.url, &ada.nx_cloud_id(&workspace).await);
    let ci = ada.token(&workspace, ReadOnly).await;
    (app, terminal, ci)
}

async fn tell(terminal: &Terminal, path: &str, address: &str, key: &str, body: Value) -> Answer {
    let request = terminal.request(Method::POST, path).header("Nx-Cloud-Id", &terminal.nx_cloud_id).header("Buildkeep-Run-Key", key);
    terminal.send(from(request, address).body(body.to_string())).await
}

async fn start(app: &TestApp, terminal: &Terminal, address: &str) -> Option<(String, String)> {
    let key = new_key();
    let answer = tell(terminal, "/api/v1/runs", address, &key, run_start(app, &key)).await.is(200).json();
    answer["run"]["id"].as_str().map(|id| (format!("/api/v1/runs/{id}/report"), key))
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_id_alone_a_network_records_so_many_runs_a_day() {
    let (app, terminal, ci) = recording().await;
    let starts = async |address: &'static str, tries: usize| {
        let mut begun = 0;
        for _ in 0..tries {
            begun += usize::from(start(&app, &terminal, address).await.is_some());
        }
        begun
    };
    assert_eq!(starts("198.51.100.1", 5).await, 3);
    assert_eq!(starts("198.51.100.2", 5).await, 3, "another network has its own");
    for network in ["198.51.100.3", "198.51.100.4", "198.51.100.5", "198.51.100.6"] {
        starts(network, 5).await;
    }
    assert_eq!(app.db_count("runs").await, 12, "but all of them together no more than four have");
    Nx::start(&app, &ci).await;
    app.state.clock.advance(TimeDelta::days(1));
    assert_eq!(starts("198.51.100.1", 1).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_id_alone_logs_are_cut_before_they_are_many() {
    let (app, terminal, ci) = recording().await;
    let (report, key) = start(&app, &terminal, "198.51.100.1").await.unwrap();
    let log = |piece: u32| json!({ "logs": [{ "task": 0, "attempt": 1, "piece": piece, "text": "x".repeat(10_000) }] });
    for piece in 0..20 {
        tell(&terminal, &report, "198.51.100.1", &key, log(piece)).await.is(204);
    }
    assert_eq!(app.db_count("run_logs").await, 6);
    assert_eq!(app.db_count("runs WHERE log_cut").await, 1);
    let nx = Nx::start(&app, &ci).await;
    for piece in 0..20 {
        nx.report(&log(piece)).await.is(204);
    }
    assert_eq!(app.db_count("run_logs").await, 26, "whoever has a token is not held");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_network_may_not_tell_any_more_takes_nothing_from_others() {
    let (app, terminal, _) = recording().await;
    let log = |piece: u32| json!({ "logs": [{ "task": 0, "attempt": 1, "piece": piece, "text": "x".repeat(10_000) }] });
    let (report, key) = start(&app, &terminal, "198.51.100.1").await.unwrap();
    for piece in 0..60 {
        tell(&terminal, &report, "198.51.100.1", &key, log(piece)).await.is(204);
    }
    assert_eq!(app.db_count("run_logs").await, 6);
    let (report, key) = start(&app, &terminal, "198.51.100.2").await.unwrap();
    for piece in 0..6 {
        tell(&terminal, &report, "198.51.100.2", &key, log(piece)).await.is(204);
    }
    assert_eq!(app.db_count("run_logs").await, 12, "another network has its own share still");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_id_alone_tasks_are_refused_before_they_are_many() {
    let (app, terminal, _) = recording().await;
    let (report, key) = start(&app, &terminal, "198.51.100.1").await.unwrap();
    let tasks: Vec<_> = (0..20).map(|n| task(n, "app:build", &json!({}))).collect();
    tell(&terminal, &report, "198.51.100.1", &key, json!({ "tasks": tasks })).await.is(204);
    let refused = tell(&terminal, &report, "198.51.100.1", &key, json!({ "tasks": tasks })).await.is(403).json();
    assert_eq!(refused["code"], "over_limit");
    let end = report.replace("/report", "/end");
    tell(&terminal, &end, "198.51.100.1", &key, json!({ "ended_at": app.state.clock.now(), "status": "success" })).await.is(204);
}
