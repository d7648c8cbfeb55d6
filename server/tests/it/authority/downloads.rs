//! Downloads that are under way when they are not allowed any more.

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use app::domain::audit::AuditFilter;
use app::domain::role::Role;
use app::error::AppError;
use bytes::Bytes;
use futures_util::StreamExt as _;
use serde_json::json;
use server::services::account_export::AccountExport;
use server::services::audit::{Audit, Format};
use server::services::runs::Runs;
use tokio::io::AsyncReadExt as _;

use crate::support::archive::archive_of;
use crate::support::raw::Raw;
use crate::support::run::{Nx, task};
use crate::support::{Ci, LONG, TestApp};

/// Larger than what lies in the buffers between the two ends.
const LARGE: usize = 48 << 20;

/// Begins a download; its connection, of which only the head was read.
async fn begun(app: &TestApp, ci: &Ci, path: &str) -> Raw {
    let mut download = Raw::connect(&app.url).await;
    let token = &ci.secret;
    download.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n")).await;
    download.hear("200 OK").await;
    download.hear("\r\n\r\n").await;
    download
}

async fn rest(mut download: Raw) -> usize {
    let mut body = Vec::new();
    // A connection that is cut may be reset.
    let _ = tokio::time::timeout(LONG, download.0.read_to_end(&mut body)).await.expect("the server ends it");
    body.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_ends_soon_after_its_token_is_revoked() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let (revoked, other) = (ada.token(&workspace, ReadWrite).await, ada.token(&workspace, ReadWrite).await);
    ci.put("1", archive_of(LARGE)).await.is(200);
    for path in ["/v1/cache/1", "/api/v1/artifacts/1"] {
        let (cut, whole) = (begun(&app, &revoked, path).await, begun(&app, &other, path).await);
        if path == "/v1/cache/1" {
            ada.revoke(&workspace, &ada.token(&workspace, ReadWrite).await).await;
            assert_eq!(rest(cut).await, LARGE, "somebody else's token is not theirs");
        } else {
            ada.revoke(&workspace, &revoked).await;
            let read = rest(cut).await;
            assert!(read < LARGE, "{read}");
        }
        assert_eq!(rest(whole).await, LARGE);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_by_the_id_ends_soon_after_its_level_is_set_lower() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    ci.put("1", archive_of(LARGE)).await.is(200);
    let id = ada.nx_cloud_id(&workspace).await;
    let mut download = Raw::connect(&app.url).await;
    download.send(format!("GET /w/{id}/v1/cache/1 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
    download.hear("200 OK").await;
    download.hear("\r\n\r\n").await;
    ada.post_about(&workspace, "/do/access-levels/set-id", &[("access", "none")]).await.done();
    let read = rest(download).await;
    assert!(read < LARGE, "{read}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_made_while_it_is_sent_ends_with_the_session() {
    let (app, ada) = TestApp::with_org("acme").await;
    let caller = ada.caller().await;
    let filter = AuditFilter::default();
    let audit = Audit(app.state.clone()).export(&caller, app.org(), &filter, Format::Ndjson).await.unwrap();
    let account = AccountExport(app.state.clone()).export(&caller).await.unwrap();
    ada.post("/do/accounts/sign-out", &[]).await.done();
    for parts in [audit.collect::<Vec<_>>().await, account.collect().await] {
        let sent: usize = parts.iter().flatten().map(Bytes::len).sum();
        assert_eq!((sent, parts.last()), (0, Some(&Err(AppError::Unauthenticated))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_as_a_file_ends_with_the_role() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    let (caller, filter) = (bob.caller().await, AuditFilter::default());
    let file = Audit(app.state.clone()).export(&caller, app.org(), &filter, Format::Ndjson).await.unwrap();
    let form = [("org_slug", "acme"), ("member", &bob.id.to_string()), ("role", "member")];
    ada.post("/do/members/set-role", &form).await.done();
    let parts: Vec<_> = file.collect().await;
    assert_eq!(parts.last(), Some(&Err(AppError::Forbidden)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_task_ends_with_the_session_and_with_the_membership() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let nx = Nx::start(&app, &ada.token(&workspace, ReadOnly).await).await;
    nx.tasks(&[task(0, "app:build", &json!({}))]).await;
    nx.log(0, 0, "built\n").await;
    let (run, place) = (nx.id, (app.org(), workspace.id));
    let (bob, eve) = (app.member("bob", Role::Member).await, app.member("eve", Role::Member).await);
    let (of_bob, of_eve) = (bob.caller().await, eve.caller().await);
    let runs = Runs(app.state.clone());
    let begin = async |caller| runs.whole_log(caller, place, (run, 0), 1).await.unwrap();
    let (whole, signed_out, removed) = (begin(&of_bob).await, begin(&of_bob).await, begin(&of_eve).await);
    assert_eq!(whole.collect::<Vec<_>>().await, [Ok(Bytes::from("built\n"))]);
    bob.post("/do/accounts/sign-out", &[]).await.done();
    ada.post("/do/members/remove", &[("org_slug", "acme"), ("member", &eve.id.to_string())]).await.done();
    assert_eq!(signed_out.collect::<Vec<_>>().await, [Err(AppError::Unauthenticated)]);
    assert_eq!(removed.collect::<Vec<_>>().await, [Err(AppError::NotFound)]);
}
