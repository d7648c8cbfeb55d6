//! Where sealed artifacts are kept: the port that the file system and the object stores implement.
//!
//! A blob is written once under a random key that nobody knows before it is committed, so there is nothing to
//! lock: the database row that names the key is what makes a blob exist for others. A blob without a row (a crash
//! between the two) is an orphan; the sweeper finds it with [`BlobStore::list`].

mod block;
pub mod fs;
mod key;

use std::time::SystemTime;
use std::{fmt, io};

use async_trait::async_trait;
use futures_util::stream::BoxStream;

pub use block::Block;
pub use key::BlobKey;

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// A blob with this key is there already; it stays as it is.
    #[error("a blob with this key is there already")]
    Exists,
    /// The blob ends before it should.
    #[error("the blob is shorter than it should be")]
    Truncated,
    /// The store gave back other bytes than were written.
    #[error("the artifact store gave back other bytes than were written")]
    Altered,
    /// The disk or the remote store failed.
    #[error("the artifact store failed to {action}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

impl BlobError {
    /// Whether it is that the disk, or what we may use of it, is full.
    pub fn is_storage_full(&self) -> bool {
        match self {
            Self::Io { source, .. } => matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded),
            Self::Exists | Self::Truncated | Self::Altered => false,
        }
    }

    /// For `map_err`: the failure of one action.
    pub(crate) fn io(action: &'static str) -> impl Fn(io::Error) -> Self {
        move |source| Self::Io { action, source }
    }
}

/// A place that keeps blobs.
#[async_trait]
pub trait BlobStore: Send + Sync + fmt::Debug {
    /// Begins a blob. Nothing is stored before the first bytes come.
    fn create(&self, key: &BlobKey) -> Box<dyn BlobWriter>;

    /// The blob with this key, ready to be read from its start.
    async fn open(&self, key: &BlobKey) -> Result<Option<Box<dyn BlobReader>>, BlobError>;

    /// Makes sure that there is no such blob. Readers that have it open may finish.
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError>;

    /// All blobs, in no order. Those that come and go meanwhile may be missed.
    ///
    /// Blobs that are still being written, or that a crash cut off, may be among them: what is younger than the
    /// longest upload is not to be touched.
    fn list(&self) -> BoxStream<'static, Result<BlobEntry, BlobError>>;

    /// Writes, reads and deletes a blob, to see whether the store works.
    async fn check(&self) -> Result<(), BlobError> {
        let key = BlobKey::random(uuid::Uuid::nil())?;
        let content = b"buildkeep checks its artifact store";
        let writer = self.create(&key);
        tokio::task::spawn_blocking(|| writer.commit(content))
            .await
            .map_err(|error| BlobError::Io { action: "write a blob", source: error.into() })??;
        let read = match self.open(&key).await? {
            Some(mut reader) if reader.len() == content.len() as u64 => Some(reader.read(Block::new(content.len())).await?),
            _ => None,
        };
        self.delete(&key).await?;
        if read.is_some_and(|read| read[..] == content[..]) { Ok(()) } else { Err(BlobError::Altered) }
    }
}

/// A blob being written. Dropped without a commit, it leaves nothing.
///
/// The methods block: they are called on a thread that may wait.
pub trait BlobWriter: Send {
    /// Adds bytes at the end.
    fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError>;

    /// Adds the last bytes and makes the blob durable: once this returns `Ok`, a power cut does not lose it.
    ///
    /// The last bytes come along so that a small blob is one request to the store.
    fn commit(self: Box<Self>, last: &[u8]) -> Result<(), BlobError>;
}

/// A blob being read from start to end.
#[async_trait]
#[expect(clippy::len_without_is_empty, reason = "a blob is never asked whether it is empty")]
pub trait BlobReader: Send {
    /// Bytes in the whole blob.
    fn len(&self) -> u64;

    /// The same block, filled to its end with the next bytes; [`BlobError::Truncated`] when there are fewer.
    async fn read(&mut self, block: Block) -> Result<Block, BlobError>;
}

/// A blob as the sweeper sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobEntry {
    /// Where it is.
    pub key: BlobKey,
    /// Its bytes.
    pub len: u64,
    /// When it was written.
    pub modified: SystemTime,
}
