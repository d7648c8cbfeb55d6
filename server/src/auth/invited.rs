//! The gate for those who are not in yet: the only place that makes an [`Invited`].
//!
//! Holding a link shows the invite. Coming in takes the invited mailbox: an account with the invited one among its
//! confirmed addresses, or the link from the mail itself. A link that an Admin copied proves nothing about the mailbox,
//! otherwise whoever can invite could make an account in somebody else's name. Whom an Admin removed meanwhile needs an
//! invite that was sent after that, whichever of their addresses it is for.

use app::backend::invites::{Invitation, LinkProves};
use app::domain::identity::SignInRule;
use app::domain::ids::{InviteId, OrgId, UserId};
use app::domain::names::{Email, OrgSlug};
use app::domain::role::Role;
use app::domain::secret::PlainSecret;
use app::error::AppError;
use app::request::SignedIn;
use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::change::Change;
use super::secret::{SecretHasher, SecretKind, is_well_formed};
use crate::error::Result;
use crate::store::unscoped::{self, FoundInvite, InviteKey};
use crate::store::{members, users};

/// Proof that the caller was asked to come into an organization.
pub struct Invited(FoundInvite);

impl Invited {
    /// The invite.
    pub const fn id(&self) -> InviteId {
        self.0.id
    }

    /// The organization.
    pub const fn org(&self) -> OrgId {
        self.0.org.id
    }

    /// Its address.
    pub const fn slug(&self) -> &OrgSlug {
        &self.0.org.slug
    }

    /// The invited address.
    pub const fn email(&self) -> &Email {
        &self.0.email
    }

    /// As what.
    pub const fn role(&self) -> Role {
        self.0.role
    }

    /// Name of the Admin who invited.
    pub fn invited_by(&self) -> &str {
        &self.0.invited_by
    }

    /// How the invited person has to sign in: as the Admin wants who invited, and as the organization asks of all.
    pub fn sign_in(&self) -> SignInRule {
        let rule = self.0.org.sign_in.clone();
        SignInRule { provider_only: rule.provider_only || self.0.requires_provider, ..rule }
    }

    /// Whether this person came in by it.
    pub fn was_accepted_by(&self, user: UserId) -> bool {
        self.0.accepted_by == Some(user)
    }

    /// Whether an Admin removed this person after the invite was sent, and nobody has let them in since.
    pub async fn is_overruled(&self, db: &impl ConnectionTrait, user: UserId) -> Result<bool> {
        let theirs = users::confirmed_addresses(db, user).await?;
        let removals = members::removals(db, &[self.org()], user, &theirs).await?;
        Ok(self.is_older_than(removals.get(&self.org())))
    }

    fn is_older_than(&self, removal: Option<&DateTime<Utc>>) -> bool {
        removal.is_some_and(|removal| self.0.sent_at < *removal)
    }

    /// Whether the caller holds the link from the mail, which proves the mailbox.
    pub const fn proves_mailbox(&self) -> bool {
        self.0.by_mail
    }

    /// What the caller may be told: whether the address is theirs, and whether it `has_account`, which counts only when the
    /// mailbox is proven.
    pub fn view(self, is_yours: bool, has_account: bool) -> Invitation {
        let rule = self.sign_in();
        let link = if self.0.by_mail { LinkProves::Mailbox { has_account } } else { LinkProves::Nothing };
        Invitation {
            id: self.0.id,
            org: self.0.org.name,
            email: self.0.email,
            role: self.0.role,
            invited_by: self.0.invited_by,
            expires_at: self.0.expires_at,
            sign_in: rule,
            is_yours,
            link,
        }
    }

    fn can_be_accepted(&self, now: DateTime<Utc>) -> bool {
        !self.0.is_closed && self.0.expires_at > now
    }
}

fn key(hasher: &SecretHasher, link: &PlainSecret) -> Result<InviteKey> {
    if !is_well_formed(SecretKind::Invite, link.expose()) {
        return Err(AppError::LinkUnusable.into());
    }
    Ok(InviteKey::Link(hasher.hash(link.expose())))
}

