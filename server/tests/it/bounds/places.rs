//! Places for transfers: nobody has all of them.

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use futures_util::future::join_all;
use reqwest::Method;

use super::{behind_a_proxy, from};
use crate::connections::nx_connect;
use crate::support::archive::{archive, archive_of};
use crate::support::raw::Raw;
use crate::support::{Ci, Person, TestApp, Workspace, until};

/// A download from this address that nobody reads.
async fn unread(app: &TestApp, path: &str, address: &str, token: &str) -> Raw {
    let mut reader = Raw::connect(&app.url).await;
    let authorization = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    reader.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {address}\r\n{authorization}\r\n")).await;
    reader
}

async fn server() -> (TestApp, Person, Workspace, Ci) {
    let configured = TestApp::start_with(|config| {
        behind_a_proxy(config);
        config.transfer_limit = 32;
    });
    let (app, ada, workspace) = configured.await.and_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    ci.put("1", archive(b"built")).await.is(200);
    (app, ada, workspace, ci)
}

/// Hits and stored artifacts of somebody else, from another address.
async fn others_notice_nothing(app: &TestApp, ci: &Ci, large: &[u8]) {
    let ask = |method, path: &str| from(ci.request(method, path), "203.0.113.9");
    ci.send(ask(Method::GET, "/v1/cache/1")).await.is(200);
    ci.send(ask(Method::PUT, &format!("/v1/cache/{}", app.state.clock.new_id().as_u128())).body(large.to_vec())).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_that_a_stranger_does_not_read_are_nobody_elses_misses() {
    let (app, _, _, ci) = server().await;
    let (id, _) = nx_connect(&app, "web").await;
    let path = format!("/w/{id}/v1/cache/9");
    let stranger = ci.with("");
    stranger.send(stranger.request(Method::PUT, &path).body(archive_of(24 << 20))).await.is(200);
    let readers = join_all((0..60).map(|n| {
        let (app, path) = (&app, path.clone());
        async move { unread(app, &path, &format!("198.51.100.{n}"), "").await }
    }));
    let _readers = readers.await;
    until("strangers have their places", async || app.state.transfers.free() < 32).await;
    let large = archive_of(300_000);
    for _ in 0..5 {
        others_notice_nothing(&app, &ci, &large).await;
    }
    assert!(app.state.transfers.free() >= 24, "{}", app.state.transfers.free());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_or_organization_leaves_places_to_the_others() {
    let (app, ada, workspace, ci) = server().await;
    ci.put("9", archive_of(24 << 20)).await.is(200);
    let zoo = ada.found("zoo").await;
    let there = ada.workspace(&zoo, "web").await;
    let (colleague, other) = (ada.token(&workspace, ReadOnly).await, ada.token(&there, ReadWrite).await);
    other.put("1", archive(b"of the zoo")).await.is(200);
    let _readers = join_all((0..60).map(|n| {
        let (app, ci) = (&app, &ci);
        async move { unread(app, "/v1/cache/9", &format!("198.51.100.{n}"), &ci.secret).await }
    }))
    .await;
    until("the token has its places", async || app.state.transfers.free() < 26).await;
    colleague.send(from(colleague.request(Method::GET, "/v1/cache/1"), "203.0.113.9")).await.is(200);
    others_notice_nothing(&app, &other, &archive_of(300_000)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_of_one_network_share_its_places() {
    let (app, ada, workspace, ci) = server().await;
    ci.put("9", archive_of(24 << 20)).await.is(200);
    let zoo = ada.found("zoo").await;
    let other = ada.token(&ada.workspace(&zoo, "web").await, ReadWrite).await;
    other.put("1", archive(b"of the zoo")).await.is(200);
    let mut readers = Vec::new();
    for n in 0..10 {
        let token = ada.token(&workspace, ReadOnly).await;
        for reader in 0..4 {
            readers.push(unread(&app, "/v1/cache/9", &format!("2001:db8:1:2:{n}:{reader}::1"), &token.secret).await);
        }
    }
    until("the network has its places", async || app.state.transfers.free() < 24).await;
    others_notice_nothing(&app, &other, &archive_of(300_000)).await;
    assert!(app.state.transfers.free() > 16, "{}", app.state.transfers.free());
}
