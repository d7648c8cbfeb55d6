//! What things can be done to.

use std::str::FromStr;

/// A kind of thing that an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectKind {
    /// The organization itself.
    Org,
    /// Somebody's membership; its id is the person's.
    Member,
    /// An invite; its name is the invited address.
    Invite,
    /// A domain whose people may join.
    DomainInvite,
    /// A workspace.
    Workspace,
    /// A CI access token.
    CiToken,
    /// A personal access token.
    PersonalToken,
    /// Artifacts of a workspace; their id is the workspace's.
    Artifacts,
    /// A person's account.
    Account,
    /// A signed-in browser.
    Session,
}

impl ObjectKind {
    /// Every kind, in the order in which the filter offers them.
    pub const ALL: [Self; 10] = [
        Self::Org,
        Self::Member,
        Self::Invite,
        Self::DomainInvite,
        Self::Workspace,
        Self::CiToken,
        Self::PersonalToken,
        Self::Artifacts,
        Self::Account,
        Self::Session,
    ];

    /// The word in the database, in addresses and in exports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Member => "member",
            Self::Invite => "invite",
            Self::DomainInvite => "domain-invite",
            Self::Workspace => "workspace",
            Self::CiToken => "ci-token",
            Self::PersonalToken => "personal-token",
            Self::Artifacts => "artifacts",
            Self::Account => "account",
            Self::Session => "session",
        }
    }

    /// The words in the filter; `None` for what belongs to a person and so stands in no organization's log.
    pub const fn choice(self) -> Option<&'static str> {
        match self {
            Self::Org => Some("Organization"),
            Self::Member => Some("Member"),
            Self::Invite => Some("Invite"),
            Self::DomainInvite => Some("Domain"),
            Self::Workspace => Some("Workspace"),
            Self::CiToken => Some("CI access token"),
            Self::Artifacts => Some("Artifacts"),
            Self::Account | Self::Session | Self::PersonalToken => None,
        }
    }

    /// A thing of this kind in a sentence.
    pub fn named(self, name: &str) -> String {
        match self {
            Self::Org => format!("the organization “{name}”"),
            Self::Member => name.to_owned(),
            Self::Invite => format!("the invite for {name}"),
            Self::DomainInvite => format!("the domain {name}"),
            Self::Workspace => format!("the workspace “{name}”"),
            Self::CiToken => format!("the CI access token “{name}”"),
            Self::PersonalToken => format!("the personal access token “{name}”"),
            Self::Artifacts => format!("artifacts of “{name}”"),
            Self::Account => format!("the account of {name}"),
            Self::Session => format!("a session of {name}"),
        }
    }
}

impl FromStr for ObjectKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}

/// A word that is not a kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a kind of object of the audit log")]
pub struct UnknownKind;
