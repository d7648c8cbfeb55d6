//! `GET` and `PUT /v1/cache/{hash}`: Nx's "custom remote cache" (its OpenAPI document 1.0.0), as the client of nx 20.8 to 24 takes it.
//! It takes a CI access token; under `/w/{nxCloudId}`, the personal access token of a member or none will do too.
//!
//! | answer | means to nx |
//! |---|---|
//! | GET 200, 404 | hit, miss |
//! | PUT 200; 403, 409 | stored; silently not stored |
//! | 401 with `Content-Type: text/plain`, exactly | the token is shown as wrong, the build stops |
//! | anything else | the build fails |
//!
//! So there are no other answers here: whatever goes wrong on our side is a miss (404) or not stored (409), logged and
//! counted. A read that is not allowed is a miss too, never 403. A refused upload is read to its end, within a bound:
//! a client that is still sending would otherwise see a broken pipe instead of the answer.

use std::sync::Arc;
use std::time::Duration;

use app::domain::access::CachePermission;
use app::domain::artifact::{ArtifactFormat, ArtifactScope, PutOutcome};
use app::domain::names::ArtifactHash;
use axum::body::{Body, BodyDataStream};
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State as Extracted};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt as _;

use crate::auth::actor::client_address;
use crate::auth::credential::{CacheScope, Checked, Credential, Living, Presented};
use crate::error::Error;
use crate::network::ClientNetwork;
use crate::services::cache::{self, PutError};
use crate::services::room::{self, NoRoom};
use crate::services::{limits, transfers};
use crate::state::State;
use crate::transfer::{Announced, ReceiveError};

/// A refused body is read up to this size and time; behind that the connection is cut.
const DRAIN_BYTES: u64 = 256 << 20;
const DRAIN_TIME: Duration = Duration::from_mins(1);

/// Bodies up to this size are taken before it is known whether they are wanted.
const SMALL: u64 = 64 << 10;

