//! People and their passwords.
//!
//! Answers do not depend on whether an address has an account, and neither does their time: signing in always costs
//! one password check, the other ways in take a fixed time that is longer than their work.

use std::sync::Arc;
use std::time::Duration;

use app::backend::accounts::{Accounts as Port, NewAccount, TokensThen};
use app::domain::ids::{MailLinkId, UserId};
use app::domain::names::{Email, PersonName};
use app::domain::password;
use app::domain::secret::PlainSecret;
use app::error::{AppError, Field};
use app::request::Caller;
use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use crate::auth::secret::{SecretKind, generate, is_well_formed};
use crate::auth::{change, session};
use crate::error::{Result, answer};
use crate::mail::messages::Mail;
use crate::mail::queue;
use crate::services::current_password;
use crate::services::personal_tokens::revoke_all;
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::users::{self, NewLink, User};
use crate::store::{addresses, personal_tokens, sessions};

const WELCOME_HOURS: i64 = 24;
const NEW_PASSWORD_HOURS: i64 = 2;
/// How long signing up and asking for a new password take, whatever there is to do.
const FIXED_TIME: Duration = Duration::from_millis(250);

/// People and their passwords.
pub struct Accounts(pub Arc<State>);

/// A person's account, as the audit log names it.
pub(super) fn account(user: &User) -> Object<'_> {
    Object { kind: "account", id: user.id.to_string(), name: user.name.as_str() }
}

/// Does the work in no less than the fixed time.
pub(super) async fn in_fixed_time<T>(work: impl Future<Output = T>) -> T {
    let (done, ()) = tokio::join!(work, tokio::time::sleep(FIXED_TIME));
    done
}

impl Accounts {
    async fn new_link(&self, db: &impl ConnectionTrait, user: UserId, hours: i64) -> Result<PlainSecret> {
        let secret = generate(SecretKind::MailLink)?;
        let now = self.0.clock.now();
        let link = NewLink {
            id: MailLinkId::from_uuid(self.0.clock.new_id()),
            user,
            hash: self.0.hasher.hash(secret.expose()),
            expires_at: now + TimeDelta::hours(hours),
        };
        users::replace_link(db, link, now).await?;
        Ok(secret)
    }

    async fn user(&self, db: &impl ConnectionTrait, id: UserId) -> Result<User> {
        Ok(users::find(db, id).await?.ok_or(AppError::Unauthenticated)?)
    }

    /// What becomes of the tokens of a person, who is locked, with a new password.
    async fn then(&self, tx: &DatabaseTransaction, caller: &Caller, user: UserId, tokens: TokensThen) -> Result<()> {
        match tokens {
            TokensThen::Keep => Ok(()),
            TokensThen::Revoke => revoke_all(&self.0, tx, caller, user).await,
        }
    }

    /// Creates an account whose mailbox the operator vouches for.
    pub async fn create_confirmed(
        &self,
        caller: &Caller,
        email: &Email,
        name: &PersonName,
        password: PlainSecret,
    ) -> Result<Option<UserId>> {
        let state = &self.0;
        let password_hash = Some(state.passwords.hash(password).await?);
        let user =
            User { id: UserId::from_uuid(state.clock.new_id()), email: email.clone(), name: name.clone(), password_hash, confirmed: true };
        let tx = change::begin(state, caller).await?;
        if !users::insert(&tx, &user, state.clock.now()).await? {
            return Ok(None);
        }
        record(&tx, &state.clock, caller, None, Action::Created, account(&user), None).await?;
        tx.commit().await?;
        Ok(Some(user.id))
    }
}

#[async_trait]
impl Port for Accounts {
    async fn sign_up(&self, caller: &Caller, new: NewAccount) -> Result<(), AppError> {
        let state = &self.0;
        in_fixed_time(Box::pin(answer(caller, async {
            let tx = state.db.begin_without_session().await?;
            let user = User {
                id: UserId::from_uuid(state.clock.new_id()),
                email: new.email,
                name: new.name,
                password_hash: None,
                confirmed: false,
            };
            users::insert(&tx, &user, state.clock.now()).await?;
            let email = user.email.clone();
            let known = users::find_by_email(&tx, &email).await?.unwrap_or(user);
            if known.confirmed {
                queue::push(&tx, state, &email, &Mail::AccountExists { name: &known.name }).await?;
            } else {
                let link = self.new_link(&tx, known.id, WELCOME_HOURS).await?;
                queue::push(&tx, state, &email, &Mail::Welcome { name: &known.name, link: &link }).await?;
            }
            tx.commit().await?;
            state.mail_waiting.notify_one();
            Ok(())
        })))
        .await
    }

    async fn choose_password(
        &self,
        caller: &Caller,
        link: PlainSecret,
        password: PlainSecret,
        tokens: TokensThen,
    ) -> Result<UserId, AppError> {
        let state = &self.0;
        answer(caller, async {
            if !is_well_formed(SecretKind::MailLink, link.expose()) {
                return Err(AppError::LinkUnusable.into());
            }
            let hash = state.hasher.hash(link.expose());
            let now = state.clock.now();
            let id = users::find_link(state.db.read(), &hash, now).await?.ok_or(AppError::LinkUnusable)?;
            let user = self.user(state.db.read(), id).await?;
            password::check_new(password.expose(), &user.email).map_err(|reason| AppError::field(Field::Password, reason))?;
            let password_hash = state.passwords.hash(password).await?;

            let tx = change::begin_ending_of(state, caller, Some(id)).await?;
            users::lock(&tx, id).await?.ok_or(AppError::LinkUnusable)?;
            if !users::consume_link(&tx, &hash).await? {
                return Err(AppError::LinkUnusable.into());
            }
            users::delete_links(&tx, id).await?;
            addresses::cancel_links(&tx, id).await?;
            users::set_password(&tx, id, &password_hash).await?;
            users::confirm(&tx, id, now).await?;
            sessions::end_all(&tx, id, None).await?;
            session::open(state, &tx, caller, id).await?;
            self.then(&tx, caller, id, tokens).await?;
            record(&tx, &state.clock, caller, None, Action::PasswordChosen, account(&user), None).await?;
            match tokens {
                TokensThen::Keep => tx.commit().await?,
                TokensThen::Revoke => tx.commit_taking_access(state).await?,
            }
            Ok(id)
        })
        .await
    }

