//! Uploads: check, seal and store a body while it comes in.
//!
//! Each block is checked, sealed and written in one visit to a thread that may wait, because inflating 256 KiB takes
//! about a millisecond and a disk takes what it takes. A small artifact is one such visit.

use std::error::Error;

use app::domain::artifact::ArtifactFormat;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

use super::{BLOCK, check::Check};
use crate::blob::{BlobError, BlobWriter, Block};
use crate::seal::{FRAME, HEADER, SEALED_FRAME, SealError, Sealer, TAG, frames, sealed_len};

/// How much one upload may bring.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of the body.
    pub body: u64,
    /// Bytes of the content when it is unpacked.
    pub expanded: u64,
}

impl Limits {
    /// For bodies of at most so many bytes, which may unpack to eight times as many.
    pub fn for_artifacts(body: u64) -> Self {
        Self { body, expanded: body.saturating_mul(8) }
    }
}

/// What a client says of a body before it sends it.
#[derive(Debug, Clone, Copy)]
pub struct Announced {
    /// Who can make sense of it.
    pub format: ArtifactFormat,
    /// Its length.
    pub length: Option<u64>,
    /// Its SHA-256.
    pub sha256: Option<[u8; 32]>,
}

impl Announced {
    /// What nx says of what it puts into an HTTP cache.
    pub const fn by_nx(length: Option<u64>) -> Self {
        Self { format: ArtifactFormat::Tar, length, sha256: None }
    }
}

/// What was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Bytes of the body.
    pub plain_bytes: u64,
    /// Bytes in the store.
    pub sealed_bytes: u64,
}

/// Why nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum ReceiveError {
    /// The body is over the limit, or would be.
    #[error("the artifact is larger than the limit")]
    TooLarge,
    /// The content is over the limit when it is unpacked.
    #[error("the artifact unpacks to more than the limit")]
    ExpandsTooFar,
    /// The body has not the length that was announced.
    #[error("the artifact has not the length that was announced")]
    WrongLength,
    /// The body is not complete gzip, or something follows the gzip.
    #[error("the artifact is not complete gzip")]
    NotGzip,
    /// The body is the result of a task that failed.
    #[error("the artifact is the result of a failed task")]
    Failure,
    /// The body is not what clients encrypt.
    #[error("the artifact is not encrypted as clients do it")]
    NotEncrypted,
    /// The body has not the digest that was announced.
    #[error("the artifact has not the digest that was announced")]
    WrongDigest,
    /// The body could not be read to its end.
    #[error("the upload broke off")]
    Body(#[source] Box<dyn Error + Send + Sync>),
    /// The artifact could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The artifact could not be stored.
    #[error(transparent)]
    Storage(#[from] BlobError),
}

/// Checks, seals and stores a body; after `Ok` it is durable, after an error nothing of it is kept.
///
/// With `&mut` of a stream the caller keeps the rest of a refused body, to drain it.
pub async fn receive<S, E>(
    mut body: S,
    announced: Announced,
    limits: Limits,
    sealer: Sealer,
    writer: Box<dyn BlobWriter>,
) -> Result<Received, ReceiveError>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let expected = announced.length;
    if expected.is_some_and(|expected| expected > limits.body) {
        return Err(ReceiveError::TooLarge);
    }
    let mut block = Filling::first(sealer.header());
    let mut upload = Upload { check: Check::new(announced.format, limits.expanded, announced.sha256), sealer, writer };
    let mut plain_bytes = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| ReceiveError::Body(error.into()))?;
        plain_bytes += chunk.len() as u64;
        if plain_bytes > limits.body {
            return Err(ReceiveError::TooLarge);
        }
        if expected.is_some_and(|expected| plain_bytes > expected) {
            return Err(ReceiveError::WrongLength);
        }
        let mut chunk = &chunk[..];
        while !chunk.is_empty() {
            if block.is_full() {
                (upload, block) = waiting(|| upload.store(block)).await?;
            }
            chunk = block.fill(chunk);
        }
    }
    if expected.is_some_and(|expected| plain_bytes != expected) {
        return Err(ReceiveError::WrongLength);
    }
    waiting(|| upload.commit(block)).await?;
    Ok(Received { plain_bytes, sealed_bytes: sealed_len(plain_bytes) })
}

async fn waiting<T: Send + 'static>(work: impl FnOnce() -> Result<T, ReceiveError> + Send + 'static) -> Result<T, ReceiveError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| BlobError::Io { action: "finish its work", source: error.into() })?
}

/// What travels to the waiting thread and back. Dropped anywhere, it takes the half-written blob with it.
struct Upload {
    check: Check,
    sealer: Sealer,
    writer: Box<dyn BlobWriter>,
}

impl Upload {
    fn store(mut self, mut filled: Filling) -> Result<(Self, Filling), ReceiveError> {
        frames(filled.frames()).try_for_each(|frame| self.check.write(frame))?;
        self.sealer.seal(filled.frames())?;
        self.writer.write(filled.sealed())?;
        Ok((self, filled.emptied()))
    }

    fn commit(mut self, mut filled: Filling) -> Result<(), ReceiveError> {
        frames(filled.frames()).try_for_each(|frame| self.check.write(frame))?;
        self.check.finish()?;
        self.sealer.finish(filled.frames())?;
        self.writer.commit(filled.sealed())?;
        Ok(())
    }
}

/// A block that fills up with plain bytes, laid out as frames with room for their tags.
struct Filling {
    block: Block,
    /// Where the frames start: after the header in the first block.
    start: usize,
    plain: usize,
}

impl Filling {
    fn first(header: &[u8; HEADER]) -> Self {
        let mut block = Block::new(HEADER + BLOCK);
        block[..HEADER].copy_from_slice(header);
        Self { block, start: HEADER, plain: 0 }
    }

    fn emptied(self) -> Self {
        Self { start: 0, plain: 0, ..self }
    }

    fn is_full(&self) -> bool {
        self.plain == BLOCK / SEALED_FRAME * FRAME
    }

    /// Takes what fits and gives back the rest.
    fn fill<'a>(&mut self, mut bytes: &'a [u8]) -> &'a [u8] {
        while !bytes.is_empty() && !self.is_full() {
            let (frame, at) = (self.plain / FRAME, self.plain % FRAME);
            let (now, rest) = bytes.split_at(bytes.len().min(FRAME - at));
            let place = self.start + frame * SEALED_FRAME + at;
            self.block[place..place + now.len()].copy_from_slice(now);
            self.plain += now.len();
            bytes = rest;
        }
        bytes
    }

    /// Header, if any, and frames, with the room for the last tag.
    fn len(&self) -> usize {
        self.start + self.plain + self.plain.div_ceil(FRAME).max(1) * TAG
    }

    fn frames(&mut self) -> &mut [u8] {
        let len = self.len();
        &mut self.block[self.start..len]
    }

    fn sealed(&self) -> &[u8] {
        &self.block[..self.len()]
    }
}