/// `text/plain` and nothing more: nx compares the whole value.
fn plain(status: StatusCode, sentence: &'static str) -> Response {
    let mut response = Response::new(Body::from(sentence));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

fn unauthorized() -> Response {
    let mut response = plain(
        StatusCode::UNAUTHORIZED,
        "This access token is unknown, expired or revoked. Set NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN to a valid one, or build without the remote cache by NX_DISABLE_REMOTE_CACHE=true.",
    );
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn miss() -> Response {
    plain(StatusCode::NOT_FOUND, "No such artifact.")
}

/// Who asks, by the headers and the Nx Cloud id of the address.
async fn credential(state: &State, request: &Parts, id: Option<&str>) -> Result<Option<Credential>, Error> {
    let presented = Presented { nx_cloud_id: id, ..Presented::by(&request.headers) };
    Ok(match state.credentials.check(state, &presented).await? {
        // A token of another workspace has no business at this address.
        Checked::Good(credential) => id.is_none_or(|id| credential.living().nx_cloud_id.as_str() == id).then_some(credential),
        Checked::Dead(token) => {
            state.token_refusals.note(&token, client_address(state, &request.extensions, &request.headers));
            None
        }
        Checked::Unknown | Checked::UnknownWorkspace | Checked::Nothing => None,
    })
}

/// Writes down that the credential was used, and tells from which network.
fn note_use(state: &State, request: &Parts, credential: &Living) -> ClientNetwork {
    let address = client_address(state, &request.extensions, &request.headers);
    if let Some(token) = credential.token {
        state.usage.token(token, &address, state.clock.now());
    }
    ClientNetwork::of(&address)
}

fn failed(what: &'static str, error: &dyn std::error::Error) {
    let cause = error.source().map(ToString::to_string);
    tracing::error!(what, %error, cause, "a cache request failed and was answered as a miss or as not stored");
    metrics::counter!("buildkeep_cache_failures_total", "what" => what).increment(1);
}

/// A path that is not even text names no artifact; axum's own answer to it would be another status.
type HashPath = Result<Path<String>, PathRejection>;
/// Nx Cloud id and hash.
type WorkspacePath = Result<Path<(String, String)>, PathRejection>;

fn artifact_hash(text: &str) -> Option<ArtifactHash> {
    ArtifactHash::parse(text).ok()
}

/// `GET /v1/cache/{hash}`.
pub async fn get(Extracted(state): Extracted<Arc<State>>, path: HashPath, request: Request) -> Response {
    answer_get(&state, None, &path.map(|Path(hash)| hash).unwrap_or_default(), request).await
}

/// `PUT /v1/cache/{hash}`.
pub async fn put(Extracted(state): Extracted<Arc<State>>, path: HashPath, request: Request) -> Response {
    answer_put(&state, None, &path.map(|Path(hash)| hash).unwrap_or_default(), request).await
}

/// `GET /w/{nxCloudId}/v1/cache/{hash}`.
pub async fn get_in_workspace(Extracted(state): Extracted<Arc<State>>, path: WorkspacePath, request: Request) -> Response {
    let (id, hash) = path.map(|Path(parts)| parts).unwrap_or_default();
    answer_get(&state, Some(&id), &hash, request).await
}

/// `PUT /w/{nxCloudId}/v1/cache/{hash}`.
pub async fn put_in_workspace(Extracted(state): Extracted<Arc<State>>, path: WorkspacePath, request: Request) -> Response {
    let (id, hash) = path.map(|Path(parts)| parts).unwrap_or_default();
    answer_put(&state, Some(&id), &hash, request).await
}

async fn answer_get(state: &Arc<State>, id: Option<&str>, hash: &str, request: Request) -> Response {
    let (request, _) = request.into_parts();
    let credential = match credential(state, &request, id).await {
        Ok(Some(credential)) => credential,
        Ok(None) => return unauthorized(),
        Err(error) => {
            failed("token check", &error);
            return miss();
        }
    };
    let Some(scope) = credential.scope(CachePermission::ReadShared) else { return miss() };
    let network = note_use(state, &request, scope.credential());
    let Some(hash) = artifact_hash(hash) else { return miss() };
    let Some(place) = transfers::take(&state.transfers, scope.credential(), network) else {
        metrics::counter!("buildkeep_cache_overload_total").increment(1);
        return miss();
    };
    match cache::get(state, &scope, ArtifactScope::Shared, &hash).await {
        // nx itself cannot decrypt what a client has encrypted, and would fail.
        Ok(Some(found)) if found.artifact.format == ArtifactFormat::Tar => {
            let mut response = Response::new(cache::body(found.content.holding(place)));
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(found.artifact.bytes));
            response
        }
        Ok(Some(_) | None) => {
            state.usage.missed(scope.workspace(), 1);
            miss()
        }
        Err(error) => {
            failed("read", &error);
            miss()
        }
    }
}

async fn answer_put(state: &Arc<State>, id: Option<&str>, hash: &str, request: Request) -> Response {
    let (request, body) = request.into_parts();
    let credential = credential(state, &request, id).await;
    let length = request.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let mut body = body.into_data_stream();
    let refusal = |status, sentence| Err((status, sentence));
    let admitted = match credential {
        Ok(Some(credential)) => match credential.scope(CachePermission::WriteShared) {
            Some(scope) => Ok(scope),
            None => refusal(StatusCode::FORBIDDEN, "This credential is read-only: nothing was stored."),
        },
        Ok(None) => {
            drain(&mut body).await;
            return unauthorized();
        }
        Err(error) => {
            failed("token check", &error);
            refusal(StatusCode::CONFLICT, "Not stored: the server could not check the access token.")
        }
    };
    let stored = match admitted {
        Ok(scope) => {
            let network = note_use(state, &request, scope.credential());
            store(state, &scope, network, artifact_hash(hash), length, &mut body).await
        }
        Err(refused) => Err(refused),
    };
    match stored {
        Ok(()) => plain(StatusCode::OK, "Stored."),
        Err((status, sentence)) => {
            drain(&mut body).await;
            plain(status, sentence)
        }
    }
}

async fn store(
    state: &Arc<State>,
    scope: &CacheScope,
    network: ClientNetwork,
    hash: Option<ArtifactHash>,
    length: Option<u64>,
    body: &mut BodyDataStream,
) -> Result<(), (StatusCode, &'static str)> {
    let conflict = |sentence| Err((StatusCode::CONFLICT, sentence));
    let Some(hash) = hash else { return conflict("Not stored: this is not a hash that nx makes.") };
    if length.is_some_and(|length| length > room::largest(state, scope.org())) {
        return conflict("Not stored: the artifact is larger than this server takes.");
    }
    match limits::takes_writes(state, scope.org()).await {
        Ok(true) => {}
        Ok(false) => {
            metrics::counter!("buildkeep_cache_over_limit_total").increment(1);
            return conflict("Not stored: the organization has reached a limit of its plan. Its Admins see which one under Usage.");
        }
        Err(error) => {
            failed("limits", &error);
            return conflict("Not stored: the server has a problem.");
        }
    }
    // A small body is read sooner than the database has answered; whether its key is taken is seen when it is named.
    if length.is_none_or(|length| length > SMALL) {
        match cache::exists(state, scope, ArtifactScope::Shared, &hash).await {
            Ok(false) => {}
            Ok(true) => return conflict("Not stored: there is an artifact with this hash already."),
            Err(error) => {
                failed("look-up", &error);
                return conflict("Not stored: the server has a problem.");
            }
        }
    }
    let Some(_place) = transfers::take(&state.transfers, scope.credential(), network) else {
        metrics::counter!("buildkeep_cache_overload_total").increment(1);
        return conflict("Not stored: the server is busy.");
    };
    match cache::put(state, scope, (ArtifactScope::Shared, &hash), Announced::by_nx(length), body).await {
        Ok(PutOutcome::Created) => Ok(()),
        Ok(PutOutcome::AlreadyThere) => conflict("Not stored: there is an artifact with this hash already."),
        Err(PutError::Receive(ReceiveError::TooLarge)) => conflict("Not stored: the artifact is larger than this server takes."),
        Err(PutError::Receive(ReceiveError::ExpandsTooFar)) => conflict("Not stored: the artifact unpacks to more than this server takes."),
        Err(PutError::Receive(ReceiveError::WrongLength | ReceiveError::Body(_))) => conflict("Not stored: the upload ended too early."),
        // nx takes this for an answer and goes on; the task may succeed elsewhere, and is stored then.
        Err(PutError::Receive(ReceiveError::Failure)) => conflict("Not stored: the task failed."),
        Err(PutError::Receive(ReceiveError::NotGzip | ReceiveError::NotEncrypted | ReceiveError::WrongDigest)) => {
            conflict("Not stored: the body is not a complete gzip file.")
        }
        // What it was allowed when it began has been taken away.
        Err(PutError::NotAllowed) => Err((StatusCode::FORBIDDEN, "This credential does not allow it any more: nothing was stored.")),
        Err(PutError::NoRoom(NoRoom::Workspace | NoRoom::Execution)) => {
            conflict("Not stored: the workspace keeps no more from callers without an access token.")
        }
        Err(PutError::NoRoom(NoRoom::Disk)) => conflict("Not stored: the server's disk is nearly full."),
        Err(PutError::Receive(ReceiveError::Storage(error))) => Err(not_stored(state, &error.into())),
        Err(PutError::Receive(ReceiveError::Seal(error))) => Err(not_stored(state, &error.into())),
        Err(PutError::Inner(error)) => Err(not_stored(state, &error)),
    }
}

/// A fault of ours, and what is said of it.
fn not_stored(state: &State, error: &Error) -> (StatusCode, &'static str) {
    if state.disk.is_full_by(error) {
        return (StatusCode::CONFLICT, "Not stored: the server's disk is full.");
    }
    failed("store", error);
    (StatusCode::CONFLICT, "Not stored: the server has a problem.")
}

/// Reads what is left of a refused body, within a bound, so that the client sees the answer.
pub(super) async fn drain(body: &mut BodyDataStream) {
    let reading = async {
        let mut read = 0;
        while let Some(Ok(chunk)) = body.next().await {
            read += chunk.len() as u64;
            if read > DRAIN_BYTES {
                break;
            }
        }
    };
    // Time over: the answer goes out all the same.
    let _ = tokio::time::timeout(DRAIN_TIME, reading).await;
}
