//! The HTTP API for command-line clients, downloads, and the way to the OpenID provider: thin, like server functions. Cookies
//! are read elsewhere; who asks for a download, `auth::actor` has found out.

pub mod account;
pub mod artifacts;
pub mod audit;
pub mod cache;
pub mod client;
pub mod connect;
pub mod health;
pub mod logins;
pub mod metrics;
pub mod nx_console;
pub mod openapi;
pub mod personal_tokens;
pub mod problem;
pub mod run_files;
pub mod runs;
pub mod sso;
pub mod usage;
pub mod whoami;

use app::error::AppError;
use app::paths;
use app::request::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::auth::refused::status_of;

/// What a browser is told that asked for a download which it does not get.
fn refused(request: &Request, error: &AppError) -> Response {
    match error {
        AppError::Unauthenticated => redirect(&paths::sign_in_then(&request.address)),
        AppError::Moved(slug) => redirect(&paths::moved(&request.address, slug)),
        error => (status_of(error), error.to_string()).into_response(),
    }
}

/// Sends the browser to another page of ours.
fn redirect(to: &str) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, paths::local_or_home(to))]).into_response()
}
