//! `GET /metrics`: who may read what the server counts.
//!
//! Counts tell strangers how much an installation does and when. So they are for whoever has the token of the operator; or comes to
//! a listener of their own; or, where neither is configured, asks from this machine and not through a proxy.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::auth::credential::Presented;
use crate::state::State;

/// What a proxy adds to a request that it passes on.
const PASSED_ON: [&str; 5] = ["x-forwarded-for", "forwarded", "x-real-ip", "x-forwarded-host", "via"];

/// On the server's listener.
pub fn get(state: &State, request: &Request, metrics: &PrometheusHandle) -> Response {
    let config = &state.config;
    if config.metrics_listen.is_some() {
        return (StatusCode::NOT_FOUND, "The metrics are served elsewhere: see the setting `metrics_listen`.\n").into_response();
    }
    if config.metrics_token.is_some() {
        return with_token(state, request.headers(), metrics);
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
    let is_here = peer.is_some_and(|peer| peer.is_loopback()) && PASSED_ON.iter().all(|name| !request.headers().contains_key(*name));
    if is_here {
        return counts(metrics);
    }
    let sentence = "The metrics are for this machine alone until the operator sets `metrics_token` or `metrics_listen`.\n";
    (StatusCode::FORBIDDEN, sentence).into_response()
}

/// On a listener of their own.
pub fn get_alone(state: &State, request: &Request, metrics: &PrometheusHandle) -> Response {
    if state.config.metrics_token.is_some() { with_token(state, request.headers(), metrics) } else { counts(metrics) }
}

fn with_token(state: &State, headers: &HeaderMap, metrics: &PrometheusHandle) -> Response {
    if is_sent(state, headers) {
        return counts(metrics);
    }
    let mut response = (StatusCode::UNAUTHORIZED, "Send the `metrics_token` of the configuration as a bearer token.\n").into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    response
}

fn is_sent(state: &State, headers: &HeaderMap) -> bool {
    let hash = |token: &str| state.hasher.hash(&format!("metrics {token}"));
    match (&state.config.metrics_token, Presented::by(headers).token) {
        // As hashes, so that the time of the comparison tells nothing.
        (Some(token), Some(sent)) => hash(sent) == hash(token),
        (Some(_), None) | (None, _) => false,
    }
}

/// In the text format of Prometheus. Counts only: no name, no id, nothing of an organization.
fn counts(metrics: &PrometheusHandle) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4"), (header::CACHE_CONTROL, "no-store")], metrics.render()).into_response()
}
