//! How many mails about accounts may be caused by whoever fills in a form: anybody can enter anybody's address.
//!
//! Counted whether there is an account or not, so that nobody learns of one from what is refused, or how fast.

use app::domain::names::Email;
use app::error::AppError;
use app::request::Caller;
use chrono::TimeDelta;
use sea_orm::DatabaseTransaction;

use crate::error::Result;
use crate::network::ClientNetwork;
use crate::state::State;
use crate::store::quotas::{self, Quota};

/// Mails to sign up or to choose a new password that one mailbox gets within an hour, whoever asks for them. All their
/// links work, so whoever waits for another one finds one of these.
pub const MOST_TO_ONE: i32 = 5;

/// Counts a mail. Refuses when the caller's network has caused too many; `false` when the mailbox has got enough, which is
/// told to nobody.
pub async fn count(state: &State, tx: &DatabaseTransaction, caller: &Caller, email: &Email) -> Result<bool> {
    let (now, within) = (state.clock.now(), TimeDelta::hours(1));
    // First the network, then the mailbox, as everywhere where several are taken.
    let by_network = Quota { most: i32::try_from(state.config.mails_per_hour).unwrap_or(i32::MAX), within };
    let network = ClientNetwork::of(&caller.address);
    if let Some(wait) = quotas::take_in_network(tx, "account mails", network, by_network, now).await? {
        return Err(AppError::RateLimited(u32::try_from(wait.num_seconds()).unwrap_or(u32::MAX)).into());
    }
    let to_one = Quota { most: MOST_TO_ONE, within };
    Ok(quotas::take(tx, &format!("account mails to {}", email.mailbox()), to_one, now).await?.is_none())
}
