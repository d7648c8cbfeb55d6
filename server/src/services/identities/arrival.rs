//! Who of ours a person is that the provider has verified.

use app::domain::identity::{SsoFailure, told_address, told_domain};
use app::domain::ids::{IdentityId, UserId};
use app::domain::names::{Email, PersonName};
use app::error::{AppError, Conflict};
use app::request::{Actor, Caller, SignedIn};
use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::Identities;
use crate::auth::{change, session};
use crate::error::{Error, Result};
use crate::oidc::{Purpose, Verified};
use crate::services::accounts::account;
use crate::services::sign_up;
use crate::store::audit::{Action, record};
use crate::store::identities::{self, Identity, Told};
use crate::store::sessions;
use crate::store::users::{self, User};

/// What became of a way to the provider and back.
#[derive(Debug)]
pub enum Arrival {
    /// The person signed in, by this account there.
    SignedIn(UserId, IdentityId),
    /// The signed-in person has shown that this account there is theirs.
    Proven(IdentityId),
    /// The signed-in person has to enter their password before this account, sealed, is linked.
    NeedsPassword(String),
    /// Neither.
    Failed(SsoFailure),
}

impl Identities {
    /// Signs the person in, links their account, or says why not.
    pub async fn arrive(&self, caller: &Caller, (purpose, next): (&Purpose, &str), person: Verified) -> Result<Arrival> {
        match self.try_to_arrive(caller, (purpose, next), person.clone()).await {
            // The same person may have been faster in another window: then there is an account to find now.
            Err(Error::Db(error)) if matches!(error.sql_err(), Some(sea_orm::SqlErr::UniqueConstraintViolation(_))) => {
                self.try_to_arrive(caller, (purpose, next), person).await
            }
            Err(Error::App(AppError::Conflict(Conflict::JustChanged))) | Ok(Arrival::Failed(SsoFailure::KnownAddress)) => {
                self.try_to_arrive(caller, (purpose, next), person).await
            }
            arrival => arrival,
        }
    }

    async fn try_to_arrive(&self, caller: &Caller, (purpose, next): (&Purpose, &str), person: Verified) -> Result<Arrival> {
        let issuer = self.provider()?.issuer();
        // What the provider says of a person may also close what was open to them.
        let whose = match purpose {
            Purpose::SignIn => identities::find_by_subject(self.0.db.read(), issuer, &person.subject).await?.map(|known| known.user),
            Purpose::Link(_) | Purpose::Last(_) => caller.user().ok().map(|user| user.id),
        };
        let tx = change::begin_ending_of(&self.0, caller, whose).await?;
        let known = identities::find_by_subject(&tx, issuer, &person.subject).await?;
        if *purpose == Purpose::SignIn && known.as_ref().map(|known| known.user) != whose {
            // Linked or removed at this moment.
            return Err(Conflict::JustChanged.into());
        }
        let arrival = match purpose {
            Purpose::SignIn => self.sign_in(&tx, caller, known, person).await?,
            Purpose::Link(session) | Purpose::Last(session) => match &caller.actor {
                Actor::User(user) if user.session == *session && self.is_signed_in(&tx, user).await? => {
                    self.prove(&tx, user, known, person, next).await?
                }
                _ => Arrival::Failed(SsoFailure::SessionEnded),
            },
        };
        if !matches!(arrival, Arrival::Failed(_)) {
            tx.commit().await?;
        }
        Ok(arrival)
    }

    async fn is_signed_in(&self, tx: &DatabaseTransaction, user: &SignedIn) -> Result<bool> {
        Ok(sessions::find_of(tx, user.id, user.session, self.0.clock.now()).await?.is_some())
    }

    async fn sign_in(&self, tx: &DatabaseTransaction, caller: &Caller, known: Option<Identity>, person: Verified) -> Result<Arrival> {
        let (user, id) = match known {
            Some(known) => {
                let user = users::find(tx, known.user).await?.ok_or(Error::Stored("identity without a person"))?;
                self.renew(tx, &known, &person).await?;
                (user, known.id)
            }
            None => match self.newcomer(tx, caller, &person).await? {
                Ok(user) => {
                    let id = self.insert(tx, caller, &user, &person).await?;
                    (user, id)
                }
                Err(failure) => return Ok(Arrival::Failed(failure)),
            },
        };
        let details = json!({ "with": self.provider()?.name() });
        session::open(&self.0, tx, caller, user.id).await?;
        record(tx, &self.0.clock, caller, None, Action::SignedIn, account(&user), Some(details)).await?;
        Ok(Arrival::SignedIn(user.id, id))
    }

