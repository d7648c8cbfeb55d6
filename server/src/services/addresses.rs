//! The e-mail addresses of a person.
//!
//! Whoever has a proven address can choose a new password by it. So adding one takes the password, a link works only for
//! the account that asked, and each change is told to the primary address. A claim that belongs to somebody else is
//! stored and answered like any other; only the mail, which its owner reads, is another one.

use std::sync::Arc;

use app::backend::addresses::{AddressRow, Addresses as Port, Claim};
use app::domain::address;
use app::domain::ids::UserId;
use app::domain::names::{Email, Reason};
use app::domain::secret::PlainSecret;
use app::error::{AppError, Conflict, Field};
use app::request::Caller;
use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::DatabaseTransaction;
use serde_json::json;

use crate::auth::change;
use crate::auth::secret::{SecretHash, SecretKind, generate, is_well_formed};
use crate::error::{Result, answer};
use crate::mail::messages::{AccountChange, Mail};
use crate::mail::queue;
use crate::services::accounts::{account, in_fixed_time};
use crate::services::current_password;
use crate::state::State;
use crate::store::addresses::NewLink;
use crate::store::audit::{Action, record};
use crate::store::quotas::Quota;
use crate::store::users::User;
use crate::store::{addresses, quotas, users};

/// The e-mail addresses of a person.
pub struct Addresses(pub Arc<State>);

impl Addresses {
    /// Two changes of one person's addresses come one after the other.
    async fn locked(&self, tx: &DatabaseTransaction, id: UserId) -> Result<User> {
        Ok(users::lock(tx, id).await?.ok_or(AppError::Unauthenticated)?)
    }

    /// Counts a mail to a mailbox that may be a stranger's.
    async fn count_mail(&self, tx: &DatabaseTransaction, user: UserId, email: &Email) -> Result<()> {
        let day = |most| Quota { most, within: TimeDelta::days(1) };
        let subjects = [
            (format!("addresses by {user}"), day(address::MOST_MAILS_OF_ONE)),
            (format!("addresses to {}", email.mailbox()), day(address::MOST_MAILS_TO_ONE)),
        ];
        for (subject, quota) in subjects {
            if quotas::take(tx, &subject, quota, self.0.clock.now()).await?.is_some() {
                return Err(Conflict::TooManyAddressMails.into());
            }
        }
        Ok(())
    }

    /// Queues the mail to a claimed address; what is to be stored of its link.
    async fn send(&self, tx: &DatabaseTransaction, user: &User, email: &Email) -> Result<NewLink> {
        self.count_mail(tx, user.id, email).await?;
        let link = generate(SecretKind::AddressLink)?;
        let mail = match addresses::owner(tx, email).await? {
            Some(_) => Mail::AddressTaken { account: &user.email },
            None => Mail::ConfirmAddress { account: &user.email, link: &link },
        };
        queue::push(tx, &self.0, email, &mail).await?;
        let expires_at = self.0.clock.now() + TimeDelta::hours(address::LINK_HOURS);
        Ok(NewLink { hash: self.0.hasher.hash(link.expose()), expires_at })
    }

    /// Tells these mailboxes of a change.
    async fn tell(&self, tx: &DatabaseTransaction, user: &User, to: &[&Email], change: AccountChange<'_>) -> Result<()> {
        for email in to {
            queue::push(tx, &self.0, email, &Mail::AccountChanged { name: &user.name, change }).await?;
        }
        Ok(())
    }

    async fn audit(&self, tx: &DatabaseTransaction, caller: &Caller, user: &User, action: Action, email: &Email) -> Result<()> {
        record(tx, &self.0.clock, caller, None, action, account(user), Some(json!({ "address": email }))).await
    }

    fn hash(&self, link: &PlainSecret) -> Result<SecretHash> {
        if !is_well_formed(SecretKind::AddressLink, link.expose()) {
            return Err(AppError::LinkUnusable.into());
        }
        Ok(self.0.hasher.hash(link.expose()))
    }
}

#[async_trait]
impl Port for Addresses {
    async fn list(&self, caller: &Caller) -> Result<Vec<AddressRow>, AppError> {
        let user = caller.user()?;
        answer(caller, addresses::of_user(self.0.db.read(), user.id)).await
    }

    async fn add(&self, caller: &Caller, email: Email, current: PlainSecret) -> Result<(), AppError> {
        let (state, signed_in) = (&self.0, caller.user()?);
        in_fixed_time(Box::pin(answer(caller, async {
            let user = users::find(state.db.read(), signed_in.id).await?.ok_or(AppError::Unauthenticated)?;
            current_password::check_if_any(state, caller, &user, current).await?;
            let tx = change::begin(state, caller).await?;
            let user = self.locked(&tx, user.id).await?;
            let theirs = addresses::of_user(&tx, user.id).await?;
            if theirs.iter().any(|row| row.email == email) {
                return Err(AppError::field(Field::Email, Reason::AlreadyThere).into());
            }
            if theirs.len() >= address::MOST {
                return Err(Conflict::TooMany.into());
            }
            let link = self.send(&tx, &user, &email).await?;
            addresses::insert(&tx, user.id, &email, link, state.clock.now()).await?;
            self.audit(&tx, caller, &user, Action::AddressAdded, &email).await?;
            tx.commit().await?;
            state.mail_waiting.notify_one();
            Ok(())
        })))
        .await
    }

