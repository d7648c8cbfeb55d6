//! What a person is in an organization.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A member's role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May do everything in the organization.
    Admin,
    /// May look at everything that builds, and change nothing.
    Member,
}

impl Role {
    /// Every role, the most powerful first.
    pub const ALL: [Self; 2] = [Self::Admin, Self::Member];

    /// The word that the database, forms and the command line use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Admin => "Admin",
            Self::Member => "Member",
        })
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, UnknownRole> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownRole)
    }
}

/// A word that is not a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a role is `admin` or `member`")]
pub struct UnknownRole;
