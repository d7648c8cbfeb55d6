//! Listens, serves, and stops without dropping what is under way.

mod connection;
mod descriptors;
mod guard;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use axum_server::{Handle, Server};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

pub use guard::Guard;

use crate::router;
use crate::state::State;
use crate::telemetry;
use crate::workers::Workers;

/// What hyper may hold of one connection. Its default of 400 KiB made 32 uploads of 100 MiB take 90 MB instead of 55.
const BUFFER: usize = 128 << 10;
/// What hyper may hold of one answer over HTTP/2, and how many there may be: a client that takes none of them costs no more.
const STREAM_BUFFER: usize = 64 << 10;
const STREAMS: u32 = 32;
/// Bytes of the names and values of a request's headers over HTTP/2. Over HTTP/1 the buffer bounds them.
const HEADERS: u32 = 32 << 10;
/// Requests that a client has taken back before anybody looked at them (CVE-2023-44487).
const TAKEN_BACK: usize = 20;
/// Over HTTP/2 a client is asked this often whether it is there, and has as long to answer.
const PING: Duration = Duration::from_secs(20);
/// Transfers under way have this long to finish when the server is told to stop.
const STOP_TIME: Duration = Duration::from_mins(5);

/// Serves until the process is told to stop (SIGTERM, Ctrl-C). A second signal stops at once.
pub async fn run(state: Arc<State>) -> std::io::Result<()> {
    // Before anybody can see the server: otherwise a signal in its first moments would kill it.
    let terminate = signal(SignalKind::terminate())?;
    let connections = descriptors::connections(descriptors::raise(), state.config.connection_limit as usize);
    let listener = listen(state.config.listen)?;
    let of_metrics = state.config.metrics_listen.map(listen).transpose()?;
    let metrics = telemetry::start_metrics();
    telemetry::keep_up(metrics.clone());
    let app = router::build(&state, metrics.clone());
    let workers = Workers::start(&state);
    let handle = Handle::new();
    tokio::spawn(stop_on_signal(terminate, state.clone(), handle.clone()));
    tracing::info!(address = %state.site.public_url, database = state.db.kind(), version = state.site.version, "Buildkeep is ready");
    if let Some(problem) = state.config.proxy_problem() {
        tracing::warn!("{problem}");
    }
    if let Some(folder) = &state.site.mail_folder {
        tracing::info!(folder, "no mail server is configured: mail is written to files in this folder, and its links to this log");
    }
    if let Some(warning) = state.config.mail_warning() {
        tracing::warn!("{warning}");
    }
    if let Some(listener) = of_metrics {
        let app = router::metrics_alone(&state, metrics);
        let server = plain(listener, Guard::new(&state, METRICS_CONNECTIONS))?.handle(handle.clone());
        tokio::spawn(server.serve(app.into_make_service_with_connect_info::<SocketAddr>()));
    }
    let guard = Guard::new(&state, connections);
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    if let (Some(certificate), Some(key)) = (&state.config.tls_certificate, &state.config.tls_key) {
        let tls = RustlsConfig::from_pem_file(certificate, key).await?;
        let mut server = axum_server::from_tcp(listener)?.acceptor(RustlsAcceptor::new(tls).acceptor(guard)).handle(handle);
        tune(server.http_builder());
        server.serve(app).await?;
    } else {
        plain(listener, guard)?.handle(handle).serve(app).await?;
    }
    workers.stop().await;
    tracing::info!("Buildkeep has stopped");
    Ok(())
}

/// Connections to the listener of the metrics.
const METRICS_CONNECTIONS: usize = 16;

fn listen(address: SocketAddr) -> std::io::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// A server without TLS on this listener, which must not block.
pub fn plain(listener: std::net::TcpListener, guard: Guard) -> std::io::Result<Server<SocketAddr, Guard>> {
    let mut server = axum_server::from_tcp(listener)?.acceptor(guard);
    tune(server.http_builder());
    Ok(server)
}

fn tune(builder: &mut Builder<TokioExecutor>) {
    // The guard has the times, also for what hyper has none for.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(None).max_buf_size(BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING)
        .keep_alive_timeout(PING)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEADERS)
        .max_pending_accept_reset_streams(TAKEN_BACK)
        .max_send_buf_size(STREAM_BUFFER);
}

async fn stop_on_signal(mut terminate: Signal, state: Arc<State>, handle: Handle<SocketAddr>) {
    wait_for(&mut terminate).await;
    tracing::info!("stopping: transfers under way are finished, new requests are refused; signal again to stop at once");
    state.stopping.store(true, Ordering::Relaxed);
    handle.graceful_shutdown(Some(STOP_TIME));
    wait_for(&mut terminate).await;
    handle.shutdown();
}

async fn wait_for(terminate: &mut Signal) {
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
