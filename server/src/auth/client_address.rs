//! From which address a request comes: limits, sessions and audit events name it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap, HeaderValue};

use crate::network::ClientNetwork;
use crate::proxies::FORWARDED_FOR;
use crate::state::State;

/// Nobody has so many proxies in a row; a longer list costs no more than this.
const MOST_HOPS: usize = 32;

/// The address of the client: the peer's, or what trusted proxies say of it in `X-Forwarded-For`.
pub fn client_address(state: &State, extensions: &Extensions, headers: &HeaderMap) -> String {
    let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>() else { return String::new() };
    let lines = headers.get_all(FORWARDED_FOR).iter().map(HeaderValue::as_bytes);
    nearest_untrusted(peer.ip(), lines, |address| state.config.trusts(address)).to_string()
}

/// The network of that address, as limiters count.
pub fn client_network(state: &State, extensions: &Extensions, headers: &HeaderMap) -> ClientNetwork {
    ClientNetwork::of(&client_address(state, extensions, headers))
}

/// Each proxy adds, at the end, whom it was asked by; so the list is read from its end, as long as the speaker is trusted. What
/// cannot be read ends it: all before was said by nobody knows whom, in the worst case by the client.
fn nearest_untrusted<'a>(peer: IpAddr, lines: impl DoubleEndedIterator<Item = &'a [u8]>, trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let mut nearest = peer.to_canonical();
    let entries = lines.rev().flat_map(|line| line.rsplit(|byte| *byte == b','));
    for entry in entries.take(MOST_HOPS) {
        if !trusted(nearest) {
            break;
        }
        let Some(address) = read(entry) else { break };
        nearest = address;
    }
    nearest
}

/// One entry: an address, perhaps with a port (`198.51.100.3:51234`, `[2001:db8::1]:443`) or an IPv6 zone.
fn read(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim_matches([' ', '\t']);
    if let Some(rest) = entry.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let port_is_fine = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return if port_is_fine { read_v6(address) } else { None };
    }
    match entry.split_once(':') {
        None => entry.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Some((address, port)) if is_port(port) && address.contains('.') => address.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        Some(_) => read_v6(entry),
    }
}

fn read_v6(text: &str) -> Option<IpAddr> {
    let (address, zone) = text.split_once('%').unwrap_or((text, "0"));
    let zone_is_fine = !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    let address: Ipv6Addr = address.parse().ok().filter(|_| zone_is_fine)?;
    Some(IpAddr::V6(address).to_canonical())
}

fn is_port(text: &str) -> bool {
    text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PROXY: &str = "10.0.0.1";

    /// What counts when 10.0.0.0/8 is trusted and one of it is the peer.
    fn seen(lines: &[&str]) -> String {
        let trusted = |address: IpAddr| matches!(address, IpAddr::V4(address) if address.octets()[0] == 10);
        nearest_untrusted(PROXY.parse().unwrap(), lines.iter().map(|line| line.as_bytes()), trusted).to_string()
    }

    #[test]
    fn the_last_entry_that_no_trusted_proxy_has_counts() {
        for (lines, address) in [
            (&["198.51.100.3"][..], "198.51.100.3"),
            (&["6.6.6.6, 198.51.100.3"], "198.51.100.3"),
            (&["6.6.6.6, 198.51.100.3, 10.0.0.2,10.0.0.3"], "198.51.100.3"),
            (&["6.6.6.6", "198.51.100.3", "10.0.0.2"], "198.51.100.3"),
            (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            (&["6.6.6.6, ::ffff:198.51.100.3, ::ffff:10.0.0.2"], "198.51.100.3"),
            (&[], PROXY),
        ] {
            assert_eq!(seen(lines), address, "{lines:?}");
        }
    }

    #[test]
    fn ports_brackets_and_zones_are_cut_off() {
        for (entry, address) in [
            ("198.51.100.3:51234", "198.51.100.3"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("2001:DB8:0::1", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%25eth0]:443", "fe80::1"),
            ("[fe80::1%eth0]:443", "fe80::1"),
            ("[::ffff:198.51.100.3]:443", "198.51.100.3"),
            ("\t198.51.100.3 ", "198.51.100.3"),
        ] {
            assert_eq!(seen(&[&format!("6.6.6.6, {entry}")]), address, "{entry}");
        }
    }

    #[test]
    fn behind_an_entry_that_cannot_be_read_nothing_counts() {
        for entry in [
            "unknown",
            "_hidden",
            "",
            " ",
            "198.51.100.3:",
            "198.51.100.3:port",
            "198.51.100.3:123456",
            "198.51.100.3:+80",
            "198.51.100",
            "198.51.100.03",
            "198.51.100.3 6.6.6.6",
            "for=198.51.100.3",
            "\"198.51.100.3\"",
            "[198.51.100.3]",
            "[2001:db8::1",
            "2001:db8::1]",
            "[2001:db8::1]443",
            "[2001:db8::1]:",
            "fe80::1%",
            "fe80::1%e\u{e9}",
            "https://198.51.100.3",
            "client.example.com",
        ] {
            assert_eq!(seen(&[&format!("6.6.6.6, {entry}")]), PROXY, "{entry}");
            assert_eq!(seen(&[&format!("6.6.6.6, {entry}, 10.0.0.2")]), "10.0.0.2", "{entry}");
            assert_eq!(seen(&["6.6.6.6", entry]), PROXY, "{entry}");
        }
    }

    #[test]
    fn whom_nobody_trusts_says_nothing() {
        let peer = "192.0.2.7".parse().unwrap();
        assert_eq!(nearest_untrusted(peer, [b"198.51.100.3".as_slice()].into_iter(), |_| false), peer);
        let mapped = "::ffff:192.0.2.7".parse().unwrap();
        assert_eq!(nearest_untrusted(mapped, std::iter::empty(), |_| true), peer);
    }

    #[test]
    fn a_long_list_is_read_to_a_bound() {
        let many = format!("6.6.6.6{}", ",10.0.0.2".repeat(10_000));
        assert_eq!(seen(&[&many]), "10.0.0.2");
    }

    proptest! {
        #[test]
        fn whatever_a_client_writes_counts_only_as_far_as_a_trusted_proxy_repeats_it(
            said in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..4),
            client in any::<[u8; 4]>().prop_filter("no proxy of ours", |octets| octets[0] != 10),
        ) {
            let client = IpAddr::from(client);
            let added = client.to_string();
            let lines = said.iter().map(Vec::as_slice).chain([added.as_bytes()]).collect::<Vec<_>>();
            let trusted = |address: IpAddr| matches!(address, IpAddr::V4(address) if address.octets()[0] == 10);
            prop_assert_eq!(nearest_untrusted(PROXY.parse().unwrap(), lines.into_iter(), trusted), client);
        }

        #[test]
        fn every_address_is_read_as_it_is_written(v4 in any::<[u8; 4]>(), v6 in any::<[u16; 8]>(), port in any::<u16>()) {
            let (v4, v6) = (Ipv4Addr::from(v4), Ipv6Addr::from(v6));
            for text in [v4.to_string(), SocketAddr::new(v4.into(), port).to_string()] {
                prop_assert_eq!(read(text.as_bytes()), Some(IpAddr::V4(v4)));
            }
            for text in [v6.to_string(), format!("[{v6}]"), SocketAddr::new(v6.into(), port).to_string()] {
                prop_assert_eq!(read(text.as_bytes()), Some(IpAddr::V6(v6).to_canonical()));
            }
        }
    }
}