    async fn resend(&self, caller: &Caller, email: Email) -> Result<(), AppError> {
        let (state, signed_in) = (&self.0, caller.user()?);
        in_fixed_time(Box::pin(answer(caller, async {
            let tx = change::begin(state, caller).await?;
            let user = self.locked(&tx, signed_in.id).await?;
            let theirs = addresses::of_user(&tx, user.id).await?;
            if !theirs.iter().any(|row| row.email == email && row.confirmed_at.is_none()) {
                return Err(AppError::NotFound.into());
            }
            let link = self.send(&tx, &user, &email).await?;
            addresses::add_link(&tx, user.id, &email, link).await?;
            self.audit(&tx, caller, &user, Action::AddressAdded, &email).await?;
            tx.commit().await?;
            state.mail_waiting.notify_one();
            Ok(())
        })))
        .await
    }

    async fn open(&self, caller: &Caller, link: &PlainSecret) -> Result<Claim, AppError> {
        answer(caller, async {
            let found = addresses::find_link(self.0.db.read(), &self.hash(link)?, self.0.clock.now()).await?;
            // Said to everybody: it is in vain to sign in for it.
            let claim = found.ok_or(AppError::LinkUnusable)?;
            if claim.user != caller.user()?.id {
                return Err(AppError::Forbidden.into());
            }
            Ok(Claim { email: claim.email, is_confirmed: claim.is_confirmed })
        })
        .await
    }

    async fn confirm(&self, caller: &Caller, link: &PlainSecret) -> Result<Email, AppError> {
        let (state, signed_in) = (&self.0, caller.user()?);
        answer(caller, async {
            let (hash, now) = (self.hash(link)?, state.clock.now());
            let tx = change::begin(state, caller).await?;
            let user = self.locked(&tx, signed_in.id).await?;
            let found = addresses::find_link(&tx, &hash, now).await?.filter(|claim| claim.user == user.id);
            let claim = found.ok_or(AppError::LinkUnusable)?;
            let email = claim.email;
            if claim.is_confirmed {
                return Ok(email);
            }
            users::delete_unconfirmed(&tx, &email).await?;
            if !addresses::confirm(&tx, user.id, &email, now).await? {
                return Err(AppError::LinkUnusable.into());
            }
            self.tell(&tx, &user, &[&user.email], AccountChange::Added(&email)).await?;
            self.audit(&tx, caller, &user, Action::AddressConfirmed, &email).await?;
            tx.commit().await?;
            state.mail_waiting.notify_one();
            Ok(email)
        })
        .await
    }

    async fn remove(&self, caller: &Caller, email: Email) -> Result<(), AppError> {
        let (state, signed_in) = (&self.0, caller.user()?);
        answer(caller, async {
            let tx = change::begin(state, caller).await?;
            let user = self.locked(&tx, signed_in.id).await?;
            if email == user.email {
                return Err(Conflict::PrimaryAddress.into());
            }
            let was_confirmed = addresses::owner(&tx, &email).await? == Some(user.id);
            if !addresses::delete(&tx, user.id, &email).await? {
                return Err(AppError::NotFound.into());
            }
            if was_confirmed {
                // One of them may have been sent to this mailbox.
                users::delete_links(&tx, user.id).await?;
                self.tell(&tx, &user, &[&user.email, &email], AccountChange::Removed(&email)).await?;
            }
            self.audit(&tx, caller, &user, Action::AddressRemoved, &email).await?;
            tx.commit().await?;
            state.mail_waiting.notify_one();
            Ok(())
        })
        .await
    }

    async fn make_primary(&self, caller: &Caller, email: Email) -> Result<(), AppError> {
        let (state, signed_in) = (&self.0, caller.user()?);
        answer(caller, async {
            let tx = change::begin(state, caller).await?;
            let user = self.locked(&tx, signed_in.id).await?;
            let theirs = addresses::of_user(&tx, user.id).await?;
            let row = theirs.into_iter().find(|row| row.email == email).ok_or(AppError::NotFound)?;
            if row.confirmed_at.is_none() {
                return Err(Conflict::AddressNotConfirmed.into());
            }
            if row.is_primary {
                return Ok(());
            }
            users::delete_unconfirmed(&tx, &email).await?;
            users::set_primary(&tx, user.id, &email).await?;
            self.tell(&tx, &user, &[&user.email, &email], AccountChange::Primary(&email)).await?;
            let details = json!({ "before": user.email, "after": email });
            record(&tx, &state.clock, caller, None, Action::PrimaryChanged, account(&user), Some(details)).await?;
            tx.commit().await?;
            state.mail_waiting.notify_one();
            Ok(())
        })
        .await
    }
}
