//! What a stranger cannot take from others: by being slow, by being many, by sending much.

mod connections;
mod disk;
mod metrics;
mod networks;
mod passwords;
mod pieces;
mod places;
mod writes;

use std::time::Duration;

use reqwest::RequestBuilder;
use server::config::Config;

/// Patience that a test can wait for.
pub const SHORT: Duration = Duration::from_millis(400);

/// A server that believes what the test says about where a request comes from.
pub fn behind_a_proxy(config: &mut Config) {
    config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
}

/// The same request from another address.
pub fn from(request: RequestBuilder, address: &str) -> RequestBuilder {
    request.header("x-forwarded-for", address)
}
