//! The side of those who come in: with their account, or with a new one.

use app::backend::members::JoinedBy;
use app::domain::ids::UserId;
use app::domain::names::{OrgSlug, PersonName, Reason};
use app::domain::password;
use app::domain::plan::Measure;
use app::domain::secret::PlainSecret;
use app::error::{AppError, Conflict, Field};
use app::request::Caller;
use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::{Invites, closing, limits};
use crate::auth::invited::{self, Invited};
use crate::auth::{change, session};
use crate::error::Result;
use crate::store::audit::{Action, Object, record};
use crate::store::users::{self, User};
use crate::store::{invites, members, sessions, unscoped};

impl Invites {
    /// Lets somebody in whose mailbox is proven. Doing it twice is doing it once, as long as they stay.
    pub(super) async fn come_in(&self, tx: &DatabaseTransaction, caller: &Caller, invited: &Invited, user: &User) -> Result<()> {
        let now = self.0.clock.now();
        // Behind the organization; they may be deleting their account.
        users::lock(tx, user.id).await?.ok_or(AppError::Unauthenticated)?;
        if !invites::accept(tx, invited, user.id, now).await? {
            let is_in = unscoped::role_in(tx, invited.org(), user.id).await?.is_some();
            return if invited.was_accepted_by(user.id) && is_in { Ok(()) } else { Err(AppError::LinkUnusable.into()) };
        }
        if invited.is_overruled(tx, user.id).await? {
            return Err(Conflict::WasRemoved.into());
        }
        invites::cancel_mails(tx, invited.org(), Some(invited.id())).await?;
        closing::close_of_member(&self.0, tx, caller, invited.org(), (user.id, &user.name)).await?;
        if unscoped::role_in(tx, invited.org(), user.id).await?.is_none() {
            limits::require_room(&self.0, tx, caller, invited.org(), Measure::Members, 1, Conflict::NoRoomForYou).await?;
        }
        if members::insert(tx, invited.org(), user.id, invited.role(), JoinedBy::Invite, now).await? {
            let member = Object { kind: "member", id: user.id.to_string(), name: user.name.as_str() };
            let details = json!({ "role": invited.role(), "invited_by": invited.invited_by() });
            record(tx, &self.0.clock, caller, Some(invited.org()), Action::Joined, member, Some(details)).await?;
        }
        Ok(())
    }

    /// Comes in with the password of the account that the invited address has.
    pub(super) async fn join_with_account(
        &self,
        caller: &Caller,
        link: &PlainSecret,
        user: User,
        password: PlainSecret,
    ) -> Result<(UserId, OrgSlug)> {
        let state = &self.0;
        let account = Object { kind: "account", id: user.id.to_string(), name: user.name.as_str() };
        if !state.passwords.verify(caller, password, user.password_hash.clone()).await? {
            let tx = state.db.begin_without_session().await?;
            record(&tx, &state.clock, caller, None, Action::SignInFailed, account, None).await?;
            tx.commit().await?;
            return Err(AppError::WrongCredentials.into());
        }
        let tx = change::begin_entering(state, caller, Some(user.id)).await?;
        let invited = invited::by_mail_for_change(&tx, &state.hasher, link).await?;
        // It may have been changed while it was checked.
        if users::find(&tx, user.id).await?.is_none_or(|now| now.password_hash != user.password_hash) {
            return Err(AppError::WrongCredentials.into());
        }
        record(&tx, &state.clock, caller, None, Action::SignedIn, account, None).await?;
        self.come_in(&tx, caller, &invited, &user).await?;
        session::open(state, &tx, caller, user.id).await?;
        tx.commit().await?;
        Ok((user.id, invited.slug().clone()))
    }

    /// Comes in with a new account; the link from the mail has proven its address.
    pub(super) async fn join_with_new_account(
        &self,
        caller: &Caller,
        link: &PlainSecret,
        name: Option<PersonName>,
        password: PlainSecret,
    ) -> Result<(UserId, OrgSlug)> {
        let state = &self.0;
        let now = state.clock.now();
        let email = invited::by_link(state.db.read(), &state.hasher, link, now).await?.email().clone();
        let name = name.ok_or_else(|| AppError::field(Field::Name, Reason::Missing))?;
        password::check_new(password.expose(), &email).map_err(|reason| AppError::field(Field::Password, reason))?;
        let hash = state.passwords.hash(caller, password).await?;

        let tx = state.db.begin_without_session().await?;
        let invited = invited::by_mail_for_change(&tx, &state.hasher, link).await?;
        let id = UserId::from_uuid(state.clock.new_id());
        let mut user = User { id, email, name, password_hash: Some(hash.clone()), confirmed: true };
        if !users::insert(&tx, &user, now).await? {
            // Somebody signed up with this address and never opened the mail; now its owner is here.
            let known = users::find_by_email(&tx, &user.email).await?.filter(|known| !known.confirmed);
            user.id = known.ok_or(Conflict::InviteClosed)?.id;
            users::rename(&tx, user.id, &user.name).await?;
            users::set_password(&tx, user.id, &hash).await?;
            users::confirm(&tx, user.id, now).await?;
            users::delete_links(&tx, user.id).await?;
            sessions::end_all(&tx, user.id, None).await?;
        }
        let account = Object { kind: "account", id: user.id.to_string(), name: user.name.as_str() };
        record(&tx, &state.clock, caller, None, Action::Created, account, None).await?;
        self.come_in(&tx, caller, &invited, &user).await?;
        session::open(state, &tx, caller, user.id).await?;
        tx.commit().await?;
        Ok((user.id, invited.slug().clone()))
    }
}
