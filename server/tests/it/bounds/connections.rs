//! Connections and bodies that keep something busy without using it.

use app::domain::access::TokenAccess::ReadWrite;
use reqwest::Method;
use server::config::Config;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use super::SHORT;
use crate::support::archive::{archive, archive_of};
use crate::support::raw::{Raw, put_head};
use crate::support::{LONG, TestApp, until};

/// The beginning of every connection by HTTP/2, and settings without a setting.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00";

fn impatient(config: &mut Config) {
    config.bounds.first_request = SHORT;
    config.bounds.idle = SHORT;
    config.bounds.stall = SHORT;
    config.bounds.grace = SHORT;
}

/// Waits for the end of a connection, whatever is said before.
async fn ends(mut stream: TcpStream) {
    let reading = async {
        let mut heard = vec![0; 64 << 10];
        while stream.read(&mut heard).await.is_ok_and(|bytes| bytes > 0) {}
    };
    tokio::time::timeout(LONG, reading).await.expect("the server closes the connection");
}

/// A connection from another address of this machine.
async fn connect_from(app: &TestApp, address: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(format!("{address}:0").parse().unwrap()).unwrap();
    socket.connect(app.state.config.listen).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_asks_for_nothing_is_closed() {
    let app = TestApp::start_with(impatient).await;
    for said in [&b""[..], PREFACE, b"GET / HTT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "] {
        let mut connection = Raw::connect(&app.url).await;
        connection.send(said).await;
        ends(connection.0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_drips_gets_no_longer_than_one_that_does_not_come() {
    let app = TestApp::start_with(impatient).await;
    let mut stream = Raw::connect(&app.url).await.0;
    let dripping = async {
        // Until the other side has had enough.
        while stream.write_all(b"G").await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
    };
    tokio::time::timeout(LONG, dripping).await.expect("the server closes the connection");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_kept_without_a_request_is_closed() {
    let app = TestApp::start_with(impatient).await;
    let mut connection = Raw::connect(&app.url).await;
    connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    connection.hear("ok\n").await;
    ends(connection.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_takes_its_time_on_our_side_is_not_cut() {
    let app = TestApp::start_with(|config| config.bounds.idle = SHORT / 20).await;
    let browser = app.browser();
    // Takes a quarter of a second, whatever there is to do.
    browser.post("/do/accounts/forgot-password", &[("email", "nobody@example.com")]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_drips_gives_its_place_back() {
    let (app, ada, workspace) = TestApp::start_with(impatient).await.and_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let places = app.state.transfers.free();
    let mut upload = Raw::connect(&app.url).await;
    upload.send(format!("{}Content-Length: 100000\r\n\r\n", put_head(&ci.secret, "1"))).await;
    upload.send(&archive_of(100_000)[..1000]).await;
    until("it has a place", async || app.state.transfers.free() < places).await;
    let dripping = async {
        while upload.0.write_all(b"x").await.is_ok() {
            tokio::time::sleep(SHORT / 20).await;
        }
    };
    let place_is_free = until("it has no place any more", async || app.state.transfers.free() == places);
    tokio::select! {
        () = dripping => {}
        () = place_is_free => {}
    }
    until("its place is free", async || app.state.transfers.free() == places).await;
    ci.put("1", archive(b"built")).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_does_not_come_gives_its_place_back() {
    let (app, ada, workspace) = TestApp::start_with(impatient).await.and_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let run = crate::support::run::Nx::start(&app, &ci).await;
    let places = app.state.intake.places.free();
    let mut report = Raw::connect(&app.url).await;
    let head = format!(
        "POST /api/v1/runs/{}/report HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nBuildkeep-Run-Key: {}\r\nContent-Length: 99\r\n\r\n{{",
        run.id, ci.secret, run.key
    );
    report.send(head).await;
    until("it has a place", async || app.state.intake.places.free() < places).await;
    until("its place is free", async || app.state.intake.places.free() == places).await;
    run.end("success").await.is(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_that_nobody_reads_gives_its_place_back() {
    let (app, ada, workspace) = TestApp::start_with(impatient).await.and_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    // More than what the system keeps for both sides.
    ci.put("1", archive_of(24 << 20)).await.is(200);
    let places = app.state.transfers.free();
    let mut reader = Raw::connect(&app.url).await;
    reader.send(format!("GET /v1/cache/1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n", ci.secret)).await;
    until("it has a place", async || app.state.transfers.free() < places).await;
    until("its place is free", async || app.state.transfers.free() == places).await;
    assert_eq!(ci.read("1").await.unwrap().len(), 24 << 20, "whoever reads gets all of it");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_does_not_have_all_connections() {
    let app = TestApp::start_with(|config| config.connection_limit = 48).await;
    let mut silent = Vec::new();
    for _ in 0..60 {
        silent.push(connect_from(&app, "127.0.0.7").await);
    }
    let browser = app.browser();
    for _ in 0..3 {
        browser.get("/healthz").await.is(200);
    }
    // Those that were too many are closed at once.
    ends(silent.pop().unwrap()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trusted_proxy_has_as_many_connections_as_there_are() {
    let app = TestApp::start_with(|config| {
        config.connection_limit = 48;
        config.trusted_proxies = vec!["127.0.0.7".parse().unwrap()];
    });
    let app = app.await;
    let mut kept = Vec::new();
    for _ in 0..40 {
        let mut connection = Raw(connect_from(&app, "127.0.0.7").await);
        connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
        connection.hear("ok\n").await;
        kept.push(connection);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_but_steady_bodies_arrive() {
    let (app, ada, workspace) = TestApp::start_with(|config| {
        impatient(config);
        config.bounds.least_rate = 1000;
    })
    .await
    .and_workspace()
    .await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let body = archive_of(20_000);
    let mut upload = Raw::connect(&app.url).await;
    upload.send(format!("{}Content-Length: {}\r\n\r\n", put_head(&ci.secret, "1"), body.len())).await;
    for piece in body.chunks(1000) {
        upload.send(piece).await;
        tokio::time::sleep(SHORT / 8).await;
    }
    let answer = upload.answer().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    ci.send(ci.request(Method::GET, "/v1/cache/1")).await.is(200);
}
