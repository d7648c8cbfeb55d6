//! Stylesheet, script and WebAssembly, held in the binary.
//!
//! Their address holds a hash of their content, so that a browser may keep them for ever and still never mixes two
//! versions. A debug build reads them from `target/site` at run time.

use std::sync::LazyLock;

use aws_lc_rs::digest::{Context, SHA256};
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../target/site"]
#[allow_missing = true]
struct Site;

/// First 16 hex characters of the SHA-256 over all packaged files, in the order of their names.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut names: Vec<_> = Site::iter().filter(|name| name.starts_with("pkg/")).collect();
    names.sort();
    let mut context = Context::new(&SHA256);
    for file in names.iter().filter_map(|name| Site::get(name)) {
        context.update(&file.metadata.sha256_hash());
    }
    hex::encode(&context.finish().as_ref()[..8])
});

/// The folder of the packaged files in addresses: `pkg/<version>`.
pub fn package_dir() -> String {
    format!("pkg/{}", *VERSION)
}

fn file(name: &str, cache: &'static str) -> Response {
    let Some(file) = Site::get(name) else {
        return (StatusCode::NOT_FOUND, "No such file.").into_response();
    };
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let mut response = file.data.into_owned().into_response();
    let headers = response.headers_mut();
    if let Ok(kind) = HeaderValue::from_str(kind.as_ref()) {
        headers.insert(header::CONTENT_TYPE, kind);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response
}

/// `GET /pkg/{version}/{file}`: kept for ever by the browser. Another version's files are not here any more.
pub async fn packaged(Path((version, name)): Path<(String, String)>) -> Response {
    if version != *VERSION {
        return (StatusCode::NOT_FOUND, "This page is from another version of the server. Reload it.").into_response();
    }
    file(&format!("pkg/{name}"), "public, max-age=31536000, immutable")
}

/// `GET /favicon.svg`.
pub async fn favicon() -> Response {
    file("favicon.svg", "public, max-age=86400")
}

/// `GET /robots.txt`. Every page says itself whether it may be listed, which a crawler sees only if it may read it.
pub async fn robots() -> Response {
    let mut response = "User-agent: *\nDisallow: /do/\nDisallow: /v1/\n".into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=86400"));
    response
}
