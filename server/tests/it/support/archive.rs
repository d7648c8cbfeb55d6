//! Bodies as nx sends them: gzip. What is inside does not matter to the server.

use std::io::Write as _;

use flate2::{Compression, GzBuilder};

/// A gzip file that holds the content in clear, so that it can be searched for.
pub fn archive(content: &[u8]) -> Vec<u8> {
    with_comment(content, "")
}

/// A gzip file of exactly this many bytes that does not compress.
pub fn archive_of(bytes: usize) -> Vec<u8> {
    let mut content = vec![0; bytes.saturating_sub(64 + bytes / 1000)];
    aws_lc_rs::rand::fill(&mut content).unwrap();
    let missing = bytes - archive(&content).len();
    let file = if missing == 0 { archive(&content) } else { with_comment(&content, &"x".repeat(missing - 1)) };
    assert_eq!(file.len(), bytes);
    file
}

fn with_comment(content: &[u8], comment: &str) -> Vec<u8> {
    let builder = if comment.is_empty() { GzBuilder::new() } else { GzBuilder::new().comment(comment) };
    let mut file = builder.write(Vec::new(), Compression::none());
    file.write_all(content).unwrap();
    file.finish().unwrap()
}
