//! `/api/v1/artifacts`: the remote cache, many hashes in one question.
//!
//! The content of an artifact is a gzip'd tar of the files below the task's folder, then `terminalOutput`, then `code`
//! (4 bytes, big endian): what nx itself sends to an HTTP cache, so that both ways share artifacts. Encrypted by the
//! client it is opaque, and only clients get it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Hashes in one question at most.
pub const MOST_HASHES: usize = 1000;

/// `POST /api/v1/artifacts/lookup`: which of these are there.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Lookup {
    /// Hashes of tasks, at most 1000.
    #[schema(max_items = 1000)]
    pub hashes: Vec<String>,
}

/// Who can read an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Everyone in the workspace.
    Shared,
    /// The CI execution that made it.
    Execution,
}

/// Content that only clients with the key can read, or that everyone can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// A gzip'd tar.
    Tar,
    /// Encrypted by the client.
    Encrypted,
}

/// An artifact that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Known {
    /// Who can read it.
    pub scope: Scope,
    /// Its size in bytes.
    pub bytes: u64,
    /// How to read it.
    pub format: Format,
    /// SHA-256 of its bytes, in hex; those that came by the HTTP cache have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// Where new artifacts of this credential go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// To everyone in the workspace.
    Shared,
    /// To its own CI execution.
    Execution,
    /// Nowhere: the credential may only read. Do not pack or send anything.
    ReadOnly,
    /// Nowhere: the organization has reached a limit of its plan. Do not pack or send anything.
    OverLimit,
}

/// Answer to [`Lookup`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// Those that are there and that the credential may read. The others are misses: do not ask for them.
    pub artifacts: BTreeMap<String, Known>,
    /// Where new ones go.
    pub store: Store,
    /// The most bytes that a new one may have.
    pub most_bytes: u64,
}

/// Answer to `PUT /api/v1/artifacts/{hash}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stored {
    /// Whether it was stored now; if not, there was one already, and that one stays.
    pub stored: bool,
    /// Who can read it.
    pub scope: Scope,
}
