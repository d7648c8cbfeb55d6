//! Buffers for moving artifacts, used again and again.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Mutex;

use bytes::Bytes;

/// Smaller blocks are as cheap from the allocator, and a slow client should not hold a big one for a small artifact.
const SMALL: usize = 16 * 1024;
/// Free blocks kept for the next transfer.
const KEPT: usize = 64;

static FREE: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());

/// A buffer of a fixed length, from a pool: clearing a fresh one for every 256 KiB of a transfer costs a tenth of its time.
///
/// A block from the pool still holds what it held before. That is safe because everything that is sent out of one was
/// opened in it first, and old content does not verify.
pub struct Block {
    bytes: Vec<u8>,
    len: usize,
}

impl Block {
    /// Longer blocks do not come from the pool.
    pub const POOLED: usize = 264 * 1024;

    /// A block of that length with any content.
    pub fn new(len: usize) -> Self {
        if len <= SMALL || len > Self::POOLED {
            return Self { bytes: vec![0; len], len };
        }
        let free = FREE.lock().ok().and_then(|mut free| free.pop());
        Self { bytes: free.unwrap_or_else(|| vec![0; Self::POOLED]), len }
    }

    /// The block as shared bytes; it returns to the pool when the last of them is dropped.
    pub fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        if self.bytes.len() != Self::POOLED {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_has_the_length_that_was_asked_for() {
        for len in [0, 1, SMALL, SMALL + 1, Block::POOLED, Block::POOLED + 1] {
            assert_eq!(Block::new(len).len(), len);
            assert_eq!(Block::new(len).freeze().len(), len);
        }
    }

    #[test]
    fn a_block_in_use_is_no_one_elses() {
        let mut blocks: Vec<Block> = (0..10).map(|_| Block::new(SMALL + 1)).collect();
        for (number, block) in (0..).zip(&mut blocks) {
            block.fill(number);
        }
        let shared: Vec<Bytes> = blocks.into_iter().map(Block::freeze).collect();
        Block::new(SMALL + 1).fill(99);
        assert!((0..).zip(&shared).all(|(number, bytes)| bytes.iter().all(|byte| *byte == number)));
    }
}
