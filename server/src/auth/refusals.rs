//! Members who try to change what their role does not allow are audited.
//!
//! The gate refuses inside of a transaction that is then rolled back, so it only notes the refusal; the event is written
//! when the request has been answered. Once a minute for each person and permission: nobody fills the disk with it.

use std::cell::Cell;
use std::time::Duration;

use app::domain::ids::{OrgId, UserId};
use app::domain::names::OrgName;
use app::domain::permission::Permission;
use app::request::{Actor, Caller};
use moka::sync::Cache;
use serde_json::json;

use crate::error::Result;
use crate::state::State;
use crate::store::audit::{Action, Object, record};

/// A person's refusals of one kind are one event for this long.
const QUIET: Duration = Duration::from_mins(1);
/// So many people and permissions are remembered.
const REMEMBERED: u64 = 100_000;

tokio::task_local! {
    static NOTED: Cell<Option<Refusal>>;
}

/// What was refused.
pub struct Refusal {
    /// Where.
    pub org: OrgId,
    /// Its name.
    pub name: OrgName,
    /// What the role does not allow.
    pub permission: Permission,
}

/// Who was refused what lately.
pub struct Refusals(Cache<(UserId, OrgId, Permission), ()>);

impl Default for Refusals {
    fn default() -> Self {
        Self(Cache::builder().max_capacity(REMEMBERED).time_to_live(QUIET).build())
    }
}

/// Notes a refusal in the request that is being answered; outside of one there is nobody to write it down.
pub(super) fn note(refusal: Refusal) {
    let _ = NOTED.try_with(|noted| noted.set(Some(refusal)));
}

/// Answers a request, and writes down what the gate refused meanwhile.
pub(super) async fn audited<T>(state: &State, caller: &Caller, work: impl Future<Output = T>) -> T {
    let heard = async { (work.await, NOTED.with(Cell::take)) };
    let (answer, refusal) = NOTED.scope(Cell::new(None), heard).await;
    if let Some(refusal) = refusal
        && let Err(error) = write(state, caller, &refusal).await
    {
        // The person has been refused all the same.
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        tracing::error!(incident = %caller.incident, %error, cause, "a refusal could not be audited");
    }
    answer
}

async fn write(state: &State, caller: &Caller, refusal: &Refusal) -> Result<()> {
    let Actor::User(user) = &caller.actor else { return Ok(()) };
    if !state.refusals.0.entry((user.id, refusal.org, refusal.permission)).or_insert(()).is_fresh() {
        return Ok(());
    }
    let object = Object { kind: "org", id: refusal.org.to_string(), name: refusal.name.as_str() };
    let tx = state.db.begin_without_session().await?;
    record(&tx, &state.clock, caller, Some(refusal.org), Action::Refused, object, Some(json!({ "permission": refusal.permission })))
        .await?;
    tx.commit().await?;
    Ok(())
}
