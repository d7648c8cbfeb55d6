//! Domains whose people may join an organization, from both sides.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::domain_invite::{DnsAnswer, DomainState};
use crate::domain::identity::SignInRule;
use crate::domain::ids::DomainInviteId;
use crate::domain::names::{DomainName, OrgName, OrgSlug};
use crate::domain::role::Role;
use crate::error::AppError;
use crate::request::Caller;

/// One domain, as Admins see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainInviteRow {
    /// Its id.
    pub id: DomainInviteId,
    /// The domain.
    pub domain: DomainName,
    /// The same in the letters of its language, where these are others.
    pub readable: Option<String>,
    /// What people get who join by it.
    pub role: Role,
    /// Name of the Admin who added it.
    pub added_by: String,
    /// When.
    pub added_at: DateTime<Utc>,
    /// Whether people can join by it.
    pub state: DomainState,
    /// The value that the TXT record has to have.
    pub challenge: String,
    /// When DNS was last asked, and what it said.
    pub checked: Option<(DateTime<Utc>, DnsAnswer)>,
    /// Whether the caller has an address there, so that they could vouch for it.
    pub may_vouch: bool,
}

/// An organization that a person may join by the domain of their address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JoinOffer {
    /// Its address.
    pub slug: OrgSlug,
    /// Its name.
    pub org: OrgName,
    /// The domain.
    pub domain: DomainName,
    /// As what.
    pub role: Role,
    /// How its members have to sign in.
    pub sign_in: SignInRule,
}

/// What the join link of an organization leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinLink {
    /// They may join.
    Offer(JoinOffer),
    /// They are in; this is where.
    Inside(OrgSlug),
}

/// Domains whose people may join an organization.
#[async_trait]
pub trait DomainInvites: Send + Sync {
    /// All of them, by name.
    async fn list(&self, caller: &Caller, slug: &OrgSlug) -> Result<Vec<DomainInviteRow>, AppError>;
    /// Adds one, as it was typed: to read international names takes tables that only the server holds.
    async fn add(&self, caller: &Caller, slug: &OrgSlug, typed: &str, role: Role) -> Result<DomainName, AppError>;
    /// Gives those who join from now on another role.
    async fn set_role(&self, caller: &Caller, slug: &OrgSlug, id: DomainInviteId, role: Role) -> Result<DomainName, AppError>;
    /// The caller, who has an address there, vouches for it.
    async fn vouch(&self, caller: &Caller, slug: &OrgSlug, id: DomainInviteId) -> Result<DomainName, AppError>;
    /// Asks DNS for the record now; says whether it is there.
    async fn check(&self, caller: &Caller, slug: &OrgSlug, id: DomainInviteId) -> Result<(DomainName, bool), AppError>;
    /// Takes one off the list. Members who came by it stay.
    async fn remove(&self, caller: &Caller, slug: &OrgSlug, id: DomainInviteId) -> Result<DomainName, AppError>;
    /// What the join link leads this person to. Who may not join does not learn whether the organization exists.
    async fn open(&self, caller: &Caller, slug: &OrgSlug) -> Result<JoinLink, AppError>;
    /// Organizations of proven domains that this person may join.
    async fn offers(&self, caller: &Caller) -> Result<Vec<JoinOffer>, AppError>;
    /// The person joins; returns the organization's address.
    async fn join(&self, caller: &Caller, slug: &OrgSlug) -> Result<OrgSlug, AppError>;
}
