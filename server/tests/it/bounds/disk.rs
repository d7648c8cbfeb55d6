//! A disk that is full is told apart from other faults.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use app::domain::access::TokenAccess::ReadWrite;
use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use futures_util::stream::BoxStream;
use reqwest::Method;
use server::blob::fs::FsBlobs;
use server::blob::{BlobEntry, BlobError, BlobKey, BlobReader, BlobStore, BlobWriter};

use crate::support::archive::{archive, archive_of};
use crate::support::run::Nx;
use crate::support::{Ci, TestApp, log_lines};

/// A store on a disk that is full when the test says so.
#[derive(Debug)]
struct Filling {
    disk: FsBlobs,
    full: Arc<AtomicBool>,
}

struct Full;

impl BlobWriter for Full {
    fn write(&mut self, _: &[u8]) -> Result<(), BlobError> {
        Err(BlobError::Io { action: "write a blob", source: std::io::ErrorKind::StorageFull.into() })
    }

    fn commit(mut self: Box<Self>, last: &[u8]) -> Result<(), BlobError> {
        self.write(last)
    }
}

#[async_trait]
impl BlobStore for Filling {
    fn create(&self, key: &BlobKey) -> Box<dyn BlobWriter> {
        if self.full.load(Ordering::Relaxed) { Box::new(Full) } else { self.disk.create(key) }
    }

    async fn open(&self, key: &BlobKey) -> Result<Option<Box<dyn BlobReader>>, BlobError> {
        self.disk.open(key).await
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.disk.delete(key).await
    }

    fn list(&self) -> BoxStream<'static, Result<BlobEntry, BlobError>> {
        self.disk.list()
    }
}

async fn server() -> (TestApp, Ci, Arc<AtomicBool>) {
    let full = Arc::new(AtomicBool::new(false));
    let switch = full.clone();
    let store = move |folder| Ok(Arc::new(Filling { disk: FsBlobs::new(folder)?, full: switch }) as Arc<dyn BlobStore>);
    let (app, ada, workspace) = TestApp::start_on(|_| {}, store).await.and_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    (app, ci, full)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_is_told_apart_and_reads_go_on() {
    let (app, ci, full) = server().await;
    ci.put("1", archive(b"built")).await.is(200);
    assert_eq!(app.browser().get("/readyz").await.is(200).text(), "ready\n");
    full.store(true, Ordering::Relaxed);
    for body in [archive(b"built"), archive_of(2 << 20)] {
        let refused = ci.put("2", body.clone()).await.is(409);
        assert_eq!((refused.text().as_str(), refused.header("content-type")), ("Not stored: the server's disk is full.", "text/plain"));
        let digest = format!("sha-256=:{}:", BASE64_STANDARD.encode(digest(&SHA256, &body)));
        let request = ci.request(Method::PUT, "/api/v1/artifacts/2").header("Content-Digest", digest).body(body);
        let refused = ci.send(request).await.is(507);
        assert_eq!(refused.json()["code"], "storage_full");
        assert_eq!(refused.header("retry-after"), "");
    }
    assert_eq!(ci.read("1").await.unwrap(), archive(b"built"));
    let ready = app.browser().get("/readyz").await.is(200).text();
    assert!(ready.contains("the disk is full") && ready.contains("bytes free"), "{ready}");
    app.browser().get("/readyz?writes").await.is(503);
    let folder = app.state.config.artifact_dir().display().to_string();
    let said = log_lines().lines().filter(|line| line.contains("the disk is full") && line.contains(&folder)).count();
    assert_eq!(said, 1, "once, and not for each upload");
    full.store(false, Ordering::Relaxed);
    ci.put("2", archive(b"built")).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_without_room_is_a_full_disk_too() {
    let (app, ci, _) = server().await;
    if app.state.db.kind() != "SQLite" {
        return;
    }
    let nx = Nx::start(&app, &ci).await;
    // SQLite takes the size that the file has now.
    app.db_execute("PRAGMA max_page_count = 1").await;
    let text = "x".repeat(200_000);
    let mut status = 204;
    for piece in 0..40 {
        let noise: String = text.chars().zip(0..).map(|(_, n)| char::from(b'a' + u8::try_from((n * 7919 + piece) % 26).unwrap())).collect();
        let report = serde_json::json!({ "logs": [{ "task": 0, "attempt": 1, "piece": piece, "text": noise }] });
        let answer = nx.report(&report).await;
        status = answer.status;
        if status != 204 {
            assert_eq!(answer.json()["code"], "storage_full", "{}", answer.text());
            break;
        }
    }
    assert_eq!(status, 507);
    assert!(app.browser().get("/readyz").await.is(200).text().contains("the disk is full"));
}
