//! How often somebody may try a password, a code, or have mail sent: by network, and by account and network.
//!
//! Whoever tries passwords for an account from elsewhere must not keep its owner out. So tries are counted for an account *and* a
//! network; all networks together may try an account more often, and a network from which the owner has signed in lately is not
//! held by that. Those networks are in the database, so that a restart or another server does not make a stranger of the owner;
//! as a keyed hash, because nobody needs to read where people have been.

use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

use chrono::TimeDelta;

use super::secret::{SecretHash, SecretHasher};
use crate::error::Result;
use crate::network::{ClientNetwork, NetworkRate, RateLimit};
use crate::state::State;
use crate::store::known_networks;

/// Attempts a minute for one account from one network.
const PER_ACCOUNT: u32 = 10;
/// Attempts a minute for one account from all networks that its owner has not signed in from.
const PER_ACCOUNT_IN_ALL: u32 = 60;
/// Questions a minute of all terminals in one network that wait for a person: of some fifty.
const POLLS: u32 = 600;
/// A network is known for so long after a sign-in.
pub const KNOWN: TimeDelta = TimeDelta::days(90);

/// Attempts at the guarded forms.
pub struct Attempts {
    by_network: NetworkRate,
    by_account: RateLimit<(u64, ClientNetwork)>,
    of_account: RateLimit<u64>,
    polls: NetworkRate,
    /// Accounts are counted by a number: the text is the client's, and may be long.
    numbers: RandomState,
}

impl Attempts {
    /// Allows so many a minute from one network.
    pub fn new(per_minute: u32) -> Self {
        Self {
            by_network: NetworkRate::per_minute(per_minute),
            // A network that is allowed much (tests, a shared gateway) is not to be stopped by one account either.
            by_account: RateLimit::per_minute(PER_ACCOUNT.max(per_minute)),
            of_account: RateLimit::per_minute(PER_ACCOUNT_IN_ALL.max(per_minute)),
            polls: NetworkRate::per_minute(POLLS),
            numbers: RandomState::new(),
        }
    }

    /// Counts one more question of a terminal that waits; says how long to wait when there were too many.
    pub fn poll(&self, network: ClientNetwork) -> Result<(), Duration> {
        self.polls.check(network)
    }

    /// Counts one more attempt that names no account; says how long to wait when there were too many.
    pub fn count(&self, network: ClientNetwork) -> Result<(), Duration> {
        self.by_network.check(network)
    }

    /// Counts one more attempt for an account, or several that it may be for. Says how long to wait when there were too many.
    pub async fn count_for(&self, state: &State, network: ClientNetwork, accounts: &[String]) -> Result<Result<(), Duration>> {
        if let Err(time) = self.count(network) {
            return Ok(Err(time));
        }
        for account in accounts {
            let number = self.numbers.hash_one(account);
            if let Err(time) = self.by_account.check(&(number, network)) {
                return Ok(Err(time));
            }
            let Err(time) = self.of_account.check(&number) else { continue };
            let since = state.clock.now() - KNOWN;
            if !known_networks::is_known(state.db.read(), &known_network(&state.hasher, account, network), since).await? {
                return Ok(Err(time));
            }
        }
        Ok(Ok(()))
    }

    /// Forgets those who have waited long enough.
    pub fn forget_old(&self) {
        self.by_network.forget_old();
        self.by_account.forget_old();
        self.of_account.forget_old();
        self.polls.forget_old();
    }
}

/// What is stored of a network from which somebody has signed in with this address, as `Email` writes it.
pub fn known_network(hasher: &SecretHasher, email: &str, network: ClientNetwork) -> SecretHash {
    hasher.hash(&format!("known network {network} {email}"))
}
