//! Linking an account at the provider, and removing the link. It is a way in that outlives every session and password, so
//! it takes the password, and the person is told by mail.

use app::domain::ids::IdentityId;
use app::domain::secret::PlainSecret;
use app::error::{AppError, Conflict};
use app::request::{Caller, SignedIn};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Identities;
use crate::auth::change;
use crate::error::{Error, Result};
use crate::mail::messages::{AccountChange, Mail};
use crate::mail::queue;
use crate::oidc::Verified;
use crate::seal::SealContext;
use crate::services::accounts::account;
use crate::services::current_password;
use crate::store::audit::{Action, Object, record};
use crate::store::users::{self, User};
use crate::store::{identities, sessions};

/// The person has this long to enter their password.
const LONGEST: TimeDelta = TimeDelta::minutes(10);

/// An account that waits for its owner's password.
#[derive(Serialize, Deserialize)]
struct Pending {
    person: Verified,
    next: String,
    at: DateTime<Utc>,
}

/// It opens in the session that it was sealed for only.
fn context(user: &SignedIn) -> SealContext {
    SealContext::new("pending link").with(user.id.as_bytes()).with(user.session.as_bytes())
}

impl Identities {
    pub(super) fn seal_pending(&self, user: &SignedIn, person: Verified, next: &str) -> Result<String> {
        let pending = Pending { person, next: next.to_owned(), at: self.0.clock.now() };
        let text = serde_json::to_vec(&pending).map_err(|_| Error::Stored("pending link"))?;
        Ok(hex::encode(self.0.keys.master().seal_value(&context(user), &text)?))
    }

    fn open_pending(&self, user: &SignedIn, sealed: &str) -> Result<Pending> {
        let sealed = hex::decode(sealed).map_err(|_| AppError::LinkUnusable)?;
        let text = self.0.keys.master().open_value(&context(user), &sealed).map_err(|_| AppError::LinkUnusable)?;
        let pending: Pending = serde_json::from_slice(&text).map_err(|_| AppError::LinkUnusable)?;
        if self.0.clock.now() - pending.at > LONGEST { Err(AppError::LinkUnusable.into()) } else { Ok(pending) }
    }

    pub(super) fn pending_address(&self, user: &SignedIn, sealed: &str) -> Result<String> {
        let pending = self.open_pending(user, sealed)?;
        Ok(pending.person.email.unwrap_or_else(|| self.0.config.oidc_name().to_owned()))
    }

    pub(super) async fn link_pending(
        &self,
        caller: &Caller,
        user: &SignedIn,
        sealed: &str,
        password: PlainSecret,
    ) -> Result<(IdentityId, String)> {
        let pending = self.open_pending(user, sealed)?;
        let owner = users::find(self.0.db.read(), user.id).await?.ok_or(AppError::Unauthenticated)?;
        current_password::check_if_any(&self.0, caller, &owner, password).await?;
        let tx = change::begin(&self.0, caller).await?;
        let owner = users::lock(&tx, user.id).await?.ok_or(AppError::Unauthenticated)?;
        let issuer = self.provider()?.issuer();
        let taken = identities::find_by_subject(&tx, issuer, &pending.person.subject).await?.is_some()
            || identities::of_user(&tx, user.id, issuer).await?.is_some();
        if taken {
            return Err(Conflict::JustChanged.into());
        }
        let id = self.insert(&tx, caller, &owner, &pending.person).await?;
        let address = pending.person.email.unwrap_or_default();
        self.tell(&tx, caller, &owner, Action::Linked, AccountChange::Linked(&address)).await?;
        tx.commit_taking_access(&self.0).await?;
        self.0.mail_waiting.notify_one();
        Ok((id, pending.next))
    }

    pub(super) async fn unlink_now(&self, caller: &Caller, user: &SignedIn) -> Result<()> {
        let provider = self.provider()?;
        let tx = change::begin_ending(&self.0, caller).await?;
        let owner = users::lock(&tx, user.id).await?.ok_or(AppError::Unauthenticated)?;
        if owner.password_hash.is_none() {
            return Err(Conflict::LastWayIn.into());
        }
        // Else whoever lost the account there would link another one.
        if !identities::requiring_orgs_of(&tx, user.id).await?.is_empty() {
            return Err(Conflict::LinkRequired.into());
        }
        if !identities::delete(&tx, owner.id, provider.issuer()).await? {
            return Err(AppError::NotFound.into());
        }
        // Those that it opened among them.
        sessions::end_all(&tx, owner.id, Some(user.session)).await?;
        let details = json!({ "with": provider.name() });
        record(&tx, &self.0.clock, caller, None, Action::Unlinked, account(&owner), Some(details)).await?;
        self.tell(&tx, caller, &owner, Action::Unlinked, AccountChange::Unlinked).await?;
        tx.commit_taking_access(&self.0).await?;
        self.0.mail_waiting.notify_one();
        Ok(())
    }

    /// Tells the person by mail, and the Admins of the organizations that the account opens by their audit logs.
    async fn tell(&self, tx: &DatabaseTransaction, caller: &Caller, owner: &User, action: Action, change: AccountChange<'_>) -> Result<()> {
        queue::push(tx, &self.0, &owner.email, &Mail::AccountChanged { name: &owner.name, change }).await?;
        let details = json!({ "with": self.0.config.oidc_name() });
        for (org, _) in identities::requiring_orgs_of(tx, owner.id).await? {
            let member = Object { kind: "member", id: owner.id.to_string(), name: owner.name.as_str() };
            record(tx, &self.0.clock, caller, Some(org), action, member, Some(details.clone())).await?;
        }
        Ok(())
    }
}
