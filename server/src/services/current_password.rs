//! Asks again for the password before something that gives the account away: a browser that was left open, or a stolen
//! session, is not enough for it.

use app::domain::names::Reason;
use app::domain::secret::PlainSecret;
use app::error::{AppError, Conflict, Field};
use app::request::Caller;
use chrono::TimeDelta;

use crate::auth::change;
use crate::error::Result;
use crate::services::accounts::account;
use crate::state::State;
use crate::store::audit::{Action, record};
use crate::store::users::User;

/// A sign-in is fresh for this long.
const FRESH: TimeDelta = TimeDelta::minutes(10);

/// Fails unless this is the person's password. A wrong one is audited.
pub async fn check(state: &State, caller: &Caller, user: &User, password: PlainSecret) -> Result<()> {
    if state.passwords.verify(caller, password, user.password_hash.clone()).await? {
        return Ok(());
    }
    let tx = change::begin(state, caller).await?;
    record(&tx, &state.clock, caller, None, Action::PasswordRefused, account(user), None).await?;
    tx.commit().await?;
    Err(AppError::field(Field::CurrentPassword, Reason::WrongPassword).into())
}

/// The same for those who have one. Whoever has none must have signed in a moment ago.
pub async fn check_if_any(state: &State, caller: &Caller, user: &User, password: PlainSecret) -> Result<()> {
    if user.password_hash.is_some() {
        return check(state, caller, user, password).await;
    }
    if state.clock.now() - caller.user()?.began > FRESH { Err(Conflict::SignInAgain.into()) } else { Ok(()) }
}
