//! What a running server does by itself: mail, purges, counts.

use app::domain::access::TokenAccess::ReadWrite;
use chrono::TimeDelta;
use server::workers::Workers;

use crate::support::archive::archive;
use crate::support::smtp::MailServer;
use crate::support::{TestApp, files, until};

#[tokio::test(flavor = "multi_thread")]
async fn mail_goes_out_as_soon_as_it_is_queued() {
    let app = TestApp::start().await;
    let workers = Workers::start(&app.state);
    app.browser().post("/do/accounts/sign-up", &[("name", "Zoe"), ("email", "zoe@example.com")]).await.done();
    until("the mail is sent", async || !files(&app.state.config.mail_dir()).is_empty()).await;
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_finishes_the_mail_it_has_begun_and_begins_no_other() {
    let server = MailServer::start_closed().await;
    let app = TestApp::start_with(|config| config.smtp_url = Some(server.url.clone())).await;
    let (app, ada) = app.and_org("acme").await;
    let people = (0..10).map(|n| format!("person-{n}@example.com")).collect::<Vec<_>>().join(", ");
    ada.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", &people), ("role", "member")]).await.done();
    let workers = Workers::start(&app.state);
    server.begun(4).await;
    let stopping = tokio::spawn(workers.stop());
    until("the server is told to stop", async || app.state.is_stopping()).await;
    server.release();
    stopping.await.unwrap();
    assert_eq!(server.taken().len(), 4);
    assert_eq!(app.db_count("mails").await, 6, "what was taken is in the queue no more");
    assert_eq!(app.db_count("mails WHERE attempts = 0").await, 6, "and what was not waits for its first attempt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_runs_to_its_end_by_itself() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let workers = Workers::start(&app.state);
    let ci = ada.token(&workspace, ReadWrite).await;
    ci.put("1", archive(b"built")).await.is(200);
    app.state.clock.advance(TimeDelta::seconds(1));
    ada.post_about(&workspace, "/do/artifacts/purge", &[("which", "all")]).await.done();
    until("the artifact is gone", async || ci.get("1").await.status == 404).await;
    workers.stop().await;
    assert!(app.blobs().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_writes_down_what_it_counted() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let workers = Workers::start(&app.state);
    let ci = ada.token(&workspace, ReadWrite).await;
    ci.put("1", archive(b"built")).await.is(200);
    ci.get("1").await.is(200);
    workers.stop().await;
    let view = app.backend().workspaces.open(&app.operator(), &workspace.org, workspace.id).await.unwrap().1;
    assert_eq!((view.usage.artifacts, view.usage.hits), (1, 1));
}
