//! Uploads and downloads against the file store, and against stores that fail or lie.

use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::blob::fs::FsBlobs;
use crate::blob::{BlobError, BlobKey, BlobReader, BlobStore as _, BlobWriter};
use crate::seal::{FRAME, OrgKey, OrgKeys, SealContext, SealError, Sealer, TAG, sealed_len};

const LIMITS: Limits = Limits { body: 4 << 20, expanded: 16 << 20 };

struct Place {
    folder: tempfile::TempDir,
    store: FsBlobs,
    keys: OrgKeys,
    key: BlobKey,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: FsBlobs::new(folder.path().to_owned()).unwrap(),
            folder,
            keys: OrgKeys::new(OrgKey::generate(1).unwrap(), vec![]),
            key: BlobKey::random(Uuid::nil()).unwrap(),
        }
    }

    fn sealer(&self) -> Sealer {
        Sealer::new(&self.keys, &context("hash")).unwrap()
    }

    async fn receive_in(&self, pieces: Vec<Bytes>, expected: Option<u64>, limits: Limits) -> Result<Received, ReceiveError> {
        let body = stream::iter(pieces.into_iter().map(Ok::<_, io::Error>));
        receive(body, Announced::by_nx(expected), limits, self.sealer(), self.store.create(&self.key)).await
    }

    async fn receive(&self, body: &[u8]) -> Result<Received, ReceiveError> {
        self.receive_in(vec![Bytes::copy_from_slice(body)], Some(body.len() as u64), LIMITS).await
    }

    async fn send(&self, hash: &str, length: u64) -> Result<Vec<u8>, SendError> {
        let reader = self.store.open(&self.key).await.unwrap().unwrap();
        collect(send(reader, &self.keys, &context(hash), length).await?).await.map_err(|(_, error)| error)
    }

    fn blobs(&self) -> usize {
        fn files(folder: &Path) -> usize {
            let inside = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            inside.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
        }
        files(self.folder.path())
    }

    fn stored(&self) -> Vec<u8> {
        std::fs::read(self.folder.path().join(self.key.to_string())).unwrap()
    }
}

fn context(hash: &str) -> SealContext {
    SealContext::new("artifact").with(hash.as_bytes())
}

/// Everything, or what came before the error.
async fn collect(content: Content) -> Result<Vec<u8>, (Vec<u8>, SendError)> {
    match content {
        Content::Whole(bytes) => Ok(bytes.to_vec()),
        Content::Stream(mut stream) => {
            let mut all = Vec::new();
            while let Some(frame) = stream.next().await {
                match frame {
                    Ok(frame) => all.extend_from_slice(&frame),
                    Err(error) => return Err((all, error)),
                }
            }
            Ok(all)
        }
    }
}

/// Complete gzip of exactly this length, so that boundaries can be hit: content that does not shrink, and a file name
/// in the gzip header to fill up.
fn gzip(len: usize) -> Vec<u8> {
    let build = |content: usize, name: usize| {
        let mut random = vec![0; content];
        aws_lc_rs::rand::fill(&mut random).unwrap();
        let mut encoder = flate2::GzBuilder::new().filename(vec![b'x'; name]).write(Vec::new(), Compression::none());
        encoder.write_all(&random).unwrap();
        encoder.finish().unwrap()
    };
    let content = len.saturating_sub(200 + len / 1000);
    let name = len - build(content, 0).len();
    let body = build(content, name);
    assert_eq!(body.len(), len);
    body
}

fn split(body: &[u8], step: usize) -> Vec<Bytes> {
    body.chunks(step).map(Bytes::copy_from_slice).collect()
}

/// Lengths around every boundary: frame, block, header.
fn lengths() -> Vec<usize> {
    let block = 4 * FRAME;
    [FRAME, 2 * FRAME, block, block + FRAME, 2 * block, 3 * block]
        .into_iter()
        .flat_map(|len| [len - 1, len, len + 1])
        .chain([300, 1000, FRAME / 2, block - HEADER, block - TAG])
        .collect()
}

