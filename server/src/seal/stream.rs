//! The artifact format: a header, then frames of 64 KiB, each sealed by AES-256-GCM (the STREAM construction).
//!
//! ```text
//! "BKA" | format 1 | key version u32 | salt 32        header, 40 bytes, big endian
//! ciphertext 65536 | tag 16                           every frame but the last
//! ciphertext 0..=65536 | tag 16                       the last frame; empty only when the artifact is empty
//! ```
//!
//! Each artifact has its own AES key: HKDF-SHA256 of the organization's key with the random salt and, as info, the
//! header and the context. So an altered header or another artifact's bytes give another key, and frame 0 fails. A
//! frame's nonce is its number and whether it is the last: reordered, repeated, missing or appended frames fail.
//!
//! Blocks are slices of whole frames laid out as they are stored, so sealing and opening happen in place, several
//! frames a call, without a copy or an allocation: the plain bytes of a frame stand before the 16 bytes of its tag.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::rand;

use super::{OrgKey, OrgKeys, SealContext, SealError};

/// Plain bytes in every frame but the last.
pub const FRAME: usize = 64 * 1024;
/// Bytes that authenticate one frame.
pub const TAG: usize = 16;
/// Stored bytes of every frame but the last.
pub const SEALED_FRAME: usize = FRAME + TAG;
/// Stored bytes before the first frame.
pub const HEADER: usize = 40;

const MAGIC: [u8; 4] = *b"BKA\x01";

/// Stored bytes of an artifact with so many plain bytes.
pub const fn sealed_len(plain: u64) -> u64 {
    let frames = if plain == 0 { 1 } else { plain.div_ceil(FRAME as u64) };
    plain.saturating_add(frames * TAG as u64 + HEADER as u64)
}

/// Plain bytes of an artifact with so many stored bytes, if an artifact can have so many.
pub const fn plain_len(sealed: u64) -> Option<u64> {
    let Some(frames) = sealed.checked_sub(HEADER as u64) else { return None };
    let rest = frames % SEALED_FRAME as u64;
    let whole = frames / SEALED_FRAME as u64;
    if rest == 0 && whole > 0 {
        return Some(whole * FRAME as u64);
    }
    // A last frame with no content is only ever the sole frame.
    if rest < TAG as u64 || (rest == TAG as u64 && whole > 0) {
        return None;
    }
    Some(whole * FRAME as u64 + rest - TAG as u64)
}

/// The plain parts of an opened or not yet sealed block.
pub fn frames(block: &[u8]) -> impl Iterator<Item = &[u8]> {
    block.chunks(SEALED_FRAME).map(|frame| &frame[..frame.len().saturating_sub(TAG)])
}

struct Frames {
    key: LessSafeKey,
    next: Option<u32>,
}

impl Frames {
    fn new(key: &OrgKey, header: &[u8; HEADER], context: &SealContext) -> Result<Self, SealError> {
        let salt = Salt::new(HKDF_SHA256, &header[HEADER - 32..]);
        let key = salt
            .extract(key.secret())
            .expand(&[b"buildkeep artifact: ", header, context.as_bytes()], &AES_256_GCM)
            .map(|okm| LessSafeKey::new(UnboundKey::from(okm)))
            .map_err(|_| SealError::TooLong)?;
        Ok(Self { key, next: Some(0) })
    }

    /// The nonce of the next frame; none is given twice.
    fn nonce(&mut self, last: bool) -> Result<Nonce, SealError> {
        let number = self.next.ok_or(SealError::TooLong)?;
        self.next = if last { None } else { number.checked_add(1) };
        let mut nonce = [0; NONCE_LEN];
        nonce[NONCE_LEN - 5..NONCE_LEN - 1].copy_from_slice(&number.to_be_bytes());
        nonce[NONCE_LEN - 1] = u8::from(last);
        Ok(Nonce::assume_unique_for_key(nonce))
    }

