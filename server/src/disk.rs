//! The disk of the artifacts: whether room is left, and what is said when it is not.
//!
//! A full disk is nothing that a client can wait for. So it is told apart from other faults, named in the log (once a minute, however
//! many uploads fail of it), by `doctor` and by `/readyz`.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;

/// What was seen of the disk counts for this long.
const REMEMBERED: Duration = Duration::from_secs(2);
/// A disk that was full is taken for full for this long after the last write that failed.
const FULL_FOR: Duration = Duration::from_mins(1);
/// With less no database goes on.
const LEAST: u64 = 16 << 20;

/// Room on a disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// Bytes that we may still write.
    pub free: u64,
    /// Bytes in all.
    pub size: u64,
}

#[derive(Debug, Default)]
struct Seen {
    space: Option<(Instant, Space)>,
    refused: Option<Instant>,
    told: Option<Instant>,
}

/// The disk of the artifacts.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    seen: Mutex<Seen>,
}

impl Disk {
    /// The one that holds this folder.
    pub fn of(folder: PathBuf) -> Self {
        Self { folder, seen: Mutex::default() }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its room, as it was a moment ago; none when the system does not tell.
    pub fn space(&self) -> Option<Space> {
        let mut seen = self.seen();
        if let Some((at, space)) = seen.space
            && at.elapsed() < REMEMBERED
        {
            return Some(space);
        }
        let found = rustix::fs::statvfs(&self.folder).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(found.f_frsize);
        let space = Space { free: bytes(found.f_bavail), size: bytes(found.f_blocks) };
        seen.space = Some((Instant::now(), space));
        Some(space)
    }

    /// Whether less than so many MiB are free.
    pub fn is_nearly_full(&self, mebibytes: u32) -> bool {
        self.space().is_some_and(|space| space.free < u64::from(mebibytes) << 20)
    }

    /// Looks at a failure: whether it is that no room is left, here or where the database lies. Then it is said in the log.
    pub fn is_full_by(&self, error: &Error) -> bool {
        let is_full = error.is_storage_full();
        if is_full {
            self.was_full(&std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string));
        }
        is_full
    }

    /// A write has failed for want of room.
    pub fn was_full(&self, cause: &str) {
        metrics::counter!("buildkeep_storage_full_total").increment(1);
        let now = Instant::now();
        let mut seen = self.seen();
        seen.refused = Some(now);
        if seen.told.is_some_and(|told| now.duration_since(told) < FULL_FOR) {
            return;
        }
        seen.told = Some(now);
        drop(seen);
        let free = self.space().map(|space| space.free);
        tracing::error!(folder = %self.folder.display(), free, cause, "the disk is full: nothing more is stored until there is room; reads go on");
    }

    /// What is wrong, in words for operators, if something is.
    pub fn trouble(&self) -> Option<String> {
        let refused = self.seen().refused.is_some_and(|at| at.elapsed() < FULL_FOR);
        let space = self.space();
        let none_left = space.is_some_and(|space| space.free < LEAST);
        (refused || none_left).then(|| {
            let free = space.map_or_else(|| "an unknown number of".to_owned(), |space| space.free.to_string());
            format!("the disk is full: {} has {free} bytes free, nothing more is stored", self.folder.display())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blob::BlobError;

    #[test]
    fn a_disk_is_in_trouble_once_a_write_was_refused_for_want_of_room() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::of(folder.path().to_owned());
        let fault = |kind: std::io::ErrorKind| Error::from(BlobError::Io { action: "write a blob", source: kind.into() });
        assert!(!disk.is_full_by(&fault(std::io::ErrorKind::PermissionDenied)));
        assert_eq!(disk.trouble(), None);
        for kind in [std::io::ErrorKind::StorageFull, std::io::ErrorKind::QuotaExceeded] {
            assert!(disk.is_full_by(&fault(kind)));
        }
        let trouble = disk.trouble().unwrap();
        assert!(trouble.contains(&folder.path().display().to_string()) && trouble.contains("bytes free"), "{trouble}");
    }

    #[test]
    fn how_much_is_free_is_asked_of_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let disk = Disk::of(folder.path().to_owned());
        let space = disk.space().unwrap();
        assert!(space.free <= space.size && space.size > 0);
        assert!(!disk.is_nearly_full(0));
        assert!(disk.is_nearly_full(u32::MAX));
        assert_eq!(Disk::of(folder.path().join("missing")).space(), None);
    }
}
