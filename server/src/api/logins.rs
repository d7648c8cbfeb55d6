//! `/api/v1/logins`: terminals that ask for a personal access token. They have no credential yet.

use std::sync::Arc;

use app::domain::names::TokenName;
use app::paths;
use axum::Json;
use axum::extract::{Request, State as Extracted};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::problem::{Refused, json};
use crate::auth::actor::client_address;
use crate::network::{ClientNetwork, seconds};
use crate::services::logins::{Begun, INTERVAL, Logins, NotBegun, Polled, WAITS};
use crate::state::State;
use crate::wire::logins::{Login, LoginPoll, LoginState, NewLogin};
use crate::wire::problem::Problem;

/// Bodies are small.
const MOST_BYTES: usize = 4 << 10;
/// Characters of a device's name that are told apart; the rest is cut off.
const MOST_CHARACTERS: usize = 80;

fn no_store(body: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, "no-store")], body).into_response()
}

fn device(text: &str) -> Result<TokenName, Refused> {
    if text.chars().count() > 100 {
        return Err(Refused::invalid("`device` has more than 100 characters."));
    }
    let shown: String = text.chars().take(MOST_CHARACTERS).collect();
    TokenName::parse(&shown).map_err(|_| Refused::invalid("`device` has to be one line of letters, digits and punctuation."))
}

/// A terminal asks for a personal access token. Show the person `user_code`, open `verification_uri_complete`, and ask
/// `POST /api/v1/logins/token` every `interval` seconds.
#[utoipa::path(
    post,
    path = "/api/v1/logins",
    operation_id = "begin_login",
    request_body = NewLogin,
    responses(
        (status = 200, body = Login),
        (status = 422, description = "The name of the device is missing or not printable.", body = Problem),
        (status = 429, description = "Too many from this address; `Retry-After` says for how long to wait.", body = Problem),
    )
)]
pub async fn begin(Extracted(state): Extracted<Arc<State>>, request: Request) -> Result<Response, Refused> {
    let address = client_address(&state, request.extensions(), request.headers());
    let new: NewLogin = json(request.into_body(), MOST_BYTES).await?;
    let Begun { device: secret, code } = match Logins(state.clone()).begin(device(&new.device)?, &address).await? {
        Ok(begun) => begun,
        Err(NotBegun::TooOften(seconds)) => return Err(Refused::rate_limited(seconds)),
        Err(NotBegun::Busy) => return Err(Refused::busy()),
    };
    let url = &state.site.public_url;
    let whole = |time: chrono::TimeDelta| u32::try_from(time.num_seconds()).unwrap_or_default();
    Ok(no_store(Json(Login {
        device_code: secret.expose().to_owned(),
        user_code: code.to_string(),
        verification_uri: format!("{url}{}", paths::LOGIN_DEVICE),
        verification_uri_complete: format!("{url}{}", paths::login_device(&code)),
        expires_in: whole(WAITS),
        interval: whole(INTERVAL),
    })))
}

/// Has the person confirmed? The token is handed out once.
#[utoipa::path(
    post,
    path = "/api/v1/logins/token",
    operation_id = "poll_login",
    request_body = LoginPoll,
    responses(
        (status = 200, body = LoginState),
        (status = 429, description = "Too many from this address; `Retry-After` says for how long to wait.", body = Problem),
    )
)]
pub async fn poll(Extracted(state): Extracted<Arc<State>>, request: Request) -> Result<Response, Refused> {
    let address = client_address(&state, request.extensions(), request.headers());
    state.attempts.poll(ClientNetwork::of(&address)).map_err(|time| Refused::rate_limited(seconds(time)))?;
    let poll: LoginPoll = json(request.into_body(), MOST_BYTES).await?;
    let answer = match Logins(state.clone()).poll(&poll.device_code).await? {
        Polled::Pending => LoginState::AuthorizationPending,
        Polled::TooFast => LoginState::SlowDown,
        Polled::Refused => LoginState::AccessDenied,
        Polled::Over => LoginState::ExpiredToken,
        Polled::Granted { token, person, expires_at } => {
            LoginState::Granted { token: token.expose().to_owned(), person: person.to_string(), expires_at }
        }
    };
    Ok(no_store((StatusCode::OK, Json(answer))))
}
