//! The client that an unmodified nx downloads from the server it talks to: built from `client/`, held in the binary.
//!
//! Whoever can change this file runs code on every machine that builds. So it comes from nowhere else, its SHA-256 is
//! shown on the pages that tell how to connect, and a local copy that differs is replaced.

use std::sync::LazyLock;

use app::request::ClientFile;
use axum::body::Bytes;
use serde::Deserialize;

const FILE: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/client/client.tar.gz"));
const START: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/client/start.tar.gz"));
const PROGRAM: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/client/client.js"));
const FACTS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/client/client.json"));

/// What its build says of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    version: String,
    content_hash: String,
    sha256: String,
    bytes: u64,
}

static FACTS_READ: LazyLock<Facts> = LazyLock::new(|| serde_json::from_str(FACTS).expect("the build of the client wrote it"));

/// Its version.
pub fn version() -> &'static str {
    &FACTS_READ.version
}

/// The file: a tar in gzip.
pub const fn bytes() -> Bytes {
    Bytes::from_static(FILE)
}

/// The part of it that fetches the rest, small enough for one packet.
pub const fn start() -> Bytes {
    Bytes::from_static(START)
}

/// That rest.
pub const fn program() -> Bytes {
    Bytes::from_static(PROGRAM)
}

/// Whether what nx has unpacked is this client, unchanged.
pub fn is_current(version: Option<&str>, content_hash: Option<&str>) -> bool {
    version == Some(&FACTS_READ.version) && content_hash.is_some_and(|hash| hash.eq_ignore_ascii_case(&FACTS_READ.content_hash))
}

/// What pages say about it.
pub fn file() -> ClientFile {
    ClientFile { version: FACTS_READ.version.clone(), sha256: FACTS_READ.sha256.clone(), bytes: FACTS_READ.bytes }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use aws_lc_rs::digest::{SHA256, digest};
    use flate2::read::GzDecoder;

    use super::*;

    fn sha256(bytes: &[u8]) -> String {
        hex::encode(digest(&SHA256, bytes).as_ref())
    }

    /// Name, type and content of each entry (POSIX ustar).
    fn entries(file: &[u8]) -> Vec<(String, u8, Vec<u8>)> {
        let mut tar = Vec::new();
        GzDecoder::new(file).read_to_end(&mut tar).unwrap();
        let (mut entries, mut rest) = (Vec::new(), tar.as_slice());
        while rest.first().is_some_and(|byte| *byte != 0) {
            let text = |from: usize, to: usize| String::from_utf8(rest[from..to].to_vec()).unwrap().trim_matches(['\0', ' ']).to_owned();
            let (name, size) = (text(0, 100), usize::from_str_radix(&text(124, 136), 8).unwrap());
            entries.push((name, rest[156], rest[512..512 + size].to_vec()));
            rest = &rest[512 + size.next_multiple_of(512)..];
        }
        entries
    }

    #[test]
    fn the_facts_are_those_of_the_file() {
        assert_eq!(FACTS_READ.sha256, sha256(FILE));
        assert_eq!(FACTS_READ.bytes, FILE.len() as u64);
        assert!(FILE.len() < 512 << 10, "small enough to be there in a moment: {}", FILE.len());
        // nx makes a folder of this name, and takes the highest one.
        let numbers: Vec<_> = version().split('.').collect();
        assert!(numbers.len() == 3 && numbers.iter().all(|part| part.parse::<u32>().is_ok()), "{}", version());
    }

    #[test]
    fn nx_can_unpack_it_and_finds_the_same_content() {
        let entries = entries(FILE);
        // nx takes files and folders only, and makes no folder by itself.
        assert!(entries.iter().all(|(_, kind, _)| matches!(kind, b'0' | b'5')), "{entries:?}");
        let files: Vec<_> = entries.iter().filter(|(_, kind, _)| *kind == b'0').collect();
        assert!(files.iter().all(|(name, ..)| !name.trim_start_matches("./").contains('/')), "one folder: {files:?}");
        assert!(files.iter().any(|(name, ..)| name.trim_start_matches("./") == "index.js"));
        let mut hashes: Vec<_> = files.iter().map(|(.., content)| sha256(content)).collect();
        hashes.sort();
        assert_eq!(FACTS_READ.content_hash, sha256(hashes.concat().as_bytes()));
    }

    #[test]
    fn the_start_is_the_same_files_without_the_program_and_fits_in_one_packet() {
        let mut all = entries(FILE);
        let last = all.pop().unwrap();
        assert_eq!(entries(START), all);
        assert_eq!((last.0.as_str(), last.2.as_slice()), ("client.js", PROGRAM));
        assert!(START.len() <= 1_400, "{}", START.len());
        // A workspace may say that all its files are ES modules.
        assert_eq!(all[1].0, "package.json");
        assert!(String::from_utf8_lossy(&all[2].2).contains(&sha256(PROGRAM)), "it knows what the program has to be");
    }

    #[test]
    fn only_the_same_version_with_the_same_content_is_current() {
        let hash = FACTS_READ.content_hash.as_str();
        assert!(is_current(Some(version()), Some(hash)));
        for (other, content) in
            [(None, None), (Some(version()), None), (None, Some(hash)), (Some("2000.1.1"), Some(hash)), (Some(version()), Some("00"))]
        {
            assert!(!is_current(other, content));
        }
    }
}
