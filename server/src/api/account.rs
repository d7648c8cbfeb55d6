//! What people download about themselves.

use app::paths;
use app::request::Request;
use axum::body::Body;
use axum::extract::{Extension, State as Extracted};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::redirect;
use crate::auth::refused::status_of;
use crate::router::AppState;
use crate::services::account_export::AccountExport;

/// Everything that is kept about the person who asks.
pub async fn export(Extracted(app): Extracted<AppState>, Extension(request): Extension<Request>) -> Response {
    if request.caller.user().is_err() {
        return redirect(&paths::sign_in_then(paths::ACCOUNT_DATA));
    }
    let file = format!("attachment; filename=\"buildkeep-account-{}.json\"", request.now.format("%Y-%m-%d"));
    match AccountExport(app.state).export(&request.caller).await {
        Ok(parts) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (header::CONTENT_DISPOSITION, &file)];
            (headers, Body::from_stream(parts)).into_response()
        }
        Err(error) => (status_of(&error), error.to_string()).into_response(),
    }
}
