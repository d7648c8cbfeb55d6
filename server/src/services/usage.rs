//! The daily count of what organizations hold, and the mails about limits that are near. Every server does this; rows in
//! the database say what another one has done.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI32, Ordering};

use app::domain::ids::OrgId;
use app::domain::plan::{Level, Used, Warning};
use chrono::{Datelike as _, NaiveDate};

use crate::error::Result;
use crate::mail::messages::Mail;
use crate::mail::queue;
use crate::state::State;
use crate::store::{billing, usage};

/// The day that this server has counted last.
#[derive(Default)]
pub struct LastCount(AtomicI32);

/// Counts what is held, once a day, and tells Admins of limits.
pub async fn take_stock(state: &State) -> Result<()> {
    let today = state.clock.now().date_naive();
    let counted = state.last_count.0.load(Ordering::Relaxed) == today.num_days_from_ce();
    if counted && !state.plans.limit_anything() {
        return Ok(());
    }
    let mut used = usage::used(state.db.read(), today, None).await?;
    used.remove(&OrgId::UNCLAIMED);
    if !counted {
        let tx = state.db.begin_without_session().await?;
        usage::insert_days(&tx, today, &used).await?;
        tx.commit().await?;
        state.last_count.0.store(today.num_days_from_ce(), Ordering::Relaxed);
    }
    if state.plans.limit_anything() {
        tell_all(state, today, &used).await?;
    }
    Ok(())
}

async fn tell_all(state: &State, today: NaiveDate, all: &BTreeMap<OrgId, Used>) -> Result<()> {
    let month = usage::month_of(today);
    let given: HashMap<OrgId, String> = billing::given(state.db.read()).await?.into_iter().collect();
    let told = billing::mails_of(state.db.read(), month).await?;
    for (org, used) in all {
        let plan = state.plans.of(given.get(org).map(String::as_str));
        let is_new = |warning: &Warning| !told.contains(&(*org, warning.measure.as_str().to_owned(), i32::from(warning.level.percent())));
        let new: Vec<_> = plan.limits.warnings(used).into_iter().filter(is_new).collect();
        if !new.is_empty() {
            tell(state, *org, month, &new).await?;
        }
    }
    Ok(())
}

/// Queues the mails in the transaction that remembers them: each is sent once, whichever server is first.
async fn tell(state: &State, org: OrgId, month: NaiveDate, warnings: &[Warning]) -> Result<()> {
    let now = state.clock.now();
    let tx = state.db.begin_without_session().await?;
    let Some((name, slug, admins)) = billing::admins(&tx, org).await? else { return Ok(()) };
    for warning in warnings {
        let is_first = billing::claim_mail(&tx, org, month, warning, now).await?;
        if warning.level == Level::Reached {
            // Whoever knows that nothing is left need not be told afterwards that it is nearly so.
            billing::claim_mail(&tx, org, month, &Warning { level: Level::Near, ..*warning }, now).await?;
        }
        if is_first {
            for admin in &admins {
                queue::push(&tx, state, admin, &Mail::Limit { org: &name, slug: &slug, warning }).await?;
            }
        }
    }
    tx.commit().await?;
    state.mail_waiting.notify_one();
    Ok(())
}
