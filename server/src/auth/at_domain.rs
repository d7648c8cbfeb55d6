//! The gate for those who come in by the domain of their address: the only place that makes an [`AtDomain`].
//!
//! It takes a confirmed address at exactly the listed domain, and a domain that is open now. Whether whoever vouches for it
//! still is an Admin with an address there is asked each time, so that nothing has to be undone when that ends.

use app::backend::domain_invites::JoinOffer;
use app::domain::identity::SignInRule;
use app::domain::ids::{OrgId, UserId};
use app::domain::names::{DomainName, Email, OrgSlug};
use app::domain::role::Role;
use app::error::{AppError, Conflict};
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::error::{Error, Result};
use crate::store::unscoped::{self, FoundDomainInvite, FoundOrg, OrgLock};
use crate::store::{members, users};

/// Proof that a person may come into an organization by the domain of their address.
pub struct AtDomain(FoundDomainInvite);

impl AtDomain {
    /// The organization.
    pub const fn org(&self) -> OrgId {
        self.0.org.id
    }

    /// Its address.
    pub const fn slug(&self) -> &OrgSlug {
        &self.0.org.slug
    }

    /// The domain.
    pub const fn domain(&self) -> &DomainName {
        &self.0.domain
    }

    /// As what.
    pub const fn role(&self) -> Role {
        self.0.role
    }

    /// How its members have to sign in.
    pub const fn sign_in(&self) -> &SignInRule {
        &self.0.org.sign_in
    }

    /// What the person may be told.
    pub fn view(self) -> JoinOffer {
        let org = self.0.org;
        JoinOffer { slug: org.slug, org: org.name, domain: self.0.domain, role: self.0.role, sign_in: org.sign_in }
    }
}

/// What a person is to the organization behind a join link.
pub enum Visitor {
    /// In it already; its address.
    Inside(OrgSlug),
    /// They may come in.
    Guest(AtDomain),
}

/// Whether this person can vouch for a domain: an Admin with a confirmed address there. Their name then.
pub async fn voucher(db: &impl ConnectionTrait, org: OrgId, user: UserId, domain: &DomainName) -> Result<Option<String>> {
    if unscoped::role_in(db, org, user).await? != Some(Role::Admin) || !has_address(db, user, domain).await? {
        return Ok(None);
    }
    Ok(users::find(db, user).await?.map(|user| user.name.into()))
}

/// Whether this person has a confirmed address at exactly this domain.
pub async fn has_address(db: &impl ConnectionTrait, user: UserId, domain: &DomainName) -> Result<bool> {
    Ok(users::confirmed_addresses(db, user).await?.iter().any(|address| address.domain() == domain.as_str()))
}

/// What the join link leads a person to.
pub async fn by_link(db: &impl ConnectionTrait, user: UserId, slug: &OrgSlug) -> Result<Visitor> {
    let org = org(db, slug, OrgLock::None).await?;
    admit(db, user, org).await
}

/// The same, to come in. The organization stays locked until the transaction ends, so that neither the domain, nor who
/// vouches for it, nor the organization goes meanwhile.
pub async fn by_link_for_change(tx: &DatabaseTransaction, user: UserId, slug: &OrgSlug) -> Result<Visitor> {
    let org = org(tx, slug, OrgLock::ForChange).await?;
    admit(tx, user, org).await
}

/// The organization, also by an address that it had before: a link that was handed out goes on working.
async fn org(db: &impl ConnectionTrait, slug: &OrgSlug, lock: OrgLock) -> Result<FoundOrg> {
    if let Some(org) = unscoped::find_org(db, slug, lock).await? {
        return Ok(org);
    }
    let org = unscoped::find_org_by_old_slug(db, slug).await?.ok_or(AppError::NotFound)?;
    if lock == OrgLock::ForChange && !unscoped::lock_org(db, org.id).await? {
        return Err(AppError::NotFound.into());
    }
    Ok(org)
}

async fn admit(db: &impl ConnectionTrait, user: UserId, org: FoundOrg) -> Result<Visitor> {
    if unscoped::role_in(db, org.id, user).await?.is_some() {
        return Ok(Visitor::Inside(org.slug));
    }
    let addresses = users::confirmed_addresses(db, user).await?;
    let mut best: Option<FoundDomainInvite> = None;
    for found in unscoped::domain_invites(db, &domains(&addresses), Some(org.id)).await? {
        let better = best.as_ref().is_none_or(|best| best.role == Role::Member && found.role == Role::Admin);
        if better && is_open(db, &found).await? {
            best = Some(found);
        }
    }
    let best = best.ok_or(AppError::NotFound)?;
    if members::removals(db, &[org.id], user, &addresses).await?.contains_key(&org.id) {
        return Err(Conflict::WasRemoved.into());
    }
    Ok(Visitor::Guest(AtDomain(best)))
}

/// Organizations of proven domains that a person may come into, by name.
pub async fn offers(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<AtDomain>> {
    let addresses = users::confirmed_addresses(db, user).await?;
    let mut offers: Vec<AtDomain> = Vec::new();
    for found in unscoped::domain_invites(db, &domains(&addresses), None).await? {
        let known = offers.iter().any(|offer| offer.org() == found.org.id);
        if known || unscoped::role_in(db, found.org.id, user).await?.is_some() {
            continue;
        }
        // Who has addresses at several of its domains is offered what joining gives.
        match admit(db, user, found.org).await {
            Ok(Visitor::Guest(offer)) => offers.push(offer),
            Ok(Visitor::Inside(_)) | Err(Error::App(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(offers)
}

fn domains(addresses: &[Email]) -> Vec<&str> {
    addresses.iter().map(Email::domain).collect()
}

async fn is_open(db: &impl ConnectionTrait, found: &FoundDomainInvite) -> Result<bool> {
    if found.proven {
        return Ok(true);
    }
    match found.vouched_by {
        Some(user) => Ok(voucher(db, found.org.id, user, &found.domain).await?.is_some()),
        None => Ok(false),
    }
}
