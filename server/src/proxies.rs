//! What the server knows of the proxies in front of it: which ones it believes, and what it tells the operator about others.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::extract::{ConnectInfo, Request, State as Extracted};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use ipnet::{IpNet, Ipv4Net};
use serde::{Deserialize, Serialize};

use crate::state::State;

/// The header in which proxies name the client.
pub const FORWARDED_FOR: &str = "x-forwarded-for";
/// What proxies add to a request, and few others.
const TRACES: [&str; 4] = [FORWARDED_FOR, "x-forwarded-proto", "forwarded", "via"];
const DAY: i64 = 24 * 60 * 60;

/// An address, or a range of them (`10.0.0.0/8`), that is believed to be a proxy of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TrustedProxy(IpNet);

impl TrustedProxy {
    /// Whether it covers the address.
    pub fn covers(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for TrustedProxy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unreadable = || format!("{text:?} is neither an address nor a range like 10.0.0.0/8");
        let range = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address.to_canonical()),
            Err(_) => text.parse::<IpNet>().map_err(|_| unreadable())?.trunc(),
        };
        let range = match range {
            IpNet::V6(v6) => match (v6.addr().to_ipv4_mapped(), v6.prefix_len().checked_sub(96)) {
                (Some(v4), Some(length)) => Ipv4Net::new(v4, length).map(IpNet::V4).map_err(|_| unreadable())?,
                _ => range,
            },
            IpNet::V4(_) => range,
        };
        if range.prefix_len() == 0 {
            return Err(format!("{text:?} is everybody, and everybody could then claim any address"));
        }
        Ok(Self(range))
    }
}

impl TryFrom<String> for TrustedProxy {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TrustedProxy> for String {
    fn from(proxy: TrustedProxy) -> Self {
        let length = if matches!(proxy.0, IpNet::V4(_)) { 32 } else { 128 };
        if proxy.0.prefix_len() == length { proxy.0.addr().to_string() } else { proxy.0.to_string() }
    }
}

/// What is strange about how a request came here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strange {
    /// It has this header, and whoever sent it is not believed.
    Unknown(&'static str),
    /// A proxy that is believed added this header, and does not name the client.
    Nameless(&'static str),
}

fn strange(trusted: bool, headers: &HeaderMap) -> Option<Strange> {
    let trace = TRACES.into_iter().find(|name| headers.contains_key(*name))?;
    match (trusted, trace) {
        (true, FORWARDED_FOR) => None,
        (true, trace) => Some(Strange::Nameless(trace)),
        (false, trace) => Some(Strange::Unknown(trace)),
    }
}

/// Days on which the operator was told, so that it is said once a day: strangers can cause it. Those of the internet cannot keep
/// it from being said about a neighbour.
#[derive(Debug, Default)]
pub struct Told {
    neighbours: AtomicI64,
    strangers: AtomicI64,
}

impl Told {
    fn is_news(&self, peer: IpAddr, now: i64) -> bool {
        let near = match peer {
            IpAddr::V4(v4) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
            IpAddr::V6(v6) => v6.is_unique_local() || v6.is_loopback() || v6.is_unicast_link_local(),
        };
        let told = if near { &self.neighbours } else { &self.strangers };
        // Day 0 is long past.
        told.swap(now / DAY, Ordering::Relaxed) != now / DAY
    }
}

/// Middleware: tells the operator, once a day, of a proxy in front that is not configured. Names of headers come from our own
/// list, and nothing else of the request is logged.
pub async fn watch(Extracted(state): Extracted<Arc<State>>, request: Request, next: Next) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        let peer = peer.ip().to_canonical();
        if let Some(strange) = strange(state.config.trusts(peer), request.headers())
            && state.told.is_news(peer, state.clock.now().timestamp())
        {
            tell(peer, strange);
        }
    }
    next.run(request).await
}

fn tell(peer: IpAddr, strange: Strange) {
    match strange {
        Strange::Unknown(header) => tracing::warn!(
            %peer, header,
            "a request came with a proxy's header from an address that `trusted_proxies` does not name. If a proxy of yours has this \
             address, name it there: until then all its clients count as one, in limits, sessions and the audit log"
        ),
        Strange::Nameless(header) => tracing::warn!(
            %peer, header,
            "a request came through a trusted proxy without `X-Forwarded-For`: let the proxy send it, or all its clients count as one"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(names: &[&'static str]) -> HeaderMap {
        names.iter().map(|name| (axum::http::HeaderName::from_static(name), "x".parse().unwrap())).collect()
    }

    #[test]
    fn a_proxy_is_named_by_its_address_or_by_a_range() {
        for (text, inside, outside) in [
            ("10.0.0.1", "10.0.0.1", "10.0.0.2"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("10.1.2.3/8", "10.255.0.1", "11.0.0.1"),
            ("2001:db8::/32", "2001:db8:1::1", "2001:db9::1"),
            ("::1", "::1", "::2"),
            ("::ffff:10.0.0.0/104", "10.9.9.9", "11.0.0.1"),
            ("::ffff:10.0.0.1", "::ffff:10.0.0.1", "10.0.0.2"),
        ] {
            let proxy: TrustedProxy = text.parse().unwrap();
            assert!(proxy.covers(inside.parse().unwrap()), "{text} {inside}");
            assert!(!proxy.covers(outside.parse().unwrap()), "{text} {outside}");
            assert_eq!(String::from(proxy).parse::<TrustedProxy>().unwrap(), proxy, "{text}");
        }
    }

    #[test]
    fn what_names_no_proxy_or_everybody_is_refused() {
        for text in ["", "proxy.example.com", "10.0.0.0/33", "10.0.0", "0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96", "10.0.0.1:80", " 10.0.0.1"]
        {
            assert!(text.parse::<TrustedProxy>().is_err(), "{text}");
        }
    }

    #[test]
    fn headers_of_proxies_are_strange_from_others_and_when_they_name_nobody() {
        for (trusted, names, expected) in [
            (false, &[][..], None),
            (true, &[], None),
            (false, &[FORWARDED_FOR, "via"], Some(Strange::Unknown(FORWARDED_FOR))),
            (false, &["x-forwarded-proto"], Some(Strange::Unknown("x-forwarded-proto"))),
            (false, &["forwarded"], Some(Strange::Unknown("forwarded"))),
            (false, &["via"], Some(Strange::Unknown("via"))),
            (true, &[FORWARDED_FOR, "x-forwarded-proto"], None),
            (true, &["x-forwarded-proto"], Some(Strange::Nameless("x-forwarded-proto"))),
        ] {
            assert_eq!(strange(trusted, &headers(names)), expected, "{trusted} {names:?}");
        }
    }

    #[test]
    fn the_operator_is_told_once_a_day_and_of_neighbours_whatever_strangers_do() {
        let (told, stranger, neighbour) = (Told::default(), "198.51.100.3".parse().unwrap(), "10.0.0.1".parse().unwrap());
        let now = 20_000 * DAY;
        assert!(told.is_news(stranger, now));
        assert!(!told.is_news(stranger, now + DAY - 1));
        assert!(told.is_news(neighbour, now));
        assert!(!told.is_news(neighbour, now + 1));
        assert!(told.is_news(neighbour, now + DAY));
    }
}
