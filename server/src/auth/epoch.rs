//! How a server that remembers credentials forgets them in time.
//!
//! Every change that takes access away raises a number in the database, in its own transaction. Whatever is
//! remembered carries the epoch at which its database read *began*, and counts only while that is the current one:
//! a read that began before the change can therefore not bring the old answer back afterwards.
//!
//! The server that makes the change raises its own epoch before it answers; the others, and a server whose operator
//! runs a command beside it, see the number within [`WATCH_INTERVAL`].

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use crate::error::Result;
use crate::store::ci_tokens::access_epoch;
use crate::store::db::Db;

/// How often a server looks for changes that others made; "on other servers within one second".
pub const WATCH_INTERVAL: Duration = Duration::from_millis(400);

/// The epoch of this process.
#[derive(Debug, Default)]
pub struct AccessEpoch {
    current: AtomicU64,
    seen_in_database: AtomicI64,
}

/// A moment in the history of access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epoch(u64);

impl AccessEpoch {
    /// The epoch now. Take it before reading what is to be remembered.
    pub fn now(&self) -> Epoch {
        Epoch(self.current.load(Ordering::SeqCst))
    }

    /// Whether something remembered at this epoch still counts.
    pub fn is_current(&self, epoch: Epoch) -> bool {
        self.now() == epoch
    }

    /// Makes everything remembered stop counting. Call it after the commit and before the answer.
    pub fn raise(&self) {
        self.current.fetch_add(1, Ordering::SeqCst);
    }

    /// Looks whether another process has changed something; says so.
    pub async fn watch(&self, db: &Db) -> Result<bool> {
        let stored = access_epoch(db.read()).await?;
        let changed = self.seen_in_database.swap(stored, Ordering::SeqCst) != stored;
        if changed {
            self.raise();
        }
        Ok(changed)
    }
}
