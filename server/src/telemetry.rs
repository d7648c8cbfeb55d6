//! Logs and metrics. A request is logged by its route pattern, never by its address: addresses can hold links.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::{Config, LogFormat};

/// How often recorded values are handed on.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts logging as configured. Logs go to standard error.
pub fn start_logging(config: &Config) -> Result<(), tracing_subscriber::filter::ParseError> {
    let filter = EnvFilter::builder().parse(&config.log)?;
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(std::io::stderr().is_terminal()).with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    match config.log_format {
        LogFormat::Human => registry.with(lines).init(),
        LogFormat::Json => registry.with(lines.json()).init(),
    }
    Ok(())
}

/// A recorder of metrics for `/metrics`. In tests several servers live in one process: the first one records.
pub fn start_metrics() -> PrometheusHandle {
    let recorder = PrometheusBuilder::new()
        .set_buckets(&[0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0])
        .unwrap_or_else(|_| PrometheusBuilder::new())
        .build_recorder();
    let handle = recorder.handle();
    // Refused when there is one already, which goes on recording.
    let _ = metrics::set_global_recorder(recorder);
    handle
}

/// Hands on what was recorded every few seconds. Otherwise it would wait in memory for somebody to ask for `/metrics`.
pub fn keep_up(metrics: PrometheusHandle) {
    tokio::spawn(async move {
        let mut turns = tokio::time::interval(UPKEEP);
        loop {
            turns.tick().await;
            metrics.run_upkeep();
        }
    });
}

/// A method as a label: from a closed set, since a client may make up as many as it likes, and each would be a series of its own.
fn label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        Method::CONNECT | Method::TRACE => "rare",
        _ => "unknown",
    }
}

/// Middleware: counts and times every request, and logs slow or failed ones louder.
pub async fn observe(request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = label(request.method());
    // A pattern of ours, never the address itself.
    let route = request.extensions().get::<MatchedPath>().map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let (status, took) = (response.status(), began.elapsed());
    metrics::histogram!("buildkeep_http_seconds", "route" => route.clone(), "method" => method, "status" => status.as_str().to_owned())
        .record(took.as_secs_f64());
    if status.is_server_error() {
        tracing::warn!(method, route, status = status.as_u16(), ms = took.as_millis(), "request answered with a server error");
    } else {
        tracing::debug!(method, route, status = status.as_u16(), ms = took.as_millis(), "request");
    }
    response
}
