//! `/nx-cloud/client/`: how nx gets its client.
//!
//! Never 404 and never an error: with one, nx 20 to 24 fail the build. No credential is needed or looked at; older
//! versions send a token here, which is nobody's business. All of it is answered from memory.

use app::paths;
use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, StatusCode, header};
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

/// Whether the one who asks ends in silence, with success, when its download is cut: nx 17 to 22, which use axios, do. They
/// get the part that fits in one packet and fetches the rest itself. Everyone else gets all at once.
fn needs_little(head: &HeaderMap) -> bool {
    head.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).is_some_and(|agent| agent.starts_with("axios/"))
}

/// Whether nx may go on with it, and else what to download.
#[derive(Debug, Serialize)]
struct Verdict {
    valid: bool,
    url: Option<String>,
    version: Option<&'static str>,
}

/// `GET /nx-cloud/client/verify`.
pub async fn verify(installed: Result<Query<Installed>, QueryRejection>, head: HeaderMap) -> Response {
    let Query(installed) = installed.unwrap_or_default();
    let verdict = if client_bundle::is_current(installed.version.as_deref(), installed.content_hash.as_deref()) {
        Verdict { valid: true, url: None, version: None }
    } else {
        // Relative: nx puts the address in front by which it has reached this server.
        let version = client_bundle::version();
        let url = if needs_little(&head) { paths::client_start(version) } else { paths::client_bundle(version) };
        Verdict { valid: false, url: Some(url), version: Some(version) }
    };
    ([(header::CACHE_CONTROL, "no-store")], Json(verdict)).into_response()
}

/// `GET /nx-cloud/client/{version}/client.tar.gz`. Another version is answered with this one: while several servers are
/// upgraded, the one that nx asks next may not have what the other one has named, and nothing would end the build. nx
/// sees the difference the next time that it verifies.
pub async fn download(version: Result<Path<String>, PathRejection>) -> Response {
    file(&version, "application/gzip", client_bundle::bytes())
}

/// `GET /nx-cloud/client/{version}/start.tar.gz`. The same for every version, too.
pub async fn start(version: Result<Path<String>, PathRejection>) -> Response {
    file(&version, "application/gzip", client_bundle::start())
}

/// `GET /nx-cloud/client/{version}/client.js`. Of another version it is not what the one who asks takes, so it says so.
pub async fn program(version: Result<Path<String>, PathRejection>) -> Response {
    if !is_this(&version) {
        return StatusCode::NOT_FOUND.into_response();
    }
    file(&version, "text/javascript; charset=utf-8", client_bundle::program())
}

fn is_this(version: &Result<Path<String>, PathRejection>) -> bool {
    version.as_ref().is_ok_and(|Path(version)| version == client_bundle::version())
}

fn file(version: &Result<Path<String>, PathRejection>, kind: &'static str, content: Bytes) -> Response {
    let cache = if is_this(version) { "public, max-age=31536000, immutable" } else { "no-store" };
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)], content).into_response()
}
