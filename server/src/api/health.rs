//! For load balancers and monitoring: alive, ready.

use std::sync::Arc;

use axum::extract::{Request, State as Extracted};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::state::State;

/// `GET /healthz`: the process answers.
pub async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: the database answers and the server is not shutting down. A full disk is named; with `?writes` it is 503.
pub async fn ready(Extracted(state): Extracted<Arc<State>>, request: Request) -> Response {
    if state.is_stopping() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    match state.db.ping().await {
        Ok(()) => match state.disk.trouble() {
            None => "ready\n".into_response(),
            // Reads go on, and this may be the only server: out of the load balancer it would be of no use to anybody. Who wants to
            // know whether it can write asks for that.
            Some(trouble) => {
                let status = if request.uri().query() == Some("writes") { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
                (status, format!("ready for reads: {trouble}\n")).into_response()
            }
        },
        Err(error) => {
            tracing::error!(%error, "not ready: the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response()
        }
    }
}
