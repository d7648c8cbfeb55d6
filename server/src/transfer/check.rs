//! Is the body what it is said to be? Damage cannot be mended later, since a key is written once.

use app::domain::artifact::ArtifactFormat;
use aws_lc_rs::digest::{Context, SHA256};

use super::ReceiveError;
use super::gzip::GzipCheck;

/// How content that a client has encrypted begins: its formats, of which old ones are still stored by old clients.
const MAGICS: [&[u8; 4]; 2] = [b"BKE2", b"BKE1"];
const MAGIC_BYTES: usize = 4;
/// Magic, key id, salt, nonce and tag: what surrounds even empty content.
const SHORTEST: u64 = 4 + 8 + 32 + 12 + 16;

/// Looks at a body as it comes in.
pub(super) struct Check {
    content: Content,
    digest: Option<(Context, [u8; 32])>,
}

enum Content {
    Tar(Box<GzipCheck>),
    Encrypted { start: Vec<u8>, bytes: u64 },
}

impl Check {
    /// A check of content in this format, which may expand to so many bytes and has this SHA-256, if that was told.
    pub(super) fn new(format: ArtifactFormat, expanded: u64, sha256: Option<[u8; 32]>) -> Self {
        let content = match format {
            ArtifactFormat::Tar => Content::Tar(Box::new(GzipCheck::new(expanded))),
            ArtifactFormat::Encrypted => Content::Encrypted { start: Vec::new(), bytes: 0 },
        };
        Self { content, digest: sha256.map(|expected| (Context::new(&SHA256), expected)) }
    }

    pub(super) fn write(&mut self, part: &[u8]) -> Result<(), ReceiveError> {
        if let Some((digest, _)) = &mut self.digest {
            digest.update(part);
        }
        match &mut self.content {
            Content::Tar(gzip) => gzip.write(part),
            Content::Encrypted { start, bytes } => {
                let missing = MAGIC_BYTES.saturating_sub(start.len()).min(part.len());
                start.extend_from_slice(&part[..missing]);
                *bytes += part.len() as u64;
                Ok(())
            }
        }
    }

    /// The verdict, at the end of the body.
    pub(super) fn finish(self) -> Result<(), ReceiveError> {
        match self.content {
            Content::Tar(gzip) => gzip.finish()?,
            Content::Encrypted { start, bytes } if MAGICS.iter().any(|magic| start == *magic) && bytes >= SHORTEST => {}
            Content::Encrypted { .. } => return Err(ReceiveError::NotEncrypted),
        }
        let fits = self.digest.is_none_or(|(digest, expected)| digest.finish().as_ref() == expected);
        fits.then_some(()).ok_or(ReceiveError::WrongDigest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(parts: &[&[u8]], sha256: Option<[u8; 32]>) -> Result<(), ReceiveError> {
        let mut check = Check::new(ArtifactFormat::Encrypted, 1, sha256);
        for part in parts {
            check.write(part)?;
        }
        check.finish()
    }

    #[test]
    fn encrypted_content_is_known_by_its_start_and_length() {
        for magic in MAGICS {
            let whole = [&magic[..], &[7; 68]].concat();
            assert!(verdict(&[&whole], None).is_ok());
            assert!(verdict(&[&whole[..2], &whole[2..]], None).is_ok());
            for bad in [&whole[..71], &[7; 72], b"", magic] {
                assert!(matches!(verdict(&[bad], None), Err(ReceiveError::NotEncrypted)));
            }
        }
        assert!(matches!(verdict(&[&[&b"BKE3"[..], &[7; 68]].concat()], None), Err(ReceiveError::NotEncrypted)));
    }

    #[test]
    fn content_that_is_not_what_was_announced_is_refused() {
        let whole = [&MAGICS[0][..], &[7; 68]].concat();
        let digest: [u8; 32] = aws_lc_rs::digest::digest(&SHA256, &whole).as_ref().try_into().unwrap();
        assert!(verdict(&[&whole], Some(digest)).is_ok());
        assert!(matches!(verdict(&[&whole], Some([0; 32])), Err(ReceiveError::WrongDigest)));
    }
}
