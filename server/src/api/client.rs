//! `/nx-cloud/client/`: how nx gets its client.
//!
//! Never 404 and never an error: with one, nx 20 to 24 fail the build. No credential is needed or looked at; older
//! versions send a token here, which is nobody's business. All of it is answered from memory.

use app::paths;
use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::client_bundle;

/// What nx has unpacked.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Installed {
    version: Option<String>,
    content_hash: Option<String>,
}

/// Whether nx may go on with it, and else what to download.
#[derive(Debug, Serialize)]
struct Verdict {
    valid: bool,
    url: Option<String>,
    version: Option<&'static str>,
}

/// `GET /nx-cloud/client/verify`.
pub async fn verify(installed: Result<Query<Installed>, QueryRejection>) -> Response {
    let Query(installed) = installed.unwrap_or_default();
    let verdict = if client_bundle::is_current(installed.version.as_deref(), installed.content_hash.as_deref()) {
        Verdict { valid: true, url: None, version: None }
    } else {
        // Relative: nx puts the address in front by which it has reached this server.
        let version = client_bundle::version();
        Verdict { valid: false, url: Some(paths::client_bundle(version)), version: Some(version) }
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(verdict)).into_response()
}

/// `GET /nx-cloud/client/{version}/client.tar.gz`. Another version is answered with this one: while several servers are
/// upgraded, the one that nx asks next may not have what the other one has named, and nothing would end the build. nx
/// sees the difference the next time that it verifies.
pub async fn download(version: Result<Path<String>, PathRejection>) -> Response {
    let is_this = version.is_ok_and(|Path(version)| version == client_bundle::version());
    let cache = if is_this { "public, max-age=31536000, immutable" } else { "no-store" };
    ([(header::CONTENT_TYPE, "application/gzip"), (header::CACHE_CONTROL, cache)], client_bundle::bytes()).into_response()
}
