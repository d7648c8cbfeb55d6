//! Downloads of runs, for people in a browser: the log of a task, and what is counted.

use std::collections::HashMap;

use app::domain::ids::{RunId, WorkspaceId};
use app::domain::names::OrgSlug;
use app::domain::statistics::Range;
use app::error::AppError;
use app::request::Request;
use axum::body::Body;
use axum::extract::{Extension, Path, Query, State as Extracted};
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::refused;
use crate::router::AppState;
use crate::services::runs::Runs;
use crate::services::statistics::Statistics;

type Parts = HashMap<String, String>;

fn place(slug: &str, workspace: &str) -> Result<(OrgSlug, WorkspaceId), AppError> {
    Ok((OrgSlug::parse(slug).map_err(|_| AppError::NotFound)?, workspace.parse().map_err(|_| AppError::NotFound)?))
}

/// The log of an attempt at a task, byte for byte as it was written. `nosniff` and the type keep it a text.
pub async fn log(
    Extracted(app): Extracted<AppState>,
    Extension(request): Extension<Request>,
    Path((slug, workspace, run, number)): Path<(String, String, String, String)>,
    Query(parts): Query<Parts>,
) -> Response {
    let text = async {
        let (slug, workspace) = place(&slug, &workspace)?;
        let run: RunId = run.parse().map_err(|_| AppError::NotFound)?;
        let number: u32 = number.parse().map_err(|_| AppError::NotFound)?;
        let attempt = parts.get("attempt").map_or(Ok(1), |attempt| attempt.parse()).map_err(|_| AppError::NotFound)?;
        let text = Runs(app.state).whole_log(&request.caller, (&slug, workspace), (run, number), attempt).await?;
        Ok((format!("attachment; filename=\"{run}-{number}-{attempt}.txt\""), text))
    };
    match text.await {
        Ok((file, text)) => {
            let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8"), (header::CONTENT_DISPOSITION, &file)];
            (headers, Body::from_stream(text)).into_response()
        }
        Err(error) => refused(&request, &error),
    }
}

/// What is counted of the runs of a workspace, as a table.
pub async fn statistics(
    Extracted(app): Extracted<AppState>,
    Extension(request): Extension<Request>,
    Path((slug, workspace)): Path<(String, String)>,
    Query(parts): Query<Parts>,
) -> Response {
    let file = format!("attachment; filename=\"{slug}-statistics-{}.csv\"", request.now.format("%Y-%m-%d"));
    let table = async {
        let (slug, workspace) = place(&slug, &workspace)?;
        let range = parts.get("days").map_or(Ok(Range::default()), |days| days.parse()).map_err(|_| AppError::BadForm)?;
        Statistics(app.state).csv(&request.caller, &slug, workspace, range).await
    };
    match table.await {
        Ok(table) => ([(header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"), (header::CONTENT_DISPOSITION, &file)], table)
            .into_response(),
        Err(error) => refused(&request, &error),
    }
}
