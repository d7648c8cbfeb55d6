//! Downloads: read, verify and open an artifact while it goes out.

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::BLOCK;
use crate::auth::credential::Reading;
use crate::blob::{BlobError, BlobReader, Block};
use crate::seal::{HEADER, Opener, OrgKeys, SEALED_FRAME, SealContext, SealError, TAG, sealed_len};

/// The content of an artifact whose beginning was verified.
pub enum Content {
    /// All of it.
    Whole(Bytes),
    /// Frame by frame. When a later frame turns out to be altered, the stream ends with an error before that frame:
    /// the connection is cut, and the client sees a body that is too short.
    Stream(BoxStream<'static, Result<Bytes, SendError>>),
}

impl Content {
    /// The same content, with a thing that is dropped when a stream of it ends.
    #[must_use]
    pub fn holding<T: Send + 'static>(self, thing: T) -> Self {
        match self {
            Self::Whole(bytes) => Self::Whole(bytes),
            Self::Stream(stream) => Self::Stream(
                stream
                    .inspect(move |_| {
                        let _ = &thing;
                    })
                    .boxed(),
            ),
        }
    }

    /// The same content, with something to do with the number of bytes that left, also when the client went away.
    #[must_use]
    pub fn counted(self, report: impl FnOnce(u64) + Send + 'static) -> Self {
        match self {
            Self::Whole(bytes) => {
                report(bytes.len() as u64);
                Self::Whole(bytes)
            }
            Self::Stream(stream) => {
                let mut count = Count { bytes: 0, report: Some(report) };
                Self::Stream(stream.inspect_ok(move |frame| count.add(frame.len())).boxed())
            }
        }
    }

    /// The same content, as long as whoever reads it may. Asked before each frame leaves: the stream ends with an error as
    /// if the rest were damaged, so that nobody takes it for whole.
    #[must_use]
    pub fn while_allowed(self, reading: Reading) -> Self {
        match self {
            Self::Whole(bytes) => Self::Whole(bytes),
            Self::Stream(stream) => {
                let asked = stream::try_unfold((stream, reading), |(mut stream, mut reading)| async move {
                    let Some(frame) = stream.try_next().await? else { return Ok(None) };
                    // Whoever cannot be asked about does not go on.
                    if !reading.is_undisturbed() && !reading.goes_on().await.unwrap_or(false) {
                        return Err(SendError::NotAllowed);
                    }
                    Ok(Some((frame, (stream, reading))))
                });
                Self::Stream(asked.boxed())
            }
        }
    }

    /// The same content, with something to do when a later frame turns out to be altered.
    #[must_use]
    pub fn when_damaged(self, act: impl FnOnce(&SealError) + Send + 'static) -> Self {
        let mut act = Some(act);
        match self {
            Self::Whole(bytes) => Self::Whole(bytes),
            Self::Stream(stream) => Self::Stream(
                stream
                    .inspect_err(move |error| {
                        if let SendError::Seal(error) = error
                            && let Some(act) = act.take()
                        {
                            act(error);
                        }
                    })
                    .boxed(),
            ),
        }
    }
}

/// Bytes so far, reported when the stream that owns it ends or is dropped.
struct Count<F: FnOnce(u64)> {
    bytes: u64,
    report: Option<F>,
}

impl<F: FnOnce(u64)> Count<F> {
    /// A method, so that the stream takes all of it and not only the number.
    const fn add(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }
}

impl<F: FnOnce(u64)> Drop for Count<F> {
    fn drop(&mut self) {
        if let Some(report) = self.report.take() {
            report(self.bytes);
        }
    }
}

/// Why an artifact cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The stored bytes are not the artifact.
    #[error("the stored artifact does not verify: {0}")]
    Seal(#[from] SealError),
    /// The stored bytes could not be read.
    #[error(transparent)]
    Storage(#[from] BlobError),
    /// Whoever read it may not any more.
    #[error("the credential has lost its access during the download")]
    NotAllowed,
}

/// Begins to send the artifact that `context` names and that has so many plain bytes, when its stored length is right
/// and its first block verifies. No byte leaves before its frame was verified.
pub async fn send(mut reader: Box<dyn BlobReader>, keys: &OrgKeys, context: &SealContext, plain_bytes: u64) -> Result<Content, SendError> {
    let stored = reader.len();
    if stored != sealed_len(plain_bytes) {
        return Err(SealError::Altered.into());
    }
    let mut block = reader.read(Block::new(at_most(HEADER + BLOCK, stored))).await?;
    let (header, sealed) = block.split_first_chunk_mut::<HEADER>().ok_or(SealError::Format)?;
    let mut opener = Opener::new(keys, context, header, stored)?;
    opener.open(sealed)?;
    let first = block.freeze().split_off(HEADER);
    if first.len() <= SEALED_FRAME {
        return Ok(Content::Whole(frame_at(&first, 0)));
    }
    let rest = stream::try_unfold((reader, opener), |(mut reader, mut opener)| async move {
        if opener.remaining() == 0 {
            return Ok(None);
        }
        let mut block = reader.read(Block::new(at_most(BLOCK, opener.remaining()))).await?;
        opener.open(&mut block)?;
        Ok(Some((block.freeze(), (reader, opener))))
    });
    // Frames are cut out of their block, the tags between them left behind: a copy less than closing the gaps.
    let frames = stream::once(async { Ok::<_, SendError>(first) })
        .chain(rest)
        .map_ok(|block| stream::iter((0..block.len()).step_by(SEALED_FRAME).map(move |start| Ok(frame_at(&block, start)))))
        .try_flatten();
    Ok(Content::Stream(frames.boxed()))
}

fn at_most(most: usize, left: u64) -> usize {
    usize::try_from(left).map_or(most, |left| left.min(most))
}

/// The content of the opened frame that begins there.
fn frame_at(block: &Bytes, start: usize) -> Bytes {
    block.slice(start..block.len().min(start + SEALED_FRAME) - TAG)
}
