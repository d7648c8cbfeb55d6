//! Blobs as files: `<root>/<workspace>/<2 hex>/<32 hex>`.
//!
//! A file is written under its final name. Nobody knows that name before the row is there, so a temporary name would
//! hide nothing, and with it every upload would take the lock of one folder three times: under load, uploads of 1 KiB
//! were two to three times slower. What a crash leaves behind is an orphan like any other.
//!
//! Reading never waits for a thread when the system has the file in its memory: the name is looked up and the bytes
//! are read "only if that does not block" (`RESOLVE_CACHED`, `RWF_NOWAIT`), and only otherwise on a thread that may
//! wait. That is as fast as reading on the async thread, and twice as fast as always changing threads.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use uuid::Uuid;

use super::{BlobEntry, BlobError, BlobKey, BlobReader, BlobStore, BlobWriter, Block};

/// A folder that keeps blobs.
#[derive(Debug)]
pub struct FsBlobs {
    folders: Arc<Folders>,
}

impl FsBlobs {
    /// The store in this folder, which is made when it is missing.
    pub fn new(root: PathBuf) -> Result<Self, BlobError> {
        make_folder(&root).map_err(BlobError::io("make its folder"))?;
        Ok(Self { folders: Arc::new(Folders { root, made: Mutex::default() }) })
    }
}

#[async_trait]
impl BlobStore for FsBlobs {
    fn create(&self, key: &BlobKey) -> Box<dyn BlobWriter> {
        Box::new(FsWriter { folders: Arc::clone(&self.folders), key: *key, file: None, committed: false })
    }

    async fn open(&self, key: &BlobKey) -> Result<Option<Box<dyn BlobReader>>, BlobError> {
        let path = self.folders.path(key);
        let opened = match open_if_cached(&path) {
            Some(opened) => opened,
            None => blocking(move || File::open(path)).await,
        };
        let file = match opened {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(BlobError::Io { action: "open a blob", source }),
        };
        let len = file.metadata().map_err(BlobError::io("open a blob"))?.len();
        Ok(Some(Box::new(FsReader { file: Arc::new(file), len, at: 0 })))
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        let path = self.folders.path(key);
        blocking(move || absent_is_fine(fs::remove_file(path))).await.map_err(BlobError::io("delete a blob"))?;
        Ok(())
    }

    fn list(&self) -> BoxStream<'static, Result<BlobEntry, BlobError>> {
        let root = self.folders.root.clone();
        stream::once(blocking(move || folders(&root)))
            .map_ok(|folders| stream::iter(folders).then(|folder| blocking(move || entries(&folder))))
            .try_flatten()
            .map_ok(|entries| stream::iter(entries.into_iter().map(Ok)))
            .try_flatten()
            .map_err(BlobError::io("list its blobs"))
            .boxed()
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await?
}

fn absent_is_fine<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The folders of the workspaces, and which of them are known to survive a power cut.
#[derive(Debug)]
struct Folders {
    root: PathBuf,
    made: Mutex<HashMap<Uuid, [bool; 256]>>,
}

impl Folders {
    fn path(&self, key: &BlobKey) -> PathBuf {
        self.root.join(key.to_string())
    }

    fn is_made(&self, key: &BlobKey) -> bool {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.get(&key.workspace()).is_some_and(|folders| folders[usize::from(key.folder())])
    }

    /// Makes the folder of the blob durable. Two threads may both do it; neither goes on before it is done.
    fn make(&self, key: &BlobKey) -> io::Result<()> {
        if self.is_made(key) {
            return Ok(());
        }
        let workspace = self.root.join(key.workspace().to_string());
        make_folder(&workspace)?;
        make_folder(&workspace.join(format!("{:02x}", key.folder())))?;
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.entry(key.workspace()).or_insert([false; 256])[usize::from(key.folder())] = true;
        Ok(())
    }

    fn create(&self, key: &BlobKey) -> io::Result<File> {
        let path = self.path(key);
        let create = || {
            self.make(key)?;
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)
        };
        create().or_else(|error| match error.kind() {
            // Somebody deleted the folder since it was made.
            ErrorKind::NotFound => {
                self.made.lock().unwrap_or_else(PoisonError::into_inner).remove(&key.workspace());
                create()
            }
            _ => Err(error),
        })
    }
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    // The parent of a relative path of one part is "".
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path)?.sync_all()
}

struct FsWriter {
    folders: Arc<Folders>,
    key: BlobKey,
    file: Option<File>,
    committed: bool,
}

