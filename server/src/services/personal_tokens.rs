//! Personal access tokens. They are made in a session or for a terminal that a session has confirmed, never by a token.

use std::sync::Arc;

use app::backend::personal_tokens::{NewPersonalToken, OwnTokens, PersonalTokenRow, PersonalTokens as Port};
use app::domain::ids::{PersonalTokenId, UserId};
use app::domain::names::TokenName;
use app::domain::token::TokenState;
use app::error::{AppError, Conflict};
use app::notice::IssuedPersonalToken;
use app::request::Caller;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DatabaseTransaction;
use serde_json::json;

use crate::auth::access;
use crate::auth::change;
use crate::auth::secret::{SecretKind, generate, last_four};
use crate::error::{Error, Result, answer};
use crate::services::accounts::account;
use crate::services::current_password;
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::ci_tokens::StoredSecret;
use crate::store::personal_tokens::{self, LivingPersonalToken};
use crate::store::quotas::{self, Quota};
use crate::store::{logins, users};

/// A person can have so many tokens that work.
const MOST_PER_PERSON: u64 = 50;
/// And make so many within a day, so that those that work no more stay few as well.
const MOST_A_DAY: Quota = Quota { most: 100, within: TimeDelta::days(1) };

/// Personal access tokens.
pub struct PersonalTokens(pub Arc<State>);

/// Whether the person may have one more token that works. They are locked.
pub async fn has_room(tx: &DatabaseTransaction, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    Ok(personal_tokens::count_working(tx, user, now).await? < MOST_PER_PERSON)
}

/// Refuses when the person has as many as they may have. The person is locked.
pub async fn require_room(state: &State, tx: &DatabaseTransaction, user: UserId, now: DateTime<Utc>) -> Result<()> {
    if !has_room(tx, user, now).await? {
        return Err(Conflict::TooManyPersonalTokens.into());
    }
    match quotas::take(tx, &format!("personal tokens of {user}"), MOST_A_DAY, state.clock.now()).await? {
        Some(wait) => Err(AppError::RateLimited(u32::try_from(wait.num_seconds()).unwrap_or(u32::MAX)).into()),
        None => Ok(()),
    }
}

/// Makes a token, for a person who is locked.
pub async fn issue(
    state: &State,
    tx: &DatabaseTransaction,
    user: UserId,
    (id, name): (PersonalTokenId, TokenName),
    expires_at: Option<DateTime<Utc>>,
) -> Result<IssuedPersonalToken> {
    let secret = generate(SecretKind::PersonalToken)?;
    let stored = StoredSecret { hash: state.hasher.hash(secret.expose()), last_four: last_four(&secret) };
    let row = PersonalTokenRow {
        id,
        name,
        last_four: stored.last_four.clone(),
        created_at: state.clock.now(),
        expires_at,
        last_used: None,
        state: TokenState::Active,
    };
    personal_tokens::insert(tx, user, &row, stored).await?;
    Ok(IssuedPersonalToken { id, name: row.name.into(), secret })
}

/// Takes a token back that was sent to end itself: the terminal logs out.
pub async fn log_out(state: &State, caller: &Caller, token: &LivingPersonalToken) -> Result<()> {
    // What this takes back is the authority that it comes with.
    let tx = change::begin_ending_of(state, caller, Some(token.user)).await?;
    let user = users::find(&tx, token.user).await?.ok_or(Error::Stored("token without a person"))?;
    if personal_tokens::revoke(&tx, token.user, token.id, state.clock.now()).await? {
        let details = json!({ "token": token.name, "id": token.id });
        record(&tx, &state.clock, caller, None, Action::LoggedOut, account(&user), Some(details)).await?;
        tx.commit_taking_access(state).await?;
    }
    Ok(())
}

/// Takes back all tokens of a person who is locked, and those that terminals would still fetch, in a change that does more,
/// and that takes access with its commit.
pub async fn revoke_all(state: &State, tx: &DatabaseTransaction, caller: &Caller, user: UserId) -> Result<()> {
    let now = state.clock.now();
    logins::end_all(tx, user, now).await?;
    for token in personal_tokens::of_user(tx, user, now).await? {
        if token.state == TokenState::Active && personal_tokens::revoke(tx, user, token.id, now).await? {
            let object = Object { kind: "personal-token", id: token.id.to_string(), name: token.name.as_str() };
            record(tx, &state.clock, caller, None, Action::Revoked, object, None).await?;
        }
    }
    Ok(())
}

#[async_trait]
impl Port for PersonalTokens {
    async fn list(&self, caller: &Caller) -> Result<OwnTokens, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let db = self.0.db.read();
            let tokens = personal_tokens::of_user(db, user.id, self.0.clock.now()).await?;
            let orgs = access::own_orgs(db, caller).await?;
            let limits = orgs.iter().filter_map(|org| org.tokens().personal_days.map(|days| (org.name().clone(), days)));
            Ok(OwnTokens { tokens, limits: limits.collect() })
        })
        .await
    }

    async fn create(&self, caller: &Caller, token: NewPersonalToken) -> Result<IssuedPersonalToken, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let state = &self.0;
            let now = state.clock.now();
            let owner = users::find(state.db.read(), user.id).await?.ok_or(AppError::Unauthenticated)?;
            current_password::check_if_any(state, caller, &owner, token.current).await?;
            let tx = change::begin(state, caller).await?;
            users::lock(&tx, user.id).await?.ok_or(AppError::Unauthenticated)?;
            require_room(state, &tx, user.id, now).await?;
            let ends_at = token.life.ends(now);
            let id = PersonalTokenId::from_uuid(state.clock.new_id());
            let issued = issue(state, &tx, user.id, (id, token.name), ends_at).await?;
            let object = Object { kind: "personal-token", id: id.to_string(), name: &issued.name };
            record(&tx, &state.clock, caller, None, Action::Created, object, Some(json!({ "expires": ends_at }))).await?;
            tx.commit().await?;
            Ok(issued)
        })
        .await
    }

    async fn revoke(&self, caller: &Caller, id: PersonalTokenId) -> Result<TokenName, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let state = &self.0;
            let now = state.clock.now();
            let tx = change::begin(state, caller).await?;
            let token = personal_tokens::find(&tx, user.id, id, now).await?.ok_or(AppError::NotFound)?;
            if personal_tokens::revoke(&tx, user.id, id, now).await? {
                let object = Object { kind: "personal-token", id: id.to_string(), name: token.name.as_str() };
                record(&tx, &state.clock, caller, None, Action::Revoked, object, None).await?;
                tx.commit_taking_access(state).await?;
            }
            Ok(token.name)
        })
        .await
    }
}