#[tokio::test]
async fn what_was_received_is_sent() {
    for len in lengths() {
        let (place, body) = (Place::new(), gzip(len));
        let received = place.receive(&body).await.unwrap();
        assert_eq!(received, Received { plain_bytes: len as u64, sealed_bytes: sealed_len(len as u64) });
        assert_eq!(place.stored().len() as u64, received.sealed_bytes);
        assert!(place.send("hash", len as u64).await.unwrap() == body, "{len} bytes");
    }
}

#[tokio::test]
async fn a_body_without_a_known_length_is_taken() {
    let (place, body) = (Place::new(), gzip(100_000));
    place.receive_in(split(&body, 999), None, LIMITS).await.unwrap();
    assert!(place.send("hash", 100_000).await.unwrap() == body);
}

#[tokio::test]
async fn bodies_over_the_limit_are_refused() {
    let body = gzip(300_000);
    let limits = Limits { body: 299_999, ..LIMITS };
    for expected in [Some(300_000), None] {
        let place = Place::new();
        let error = place.receive_in(split(&body, 50_000), expected, limits).await.unwrap_err();
        assert!(matches!(error, ReceiveError::TooLarge));
        assert_eq!(place.blobs(), 0);
    }
    Place::new().receive_in(split(&body, 50_000), None, Limits { body: 300_000, ..LIMITS }).await.unwrap();
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_not_even_read() {
    let place = Place::new();
    let body = stream::poll_fn(|_| -> std::task::Poll<Option<io::Result<Bytes>>> { unreachable!("the body was read") });
    let limits = Limits { body: 10, ..LIMITS };
    let refused = receive(body, Announced::by_nx(Some(11)), limits, place.sealer(), place.store.create(&place.key)).await;
    assert!(matches!(refused, Err(ReceiveError::TooLarge)));
}

#[tokio::test]
async fn bodies_of_another_length_than_announced_are_refused() {
    for len in [300, 600_000] {
        let body = gzip(len);
        for expected in [len as u64 + 1, len as u64 - 1] {
            let place = Place::new();
            let error = place.receive_in(split(&body, 100_000), Some(expected), LIMITS).await.unwrap_err();
            assert!(matches!(error, ReceiveError::WrongLength));
            assert_eq!(place.blobs(), 0);
        }
    }
}

#[tokio::test]
async fn bodies_that_break_off_leave_nothing() {
    for len in [300, 600_000] {
        let place = Place::new();
        let broken = split(&gzip(len), 100_000).into_iter().map(Ok).chain([Err(io::Error::from(io::ErrorKind::ConnectionReset))]);
        let outcome = receive(stream::iter(broken), Announced::by_nx(None), LIMITS, place.sealer(), place.store.create(&place.key)).await;
        assert!(matches!(outcome, Err(ReceiveError::Body(_))));
        assert_eq!(place.blobs(), 0);
    }
}

#[tokio::test]
async fn bodies_that_are_not_whole_gzip_leave_nothing() {
    let whole = gzip(600_000);
    let behind = [&whole[..], b"more"].concat();
    for body in [&b""[..], b"<html></html>", &[0; 600_000], &whole[..599_999], &whole[..300_000], &behind] {
        let place = Place::new();
        assert!(matches!(place.receive(body).await, Err(ReceiveError::NotGzip)), "{} bytes", body.len());
        assert_eq!(place.blobs(), 0);
    }
}

#[tokio::test]
async fn a_body_that_unpacks_too_far_leaves_nothing() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&vec![0; 17 << 20]).unwrap();
    let place = Place::new();
    assert!(matches!(place.receive(&encoder.finish().unwrap()).await, Err(ReceiveError::ExpandsTooFar)));
    assert_eq!(place.blobs(), 0);
}

#[tokio::test]
async fn the_rest_of_a_refused_body_can_be_drained() {
    let place = Place::new();
    let pieces = split(&[0; 2 << 20], 1000).into_iter().map(Ok::<_, io::Error>);
    let mut body = stream::iter(pieces);
    let refused = receive(&mut body, Announced::by_nx(None), LIMITS, place.sealer(), place.store.create(&place.key)).await;
    assert!(matches!(refused, Err(ReceiveError::NotGzip)));
    assert!(body.count().await > 1000);
}