impl FsWriter {
    fn append(&mut self, bytes: &[u8]) -> io::Result<&File> {
        if self.file.is_none() {
            self.file = Some(self.folders.create(&self.key)?);
        }
        let mut file = self.file.as_ref().ok_or(ErrorKind::NotFound)?;
        file.write_all(bytes)?;
        Ok(file)
    }
}

impl BlobWriter for FsWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<(), BlobError> {
        self.append(bytes).map(drop).map_err(write_error)
    }

    fn commit(mut self: Box<Self>, last: &[u8]) -> Result<(), BlobError> {
        self.append(last).and_then(File::sync_all).map_err(write_error)?;
        if let Some(folder) = self.folders.path(&self.key).parent() {
            sync_folder(folder).map_err(write_error)?;
        }
        self.committed = true;
        Ok(())
    }
}

fn write_error(source: io::Error) -> BlobError {
    match source.kind() {
        ErrorKind::AlreadyExists => BlobError::Exists,
        _ => BlobError::Io { action: "write a blob", source },
    }
}

impl Drop for FsWriter {
    fn drop(&mut self) {
        if self.file.is_some() && !self.committed {
            // If even this fails, the sweeper finds the file.
            let _ = fs::remove_file(self.folders.path(&self.key));
        }
    }
}

struct FsReader {
    file: Arc<File>,
    len: u64,
    at: u64,
}

#[async_trait]
impl BlobReader for FsReader {
    fn len(&self) -> u64 {
        self.len
    }

    async fn read(&mut self, mut block: Block) -> Result<Block, BlobError> {
        let done = read_if_cached(&self.file, &mut block, self.at);
        let at = self.at + done as u64;
        self.at += block.len() as u64;
        if done == block.len() {
            return Ok(block);
        }
        let file = Arc::clone(&self.file);
        blocking(move || file.read_exact_at(&mut block[done..], at).map(|()| block)).await.map_err(|source| match source.kind() {
            ErrorKind::UnexpectedEof => BlobError::Truncated,
            _ => BlobError::Io { action: "read a blob", source },
        })
    }
}

/// The file, when opening it needs no disk; `None` when it may.
#[cfg(target_os = "linux")]
fn open_if_cached(path: &Path) -> Option<io::Result<File>> {
    use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};
    match openat2(CWD, path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::CACHED) {
        Ok(file) => Some(Ok(file.into())),
        Err(rustix::io::Errno::NOENT) => Some(Err(ErrorKind::NotFound.into())),
        // Not in memory, or the system does not know the question.
        Err(_) => None,
    }
}

/// How many bytes could be read without waiting for a disk.
#[cfg(target_os = "linux")]
fn read_if_cached(file: &File, buffer: &mut [u8], at: u64) -> usize {
    use rustix::io::{ReadWriteFlags, preadv2};
    preadv2(file, &mut [io::IoSliceMut::new(buffer)], at, ReadWriteFlags::NOWAIT).unwrap_or(0)
}

#[cfg(not(target_os = "linux"))]
fn open_if_cached(_: &Path) -> Option<io::Result<File>> {
    None
}

#[cfg(not(target_os = "linux"))]
fn read_if_cached(_: &File, _: &mut [u8], _: u64) -> usize {
    0
}

/// The folders that hold blobs.
fn folders(root: &Path) -> io::Result<Vec<PathBuf>> {
    let workspaces = subfolders(root)?;
    workspaces.iter().map(|workspace| subfolders(workspace)).collect::<io::Result<Vec<_>>>().map(|all| all.concat())
}

fn subfolders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry.path());
        }
    }
    Ok(folders)
}

/// The blobs in one folder. What is not named like a blob is none of ours.
fn entries(folder: &Path) -> io::Result<Vec<BlobEntry>> {
    let mut entries = Vec::new();
    for file in absent_is_fine(fs::read_dir(folder))?.into_iter().flatten() {
        let file = file?;
        let Some(key) = key_of(&file.path()) else { continue };
        let Some(metadata) = absent_is_fine(file.metadata())? else { continue };
        entries.push(BlobEntry { key, len: metadata.len(), modified: metadata.modified()? });
    }
    Ok(entries)
}

fn key_of(path: &Path) -> Option<BlobKey> {
    let mut parts = path.components().rev().map(|part| part.as_os_str().to_str());
    let (name, folder, workspace) = (parts.next()??, parts.next()??, parts.next()??);
    BlobKey::parse(&format!("{workspace}/{folder}/{name}"))
}

#[cfg(test)]
mod tests;
