//! What `nx connect` asks of the server, as far as nx itself (MIT) does: `/nx-cloud/…`.
//!
//! None of it takes a credential. nx shows what is wrong only when it comes as 200 with a `message`, so that is how
//! everything is refused here; and a 404 of the newer call would make it fall back to the older one.

use std::sync::Arc;
use std::time::Duration;

use app::domain::names::WorkspaceName;
use app::paths;
use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State as Extracted};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::auth::actor::client_network;
use crate::auth::credential::{Checked, Presented};
use crate::error::Error;
use crate::network::{ClientNetwork, seconds};
use crate::services::connections::for_nx::{self, Asked};
use crate::state::State;

/// A body of nx has some hundred bytes.
const LARGEST_BODY: usize = 16 << 10;
/// So much is read, so that whoever sends too much still sees an answer; behind that the connection is cut.
const MOST_READ: usize = 1 << 20;
/// The oldest version of the endpoints that nx 19 and 20 print a link for.
const VERSION: &str = "2406.11.5";

fn refused(message: &str) -> Response {
    Json(json!({ "message": message })).into_response()
}

fn failed(error: &Error) -> Response {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, cause, "a request of nx connect failed: {error}");
    metrics::counter!("buildkeep_failures_total").increment(1);
    refused("Something went wrong on the server. Try again later.")
}

/// The object in a body; without one, whatever else is there, an empty one.
async fn object(body: Body) -> Map<String, Value> {
    let bytes = axum::body::to_bytes(body, MOST_READ).await.unwrap_or_default();
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(object)) if bytes.len() <= LARGEST_BODY => object,
        Ok(_) | Err(_) => Map::new(),
    }
}

fn text(object: &Map<String, Value>, name: &str) -> Option<String> {
    object.get(name).and_then(Value::as_str).map(ToOwned::to_owned)
}

/// The client's network, or how long it has to wait because it asks too often.
fn counted(state: &State, request: &Parts) -> Result<ClientNetwork, Duration> {
    let network = client_network(state, &request.extensions, &request.headers);
    state.strangers.count(network).map(|()| network)
}

fn wait(time: Duration) -> Response {
    let seconds = seconds(time);
    refused(&format!("Too many requests came from your network. Wait {seconds} seconds and try again."))
}

/// `POST /nx-cloud/v2/create-org-and-workspace`: a workspace without an account, which nobody has yet.
pub async fn create(Extracted(state): Extracted<Arc<State>>, request: Request) -> Response {
    let (request, body) = request.into_parts();
    let network = match counted(&state, &request) {
        Ok(network) => network,
        Err(time) => return wait(time),
    };
    let name = text(&object(body).await, "workspaceName").and_then(|name| WorkspaceName::parse(&name).ok());
    match for_nx::create(&state, network, name.as_ref()).await {
        Ok(Ok(nx_cloud_id)) => Json(json!({ "nxCloudId": nx_cloud_id })).into_response(),
        Ok(Err(no)) => refused(&format!("{no} {}{}", state.site.public_url, paths::HOME)),
        Err(error) => failed(&error),
    }
}

/// `POST /nx-cloud/create-org-and-workspace`, of nx before 19.7: it would write a token, which is a secret, into nx.json.
pub async fn create_with_token(Extracted(state): Extracted<Arc<State>>, request: Request) -> Response {
    object(request.into_body()).await;
    refused(&format!(
        "This version of nx would write a secret into nx.json. Create the workspace at {}{} and set NX_CLOUD_ACCESS_TOKEN as its page says, \
         or run `nx connect` with nx 19.7 or later.",
        state.site.public_url,
        paths::HOME
    ))
}

/// `POST /nx-cloud/onboarding`: the code of a link, which nx opens in the browser.
pub async fn onboarding(Extracted(state): Extracted<Arc<State>>, request: Request) -> Response {
    let (request, body) = request.into_parts();
    let network = match counted(&state, &request) {
        Ok(network) => network,
        Err(time) => return wait(time),
    };
    let body = object(body).await;
    let asked = Asked { access_token: text(&body, "accessToken"), repository: text(&body, "selectedRepositoryName") };
    match for_nx::give_link(&state, network, &asked).await {
        Ok(Ok(code)) => Json(code.expose()).into_response(),
        Ok(Err(no)) => refused(&no.to_string()),
        Err(error) => failed(&error),
    }
}

/// `GET /nx-cloud/system/features`: there is no GitHub App here, so that nx asks for a link by the repository's name.
pub async fn features() -> Response {
    Json(json!({ "isGithubIntegrationEnabled": false })).into_response()
}

/// `GET /nx-cloud/system/version`: nx 19 and 20 print no link without it.
pub async fn version() -> Response {
    Json(json!({ "version": VERSION })).into_response()
}

/// `POST /nx-cloud/is-workspace-claimed`.
pub async fn is_claimed(Extracted(state): Extracted<Arc<State>>, request: Request) -> Response {
    let (request, body) = request.into_parts();
    if let Err(time) = counted(&state, &request) {
        return wait(time);
    }
    let body = object(body).await;
    let (id, token) = (text(&body, "nxCloudId"), text(&body, "nxCloudAccessToken"));
    let presented = Presented { token: token.as_deref(), nx_cloud_id: id.as_deref() };
    match state.credentials.check(&state, &presented).await {
        Ok(Checked::Good(credential)) => Json(credential.living().is_claimed()).into_response(),
        Ok(Checked::Dead(_) | Checked::Unknown | Checked::UnknownWorkspace | Checked::Nothing) => Json(false).into_response(),
        Err(error) => failed(&error),
    }
}

/// `POST /nx-cloud/stats`: what nx counts about itself is nobody's business here.
pub async fn stats(request: Request) -> StatusCode {
    object(request.into_body()).await;
    StatusCode::NO_CONTENT
}
