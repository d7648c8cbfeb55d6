//! Links in mails with which passwords are chosen.
//!
//! Several of one person work beside each other, each until its own time is over; the first that is used ends all others.

use app::domain::ids::{MailLinkId, UserId};
use app::domain::names::{Email, PersonName};
use app::domain::secret::PlainSecret;
use app::error::AppError;
use app::request::Caller;
use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DatabaseTransaction};

use super::{Accounts, account};
use crate::auth::secret::{SecretKind, generate, is_well_formed};
use crate::auth::{change, session};
use crate::error::Result;
use crate::mail::messages::Mail;
use crate::mail::queue;
use crate::seal::SealContext;
use crate::services::sign_up;
use crate::store::audit::{Action, record};
use crate::store::users::{self, FoundLink, NewLink, User};

/// A link of a new person works for so long.
pub(super) const WELCOME_HOURS: i64 = 24;
const NEW_PASSWORD_HOURS: i64 = 2;
/// A form that is sent twice is sent twice within this time.
const SENT_TWICE: TimeDelta = TimeDelta::minutes(1);

/// What a link to choose a password remembers.
pub(super) struct Remembered<'a> {
    /// What the one called themselves who signed up.
    pub(super) name: Option<&'a PersonName>,
    /// Where the link leads on to.
    pub(super) next: Option<String>,
}

/// Where a link leads on to may hold a secret, such as the code of `nx connect`: it opens for this link only.
fn way_of(link: MailLinkId) -> SealContext {
    SealContext::new("way of a mail link").with(link.as_bytes())
}

impl Accounts {
    pub(super) async fn new_link(
        &self,
        db: &impl ConnectionTrait,
        user: UserId,
        hours: i64,
        remembered: Remembered<'_>,
    ) -> Result<PlainSecret> {
        let secret = generate(SecretKind::MailLink)?;
        let now = self.0.clock.now();
        let id = MailLinkId::from_uuid(self.0.clock.new_id());
        let seal = |next: String| self.0.keys.master().seal_value(&way_of(id), next.as_bytes());
        let link = NewLink {
            id,
            user,
            hash: self.0.hasher.hash(secret.expose()),
            expires_at: now + TimeDelta::hours(hours),
            name: remembered.name.cloned(),
            sealed_next: remembered.next.map(seal).transpose()?,
        };
        users::insert_link(db, link, now).await?;
        Ok(secret)
    }

    /// The link with this secret that is not too old, and its person.
    pub(super) async fn link(&self, secret: &PlainSecret) -> Result<(FoundLink, User)> {
        if !is_well_formed(SecretKind::MailLink, secret.expose()) {
            return Err(AppError::LinkUnusable.into());
        }
        let (db, now) = (self.0.db.read(), self.0.clock.now());
        let link = users::find_link(db, &self.0.hasher.hash(secret.expose()), now).await?.ok_or(AppError::LinkUnusable)?;
        let user = self.user(db, link.user).await?;
        // Meanwhile the operator may have closed the door through which they came.
        if !user.confirmed && !sign_up::is_open_to(&self.0, db, &user.email).await? {
            return Err(AppError::LinkUnusable.into());
        }
        Ok((link, user))
    }

    pub(super) fn way(&self, link: &FoundLink) -> Result<Option<String>> {
        let open = |sealed: &Vec<u8>| self.0.keys.master().open_value(&way_of(link.id), sealed);
        let opened = link.sealed_next.as_ref().map(open).transpose()?;
        Ok(opened.map(|next| String::from_utf8_lossy(&next).into_owned()))
    }

    /// The form was sent twice, and the other one was first: this one means the same if it says the same password.
    pub(super) async fn choose_again(
        &self,
        caller: &Caller,
        secret: &PlainSecret,
        password: PlainSecret,
    ) -> Result<(UserId, Option<String>)> {
        let state = &self.0;
        let (link, user) = self.link(secret).await?;
        let just_used = link.used_at.is_some_and(|used| state.clock.now() - used <= SENT_TWICE);
        if !just_used || !state.passwords.verify(caller, password, user.password_hash.clone()).await? {
            return Err(AppError::LinkUnusable.into());
        }
        let tx = change::begin_entering(state, caller, Some(user.id)).await?;
        if self.user(&tx, user.id).await?.password_hash != user.password_hash {
            return Err(AppError::LinkUnusable.into());
        }
        session::open(state, &tx, caller, user.id).await?;
        record(&tx, &state.clock, caller, None, Action::SignedIn, account(&user), None).await?;
        tx.commit().await?;
        Ok((user.id, self.way(&link)?))
    }

    /// Queues the mail with which somebody chooses a new password, or the first one who has signed up and not done it yet.
    pub(super) async fn send_link(&self, tx: &DatabaseTransaction, user: &User, to: &Email, next: Option<String>) -> Result<()> {
        let state = &self.0;
        if user.confirmed {
            let link = self.new_link(tx, user.id, NEW_PASSWORD_HOURS, Remembered { name: None, next }).await?;
            queue::push(tx, state, to, &Mail::NewPassword { name: &user.name, link: &link }).await?;
        } else if sign_up::is_open_to(state, tx, to).await? {
            let link = self.new_link(tx, user.id, WELCOME_HOURS, Remembered { name: None, next }).await?;
            queue::push(tx, state, to, &Mail::Welcome { link: &link }).await?;
        }
        Ok(())
    }
}