    fn seal(&mut self, frame: &mut [u8], last: bool) -> Result<(), SealError> {
        let (plain, place) = frame.split_last_chunk_mut::<TAG>().ok_or(SealError::Format)?;
        let nonce = self.nonce(last)?;
        let tag = self.key.seal_in_place_separate_tag(nonce, Aad::empty(), plain).map_err(|_| SealError::TooLong)?;
        place.copy_from_slice(tag.as_ref());
        Ok(())
    }

    fn open(&mut self, frame: &mut [u8], last: bool) -> Result<(), SealError> {
        let nonce = self.nonce(last)?;
        self.key.open_in_place(nonce, Aad::empty(), frame).map_err(|_| SealError::Altered)?;
        Ok(())
    }
}

/// Seals one artifact, from the first frame to the last.
pub struct Sealer {
    frames: Frames,
    header: [u8; HEADER],
}

impl Sealer {
    /// A sealer for the artifact that `context` names, under the organization's current key.
    pub fn new(keys: &OrgKeys, context: &SealContext) -> Result<Self, SealError> {
        let key = keys.current();
        let mut header = [0; HEADER];
        header[..4].copy_from_slice(&MAGIC);
        header[4..8].copy_from_slice(&key.version().to_be_bytes());
        rand::fill(&mut header[8..]).map_err(|_| SealError::Random)?;
        Ok(Self { frames: Frames::new(key, &header, context)?, header })
    }

    /// What must be stored before the first frame.
    pub fn header(&self) -> &[u8; HEADER] {
        &self.header
    }

    /// Seals whole frames in place, when more content follows.
    pub fn seal(&mut self, block: &mut [u8]) -> Result<(), SealError> {
        let (frames, rest) = block.as_chunks_mut::<SEALED_FRAME>();
        if !rest.is_empty() {
            return Err(SealError::Format);
        }
        frames.iter_mut().try_for_each(|frame| self.frames.seal(frame, false))
    }

    /// Seals the last frames in place; the very last one may be short, and is never missing.
    pub fn finish(mut self, block: &mut [u8]) -> Result<(), SealError> {
        let last = block.len().saturating_sub(1) / SEALED_FRAME * SEALED_FRAME;
        let (before, last) = block.split_at_mut(last);
        self.seal(before)?;
        self.frames.seal(last, true)
    }
}

/// Opens one artifact, from the first frame to the last.
pub struct Opener {
    frames: Frames,
    remaining: u64,
}

impl Opener {
    /// An opener for the artifact that `context` names, `sealed` bytes long in the store.
    pub fn new(keys: &OrgKeys, context: &SealContext, header: &[u8; HEADER], sealed: u64) -> Result<Self, SealError> {
        let [b'B', b'K', b'A', format, a, b, c, d, ..] = *header else {
            return Err(SealError::Altered);
        };
        if format != MAGIC[3] {
            return Err(SealError::Format);
        }
        plain_len(sealed).ok_or(SealError::Format)?;
        let key = keys.version(u32::from_be_bytes([a, b, c, d]))?;
        Ok(Self { frames: Frames::new(key, header, context)?, remaining: sealed - HEADER as u64 })
    }

    /// Opens the next frames in place: whole ones, or everything that remains. An altered block is wiped.
    pub fn open(&mut self, block: &mut [u8]) -> Result<(), SealError> {
        let remaining = self.remaining.checked_sub(block.len() as u64).ok_or(SealError::Altered)?;
        if remaining > 0 && !block.len().is_multiple_of(SEALED_FRAME) {
            return Err(SealError::Format);
        }
        let count = block.len().div_ceil(SEALED_FRAME);
        let opened = block
            .chunks_mut(SEALED_FRAME)
            .enumerate()
            .try_for_each(|(index, frame)| self.frames.open(frame, remaining == 0 && index + 1 == count));
        if opened.is_ok() {
            self.remaining = remaining;
        } else {
            block.fill(0);
            self.frames.next = None;
        }
        opened
    }

    /// Stored bytes that are not opened yet.
    pub fn remaining(&self) -> u64 {
        self.remaining
    }
}

#[cfg(test)]
mod tests;
