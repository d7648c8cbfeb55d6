//! Artifacts on their way between a request and the blob store, sealed or opened while they stream.
//!
//! Both ways move blocks of four frames: one block is in our hands at a time, and hyper keeps at most 400 KiB more, so
//! a transfer of any size stays under 1 MiB. Larger or smaller blocks, other hyper settings (`max_buf_size`,
//! `writev`, `pipeline_flush`), `TCP_NODELAY` and another allocator were measured and gained nothing.
//!
//! There is no read-ahead of our own: the system reads files ahead, and while it does, the socket drains hyper's
//! buffer and its own.

mod check;
mod exit_code;
mod gzip;
mod receive;
mod send;

pub use receive::{Announced, Limits, ReceiveError, Received, receive};
pub use send::{Content, SendError, send};

use crate::blob::Block;
use crate::seal::{HEADER, SEALED_FRAME};

/// Stored bytes in a block, without the header that precedes the first one.
const BLOCK: usize = 4 * SEALED_FRAME;
const _: () = assert!(HEADER + BLOCK <= Block::POOLED);

#[cfg(test)]
mod tests;
