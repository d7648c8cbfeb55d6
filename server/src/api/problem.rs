//! What the handlers of `/api/v1` share: who asks, bodies of JSON within a bound, and how they say no.

use app::domain::access::CachePermission;
use axum::Json;
use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::cache::drain;
use crate::auth::actor::client_address;
use crate::auth::credential::{CacheScope, Checked, Credential, Presented};
use crate::error::Error;
use crate::state::State;
use crate::wire::problem::{Code, Problem};

/// A request that is not done.
#[derive(Debug)]
pub struct Refused {
    status: StatusCode,
    problem: Problem,
    retry_after: Option<u32>,
    full: Option<Full>,
}

/// In the extensions of an answer: no room was left, and what the system said of it. Whoever has the disk says it in the log.
#[derive(Debug, Clone)]
pub struct Full(pub String);

impl Refused {
    /// No, and this is why.
    pub fn new(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Self { status, problem: Problem { code, message: message.into() }, retry_after: None, full: None }
    }

    /// There is no such thing, or not for this credential.
    pub fn not_found(message: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, Code::NotFound, message)
    }

    /// Not like this.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, Code::Invalid, message)
    }

    /// More than the server takes.
    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, Code::TooLarge, message)
    }

    /// Not so often.
    pub fn rate_limited(seconds: u32) -> Self {
        let message = format!("Too many requests. Wait {seconds} seconds.");
        Self { retry_after: Some(seconds), ..Self::new(StatusCode::TOO_MANY_REQUESTS, Code::RateLimited, message) }
    }

    /// The same for a program that shows people the body as it is.
    pub fn in_plain_text(self) -> Response {
        let mut response = (self.status, self.problem.message).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }

    /// The server has no room left; to try again does not help.
    pub fn storage_full(message: &'static str) -> Self {
        Self::new(StatusCode::INSUFFICIENT_STORAGE, Code::StorageFull, message)
    }

    /// The server has too much to do.
    pub fn busy() -> Self {
        let message = "The server is busy. Try again in a moment.";
        Self { retry_after: Some(1), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, Code::Unavailable, message) }
    }
}

/// A fault of ours: logged here, once, and told without its cause.
impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        if error.is_storage_full() {
            let full = Full(cause.unwrap_or_else(|| error.to_string()));
            return Self {
                full: Some(full),
                ..Self::storage_full("The server's disk is full: nothing was stored. Its operator has to make room.")
            };
        }
        tracing::error!(%error, cause, "a request of a client failed: {error}");
        metrics::counter!("buildkeep_failures_total").increment(1);
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, Code::Unavailable, "Something went wrong on the server. Its log says what.")
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.problem)).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(full) = self.full {
            response.extensions_mut().insert(full);
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// Who asks; its use is written down.
pub async fn credential(state: &State, request: &Parts) -> Result<Credential, Refused> {
    credential_of(state, request, &Presented::by(&request.headers)).await
}

/// The same, by what was found in the request.
pub async fn credential_of(state: &State, request: &Parts, presented: &Presented<'_>) -> Result<Credential, Refused> {
    let unauthorized = |code, message| Err(Refused::new(StatusCode::UNAUTHORIZED, code, message));
    let address = client_address(state, &request.extensions, &request.headers);
    match state.credentials.check(state, presented).await? {
        Checked::Good(credential) => {
            if let Some(token) = credential.living().token {
                state.usage.token(token, &address, state.clock.now());
            }
            Ok(credential)
        }
        Checked::Dead(token) => {
            state.token_refusals.note(&token, address);
            unauthorized(Code::BadToken, "This access token is expired or revoked. Ask an Admin for another one.")
        }
        Checked::Unknown => {
            unauthorized(Code::BadToken, "This access token is unknown, expired or revoked. Get another one, or run `nx login`.")
        }
        Checked::UnknownWorkspace => {
            unauthorized(Code::UnknownWorkspace, "No workspace of this server has this nxCloudId. Look at nx.json, or run `nx connect`.")
        }
        Checked::Nothing => unauthorized(Code::NoCredential, "Send an access token, or the Nx-Cloud-Id of the workspace."),
    }
}

/// What a credential allowed when the request began was taken away before its end; how it is asked for now says more,
/// when it is refused.
pub fn access_lost(now: Result<Credential, Refused>) -> Refused {
    now.err().unwrap_or_else(|| {
        Refused::new(StatusCode::FORBIDDEN, Code::NoAccess, "This credential does not allow it any more: nothing was stored.")
    })
}

/// The proof for one permission.
pub fn scope(credential: &Credential, permission: CachePermission) -> Result<CacheScope, Refused> {
    credential.scope(permission).ok_or_else(|| {
        let (code, message) = if credential.scope(CachePermission::ReadShared).is_some() {
            (Code::ReadOnly, "This credential may only read.")
        } else {
            (Code::NoAccess, "The workspace gives no access to its nxCloudId alone. Run `nx login`, or set NX_CLOUD_ACCESS_TOKEN.")
        };
        Refused::new(StatusCode::FORBIDDEN, code, message)
    })
}

/// A body of JSON with at most so many bytes. Not by axum's extractor, which has a bound of its own; and whatever the header
/// says: the body says itself whether it is JSON.
pub async fn json<T: DeserializeOwned>(body: Body, most: usize) -> Result<T, Refused> {
    let mut chunks = body.into_data_stream();
    let mut body = Vec::new();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refused::new(StatusCode::BAD_REQUEST, Code::Invalid, "The body ended too early."))?;
        if body.len() + chunk.len() > most {
            drain(&mut chunks).await;
            return Err(Refused::too_large(format!("The body is larger than {most} bytes.")));
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|error| match error.classify() {
        Category::Data => Refused::invalid(error.to_string()),
        Category::Syntax | Category::Eof | Category::Io => Refused::new(StatusCode::BAD_REQUEST, Code::Invalid, "The body is not JSON."),
    })
}
