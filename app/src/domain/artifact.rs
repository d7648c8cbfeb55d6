//! What may be done with an artifact's key, and how its upload ended.

use std::fmt;

/// Who can read an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArtifactScope {
    /// Every credential of the workspace that may read.
    Shared,
    /// Those who know the secret of one CI execution, through the token that stored it: the hash of both.
    Execution([u8; 32]),
}

impl fmt::Display for ArtifactScope {
    /// The word in the database and in the associated data of the seal.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shared => out.write_str("shared"),
            Self::Execution(hash) => {
                out.write_str("execution:")?;
                hash.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        }
    }
}

/// Who can make sense of an artifact's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ArtifactFormat {
    /// Everyone: a gzip'd tar.
    Tar,
    /// Clients that have the key under which one of them encrypted it.
    Encrypted,
}

/// How the attempt to store an artifact ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is stored, durably.
    Created,
    /// The key was taken; what was there stays.
    AlreadyThere,
}