    async fn has_tokens(&self, caller: &Caller, link: &PlainSecret) -> Result<bool, AppError> {
        answer(caller, async {
            let (db, now) = (self.0.db.read(), self.0.clock.now());
            if !is_well_formed(SecretKind::MailLink, link.expose()) {
                return Ok(false);
            }
            match users::find_link(db, &self.0.hasher.hash(link.expose()), now).await? {
                Some(user) => Ok(personal_tokens::count_working(db, user, now).await? > 0),
                None => Ok(false),
            }
        })
        .await
    }

    async fn sign_in(&self, caller: &Caller, email: Email, password: PlainSecret) -> Result<UserId, AppError> {
        let state = &self.0;
        answer(caller, async {
            let user = users::find_by_email(state.db.read(), &email).await?;
            let stored = user.as_ref().filter(|user| user.confirmed).and_then(|user| user.password_hash.clone());
            let fits = state.passwords.verify(password, stored).await?;
            let action = if fits { Action::SignedIn } else { Action::SignInFailed };
            // Written for an unknown address too, so that it takes as long as a known one.
            let object = user.as_ref().map_or(Object { kind: "account", id: String::new(), name: "" }, account);
            let entering = user.as_ref().filter(|_| fits);
            let tx = change::begin_entering(state, caller, entering.map(|user| user.id)).await?;
            if let Some(user) = entering {
                // It may have been changed while it was checked.
                if self.user(&tx, user.id).await?.password_hash != user.password_hash {
                    return Err(AppError::WrongCredentials.into());
                }
                session::open(state, &tx, caller, user.id).await?;
            }
            record(&tx, &state.clock, caller, None, action, object, None).await?;
            tx.commit().await?;
            Ok(entering.ok_or(AppError::WrongCredentials)?.id)
        })
        .await
    }

    async fn forgot_password(&self, caller: &Caller, email: Email) -> Result<(), AppError> {
        let state = &self.0;
        in_fixed_time(Box::pin(answer(caller, async {
            let tx = state.db.begin_without_session().await?;
            if let Some(user) = users::find_by_email(&tx, &email).await? {
                let link = self.new_link(&tx, user.id, NEW_PASSWORD_HOURS).await?;
                // To the address that was entered: the primary one may be the mailbox that they have lost.
                queue::push(&tx, state, &email, &Mail::NewPassword { name: &user.name, link: &link }).await?;
            }
            tx.commit().await?;
            state.mail_waiting.notify_one();
            Ok(())
        })))
        .await
    }

    async fn change_password(&self, caller: &Caller, current: PlainSecret, new: PlainSecret, tokens: TokensThen) -> Result<(), AppError> {
        let state = &self.0;
        let signed_in = caller.user()?;
        answer(caller, async {
            let user = self.user(state.db.read(), signed_in.id).await?;
            current_password::check(state, caller, &user, current).await?;
            let password_hash = state.passwords.hash(new).await?;
            let tx = change::begin_ending(state, caller).await?;
            users::lock(&tx, user.id).await?.ok_or(AppError::Unauthenticated)?;
            users::set_password(&tx, user.id, &password_hash).await?;
            users::delete_links(&tx, user.id).await?;
            addresses::cancel_links(&tx, user.id).await?;
            sessions::end_all(&tx, user.id, Some(signed_in.session)).await?;
            self.then(&tx, caller, user.id, tokens).await?;
            record(&tx, &state.clock, caller, None, Action::PasswordChanged, account(&user), None).await?;
            match tokens {
                TokensThen::Keep => tx.commit().await?,
                TokensThen::Revoke => tx.commit_taking_access(state).await?,
            }
            Ok(())
        })
        .await
    }

    async fn has_password(&self, caller: &Caller) -> Result<bool, AppError> {
        let signed_in = caller.user()?;
        answer(caller, async { Ok(self.user(self.0.db.read(), signed_in.id).await?.password_hash.is_some()) }).await
    }

    async fn send_password_link(&self, caller: &Caller) -> Result<(), AppError> {
        let (state, signed_in) = (&self.0, caller.user()?);
        answer(caller, async {
            let tx = change::begin(state, caller).await?;
            let user = self.user(&tx, signed_in.id).await?;
            let link = self.new_link(&tx, user.id, NEW_PASSWORD_HOURS).await?;
            queue::push(&tx, state, &user.email, &Mail::NewPassword { name: &user.name, link: &link }).await?;
            tx.commit().await?;
            state.mail_waiting.notify_one();
            Ok(())
        })
        .await
    }

    async fn rename(&self, caller: &Caller, name: PersonName) -> Result<(), AppError> {
        let state = &self.0;
        let signed_in = caller.user()?;
        answer(caller, async {
            let tx = change::begin(state, caller).await?;
            let user = self.user(&tx, signed_in.id).await?;
            users::rename(&tx, user.id, &name).await?;
            let details = serde_json::json!({ "before": user.name, "after": name });
            record(&tx, &state.clock, caller, None, Action::Renamed, account(&user), Some(details)).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}
