//! What a credential of the command line or of CI may do with a workspace's remote cache.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One thing that a credential may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CachePermission {
    /// Read artifacts that everyone in the workspace shares.
    ReadShared,
    /// Store artifacts that everyone in the workspace shares.
    WriteShared,
}

impl CachePermission {
    /// Every cache permission, in the order of the printed matrix.
    pub const ALL: [Self; 2] = [Self::ReadShared, Self::WriteShared];

    /// What it means, in words for the matrix.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::ReadShared => "Read the shared cache",
            Self::WriteShared => "Store into the shared cache",
        }
    }
}

/// The access that a CI access token gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TokenAccess {
    /// Reads the shared cache, stores nothing in it.
    #[serde(rename = "read-only")]
    ReadOnly,
    /// Reads and stores.
    #[serde(rename = "read-write")]
    ReadWrite,
}

impl TokenAccess {
    /// Every access, the weakest first.
    pub const ALL: [Self; 2] = [Self::ReadOnly, Self::ReadWrite];

    /// Whether a token with this access may do it.
    pub const fn grants(self, permission: CachePermission) -> bool {
        match self {
            Self::ReadOnly => match permission {
                CachePermission::ReadShared => true,
                CachePermission::WriteShared => false,
            },
            Self::ReadWrite => match permission {
                CachePermission::ReadShared | CachePermission::WriteShared => true,
            },
        }
    }

    /// What follows from it, in words for the person who chooses.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::ReadOnly => "Reads artifacts and stores none. For pull requests, forks and developers' machines.",
            Self::ReadWrite => {
                "Also stores artifacts, which all others then use. Only for jobs whose code is trusted, such as those of the main branch."
            }
        }
    }

    /// The word that the database, forms and the command line use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ReadOnly => "read-only",
            Self::ReadWrite => "read-write",
        }
    }
}

impl fmt::Display for TokenAccess {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for TokenAccess {
    type Err = UnknownAccess;

    fn from_str(text: &str) -> Result<Self, UnknownAccess> {
        Self::ALL.into_iter().find(|access| access.as_str() == text).ok_or(UnknownAccess)
    }
}

/// A word that is not an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("access is `read-only` or `read-write`")]
pub struct UnknownAccess;
