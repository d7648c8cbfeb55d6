//! What may be done with an artifact's key, and how its upload ended.

use serde::{Deserialize, Serialize};

/// Who can read an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ArtifactScope {
    /// Every credential of the workspace that may read.
    Shared,
}

impl ArtifactScope {
    /// The word in the database and in the associated data of the seal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shared => "shared",
        }
    }
}

/// How the attempt to store an artifact ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is stored, durably.
    Created,
    /// The key was taken; what was there stays.
    AlreadyThere,
}
