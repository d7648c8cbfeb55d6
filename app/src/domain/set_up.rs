//! Who reads and who stores in a workspace, as a whole: the usual set-ups, and what each takes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::access::{IdAccess, TokenAccess};

/// One of the usual ways to share a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetUp {
    /// Only CI runs of the main branch store.
    MainWrites,
    /// All CI runs store.
    CiWrites,
    /// All CI runs store, and the machines of members.
    MembersWrite,
}

/// A CI access token that a set-up takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NeededToken {
    /// What it is called when it is made.
    pub name: &'static str,
    /// What it may do.
    pub access: TokenAccess,
}

impl SetUp {
    /// Every set-up, the most careful first.
    pub const ALL: [Self; 3] = [Self::MainWrites, Self::CiWrites, Self::MembersWrite];

    /// The word in addresses, forms and the audit log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MainWrites => "main-writes",
            Self::CiWrites => "ci-writes",
            Self::MembersWrite => "members-write",
        }
    }

    /// Its name on pages.
    pub const fn title(self) -> &'static str {
        match self {
            Self::MainWrites => "Only the main branch stores",
            Self::CiWrites => "All of CI stores",
            Self::MembersWrite => "Everybody stores",
        }
    }

    /// What follows from it, the good and the bad, for the person who chooses.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::MainWrites => {
                "Recommended. CI stores what it builds on the main branch; pull requests and people's machines read it. Nobody can slip a result into the shared cache without getting it into the main branch. The main branch does not gain from what pull requests have built before."
            }
            Self::CiWrites => {
                "Pull requests store too, so that the main branch finds most of its work done. A pull request can store a broken or forged artifact, which the main branch then takes: build without the cache (--skip-nx-cache) before you deploy."
            }
            Self::MembersWrite => {
                "CI and the machines of all members who are logged in store, so that little is built twice. Every one of these machines can spoil or forge what all others take: for small teams that trust each other's machines. Build without the cache (--skip-nx-cache) before you deploy."
            }
        }
    }

    /// What personal access tokens of members may do in it.
    pub const fn personal_access(self) -> TokenAccess {
        match self {
            Self::MainWrites | Self::CiWrites => TokenAccess::ReadOnly,
            Self::MembersWrite => TokenAccess::ReadWrite,
        }
    }

    /// The CI access tokens that it takes.
    pub const fn tokens(self) -> &'static [NeededToken] {
        match self {
            Self::MainWrites => &[
                NeededToken { name: "CI, main branch", access: TokenAccess::ReadWrite },
                NeededToken { name: "CI, pull requests", access: TokenAccess::ReadOnly },
            ],
            Self::CiWrites | Self::MembersWrite => &[NeededToken { name: "CI", access: TokenAccess::ReadWrite }],
        }
    }

    /// Those of its tokens that are not there, given what the tokens that work may do.
    pub fn missing(self, there: &[TokenAccess]) -> Vec<NeededToken> {
        self.tokens().iter().filter(|token| !there.contains(&token.access)).copied().collect()
    }
}

impl fmt::Display for SetUp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for SetUp {
    type Err = UnknownSetUp;

    fn from_str(text: &str) -> Result<Self, UnknownSetUp> {
        Self::ALL.into_iter().find(|set_up| set_up.as_str() == text).ok_or(UnknownSetUp)
    }
}

/// A word that is not a set-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a set-up is `main-writes`, `ci-writes` or `members-write`")]
pub struct UnknownSetUp;

/// A set-up, and what people without any login may do beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The set-up.
    pub set_up: SetUp,
    /// What the Nx Cloud id alone may do: never store.
    pub id: IdAccess,
}

impl Wanted {
    /// What a set-up offers to people without a login, the recommended first.
    pub const ID_CHOICES: [IdAccess; 2] = [IdAccess::None, IdAccess::ReadOnly];

    /// Reads both words of a form.
    pub fn parse(set_up: &str, id: &str) -> Option<Self> {
        let id = if id.is_empty() { IdAccess::None } else { id.parse().ok()? };
        let set_up = set_up.parse().ok()?;
        Self::ID_CHOICES.contains(&id).then_some(Self { set_up, id })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing_is_made() {
        let missing = |there: &[TokenAccess]| SetUp::MainWrites.missing(there).iter().map(|token| token.access).collect::<Vec<_>>();
        assert_eq!(missing(&[]), [TokenAccess::ReadWrite, TokenAccess::ReadOnly]);
        assert_eq!(missing(&[TokenAccess::ReadWrite]), [TokenAccess::ReadOnly]);
        assert_eq!(missing(&TokenAccess::ALL), []);
        assert_eq!(SetUp::CiWrites.missing(&[TokenAccess::ReadOnly]).len(), 1);
    }

    #[test]
    fn no_set_up_lets_strangers_store() {
        assert_eq!(Wanted::parse("ci-writes", "read-write"), None);
        assert_eq!(Wanted::parse("no-such", "none"), None);
        for set_up in SetUp::ALL {
            assert_eq!(Wanted::parse(set_up.as_str(), ""), Some(Wanted { set_up, id: IdAccess::None }));
        }
    }
}
