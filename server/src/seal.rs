//! Everything that is encrypted at rest: artifacts (streamed in frames), small rows, wrapped keys.
//!
//! One library for all of it, `aws-lc-rs`: it is linked through rustls anyway and seals 64 KiB frames several times
//! faster than `aes-gcm`, which is what lets `GET /v1/cache/{hash}` keep up with a plain file server.
//!
//! ```text
//! master key ─HKDF("wrap-org-key")─▶ wraps ─▶ org key ─┬─HKDF(salt of the file, context)─▶ one AES key per artifact
//!            └HKDF(any other label)─▶ subkeys          └─HKDF(label)─▶ rows, blind indexes
//! ```
//!
//! A [`SealContext`] says what the bytes belong to. It is never stored: the reader must know it, so bytes moved to
//! another organization, workspace, scope or hash do not open.

mod context;
mod keys;
mod row;
mod stream;

pub use context::SealContext;
pub use keys::{MasterKey, OrgKey, OrgKeys};
pub use row::{open_row, seal_row};
pub use stream::{FRAME, HEADER, Opener, SEALED_FRAME, Sealer, TAG, frames, plain_len, sealed_len};

/// Why bytes could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The bytes do not have the shape of anything that was sealed here.
    #[error("the bytes are not in a sealed format known to this server")]
    Format,
    /// The bytes name a version of the organization's key that is not at hand.
    #[error("version {0} of the organization's key is not known")]
    UnknownKey(u32),
    /// The bytes were changed, cut, reordered, or sealed for something else.
    #[error("the sealed bytes are altered or belong to something else")]
    Altered,
    /// More bytes than one key may seal.
    #[error("the content is too long to be sealed in one piece")]
    TooLong,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random,
}