#[tokio::test]
async fn an_upload_that_is_given_up_leaves_nothing() {
    let place = Place::new();
    let endless = stream::iter(split(&gzip(600_000), 100_000).into_iter().map(Ok::<_, io::Error>)).chain(stream::pending());
    let mut upload = Box::pin(receive(endless, Announced::by_nx(None), LIMITS, place.sealer(), place.store.create(&place.key)));
    let outcome = tokio::time::timeout(Duration::from_mins(1), async {
        while place.blobs() == 0 {
            assert!(futures_util::poll!(&mut upload).is_pending());
            tokio::task::yield_now().await;
        }
        drop(upload);
        // The thread that writes may still be at it; it cleans up when it is done.
        while place.blobs() > 0 {
            tokio::task::yield_now().await;
        }
    });
    outcome.await.unwrap();
}

/// A store whose disk is full after so many bytes.
struct Full(usize);

impl BlobWriter for Full {
    fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.0 = self
            .0
            .checked_sub(bytes.len())
            .ok_or_else(|| BlobError::Io { action: "write a blob", source: io::ErrorKind::StorageFull.into() })?;
        Ok(())
    }

    fn commit(mut self: Box<Self>, last: &[u8]) -> Result<(), BlobError> {
        self.write(last)
    }
}

#[tokio::test]
async fn a_full_disk_is_reported() {
    let (place, body) = (Place::new(), gzip(900_000));
    for room in [0, 300_000, 899_999] {
        let pieces = stream::iter(split(&body, 50_000).into_iter().map(Ok::<_, io::Error>));
        let outcome = receive(pieces, Announced::by_nx(None), LIMITS, place.sealer(), Box::new(Full(room))).await;
        assert!(matches!(outcome, Err(ReceiveError::Storage(BlobError::Io { .. }))), "{room} bytes of room");
    }
}

/// Stored bytes that are not in a file.
struct Given(Vec<u8>, usize);

#[async_trait]
impl BlobReader for Given {
    fn len(&self) -> u64 {
        self.0.len() as u64
    }

    async fn read(&mut self, mut block: Block) -> Result<Block, BlobError> {
        let next = self.0.get(self.1..self.1 + block.len()).ok_or(BlobError::Truncated)?;
        block.copy_from_slice(next);
        self.1 += block.len();
        Ok(block)
    }
}

async fn send_given(place: &Place, sealed: Vec<u8>, length: u64) -> Result<Content, SendError> {
    send(Box::new(Given(sealed, 0)), &place.keys, &context("hash"), length).await
}

#[tokio::test]
async fn another_artifact_is_not_sent_at_all() {
    let (place, other) = (Place::new(), Place::new());
    place.receive(&gzip(500_000)).await.unwrap();
    other.receive(&gzip(500_000)).await.unwrap();
    assert!(matches!(place.send("other hash", 500_000).await, Err(SendError::Seal(SealError::Altered))));
    assert!(matches!(send_given(&place, other.stored(), 500_000).await, Err(SendError::Seal(SealError::Altered))));
}

#[tokio::test]
async fn a_blob_of_another_length_than_the_row_says_is_not_sent_at_all() {
    let place = Place::new();
    place.receive(&gzip(500_000)).await.unwrap();
    for length in [0, 499_999, 500_001, u64::MAX] {
        assert!(matches!(place.send("hash", length).await, Err(SendError::Seal(SealError::Altered))), "{length}");
    }
    let sealed = place.stored();
    for longer in [1, TAG, 70_000] {
        let sealed = [&sealed[..], &vec![0; longer]].concat();
        assert!(send_given(&place, sealed, 500_000).await.is_err());
    }
    for cut in [0, 1, HEADER, HEADER + TAG, sealed.len() - 1] {
        assert!(send_given(&place, sealed[..cut].to_vec(), 500_000).await.is_err());
    }
}

#[tokio::test]
async fn damage_in_the_first_block_is_seen_before_anything_is_sent() {
    let place = Place::new();
    place.receive(&gzip(500_000)).await.unwrap();
    for at in [0, 5, 20, HEADER, HEADER + FRAME, HEADER + 2 * SEALED_FRAME] {
        let mut sealed = place.stored();
        sealed[at] ^= 1;
        assert!(send_given(&place, sealed, 500_000).await.is_err(), "byte {at}");
    }
}

