//! How often somebody without any credential may ask, by network.

use std::time::Duration;

use crate::network::{ClientNetwork, NetworkRate};

/// Requests a minute.
const PER_MINUTE: u32 = 60;

/// Requests without a credential that cost something, counted by network.
pub struct Strangers(NetworkRate);

impl Default for Strangers {
    fn default() -> Self {
        Self(NetworkRate::per_minute(PER_MINUTE))
    }
}

impl Strangers {
    /// Counts one more; says how long to wait when there were too many.
    pub fn count(&self, network: ClientNetwork) -> Result<(), Duration> {
        self.0.check(network)
    }

    /// Forgets those who have waited long enough.
    pub fn forget_old(&self) {
        self.0.forget_old();
    }
}
