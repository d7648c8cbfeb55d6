//! The exit code in an artifact of nx: a tar that ends with an entry `code` of four bytes, big-endian.
//!
//! With `NX_CACHE_FAILURES` nx stores failures, too. A key is written once, so a failure would stand in the way of everybody's
//! success for ever; it is not stored. What is no tar has no exit code, and is nobody's failure.

/// Bytes of a header, and what entries are filled up to.
const BLOCK: usize = 512;

/// Looks at the entries of a tar as its bytes come.
pub(super) struct ExitCode {
    state: Part,
    block: Vec<u8>,
    last: Option<[u8; 4]>,
}

enum Part {
    /// A header is collected.
    Header,
    /// The block with an exit code is collected.
    Code,
    /// So many bytes say nothing.
    Skip(u64),
    /// The end, or no tar.
    Over,
}

impl ExitCode {
    pub(super) const fn new() -> Self {
        Self { state: Part::Header, block: Vec::new(), last: None }
    }

    /// Whether the last entry `code` says that the task failed.
    pub(super) fn is_failure(&self) -> bool {
        self.last.is_some_and(|code| code != [0; 4])
    }

    pub(super) fn write(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.state {
                Part::Over => return,
                Part::Skip(left) => {
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = &bytes[skipped..];
                    *left -= skipped as u64;
                    if *left == 0 {
                        self.state = Part::Header;
                    }
                }
                Part::Header | Part::Code => {
                    let missing = (BLOCK - self.block.len()).min(bytes.len());
                    self.block.extend_from_slice(&bytes[..missing]);
                    bytes = &bytes[missing..];
                    if self.block.len() == BLOCK {
                        self.take_block();
                        self.block.clear();
                    }
                }
            }
        }
    }

    fn take_block(&mut self) {
        self.state = if matches!(self.state, Part::Code) {
            self.last = self.block.first_chunk().copied();
            Part::Header
        } else {
            after_header(&self.block)
        };
    }
}

fn after_header(header: &[u8]) -> Part {
    let Some(size) = number(&header[124..136]).filter(|_| header.iter().any(|byte| *byte != 0)) else { return Part::Over };
    let name = header[..100].split(|byte| *byte == 0).next().unwrap_or_default();
    let is_file = matches!(header[156], 0 | b'0');
    let below = header[257..263] == *b"ustar\0" && header[345] != 0;
    if is_file && !below && matches!(name, b"code" | b"./code") && size == 4 {
        return Part::Code;
    }
    match size.checked_next_multiple_of(BLOCK as u64) {
        Some(0) => Part::Header,
        Some(bytes) => Part::Skip(bytes),
        None => Part::Over,
    }
}

/// A number as tar writes it: octal, or with the first bit set in base 256.
fn number(field: &[u8]) -> Option<u64> {
    if field[0] & 0x80 != 0 {
        let (first, rest) = field.split_at(field.len() - 8);
        let fits = first.iter().enumerate().all(|(at, byte)| *byte == if at == 0 { 0x80 } else { 0 });
        return fits.then(|| rest.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)));
    }
    let text = std::str::from_utf8(field).ok()?.trim_matches([' ', '\0']);
    if text.is_empty() { Some(0) } else { u64::from_str_radix(text, 8).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, kind: u8, body: &[u8]) -> Vec<u8> {
        let mut header = vec![0; BLOCK];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", body.len()).as_bytes());
        header[156] = kind;
        header[257..265].copy_from_slice(b"ustar  \0");
        header.extend_from_slice(body);
        header.resize(header.len().next_multiple_of(BLOCK), 0);
        header
    }

    fn failure(parts: &[Vec<u8>]) -> bool {
        let tar = [parts.concat(), vec![0; 1024]].concat();
        let verdicts = [1, 7, 511, 512, 513, usize::MAX].map(|step| {
            let mut code = ExitCode::new();
            tar.chunks(step).for_each(|piece| code.write(piece));
            code.is_failure()
        });
        assert!(verdicts.iter().all(|verdict| *verdict == verdicts[0]), "{verdicts:?}");
        verdicts[0]
    }

    #[test]
    fn the_last_exit_code_counts() {
        let (good, bad) = (entry("code", 0, &[0; 4]), entry("code", 0, &[0, 0, 0, 1]));
        let log = entry("terminalOutput", 0, &[b'x'; 700]);
        assert!(failure(&[entry("dist/", b'5', b""), entry("dist/a", b'0', &[1; 512]), log.clone(), bad.clone()]));
        assert!(failure(&[bad.clone(), log.clone()]));
        assert!(failure(&[entry("code", 0, &[0xff; 4])]));
        assert!(!failure(&[log.clone(), good.clone()]));
        // An output of the workspace may have that name, too.
        assert!(!failure(&[bad.clone(), log, good.clone()]));
        assert!(failure(&[good, bad]));
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        let bad = [0, 0, 0, 1];
        let mut below = entry("code", b'0', &bad);
        below[257..263].copy_from_slice(b"ustar\0");
        below[345..349].copy_from_slice(b"dist");
        for parts in [
            vec![],
            vec![below],
            vec![entry("dist/code", 0, &bad)],
            vec![entry("code", b'2', &bad)],
            vec![entry("code", 0, &[0, 0, 1])],
            vec![vec![7; 2000], entry("code", 0, &bad)],
            // What a file holds is not looked at.
            vec![entry("dist/a.tar", b'0', &entry("code", 0, &bad))],
        ] {
            assert!(!failure(&parts));
        }
    }

    #[test]
    fn large_sizes_are_read() {
        assert_eq!(number(b"00000000017\0"), Some(15));
        assert_eq!(number(&[0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 1]), Some((2 << 32) + 1));
        assert_eq!(number(&[0xff; 12]), None);
        assert_eq!(number(&[0; 12]), Some(0));
    }
}
