//! `/api/v1/personal-access-token`: a terminal logs out.

use std::sync::Arc;

use app::request::{Actor, Caller};
use axum::extract::{Request, State as Extracted};
use axum::http::StatusCode;

use super::problem::Refused;
use crate::auth::actor::{client_address, new_incident};
use crate::auth::credential::Presented;
use crate::services::personal_tokens::log_out;
use crate::state::State;
use crate::wire::problem::{Code, Problem};

/// Revokes the personal access token that this request carries, in all workspaces. `Nx-Cloud-Id` makes no difference.
#[utoipa::path(
    delete,
    path = "/api/v1/personal-access-token",
    operation_id = "revoke_personal_access_token",
    responses(
        (status = 204, description = "From now on no request with this token succeeds."),
        (status = 401, description = "No personal access token was sent, or one that does not work.", body = Problem),
    )
)]
pub async fn delete(Extracted(state): Extracted<Arc<State>>, request: Request) -> Result<StatusCode, Refused> {
    let address = client_address(&state, request.extensions(), request.headers());
    let presented = Presented::by(request.headers());
    let Some(token) = state.credentials.personal_token(&state, &presented).await? else {
        let (code, message) = match presented.token {
            Some(_) => (Code::BadToken, "This is no personal access token that works. There is nothing to revoke."),
            None => (Code::NoCredential, "Send the personal access token that is to be revoked."),
        };
        return Err(Refused::new(StatusCode::UNAUTHORIZED, code, message));
    };
    let caller = Caller { actor: Actor::Anonymous, address, incident: new_incident(&state) };
    log_out(&state, &caller, &token).await?;
    Ok(StatusCode::NO_CONTENT)
}
