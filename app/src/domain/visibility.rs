//! Who may look at an organization: its members only, or everybody.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Who may look at an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Its members. For everybody else it does not exist.
    #[default]
    Private,
    /// Everybody, with an account or without. Search engines are told to leave it out.
    Public,
    /// Everybody, and search engines may list it.
    Listed,
}

impl Visibility {
    /// Every visibility, the narrowest first.
    pub const ALL: [Self; 3] = [Self::Private, Self::Public, Self::Listed];

    /// Whether everybody may look.
    pub const fn is_public(self) -> bool {
        match self {
            Self::Private => false,
            Self::Public | Self::Listed => true,
        }
    }

    /// Whether search engines may list it.
    pub const fn is_listed(self) -> bool {
        match self {
            Self::Private | Self::Public => false,
            Self::Listed => true,
        }
    }

    /// What it is after the change. Who is listed was public before: nothing becomes public by the second switch.
    pub const fn after(self, change: VisibilityChange) -> Result<Self, NotPublic> {
        match (self, change) {
            (_, VisibilityChange::MakePrivate) => Ok(Self::Private),
            (Self::Private, VisibilityChange::MakePublic) | (Self::Public | Self::Listed, VisibilityChange::Unlist) => Ok(Self::Public),
            (Self::Public | Self::Listed, VisibilityChange::MakePublic) => Ok(self),
            (Self::Private, VisibilityChange::List | VisibilityChange::Unlist) => Err(NotPublic),
            (Self::Public | Self::Listed, VisibilityChange::List) => Ok(Self::Listed),
        }
    }

    /// The word in the database and in audit events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
            Self::Listed => "listed",
        }
    }
}

impl FromStr for Visibility {
    type Err = UnknownVisibility;

    fn from_str(text: &str) -> Result<Self, UnknownVisibility> {
        Self::ALL.into_iter().find(|visibility| visibility.as_str() == text).ok_or(UnknownVisibility)
    }
}

/// A word that is not a visibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a visibility is `private`, `public` or `listed`")]
pub struct UnknownVisibility;

/// Search engines cannot list what is private.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the organization is private")]
pub struct NotPublic;

/// Whether visitors of a public organization may read task logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum VisitorLogs {
    /// Visitors read what members read.
    #[default]
    Shown,
    /// Only members read them.
    Hidden,
}

impl VisitorLogs {
    /// Whether visitors may read them.
    pub const fn are_shown(self) -> bool {
        match self {
            Self::Shown => true,
            Self::Hidden => false,
        }
    }

    /// The word in forms and in audit events.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Shown => "shown",
            Self::Hidden => "hidden",
        }
    }
}

impl FromStr for VisitorLogs {
    type Err = UnknownChange;

    fn from_str(text: &str) -> Result<Self, UnknownChange> {
        [Self::Shown, Self::Hidden].into_iter().find(|logs| logs.as_str() == text).ok_or(UnknownChange)
    }
}

/// One turn of one of the two switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisibilityChange {
    /// Everybody may look from now on.
    MakePublic,
    /// Only members may look from now on, and search engines may list nothing.
    MakePrivate,
    /// Search engines may list it.
    List,
    /// Search engines are told to leave it out.
    Unlist,
}

impl VisibilityChange {
    /// Every change.
    pub const ALL: [Self; 4] = [Self::MakePublic, Self::MakePrivate, Self::List, Self::Unlist];

    /// The word in forms.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MakePublic => "make-public",
            Self::MakePrivate => "make-private",
            Self::List => "list",
            Self::Unlist => "unlist",
        }
    }
}

impl fmt::Display for VisibilityChange {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for VisibilityChange {
    type Err = UnknownChange;

    fn from_str(text: &str) -> Result<Self, UnknownChange> {
        Self::ALL.into_iter().find(|change| change.as_str() == text).ok_or(UnknownChange)
    }
}

/// A word that is not a change of visibility.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a change of visibility")]
pub struct UnknownChange;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_switch_makes_public() {
        for change in VisibilityChange::ALL {
            let becomes_public = Visibility::Private.after(change).is_ok_and(Visibility::is_public);
            assert_eq!(becomes_public, change == VisibilityChange::MakePublic, "{change}");
        }
    }

    #[test]
    fn what_goes_private_is_listed_no_more_even_when_it_comes_back() {
        let private = Visibility::Listed.after(VisibilityChange::MakePrivate).unwrap();
        assert_eq!(private, Visibility::Private);
        assert_eq!(private.after(VisibilityChange::MakePublic), Ok(Visibility::Public));
    }

    #[test]
    fn a_switch_that_is_turned_already_stays() {
        assert_eq!(Visibility::Listed.after(VisibilityChange::MakePublic), Ok(Visibility::Listed));
        assert_eq!(Visibility::Listed.after(VisibilityChange::List), Ok(Visibility::Listed));
        assert_eq!(Visibility::Public.after(VisibilityChange::Unlist), Ok(Visibility::Public));
    }
}
