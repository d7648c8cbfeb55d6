//! Who is in an organization.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Page;
use crate::domain::ids::UserId;
use crate::domain::names::{Email, OrgName, OrgSlug, PersonName};
use crate::domain::role::Role;
use crate::error::AppError;
use crate::request::Caller;

/// One member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberRow {
    /// Who.
    pub user: UserId,
    /// Their name.
    pub name: PersonName,
    /// Their address.
    pub email: Email,
    /// Their role.
    pub role: Role,
    /// In since.
    pub joined_at: DateTime<Utc>,
    /// How they came in.
    pub joined_by: JoinedBy,
}

/// A member as a visitor of a public organization sees them: there is no address in it that could be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicMemberRow {
    /// Their name.
    pub name: PersonName,
    /// Their role.
    pub role: Role,
    /// In since.
    pub joined_at: DateTime<Utc>,
}

/// How somebody came into an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinedBy {
    /// They created it.
    Created,
    /// The operator added them at the command line.
    Operator,
    /// They accepted an invite.
    Invite,
    /// They have an address at a domain of the organization.
    Domain,
}

impl JoinedBy {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Created, Self::Operator, Self::Invite, Self::Domain];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Operator => "operator",
            Self::Invite => "invite",
            Self::Domain => "domain",
        }
    }

    /// The words on the page.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Created => "created the organization",
            Self::Operator => "added by the operator",
            Self::Invite => "accepted an invite",
            Self::Domain => "joined by domain",
        }
    }
}

/// Who is in an organization.
#[async_trait]
pub trait Members: Send + Sync {
    /// Members whose name or address contains `search`, by name; `after` is the cursor of an earlier page.
    async fn list(&self, caller: &Caller, slug: &OrgSlug, search: &str, after: Option<&str>) -> Result<Page<MemberRow>, AppError>;
    /// Members whose name contains `search`, as visitors see them.
    async fn list_public(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        search: &str,
        after: Option<&str>,
    ) -> Result<Page<PublicMemberRow>, AppError>;
    /// Gives a member another role; returns their name.
    async fn set_role(&self, caller: &Caller, slug: &OrgSlug, user: UserId, role: Role) -> Result<PersonName, AppError>;
    /// Takes a member out; returns their name.
    async fn remove(&self, caller: &Caller, slug: &OrgSlug, user: UserId) -> Result<PersonName, AppError>;
    /// The caller leaves; returns the organization's name.
    async fn leave(&self, caller: &Caller, slug: &OrgSlug) -> Result<OrgName, AppError>;
}
