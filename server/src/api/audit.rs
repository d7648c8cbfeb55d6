//! Downloads of the audit log, for people in a browser.

use std::collections::HashMap;

use app::domain::audit::AuditFilter;
use app::domain::names::OrgSlug;
use app::error::AppError;
use app::request::Request;
use axum::body::Body;
use axum::extract::{Extension, Path, Query, State as Extracted};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::refused;
use crate::router::AppState;
use crate::services::audit::{Audit, Format};

type Parts = HashMap<String, String>;

/// As a table.
pub async fn csv(app: Extracted<AppState>, request: Extension<Request>, slug: Path<String>, parts: Query<Parts>) -> Response {
    download(app, request, slug, parts, Format::Csv).await
}

/// As one JSON object a line.
pub async fn ndjson(app: Extracted<AppState>, request: Extension<Request>, slug: Path<String>, parts: Query<Parts>) -> Response {
    download(app, request, slug, parts, Format::Ndjson).await
}

async fn download(
    Extracted(app): Extracted<AppState>,
    Extension(request): Extension<Request>,
    Path(slug): Path<String>,
    Query(parts): Query<Parts>,
    format: Format,
) -> Response {
    let kind = match format {
        Format::Csv => "text/csv; charset=utf-8; header=present",
        Format::Ndjson => "application/x-ndjson",
    };
    let file = format!("attachment; filename=\"{slug}-audit-{}.{}\"", request.now.format("%Y-%m-%d"), format.as_str());
    let export = async {
        let slug = OrgSlug::parse(&slug).map_err(|_| AppError::NotFound)?;
        let filter = AuditFilter::parse(|name| parts.get(name).cloned().unwrap_or_default()).map_err(|_| AppError::BadForm)?;
        Audit(app.state).export(&request.caller, &slug, &filter, format).await
    };
    match export.await {
        Ok(lines) => ([(header::CONTENT_TYPE, kind), (header::CONTENT_DISPOSITION, &file)], Body::from_stream(lines)).into_response(),
        Err(error) => refused(&request, &error),
    }
}
