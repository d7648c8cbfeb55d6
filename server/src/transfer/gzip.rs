//! Is the body what `nx` uploads: complete gzip? Damage cannot be mended later, since a key is written once.

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;

use super::ReceiveError;
use super::exit_code::ExitCode;

/// Inflates a body into nothing, to see whether it is whole.
pub(super) struct GzipCheck {
    decoder: MultiGzDecoder<Expanded>,
}

impl GzipCheck {
    /// A check that lets the content expand to so many bytes.
    pub(super) fn new(limit: u64) -> Self {
        Self { decoder: MultiGzDecoder::new(Expanded { left: Some(limit), code: ExitCode::new() }) }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), ReceiveError> {
        self.decoder.write_all(bytes).map_err(|_| self.error())
    }

    /// Looks at the checksums at the end, and at the exit code in what was packed.
    pub(super) fn finish(mut self) -> Result<(), ReceiveError> {
        self.decoder.try_finish().map_err(|_| self.error())?;
        if self.decoder.get_ref().code.is_failure() { Err(ReceiveError::Failure) } else { Ok(()) }
    }

    fn error(&self) -> ReceiveError {
        match self.decoder.get_ref().left {
            Some(_) => ReceiveError::NotGzip,
            None => ReceiveError::ExpandsTooFar,
        }
    }
}

/// Counts the expanded bytes; `None` once there were too many.
struct Expanded {
    left: Option<u64>,
    code: ExitCode,
}

impl Write for Expanded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self.left.and_then(|left| left.checked_sub(bytes.len() as u64));
        self.code.write(bytes);
        self.left.map(|_| bytes.len()).ok_or_else(|| io::ErrorKind::FileTooLarge.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    /// Checks the bytes in pieces of every one of these lengths; all must agree.
    fn check(bytes: &[u8], limit: u64) -> Result<(), ReceiveError> {
        let outcomes = [1, 7, 8, 1000, usize::MAX].map(|step| {
            let mut check = GzipCheck::new(limit);
            bytes.chunks(step).try_for_each(|piece| check.write(piece)).and_then(|()| check.finish())
        });
        assert!(outcomes.iter().all(|outcome| format!("{outcome:?}") == format!("{:?}", outcomes[0])), "{outcomes:?}");
        let [first, ..] = outcomes;
        first
    }

    #[test]
    fn whole_gzip_passes() {
        for content in [&b""[..], b"content", &[7; 200_000]] {
            check(&gzip(content), 200_000).unwrap();
        }
    }

    #[test]
    fn several_members_pass() {
        check(&[gzip(b"one"), gzip(b""), gzip(b"two")].concat(), 1000).unwrap();
    }

    #[test]
    fn optional_header_fields_pass() {
        let builder = flate2::GzBuilder::new().filename("name").comment("comment").extra(vec![1; 300]);
        let mut encoder = builder.write(Vec::new(), Compression::default());
        encoder.write_all(b"content").unwrap();
        check(&encoder.finish().unwrap(), 1000).unwrap();
    }

    #[test]
    fn every_truncation_is_seen() {
        let whole = [gzip(b"some content"), gzip(b"more content")].concat();
        let member = gzip(b"some content").len();
        for len in (0..whole.len()).filter(|len| *len != member) {
            assert!(matches!(check(&whole[..len], 1000), Err(ReceiveError::NotGzip)), "cut to {len}");
        }
    }

    #[test]
    fn damage_is_seen() {
        let whole = gzip(b"some content");
        for at in whole.len() - 8..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            assert!(matches!(check(&damaged, 1000), Err(ReceiveError::NotGzip)), "byte {at}");
        }
    }

    #[test]
    fn other_bytes_are_refused_also_behind_gzip() {
        for other in [&b"x"[..], b"\0", b"\x1f", b"\x1f\x8b", b"<html>not an artifact</html>", &[0; 512]] {
            assert!(matches!(check(other, 1000), Err(ReceiveError::NotGzip)), "{other:?}");
            let behind = [&gzip(b"content"), other].concat();
            assert!(matches!(check(&behind, 1000), Err(ReceiveError::NotGzip)), "gzip and {other:?}");
        }
    }

    #[test]
    fn the_expanded_size_is_bounded() {
        let content = vec![0; 1_000_000];
        let bomb = gzip(&content);
        assert!(bomb.len() < 2000);
        check(&bomb, 1_000_000).unwrap();
        assert!(matches!(check(&bomb, 999_999), Err(ReceiveError::ExpandsTooFar)));
        let members = bomb.repeat(3);
        check(&members, 3_000_000).unwrap();
        assert!(matches!(check(&members, 2_999_999), Err(ReceiveError::ExpandsTooFar)));
    }
}
