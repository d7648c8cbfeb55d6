//! What load balancers and monitoring are told.

use std::sync::atomic::Ordering;

use app::domain::access::TokenAccess::ReadWrite;

use crate::support::TestApp;
use crate::support::archive::archive;

#[tokio::test(flavor = "multi_thread")]
async fn a_server_is_ready_while_its_database_answers() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.get("/healthz").await.is(200);
    browser.get("/readyz").await.is(200);
    app.db_break().await;
    browser.get("/healthz").await.is(200);
    browser.get("/readyz").await.is(503);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_is_not_ready_but_still_serves() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    app.state.stopping.store(true, Ordering::Relaxed);
    app.browser().get("/readyz").await.is(503);
    ci.put("1", archive(b"built")).await.is(200);
    ci.get("1").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_count_what_happens_and_name_nobody() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    ci.put("1234567890123456789", archive(b"built")).await.is(200);
    ci.get("1234567890123456789").await.is(200);
    ci.get("2").await.is(404);
    ada.get("/o/acme").await.is(200);
    let metrics = app.browser().get("/metrics").await.is(200);
    assert!(metrics.header("content-type").starts_with("text/plain"), "{metrics:?}");
    let text = metrics.text();
    for name in ["buildkeep_cache_hits_total", "buildkeep_cache_misses_total", "buildkeep_artifacts_stored_total", "buildkeep_http_seconds"]
    {
        assert!(text.contains(name), "{name} in {text}");
    }
    for secret in ["acme", "ada", "1234567890123456789", &ci.secret, &workspace.id.to_string()] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_of_ours_is_told_with_a_number_and_without_its_cause() {
    let (app, ada) = TestApp::with_org("acme").await;
    app.db_execute("DROP TABLE old_org_slugs").await;
    let answer = ada.post("/do/orgs/create", &[("name", "Zoo"), ("slug", "zoo")]).await.is(500);
    assert!(answer.text().contains("inc_"), "{}", answer.text());
    for cause in ["old_org_slugs", "sql", "SQL", "table"] {
        assert!(!answer.text().contains(cause), "{}", answer.text());
    }
}
