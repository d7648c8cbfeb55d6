//! People and their passwords.
//!
//! Answers do not depend on whether an address has an account, and neither does their time: signing in always costs
//! one password check, the other ways in take a fixed time that is longer than their work.

mod links;

use std::sync::Arc;
use std::time::Duration;

use app::backend::accounts::{Accounts as Port, ChosenPassword, NewAccount, PasswordLink, TokensThen};
use app::domain::ids::UserId;
use app::domain::names::{Email, PersonName};
use app::domain::password;
use app::domain::secret::PlainSecret;
use app::error::{AppError, Conflict, Field};
use app::paths;
use app::request::Caller;
use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use self::links::{Remembered, WELCOME_HOURS};
use crate::auth::attempts::known_network;
use crate::auth::{change, session};
use crate::error::{Result, answer};
use crate::mail::messages::Mail;
use crate::mail::queue;
use crate::network::ClientNetwork;
use crate::services::personal_tokens::revoke_all;
use crate::services::{account_mails, current_password, sign_up};
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::users::{self, User};
use crate::store::{addresses, known_networks, personal_tokens, sessions};

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
    async fn user(&self, db: &impl ConnectionTrait, id: UserId) -> Result<User> {
        Ok(users::find(db, id).await?.ok_or(AppError::Unauthenticated)?)
    }

    /// Somebody who has signed up with an address and not proven it yet. What they call themselves waits with the link: it
    /// may have been anybody.
    async fn insert_unproven(&self, tx: &DatabaseTransaction, email: &Email) -> Result<UserId> {
        let state = &self.0;
        let id = UserId::from_uuid(state.clock.new_id());
        let user = User { id, email: email.clone(), name: PersonName::of_address(email), password_hash: None, confirmed: false };
        if users::insert(tx, &user, state.clock.now()).await? {
            return Ok(id);
        }
        // Somebody was faster.
        Ok(users::find_by_email(tx, email).await?.ok_or(Conflict::JustChanged)?.id)
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
        let password_hash = Some(state.passwords.hash(caller, password).await?);
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
            let NewAccount { name, email, next } = new;
            let tx = state.db.begin_without_session().await?;
            if account_mails::count(state, &tx, caller, &email).await? {
                match users::find_by_email(&tx, &email).await? {
                    Some(known) if known.confirmed => {
                        queue::push(&tx, state, &email, &Mail::AccountExists { name: &known.name }).await?;
                    }
                    known if sign_up::is_open_to(state, &tx, &email).await? => {
                        let user = match known {
                            Some(user) => user.id,
                            None => self.insert_unproven(&tx, &email).await?,
                        };
                        let remembered = Remembered { name: Some(&name), next: paths::way_through_mail(&next) };
                        let link = self.new_link(&tx, user, WELCOME_HOURS, remembered).await?;
                        queue::push(&tx, state, &email, &Mail::Welcome { link: &link }).await?;
                    }
                    Some(_) | None => {}
                }
            }
            tx.commit().await?;
            state.mail_waiting.notify_one();
            Ok(())
        })))
        .await
    }

    async fn choose_password(&self, caller: &Caller, chosen: ChosenPassword) -> Result<(UserId, Option<String>), AppError> {
        let state = &self.0;
        answer(caller, async {
            let ChosenPassword { link: secret, password, name, tokens } = chosen;
            let (link, user) = self.link(&secret).await?;
            if link.used_at.is_some() {
                return self.choose_again(caller, &secret, password).await;
            }
            password::check_new(password.expose(), &user.email).map_err(|reason| AppError::field(Field::Password, reason))?;
            let password_hash = state.passwords.hash(caller, password.clone()).await?;

            let now = state.clock.now();
            let tx = change::begin_ending_of(state, caller, Some(user.id)).await?;
            let mut user = users::lock(&tx, user.id).await?.ok_or(AppError::LinkUnusable)?;
            if !users::consume_link(&tx, &link, now).await? {
                tx.rollback().await?;
                return self.choose_again(caller, &secret, password).await;
            }
            if !user.confirmed
                && let Some(name) = name.or_else(|| link.name.clone())
            {
                users::rename(&tx, user.id, &name).await?;
                user.name = name;
            }
            addresses::cancel_links(&tx, user.id).await?;
            users::set_password(&tx, user.id, &password_hash).await?;
            users::confirm(&tx, user.id, now).await?;
            sessions::end_all(&tx, user.id, None).await?;
            session::open(state, &tx, caller, user.id).await?;
            self.then(&tx, caller, user.id, tokens).await?;
            record(&tx, &state.clock, caller, None, Action::PasswordChosen, account(&user), None).await?;
            match tokens {
                TokensThen::Keep => tx.commit().await?,
                TokensThen::Revoke => tx.commit_taking_access(state).await?,
            }
            Ok((user.id, self.way(&link)?))
        })
        .await
    }

    async fn open_link(&self, caller: &Caller, link: &PlainSecret) -> Result<PasswordLink, AppError> {
        answer(caller, async {
            let (link, user) = self.link(link).await?;
            if link.used_at.is_some() {
                return Err(AppError::LinkUnusable.into());
            }
            let has_tokens = personal_tokens::count_working(self.0.db.read(), user.id, self.0.clock.now()).await? > 0;
            let new_name = (!user.confirmed).then(|| link.name.unwrap_or(user.name));
            Ok(PasswordLink { has_tokens, new_name })
        })
        .await
    }

    async fn sign_in(&self, caller: &Caller, email: Email, password: PlainSecret) -> Result<UserId, AppError> {
        let state = &self.0;
        answer(caller, async {
            let user = users::find_by_email(state.db.read(), &email).await?;
            let stored = user.as_ref().filter(|user| user.confirmed).and_then(|user| user.password_hash.clone());
            let fits = state.passwords.verify(caller, password, stored).await?;
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
            if let Some(user) = entering {
                let network = known_network(&state.hasher, email.as_str(), ClientNetwork::of(&caller.address));
                known_networks::note(&tx, user.id, network, state.clock.now()).await?;
            }
            tx.commit().await?;
            Ok(entering.ok_or(AppError::WrongCredentials)?.id)
        })
        .await
    }

    async fn forgot_password(&self, caller: &Caller, email: Email, next: &str) -> Result<(), AppError> {
        let state = &self.0;
        in_fixed_time(Box::pin(answer(caller, async {
            let tx = state.db.begin_without_session().await?;
            if account_mails::count(state, &tx, caller, &email).await?
                && let Some(user) = users::find_by_email(&tx, &email).await?
            {
                // To the address that was entered: the primary one may be the mailbox that they have lost.
                self.send_link(&tx, &user, &email, paths::way_through_mail(next)).await?;
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
            let password_hash = state.passwords.hash(caller, new).await?;
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
            if account_mails::count(state, &tx, caller, &user.email).await? {
                self.send_link(&tx, &user, &user.email, Some(paths::ACCOUNT_SECURITY.to_owned())).await?;
            }
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
