//! Whom a limit counts: the network that a request comes from, never an address as text.
//!
//! One IPv6 customer has at least a /64, which is 2^64 addresses, and often a /48: to count addresses would be to count nothing. So
//! limiters take a [`ClientNetwork`], and a wider one holds all networks of a /48 together to a multiple of what one of them may.

use std::fmt;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// What one client is taken to have: an IPv4 address, or an IPv6 /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClientNetwork {
    /// An address.
    V4(Ipv4Addr),
    /// The first 64 bits of an address.
    V6(u64),
    /// No address that can be read: all of these are one.
    Unknown,
}

/// All the networks of an IPv6 /48, which one customer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WideNetwork(u64);

impl ClientNetwork {
    /// The network of an address as it was found out for this request.
    pub fn of(address: &str) -> Self {
        let with_port = || address.parse::<SocketAddr>().ok().map(|address| address.ip());
        address.parse().ok().or_else(with_port).map_or(Self::Unknown, Self::of_ip)
    }

    /// The network of an address.
    pub fn of_ip(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(address) => Self::V6(u64::try_from(u128::from(address) >> 64).unwrap_or_default()),
        }
    }

    /// The wider network around it; none for IPv4, where addresses are too few to be had by the thousand.
    pub const fn wide(self) -> Option<WideNetwork> {
        match self {
            Self::V6(bits) => Some(WideNetwork(bits >> 16)),
            Self::V4(_) | Self::Unknown => None,
        }
    }
}

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6(bits) => write!(f, "{}/64", std::net::Ipv6Addr::from(u128::from(*bits) << 64)),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl fmt::Display for WideNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/48", std::net::Ipv6Addr::from(u128::from(self.0) << 80))
    }
}

/// A wide network may do so many times as much as one of its networks.
pub const WIDE: u32 = 8;

/// How often somebody may do something.
pub struct RateLimit<K: Hash + Eq + Clone>(DefaultKeyedRateLimiter<K>);

impl<K: Hash + Eq + Clone> RateLimit<K> {
    /// So many times a minute, all of them at once if need be; never less than once.
    pub fn per_minute(most: u32) -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN))))
    }

    /// Counts one more; says how long to wait when there were too many.
    pub fn check(&self, key: &K) -> Result<(), Duration> {
        self.0.check_key(key).map_err(|until| until.wait_time_from(DefaultClock::default().now()))
    }

    /// Forgets those who have waited long enough.
    pub fn forget_old(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

/// How often one network may do something.
pub struct NetworkRate {
    each: RateLimit<ClientNetwork>,
    wide: RateLimit<WideNetwork>,
}

impl NetworkRate {
    /// So many times a minute from one network.
    pub fn per_minute(most: u32) -> Self {
        Self { each: RateLimit::per_minute(most), wide: RateLimit::per_minute(most.saturating_mul(WIDE)) }
    }

    /// Counts one more; says how long to wait when there were too many.
    pub fn check(&self, network: ClientNetwork) -> Result<(), Duration> {
        // The wide one first: what it refuses leaves no trace of the many networks in it.
        network.wide().map_or(Ok(()), |wide| self.wide.check(&wide))?;
        self.each.check(&network)
    }

    /// Forgets those who have waited long enough.
    pub fn forget_old(&self) {
        self.each.forget_old();
        self.wide.forget_old();
    }
}

/// Whole seconds in which this time is over, for people and `Retry-After`.
pub fn seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).unwrap_or(u32::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_has_a_network_of_addresses_counts_once() {
        let same = |one: &str, other: &str| assert_eq!(ClientNetwork::of(one), ClientNetwork::of(other), "{one} {other}");
        same("2001:db8:1:2:3::4", "2001:db8:1:2::9");
        same("192.0.2.7", "::ffff:192.0.2.7");
        same("192.0.2.7", "192.0.2.7:4711");
        same("2001:db8:1:2::9", "[2001:db8:1:2::1]:443");
        for unreadable in ["", "unknown", "command line", "192.0.2", "2001:db8::/32", "é"] {
            same(unreadable, "nonsense");
        }
        for (one, other) in [("192.0.2.7", "192.0.2.8"), ("2001:db8:1:2::9", "2001:db8:1:3::9"), ("192.0.2.7", "")] {
            assert_ne!(ClientNetwork::of(one), ClientNetwork::of(other), "{one} {other}");
        }
    }

    #[test]
    fn a_network_is_written_as_it_is() {
        for (address, text) in [("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("?", "unknown")] {
            assert_eq!(ClientNetwork::of(address).to_string(), text);
        }
        assert_eq!(ClientNetwork::of("2001:db8:1:2:3::4").wide().unwrap().to_string(), "2001:db8:1::/48");
        assert!(ClientNetwork::of("192.0.2.7").wide().is_none());
    }

    #[test]
    fn all_networks_of_a_wide_one_together_may_do_a_few_times_as_much() {
        let rate = NetworkRate::per_minute(5);
        let tries = (0..1000).filter(|n| rate.check(ClientNetwork::of(&format!("2001:db8:1:{n:x}::1"))).is_ok()).count();
        assert_eq!(tries, 5 * WIDE as usize);
        assert!(rate.check(ClientNetwork::of("2001:db8:2::1")).is_ok());
        let one = (0..100).filter(|n| rate.check(ClientNetwork::of(&format!("2001:db8:3::{n:x}"))).is_ok()).count();
        assert_eq!(one, 5);
    }
}
