//! A person's account at the OpenID provider, and organizations that ask for it.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::identity::{SignInProblem, SignInRule, Standing};
use crate::domain::ids::IdentityId;
use crate::domain::names::{Email, OrgSlug, PersonName};
use crate::domain::secret::PlainSecret;
use crate::error::AppError;
use crate::request::Caller;

/// The account at the provider that a person has linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityView {
    /// Its address there.
    pub email: Option<String>,
    /// The hosted domain that it belongs to.
    pub hosted_domain: Option<String>,
    /// What it is worth now.
    pub standing: Standing,
    /// When it was linked.
    pub linked_at: DateTime<Utc>,
    /// When the provider last said that it works.
    pub confirmed_at: DateTime<Utc>,
}

/// The ways in which a person can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaysIn {
    /// Whether a password is set.
    pub password: bool,
    /// The linked account at the provider.
    pub identity: Option<IdentityView>,
}

/// A member whom a rule keeps out until they link another account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptOut {
    /// Their name.
    pub name: PersonName,
    /// Their address.
    pub email: Email,
    /// The hosted domain, or nothing, of the account that they have linked and that will not do. Not its address, which is
    /// theirs alone.
    pub linked: Option<String>,
}

/// What follows from a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// Whether the Admin who asks would get in.
    pub own: Result<(), SignInProblem>,
    /// How many members would not.
    pub kept_out: u64,
    /// The first of them, by name.
    pub first: Vec<KeptOut>,
}

/// Accounts at the provider.
#[async_trait]
pub trait Identities: Send + Sync {
    /// How the signed-in person can sign in.
    async fn ways_in(&self, caller: &Caller) -> Result<WaysIn, AppError>;
    /// The address of the account that waits in this session to be linked.
    async fn pending_link(&self, caller: &Caller, sealed: &str) -> Result<String, AppError>;
    /// Links it, with the person's password; returns it, and where to go on.
    async fn link(&self, caller: &Caller, sealed: &str, password: PlainSecret) -> Result<(IdentityId, String), AppError>;
    /// Removes the link with the account at the provider, unless it is the last way in or an organization asks for it.
    async fn unlink(&self, caller: &Caller) -> Result<(), AppError>;
    /// How the members of an organization have to sign in.
    async fn rule(&self, caller: &Caller, slug: &OrgSlug) -> Result<SignInRule, AppError>;
    /// What would follow from this rule.
    async fn preview(&self, caller: &Caller, slug: &OrgSlug, rule: &SignInRule) -> Result<Preview, AppError>;
    /// Makes it the rule, if the caller's own sign-in fits it.
    async fn set_rule(&self, caller: &Caller, slug: &OrgSlug, rule: SignInRule) -> Result<(), AppError>;
}
