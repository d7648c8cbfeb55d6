//! What becomes of the open invites of people who come in or go: they are revoked, in the same transaction.

use app::domain::ids::{OrgId, UserId};
use app::domain::names::PersonName;
use app::request::{Actor, Caller};
use sea_orm::DatabaseTransaction;
use serde_json::{Value, json};

use super::object;
use crate::error::Result;
use crate::state::State;
use crate::store::audit::{Action, record};
use crate::store::{invites, users};

/// Somebody is in: whatever else they were sent would only hold a place in the plan, and let them in again later.
pub async fn close_of_member(
    state: &State,
    tx: &DatabaseTransaction,
    caller: &Caller,
    org: OrgId,
    (user, name): (UserId, &PersonName),
) -> Result<()> {
    // They asked to come in, not for this.
    let caller = Caller { actor: Actor::Server, ..caller.clone() };
    close(state, tx, &caller, org, user, Some(json!({ "joined": name }))).await
}

/// Somebody is out: an invite that is still open must not let them in again.
pub async fn close_of_leaver(state: &State, tx: &DatabaseTransaction, caller: &Caller, org: OrgId, user: UserId) -> Result<()> {
    close(state, tx, caller, org, user, None).await
}

async fn close(state: &State, tx: &DatabaseTransaction, caller: &Caller, org: OrgId, user: UserId, details: Option<Value>) -> Result<()> {
    let theirs = users::confirmed_addresses(tx, user).await?;
    for (id, email) in invites::close(tx, org, &theirs, state.clock.now()).await? {
        record(tx, &state.clock, caller, Some(org), Action::Revoked, object(id, &email), details.clone()).await?;
    }
    Ok(())
}
