//! How often somebody without any credential may ask, by network.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Requests a minute.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(60).expect("not zero");

/// Requests without a credential that cost something, counted by network.
pub struct Strangers(DefaultKeyedRateLimiter<String>);

impl Default for Strangers {
    fn default() -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(PER_MINUTE)))
    }
}

impl Strangers {
    /// Counts one more; says for how many seconds to wait when there were too many.
    pub fn count(&self, address: &str) -> Result<(), u64> {
        self.0.check_key(&network(address)).map_err(|until| until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }

    /// Forgets those who have waited long enough.
    pub fn forget_old(&self) {
        self.0.retain_recent();
    }
}

/// What one client is taken to have: its address, or with IPv6 the network that a provider gives to one customer.
pub fn network(address: &str) -> String {
    match address.parse() {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(_)) | Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_a_network_of_addresses_counts_once() {
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3::4"), network("2001:db8:1:2::9"));
        assert_ne!(network("2001:db8:1:2::9"), network("2001:db8:1:3::9"));
    }
}