/// Lets the holder of a link look at an invite that can be accepted.
pub async fn by_link(db: &impl ConnectionTrait, hasher: &SecretHasher, link: &PlainSecret, now: DateTime<Utc>) -> Result<Invited> {
    let invited = unscoped::find_invite(db, &key(hasher, link)?).await?.map(Invited);
    Ok(invited.filter(|invited| invited.can_be_accepted(now)).ok_or(AppError::LinkUnusable)?)
}

/// Where the one is in who has accepted the invite with this link: told to them, and to whoever holds the link from the mail
/// and has not signed in.
pub async fn accepted(
    db: &impl ConnectionTrait,
    hasher: &SecretHasher,
    link: &PlainSecret,
    viewer: Option<UserId>,
) -> Result<Option<OrgSlug>> {
    let Some(found) = unscoped::find_invite(db, &key(hasher, link)?).await? else { return Ok(None) };
    let Some(member) = found.accepted_by else { return Ok(None) };
    let may_know = viewer.map_or(found.by_mail, |viewer| viewer == member);
    let is_in = may_know && unscoped::role_in(db, found.org.id, member).await?.is_some();
    Ok(is_in.then_some(found.org.slug))
}

/// Lets the holder of the link from the mail say who they are, even when they have accepted it already.
///
/// Not by a link that was revoked or is too old: nobody is to try passwords with it.
pub async fn by_mail(db: &impl ConnectionTrait, hasher: &SecretHasher, link: &PlainSecret, now: DateTime<Utc>) -> Result<Invited> {
    let invited = unscoped::find_invite(db, &key(hasher, link)?).await?.map(Invited);
    let is_of_use = |invited: &Invited| invited.proves_mailbox() && (invited.can_be_accepted(now) || invited.0.accepted_by.is_some());
    Ok(invited.filter(is_of_use).ok_or(AppError::LinkUnusable)?)
}

/// Lets the holder of the link from the mail come in. The organization stays locked until the transaction ends.
pub async fn by_mail_for_change(tx: &DatabaseTransaction, hasher: &SecretHasher, link: &PlainSecret) -> Result<Invited> {
    let invited = locked(tx, &key(hasher, link)?).await?.filter(Invited::proves_mailbox).ok_or(AppError::LinkUnusable)?;
    // This way in ends in a session that a password opened.
    invited.sign_in().admits(None).map_err(AppError::SignIn)?;
    Ok(invited)
}

/// Lets a signed-in person, one of whose confirmed addresses is the invited one, come in. The organization stays locked.
pub async fn by_address_for_change(tx: &Change, id: InviteId) -> Result<Invited> {
    let user = tx.user()?;
    let theirs = users::confirmed_addresses(tx, user.id).await?;
    let invited = locked(tx, &InviteKey::Id(id)).await?.filter(|invited| theirs.contains(invited.email())).ok_or(AppError::NotFound)?;
    invited.sign_in().admits(user.proof.as_ref()).map_err(AppError::SignIn)?;
    Ok(invited)
}

/// The invites that wait for a signed-in person, at any of their confirmed addresses.
pub async fn waiting_for(db: &impl ConnectionTrait, user: &SignedIn, now: DateTime<Utc>) -> Result<Vec<Invited>> {
    let theirs = users::confirmed_addresses(db, user.id).await?;
    let found: Vec<_> = unscoped::invites_for(db, &theirs, now).await?.into_iter().map(Invited).collect();
    let orgs: Vec<_> = found.iter().map(Invited::org).collect();
    let removals = members::removals(db, &orgs, user.id, &theirs).await?;
    Ok(found.into_iter().filter(|invited| !invited.is_older_than(removals.get(&invited.org()))).collect())
}

/// Locks the organization before the invite, in the order in which Admins' changes and the organization's end do.
async fn locked(tx: &DatabaseTransaction, key: &InviteKey) -> Result<Option<Invited>> {
    let Some(found) = unscoped::find_invite(tx, key).await? else { return Ok(None) };
    if !unscoped::lock_org(tx, found.org.id).await? {
        return Ok(None);
    }
    Ok(unscoped::find_invite(tx, key).await?.map(Invited))
}