#[tokio::test]
async fn damage_further_on_ends_the_stream_before_a_wrong_byte() {
    let (place, body) = (Place::new(), gzip(900_000));
    place.receive(&body).await.unwrap();
    let block = 4 * FRAME;
    for (at, good) in [(HEADER + BLOCK, block), (HEADER + 2 * BLOCK - 1, block), (HEADER + 2 * BLOCK, 2 * block)] {
        let mut sealed = place.stored();
        sealed[at] ^= 1;
        let content = send_given(&place, sealed, 900_000).await.unwrap();
        let (sent, error) = collect(content).await.unwrap_err();
        assert!(matches!(error, SendError::Seal(SealError::Altered)));
        assert!(sent == body[..good], "damage at {at}");
    }
}

#[tokio::test]
async fn a_blob_that_shrinks_while_it_is_sent_ends_the_stream() {
    let (place, body) = (Place::new(), gzip(900_000));
    place.receive(&body).await.unwrap();
    let reader = place.store.open(&place.key).await.unwrap().unwrap();
    let content = send(reader, &place.keys, &context("hash"), 900_000).await.unwrap();
    let path = place.folder.path().join(place.key.to_string());
    std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(500_000).unwrap();
    let (sent, error) = collect(content).await.unwrap_err();
    assert!(matches!(error, SendError::Storage(BlobError::Truncated)));
    assert!(sent == body[..sent.len()]);
}

#[tokio::test]
async fn an_empty_artifact_is_sent() {
    let place = Place::new();
    let mut block = vec![0; TAG];
    let sealer = place.sealer();
    let header = *sealer.header();
    sealer.finish(&mut block).unwrap();
    let content = send_given(&place, [&header[..], &block].concat(), 0).await.unwrap();
    assert_eq!(collect(content).await.unwrap(), b"");
}

#[tokio::test]
async fn what_a_stream_holds_is_let_go_when_it_ends() {
    let place = Place::new();
    place.receive(&gzip(500_000)).await.unwrap();
    let reader = place.store.open(&place.key).await.unwrap().unwrap();
    let permit = Arc::new(());
    let content = send(reader, &place.keys, &context("hash"), 500_000).await.unwrap().holding(Arc::clone(&permit));
    let Content::Stream(mut stream) = content else { panic!("500 000 bytes are not one frame") };
    assert!(stream.try_next().await.unwrap().is_some());
    assert_eq!(Arc::strong_count(&permit), 2);
    drop(stream);
    assert_eq!(Arc::strong_count(&permit), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn it_does_not_matter_how_the_body_is_split(len in 300..1_000_000_usize, cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..30)) {
        let body = gzip(len);
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(len)).chain([0, len]).collect();
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| Bytes::copy_from_slice(&body[cut[0]..cut[1]])).collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let place = Place::new();
            place.receive_in(pieces, Some(len as u64), LIMITS).await.unwrap();
            assert!(place.send("hash", len as u64).await.unwrap() == body);
        });
    }
}

#[tokio::test]
async fn what_left_is_counted_also_when_the_client_goes_away() {
    let sent = Arc::new(AtomicU64::new(0));
    let count = |content: Content| {
        let sent = sent.clone();
        content.counted(move |bytes| sent.store(bytes, Ordering::Relaxed))
    };
    let frames = || Content::Stream(stream::iter([Ok(Bytes::from_static(b"one")), Ok(Bytes::from_static(b"three"))]).boxed());
    let Content::Stream(mut body) = count(frames()) else { panic!("it stays a stream") };
    body.next().await.unwrap().unwrap();
    assert_eq!(sent.load(Ordering::Relaxed), 0, "not yet");
    drop(body);
    assert_eq!(sent.load(Ordering::Relaxed), 3);
    let Content::Stream(body) = count(frames()) else { panic!("it stays a stream") };
    assert_eq!(body.count().await, 2);
    assert_eq!(sent.load(Ordering::Relaxed), 8);
    let _ = count(Content::Whole(Bytes::from_static(b"whole")));
    assert_eq!(sent.load(Ordering::Relaxed), 5);
}
