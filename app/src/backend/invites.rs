//! Invites into an organization, from both sides.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Page;
use crate::domain::identity::SignInRule;
use crate::domain::ids::{InviteId, UserId};
use crate::domain::invite::{Delivery, InviteResult, InviteState, Line};
use crate::domain::names::{Email, InviteMessage, OrgName, OrgSlug, PersonName};
use crate::domain::role::Role;
use crate::domain::secret::PlainSecret;
use crate::error::AppError;
use crate::notice::IssuedInvite;
use crate::request::Caller;

/// Whom to invite, and as what.
#[derive(Debug, Clone)]
pub struct NewInvites {
    /// The addresses, and the lines that are none.
    pub lines: Vec<Line>,
    /// The role that they get.
    pub role: Role,
    /// A few words in the mail.
    pub message: Option<InviteMessage>,
    /// Whether they have to sign in through the provider.
    pub requires_provider: bool,
}

/// One invite, as Admins see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteRow {
    /// Its id.
    pub id: InviteId,
    /// Who is invited.
    pub email: Email,
    /// As what.
    pub role: Role,
    /// Name of the Admin who invited.
    pub invited_by: String,
    /// When it was last sent.
    pub sent_at: DateTime<Utc>,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
    /// Whether they have to sign in through the provider.
    pub requires_provider: bool,
    /// What it is now.
    pub state: InviteState,
    /// What became of its mail.
    pub delivery: Delivery,
}

/// An invite, as the invited person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InviteId,
    /// Into which organization.
    pub org: OrgName,
    /// The invited address.
    pub email: Email,
    /// As what.
    pub role: Role,
    /// Name of the Admin who invited.
    pub invited_by: String,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
    /// How they have to sign in.
    pub sign_in: SignInRule,
    /// Whether the invited address is one that the caller has proven.
    pub is_yours: bool,
    /// What the one who holds the link can do with it.
    pub link: LinkProves,
}

/// What a link of an invite leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InviteLink {
    /// It can be accepted.
    Open(Invitation),
    /// The one who asks has accepted it, or holds the link from the mail of somebody who has: this is where they are in.
    Accepted(OrgSlug),
}

/// What holding the link of an invite proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkProves {
    /// It came by mail: the mailbox is theirs. Whether the address has an account may be said.
    Mailbox {
        /// Whether the address has an account.
        has_account: bool,
    },
    /// It was copied, and came who knows how: nothing about the mailbox.
    Nothing,
}

/// Invites into an organization.
#[async_trait]
pub trait Invites: Send + Sync {
    /// Invites, the newest first; open ones only, or all. `after` is the cursor of an earlier page.
    async fn list(&self, caller: &Caller, slug: &OrgSlug, open_only: bool, after: Option<&str>) -> Result<Page<InviteRow>, AppError>;
    /// Invites people; says for each line what happened.
    async fn invite(&self, caller: &Caller, slug: &OrgSlug, new: NewInvites) -> Result<Vec<InviteResult>, AppError>;
    /// Sends an invite again under a new link, for another seven days; returns its address.
    async fn resend(&self, caller: &Caller, slug: &OrgSlug, id: InviteId) -> Result<Email, AppError>;
    /// Takes an invite back; returns its address.
    async fn revoke(&self, caller: &Caller, slug: &OrgSlug, id: InviteId) -> Result<Email, AppError>;
    /// Makes a link to hand over in another way; an earlier one of this kind stops working.
    async fn new_link(&self, caller: &Caller, slug: &OrgSlug, id: InviteId) -> Result<IssuedInvite, AppError>;
    /// The invite behind a link.
    async fn open(&self, caller: &Caller, link: &PlainSecret) -> Result<InviteLink, AppError>;
    /// Invites that wait for any address of the signed-in person.
    async fn waiting(&self, caller: &Caller) -> Result<Vec<Invitation>, AppError>;
    /// The signed-in person, who has proven the invited address, comes in; returns the organization's address.
    async fn accept(&self, caller: &Caller, id: InviteId) -> Result<OrgSlug, AppError>;
    /// Whoever holds the link from the mail comes in: with the password of the account that the address has, or with
    /// a new account of this name and password.
    async fn join(
        &self,
        caller: &Caller,
        link: PlainSecret,
        name: Option<PersonName>,
        password: PlainSecret,
    ) -> Result<(UserId, OrgSlug), AppError>;
}
