//! `GET /api/v1/whoami`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State as Extracted};

use super::problem::{Refused, credential};
use crate::services::whoami;
use crate::state::State;
use crate::wire::problem::Problem;
use crate::wire::whoami::Whoami;

/// What the server takes the request's credential for, and what it may do.
#[utoipa::path(
    get,
    path = "/api/v1/whoami",
    operation_id = "whoami",
    responses((status = 200, body = Whoami), (status = 401, body = Problem)),
)]
pub async fn get(Extracted(state): Extracted<Arc<State>>, request: Request) -> Result<Json<Whoami>, Refused> {
    let (request, _) = request.into_parts();
    let credential = credential(&state, &request).await?;
    Ok(Json(whoami::of(&state, &credential)))
}
