//! The end of an account, in one transaction: whoever deletes it leaves every organization as members leave, by the rule
//! that an Admin stays, and each organization's log tells of it.
//!
//! Invites to their addresses into other organizations stay open: they were sent to a mailbox, not to the account.

use std::sync::Arc;

use app::backend::account_deletion::AccountDeletion as Port;
use app::backend::orgs::OrgView;
use app::domain::member::{MemberChange, check_change};
use app::domain::names::{Email, Reason};
use app::domain::role::Role;
use app::domain::secret::PlainSecret;
use app::error::{AppError, Conflict, Field};
use app::request::Caller;
use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseTransaction};
use serde_json::json;

use crate::auth::access::{self, OrgScope};
use crate::auth::change;
use crate::error::{Error, Result, answer};
use crate::mail::messages::{AccountChange, Mail};
use crate::mail::queue;
use crate::services::accounts::account;
use crate::services::current_password;
use crate::services::invites::closing;
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::users::User;
use crate::store::{invites, members, orgs, users};

/// So often it is tried when the person comes into an organization at the same moment.
const ATTEMPTS: usize = 5;

/// The end of an account.
pub struct AccountDeletion(pub Arc<State>);

/// Whether the organization keeps an Admin when this one goes.
async fn can_go(db: &impl ConnectionTrait, scope: &OrgScope) -> Result<bool> {
    match scope.standing().role() {
        Some(Role::Admin) => {
            let admins = members::count_admins(db, scope).await?;
            Ok(check_change(Role::Admin, MemberChange::Remove, admins).is_ok())
        }
        Some(Role::Member) | None => Ok(true),
    }
}

impl AccountDeletion {
    async fn leave(&self, tx: &DatabaseTransaction, caller: &Caller, scope: &OrgScope, user: &User) -> Result<()> {
        members::delete(tx, scope, user.id).await?;
        closing::close_of_leaver(&self.0, tx, caller, scope.id(), user.id).await?;
        let member = Object { kind: "member", id: user.id.to_string(), name: user.name.as_str() };
        let details = json!({ "role": scope.standing().role(), "account": "deleted" });
        record(tx, &self.0.clock, caller, Some(scope.id()), Action::Left, member, Some(details)).await
    }

    async fn delete_now(&self, caller: &Caller, user: &User) -> Result<()> {
        let state = &self.0;
        let tx = change::begin_ending(state, caller).await?;
        let scopes = access::own_orgs_for_change(&tx).await?;
        for scope in &scopes {
            if !can_go(&tx, scope).await? {
                return Err(Conflict::LastAdminSomewhere.into());
            }
        }
        for scope in &scopes {
            self.leave(&tx, caller, scope, user).await?;
        }
        invites::forget_inviter(&tx, user.id).await?;
        users::delete(&tx, user.id).await?;
        let mail = Mail::AccountChanged { name: &user.name, change: AccountChange::Deleted };
        queue::push(&tx, state, &user.email, &mail).await?;
        record(&tx, &state.clock, caller, None, Action::Deleted, account(user), None).await?;
        tx.commit_taking_access(state).await?;
        state.mail_waiting.notify_one();
        Ok(())
    }
}

#[async_trait]
impl Port for AccountDeletion {
    async fn obstacles(&self, caller: &Caller) -> Result<Vec<OrgView>, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let mut obstacles = Vec::new();
            for scope in access::own_orgs(db, caller).await? {
                if !can_go(db, &scope).await? {
                    obstacles.push(orgs::view(db, &scope).await?);
                }
            }
            obstacles.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(obstacles)
        })
        .await
    }

    async fn delete(&self, caller: &Caller, confirmation: &str, current: PlainSecret) -> Result<(), AppError> {
        let (state, signed_in) = (&self.0, caller.user()?);
        answer(caller, async {
            let user = users::find(state.db.read(), signed_in.id).await?.ok_or(AppError::Unauthenticated)?;
            if Email::parse(confirmation).as_ref() != Ok(&user.email) {
                return Err(AppError::field(Field::Confirmation, Reason::DoesNotMatch).into());
            }
            current_password::check_if_any(state, caller, &user, current).await?;
            let mut attempt = 1;
            loop {
                match self.delete_now(caller, &user).await {
                    Err(Error::App(AppError::Conflict(Conflict::JustChanged))) if attempt < ATTEMPTS => attempt += 1,
                    done => return done,
                }
            }
        })
        .await
    }
}
