//! Buffers for moving artifacts, used again and again.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use bytes::Bytes;

/// Blocks up to this long come from and return to the pool.
const POOLED: usize = 320 * 1024;
/// Smaller blocks are as cheap from the allocator, and a slow client should not hold a big one for a small artifact.
const SMALL: usize = 16 * 1024;
/// Free blocks kept for the next transfer.
const KEPT: usize = 64;

static FREE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A buffer of a fixed length that the allocator does not see again for every 256 KiB of a transfer.
pub struct Block {
    bytes: Vec<u8>,
    len: usize,
}

impl Block {
    /// A block of that length with any content.
    pub fn new(len: usize) -> Self {
        if len <= SMALL || len > POOLED {
            return Self { bytes: vec![0; len], len };
        }
        let free = FREE.lock().ok().and_then(|mut free| free.pop());
        Self { bytes: free.unwrap_or_else(|| vec![0; POOLED]), len }
    }

    /// The same block, shorter.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// The block as shared bytes; it returns to the pool when the last of them is dropped.
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.bytes.len() != POOLED {
            return;
        }
        if let Ok(mut free) = FREE.lock()
            && free.len() < KEPT
        {
            free.push(std::mem::take(&mut self.bytes));
        }
    }
}

impl Deref for Block {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

impl DerefMut for Block {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[..self.len]
    }
}

impl AsRef<[u8]> for Block {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Block({} bytes)", self.len)
    }
}
