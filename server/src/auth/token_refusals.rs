//! Tokens that are revoked or expired, and that somebody still uses, are audited: a job that was forgotten, or a thief.
//!
//! Once an hour for each token, whoever uses it how often and at which server; what is noted is written in batches, never
//! with a request.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::domain::ids::{CiTokenId, IncidentId};
use app::request::{Actor, Caller};
use chrono::TimeDelta;
use moka::sync::Cache;
use serde_json::json;

use crate::error::Result;
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::ci_tokens::{self, DeadToken};

/// The refusals of one token are one event for this long.
const QUIET: Duration = Duration::from_hours(1);
/// So many tokens are remembered.
const REMEMBERED: u64 = 20_000;

/// What was refused lately, and what of it is still to be written down.
pub struct TokenRefusals {
    lately: Cache<CiTokenId, ()>,
    waiting: Mutex<HashMap<CiTokenId, (Arc<DeadToken>, String)>>,
}

impl Default for TokenRefusals {
    fn default() -> Self {
        Self { lately: Cache::builder().max_capacity(REMEMBERED).time_to_live(QUIET).build(), waiting: Mutex::default() }
    }
}

impl TokenRefusals {
    fn change<T>(&self, change: impl FnOnce(&mut HashMap<CiTokenId, (Arc<DeadToken>, String)>) -> T) -> T {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that this token was refused, to a client at this address.
    pub fn note(&self, token: &Arc<DeadToken>, address: String) {
        if self.lately.entry(token.id).or_insert(()).is_fresh() {
            self.change(|waiting| waiting.insert(token.id, (token.clone(), address)));
        }
    }
}

/// Writes down what was noted. What cannot be written now is noted again with the next refusal.
pub async fn flush(state: &State) -> Result<()> {
    let mut outcome = Ok(());
    for (id, (token, address)) in state.token_refusals.change(std::mem::take) {
        if let Err(error) = write(state, &token, address).await {
            state.token_refusals.lately.invalidate(&id);
            outcome = Err(error);
        }
    }
    outcome
}

async fn write(state: &State, token: &DeadToken, address: String) -> Result<()> {
    let now = state.clock.now();
    let tx = state.db.begin_without_session().await?;
    // Another server may have done it, or the token may be gone.
    if !ci_tokens::note_refusal(&tx, token.id, now - TimeDelta::hours(1), now).await? {
        return Ok(());
    }
    // Who uses it, nobody knows.
    let caller = Caller { actor: Actor::Anonymous, address, incident: IncidentId::from_uuid(state.clock.new_id()) };
    let object = Object { kind: "ci-token", id: token.id.to_string(), name: &token.name };
    let details = json!({ "why": token.why });
    record(&tx, &state.clock, &caller, Some(token.org), Action::Refused, object, Some(details)).await?;
    tx.commit().await?;
    Ok(())
}