    /// An account for somebody whom nobody here knows. One whose mailbox nobody has proven belongs to whoever proves it.
    async fn newcomer(&self, tx: &DatabaseTransaction, caller: &Caller, person: &Verified) -> Result<Result<User, SsoFailure>> {
        let proven = person.email.as_deref().filter(|_| person.email_verified);
        // Not even trimmed: the provider vouches for this mailbox and no other.
        let exact = proven.filter(|email| email.trim() == *email);
        let Some(email) = exact.and_then(|email| Email::parse(email).ok()) else { return Ok(Err(SsoFailure::NoAddress)) };
        let now = self.0.clock.now();
        let told = person.name.as_deref().and_then(|name| PersonName::parse(name).ok());
        let name = told.unwrap_or_else(|| PersonName::of_address(&email));
        let user = match users::find_by_email(tx, &email).await? {
            Some(known) if known.confirmed => return Ok(Err(SsoFailure::KnownAddress)),
            Some(_) | None if !sign_up::is_open_to(&self.0, tx, &email).await? => return Ok(Err(SsoFailure::SignUpClosed)),
            Some(unproven) => {
                // Somebody may prove it at this moment.
                if users::lock(tx, unproven.id).await?.is_none_or(|user| user.confirmed) {
                    return Ok(Err(SsoFailure::KnownAddress));
                }
                users::confirm(tx, unproven.id, now).await?;
                users::delete_links(tx, unproven.id).await?;
                // Whoever signed up with the address may have been anybody.
                users::rename(tx, unproven.id, &name).await?;
                User { name, confirmed: true, ..unproven }
            }
            None => {
                let user = User { id: UserId::from_uuid(self.0.clock.new_id()), email, name, password_hash: None, confirmed: true };
                if !users::insert(tx, &user, now).await? {
                    return Ok(Err(SsoFailure::KnownAddress));
                }
                user
            }
        };
        record(tx, &self.0.clock, caller, None, Action::Created, account(&user), None).await?;
        Ok(Ok(user))
    }

    /// In a session that a password opened: an account that is linked already is taken at its word, a new one waits.
    async fn prove(
        &self,
        tx: &DatabaseTransaction,
        user: &SignedIn,
        known: Option<Identity>,
        person: Verified,
        next: &str,
    ) -> Result<Arrival> {
        if let Some(known) = known {
            if known.user != user.id {
                return Ok(Arrival::Failed(SsoFailure::OtherPerson));
            }
            self.renew(tx, &known, &person).await?;
            return Ok(Arrival::Proven(known.id));
        }
        if identities::of_user(tx, user.id, self.provider()?.issuer()).await?.is_some() {
            return Ok(Arrival::Failed(SsoFailure::OtherIdentity));
        }
        Ok(Arrival::NeedsPassword(self.seal_pending(user, person, next)?))
    }

    fn told(&self, id: IdentityId, person: &Verified) -> Result<Told> {
        let refresh_token = person.refresh_token.as_deref().map(|token| self.seal_token(id, token)).transpose()?;
        let hosted_domain = person.hosted_domain.as_deref().map(told_domain);
        Ok(Told { email: person.email.as_deref().map(told_address), hosted_domain, refresh_token })
    }

    pub(super) async fn insert(&self, tx: &DatabaseTransaction, caller: &Caller, user: &User, person: &Verified) -> Result<IdentityId> {
        let provider = self.provider()?;
        let id = IdentityId::from_uuid(self.0.clock.new_id());
        let told = self.told(id, person)?;
        identities::insert(tx, (id, user.id), (provider.issuer(), &person.subject), told, self.0.clock.now()).await?;
        let details = json!({ "with": provider.name(), "address": person.email.as_deref().map(told_address) });
        record(tx, &self.0.clock, caller, None, Action::Linked, account(user), Some(details)).await?;
        Ok(id)
    }

    /// What is missing in a later token has not changed.
    async fn renew(&self, tx: &DatabaseTransaction, known: &Identity, person: &Verified) -> Result<()> {
        let mut told = self.told(known.id, person)?;
        told.email = told.email.or_else(|| known.email.clone());
        if !self.provider()?.tells_hosted_domain() {
            told.hosted_domain = told.hosted_domain.or_else(|| known.hosted_domain.clone());
        }
        identities::renew(tx, known.id, told, self.0.clock.now()).await
    }

    /// Whether the provider gave no lasting permission to ask about the person's account, be it the one of now or one to come.
    pub async fn lacks_lasting(&self, user: UserId) -> Result<bool> {
        let known = identities::of_user(self.0.db.read(), user, self.provider()?.issuer()).await?;
        Ok(known.is_none_or(|known| known.refresh_token.is_none()))
    }

    /// The same, when an organization of the person hangs on it.
    pub async fn needs_lasting(&self, user: UserId) -> Result<bool> {
        Ok(self.lacks_lasting(user).await? && !identities::requiring_orgs_of(self.0.db.read(), user).await?.is_empty())
    }
}
