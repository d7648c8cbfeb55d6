//! Download of what an organization used, for its Admins in a browser.

use app::domain::names::OrgSlug;
use app::error::AppError;
use app::request::Request;
use axum::extract::{Extension, Path, State as Extracted};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::refused;
use crate::router::AppState;
use crate::services::billing::Billing;

/// Day by day, as a table.
pub async fn csv(Extracted(app): Extracted<AppState>, Extension(request): Extension<Request>, Path(slug): Path<String>) -> Response {
    let file = format!("attachment; filename=\"{slug}-usage-{}.csv\"", request.now.format("%Y-%m-%d"));
    let table = async {
        let slug = OrgSlug::parse(&slug).map_err(|_| AppError::NotFound)?;
        Billing(app.state).csv(&request.caller, &slug).await
    };
    match table.await {
        Ok(table) => ([(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"), (header::CONTENT_DISPOSITION, &file)], table)
            .into_response(),
        Err(error) => refused(&request, &error),
    }
}
