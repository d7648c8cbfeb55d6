//! What a credential of the command line or of CI may do with a workspace: its remote cache, and its runs.

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
    /// Store and read artifacts of its own CI execution.
    UseExecution,
    /// Have its runs recorded.
    RecordRuns,
}

impl CachePermission {
    /// Every cache permission, in the order of the printed matrix.
    pub const ALL: [Self; 4] = [Self::ReadShared, Self::WriteShared, Self::UseExecution, Self::RecordRuns];

    /// What it means, in words for the matrix.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::ReadShared => "Read the shared cache",
            Self::WriteShared => "Store into the shared cache",
            Self::UseExecution => "Store and read for its own CI execution alone",
            Self::RecordRuns => "Have its runs recorded",
        }
    }
}

/// A credential and the access that it gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Grant {
    /// A CI access token.
    CiToken(TokenAccess),
    /// The personal access token of a member, by the workspace's PAT access level.
    PersonalToken(TokenAccess),
    /// The Nx Cloud id alone, by the workspace's ID access level.
    NxCloudId(IdAccess),
}

impl Grant {
    /// Every grant, in the order of the printed matrix.
    pub const ALL: [Self; 7] = [
        Self::CiToken(TokenAccess::ReadOnly),
        Self::CiToken(TokenAccess::ReadWrite),
        Self::PersonalToken(TokenAccess::ReadOnly),
        Self::PersonalToken(TokenAccess::ReadWrite),
        Self::NxCloudId(IdAccess::None),
        Self::NxCloudId(IdAccess::ReadOnly),
        Self::NxCloudId(IdAccess::ReadWrite),
    ];

    /// Whether the credential may do it.
    pub const fn grants(self, permission: CachePermission) -> bool {
        let shared = match self {
            Self::CiToken(access) | Self::PersonalToken(access) => Some(access),
            Self::NxCloudId(IdAccess::ReadOnly) => Some(TokenAccess::ReadOnly),
            Self::NxCloudId(IdAccess::ReadWrite) => Some(TokenAccess::ReadWrite),
            Self::NxCloudId(IdAccess::None) => None,
        };
        let Some(shared) = shared else { return false };
        match permission {
            CachePermission::ReadShared | CachePermission::RecordRuns => true,
            CachePermission::WriteShared => matches!(shared, TokenAccess::ReadWrite),
            CachePermission::UseExecution => matches!(self, Self::CiToken(_)),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CiToken(access) => write!(out, "CI access token, {access}"),
            Self::PersonalToken(access) => write!(out, "Personal access token, {access}"),
            Self::NxCloudId(access) => write!(out, "Nx Cloud id alone, {access}"),
        }
    }
}

/// The access that a CI access token gives, or that a workspace gives to the personal access tokens of its members.
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

    /// What follows from it for a CI access token, in words for the person who chooses.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::ReadOnly => "Reads artifacts and stores none that others would use. For pull requests, forks and developers' machines.",
            Self::ReadWrite => {
                "Also stores artifacts, which all others then use. Only for jobs whose code is trusted, such as those of the main branch."
            }
        }
    }

    /// What follows from it for the personal access tokens of members, in words for the person who chooses.
    pub const fn describe_personal(self) -> &'static str {
        match self {
            Self::ReadOnly => "Members who are logged in read the shared cache and store nothing in it: they take what CI has built.",
            Self::ReadWrite => {
                "Every member's machine stores artifacts, which all others and CI then take for their own. One machine with broken or forged results spoils everybody's builds."
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

/// The access that a workspace gives to everyone who knows its Nx Cloud id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum IdAccess {
    /// None: nx works as if it were not connected.
    #[serde(rename = "none")]
    None,
    /// Reads the shared cache.
    #[serde(rename = "read-only")]
    ReadOnly,
    /// Reads and stores.
    #[serde(rename = "read-write")]
    ReadWrite,
}

impl IdAccess {
    /// Every access, the weakest first.
    pub const ALL: [Self; 3] = [Self::None, Self::ReadOnly, Self::ReadWrite];

    /// What a workspace starts with when nobody chooses, as Nx Cloud's documents say.
    pub const DEFAULT: Self = Self::ReadOnly;

    /// What somebody gets who finds the id in `nx.json`, in a sentence.
    pub const fn opens(self) -> &'static str {
        match self {
            Self::None => "Names the workspace to nx. Alone it opens nothing: whoever builds needs a token.",
            Self::ReadOnly => "Names the workspace to nx. Whoever knows it reads the shared cache without a token.",
            Self::ReadWrite => "Names the workspace to nx. Whoever knows it reads the shared cache and stores in it, without a token.",
        }
    }

    /// What follows from it, in words for the person who chooses.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::None => {
                "The nxCloudId opens nothing: whoever builds needs a token, and takes it back at once with their membership. Without one, nx builds as if it were not connected."
            }
            Self::ReadOnly => {
                "Everyone who can read nx.json, former colleagues and forks among them, reads the shared cache without a token. They store nothing."
            }
            Self::ReadWrite => {
                "Everyone who can read nx.json can put a forged result into the shared cache, which everybody else then takes for their own build. Only where nobody but trusted people can see the repository."
            }
        }
    }

    /// The word that the database, forms and the command line use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ReadOnly => "read-only",
            Self::ReadWrite => "read-write",
        }
    }
}

impl fmt::Display for IdAccess {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for IdAccess {
    type Err = UnknownAccess;

    fn from_str(text: &str) -> Result<Self, UnknownAccess> {
        Self::ALL.into_iter().find(|access| access.as_str() == text).ok_or(UnknownAccess)
    }
}

/// A word that is not an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("access is `read-only` or `read-write`, of the Nx Cloud id alone also `none`")]
pub struct UnknownAccess;
