//! Listens, serves, and stops without dropping what is under way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::TokioTimer;
use hyper_util::server::conn::auto::Http1Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::router;
use crate::state::State;
use crate::telemetry;
use crate::workers::Workers;

/// A client has this long to send its request's head.
const HEAD_TIME: Duration = Duration::from_secs(20);
/// What hyper may hold of one connection. Its default of 400 KiB made 32 uploads of 100 MiB take 90 MB instead of 55.
const BUFFER: usize = 128 << 10;
/// Transfers under way have this long to finish when the server is told to stop.
const STOP_TIME: Duration = Duration::from_mins(5);

/// Serves until the process is told to stop (SIGTERM, Ctrl-C). A second signal stops at once.
pub async fn run(state: Arc<State>) -> std::io::Result<()> {
    // Before anybody can see the server: otherwise a signal in its first moments would kill it.
    let terminate = signal(SignalKind::terminate())?;
    let listener = std::net::TcpListener::bind(state.config.listen)?;
    listener.set_nonblocking(true)?;
    let app = router::build(&state, telemetry::start_metrics());
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
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    if let (Some(certificate), Some(key)) = (&state.config.tls_certificate, &state.config.tls_key) {
        let tls = RustlsConfig::from_pem_file(certificate, key).await?;
        let mut server = axum_server::from_tcp_rustls(listener, tls)?.handle(handle);
        tune(&mut server.http_builder().http1());
        server.serve(app).await?;
    } else {
        let mut server = axum_server::from_tcp(listener)?.handle(handle);
        tune(&mut server.http_builder().http1());
        server.serve(app).await?;
    }
    workers.stop().await;
    tracing::info!("Buildkeep has stopped");
    Ok(())
}

fn tune<E>(http1: &mut Http1Builder<'_, E>) {
    http1.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(BUFFER);
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
