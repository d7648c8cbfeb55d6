//! `/api/v1/artifacts`: the remote cache for clients. Thin: what is decided is decided in `services::client_cache`.

use std::sync::Arc;

use app::domain::artifact::{ArtifactFormat, ArtifactScope, PutOutcome};
use app::domain::names::ArtifactHash;
use axum::Json;
use axum::body::BodyDataStream;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State as Extracted};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::cache::drain;
use super::problem::{self, Refused, access_lost};
use crate::auth::actor::client_network;
use crate::error::Error;
use crate::services::cache::{self, PutError};
use crate::services::client_cache::{self, Access};
use crate::services::room::{self, NoRoom};
use crate::services::transfers;
use crate::state::State;
use crate::transfer::{Announced, ReceiveError};
use crate::wire;
use crate::wire::artifacts::{Format, Found, Known, Lookup, MOST_HASHES, Scope, Store, Stored};
use crate::wire::problem::{Code, Problem};

/// Bytes of a question: 1000 hashes of 128 characters, and JSON around them.
const MOST_LOOKUP: usize = 256 << 10;
/// Content that a client has encrypted.
const ENCRYPTED: &str = "application/vnd.buildkeep.encrypted";
const DIGEST: &str = "content-digest";
const REPR_DIGEST: &str = "repr-digest";

type HashPath = Result<Path<String>, PathRejection>;

async fn access(state: &State, request: &axum::http::request::Parts) -> Result<Access, Refused> {
    let credential = problem::credential(state, request).await?;
    let execution = request.headers.get(wire::EXECUTION).and_then(|value| value.to_str().ok());
    match Access::of(state, &credential, execution) {
        Some(access) => Ok(access),
        None => Err(problem::scope(&credential, app::domain::access::CachePermission::ReadShared).err().unwrap_or_else(no_artifact)),
    }
}

fn no_artifact() -> Refused {
    Refused::not_found("There is no such artifact, or this credential may not read it.")
}

const fn scope(kind: ArtifactScope) -> Scope {
    match kind {
        ArtifactScope::Shared => Scope::Shared,
        ArtifactScope::Execution(_) => Scope::Execution,
    }
}

/// Which of these artifacts are there, and where new ones go.
#[utoipa::path(
    post,
    path = "/api/v1/artifacts/lookup",
    operation_id = "lookup_artifacts",
    request_body = Lookup,
    params(("Buildkeep-Execution" = Option<String>, Header, description = "Secret of the CI execution: 64 hex characters.")),
    responses((status = 200, body = Found), (status = "4XX", body = Problem)),
)]
pub async fn lookup(Extracted(state): Extracted<Arc<State>>, request: Request) -> Result<Json<Found>, Refused> {
    let (parts, body) = request.into_parts();
    access(&state, &parts).await?;
    let asked: Lookup = problem::json(body, MOST_LOOKUP).await?;
    // It may have lasted longer than the access.
    let access = self::access(&state, &parts).await?;
    if asked.hashes.len() > MOST_HASHES {
        return Err(Refused::invalid(format!("Ask for at most {MOST_HASHES} hashes at once.")));
    }
    // What cannot be a hash is there nowhere.
    let mut hashes: Vec<_> = asked.hashes.iter().filter_map(|hash| ArtifactHash::parse(hash).ok()).collect();
    hashes.sort_unstable();
    hashes.dedup();
    let mut artifacts = std::collections::BTreeMap::new();
    for (kind, hash, artifact) in client_cache::lookup(&state, &access, &hashes).await? {
        let known = Known {
            scope: scope(kind),
            bytes: artifact.bytes,
            format: match artifact.format {
                ArtifactFormat::Tar => Format::Tar,
                ArtifactFormat::Encrypted => Format::Encrypted,
            },
            sha256: artifact.sha256.map(hex::encode),
        };
        // One that everybody shares counts more than one's own.
        if kind == ArtifactScope::Shared || !artifacts.contains_key(hash.as_str()) {
            artifacts.insert(hash.to_string(), known);
        }
    }
    let store = client_cache::store(&state, &access).await?;
    Ok(Json(Found { artifacts, store, most_bytes: room::largest(&state, access.scope.org()) }))
}

/// The content of an artifact.
#[utoipa::path(
    get,
    path = "/api/v1/artifacts/{hash}",
    operation_id = "get_artifact",
    params(
        ("hash" = String, Path, description = "Hash of the task."),
        ("Buildkeep-Execution" = Option<String>, Header, description = "Secret of the CI execution: 64 hex characters."),
    ),
    responses(
        (status = 200, content_type = "application/octet-stream", description = "With `Content-Length`, and `Repr-Digest` (RFC 9530) when the digest is known."),
        (status = "4XX", body = Problem),
        (status = 503, body = Problem),
    ),
)]
pub async fn get(Extracted(state): Extracted<Arc<State>>, path: HashPath, request: Request) -> Result<Response, Refused> {
    let (request, _) = request.into_parts();
    let (access, network) = (access(&state, &request).await?, client_network(&state, &request.extensions, &request.headers));
    let hash = path.ok().and_then(|Path(hash)| ArtifactHash::parse(&hash).ok()).ok_or_else(no_artifact)?;
    let place = transfers::take(&state.transfers, access.scope.credential(), network).ok_or_else(Refused::busy)?;
    let found = client_cache::get(&state, &access, &hash).await?.ok_or_else(no_artifact)?;
    let mut response = Response::new(cache::body(found.content.holding(place)));
    let headers = response.headers_mut();
    let content_type = match found.artifact.format {
        ArtifactFormat::Tar => "application/octet-stream",
        ArtifactFormat::Encrypted => ENCRYPTED,
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(found.artifact.bytes));
    if let Some(digest) = found.artifact.sha256.and_then(|digest| digest_header(&digest)) {
        headers.insert(REPR_DIGEST, digest);
    }
    Ok(response)
}

/// Stores an artifact, unless there is one with this hash: for everyone, or for the CI execution alone when the credential
/// may store no others.
#[utoipa::path(
    put,
    path = "/api/v1/artifacts/{hash}",
    operation_id = "put_artifact",
    params(
        ("hash" = String, Path, description = "Hash of the task."),
        ("Buildkeep-Execution" = Option<String>, Header, description = "Secret of the CI execution: 64 hex characters."),
        ("Content-Digest" = String, Header, description = "`sha-256=:<base64>:` (RFC 9530)."),
    ),
    request_body(
        content_type = "application/octet-stream",
        description = "A gzip'd tar; or, as `application/vnd.buildkeep.encrypted`, what a client has encrypted."
    ),
    responses(
        (status = 201, body = Stored),
        (status = 200, body = Stored, description = "There was one already; it stays."),
        (status = "4XX", body = Problem),
        (status = 507, body = Problem, description = "The disk of the server is full; to try again does not help."),
        (status = 503, body = Problem),
    ),
)]
pub async fn put(Extracted(state): Extracted<Arc<State>>, path: HashPath, request: Request) -> Response {
    let (request, body) = request.into_parts();
    let mut body = body.into_data_stream();
    let path = path.ok().map(|Path(hash)| hash).unwrap_or_default();
    match store(&state, &request, &path, &mut body).await {
        Ok(stored) => {
            let status = if stored.stored { StatusCode::CREATED } else { StatusCode::OK };
            drain(&mut body).await;
            (status, Json(stored)).into_response()
        }
        Err(refused) => {
            drain(&mut body).await;
            refused.into_response()
        }
    }
}

async fn store(state: &Arc<State>, request: &axum::http::request::Parts, hash: &str, body: &mut BodyDataStream) -> Result<Stored, Refused> {
    let access = access(state, request).await?;
    let read_only = || Refused::new(StatusCode::FORBIDDEN, Code::ReadOnly, "This credential may only read: nothing was stored.");
    let kind = access.writes.ok_or_else(read_only)?;
    let hash = ArtifactHash::parse(hash).map_err(|_| Refused::invalid("This is not a hash that nx makes."))?;
    let announced = announced(&request.headers)?;
    if announced.length.is_some_and(|length| length > room::largest(state, access.scope.org())) {
        return Err(too_large());
    }
    match client_cache::store(state, &access).await? {
        Store::Shared | Store::Execution => {}
        Store::ReadOnly => return Err(read_only()),
        Store::OverLimit => {
            let message = "The organization has reached a limit of its plan: nothing was stored. Its Admins see which one under Usage.";
            return Err(Refused::new(StatusCode::FORBIDDEN, Code::OverLimit, message));
        }
    }
    let scope = scope(kind);
    if cache::exists(state, &access.scope, kind, &hash).await? {
        return Ok(Stored { stored: false, scope });
    }
    let network = client_network(state, &request.extensions, &request.headers);
    let _place = transfers::take(&state.transfers, access.scope.credential(), network).ok_or_else(Refused::busy)?;
    match cache::put(state, &access.scope, (kind, &hash), announced, body).await {
        Ok(outcome) => Ok(Stored { stored: outcome == PutOutcome::Created, scope }),
        Err(PutError::Receive(error)) => Err(refused(error)),
        // Its token may not work at all any more.
        Err(PutError::NotAllowed) => Err(access_lost(problem::credential(state, request).await)),
        Err(PutError::NoRoom(NoRoom::Disk)) => Err(Refused::storage_full("The server's disk is nearly full: nothing was stored.")),
        Err(PutError::NoRoom(no @ (NoRoom::Workspace | NoRoom::Execution))) => {
            Err(Refused::new(StatusCode::FORBIDDEN, Code::OverLimit, format!("Nothing was stored: {no}.")))
        }
        Err(PutError::Inner(error)) => Err(error.into()),
    }
}

fn too_large() -> Refused {
    Refused::too_large("The artifact is larger than this server takes.")
}

fn refused(error: ReceiveError) -> Refused {
    match error {
        ReceiveError::TooLarge => too_large(),
        ReceiveError::ExpandsTooFar => Refused::too_large("The artifact unpacks to more than this server takes."),
        ReceiveError::WrongLength | ReceiveError::Body(_) => Refused::invalid("The upload ended too early."),
        ReceiveError::WrongDigest => Refused::invalid("The upload is not what its Content-Digest says."),
        ReceiveError::NotGzip => Refused::invalid("The body is not a complete gzip file."),
        ReceiveError::Failure => Refused::invalid("The result of a failed task is not stored: it would stand in the way of a success."),
        ReceiveError::NotEncrypted => Refused::invalid("The body is not what clients encrypt."),
        ReceiveError::Seal(error) => Error::from(error).into(),
        ReceiveError::Storage(error) => Error::from(error).into(),
    }
}

fn announced(headers: &HeaderMap) -> Result<Announced, Refused> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let format = if text(header::CONTENT_TYPE.as_str()) == Some(ENCRYPTED) { ArtifactFormat::Encrypted } else { ArtifactFormat::Tar };
    let sha256 = text(DIGEST).and_then(digest_of).ok_or_else(|| Refused::invalid("Send Content-Digest: sha-256=:<base64>:."))?;
    let length = text(header::CONTENT_LENGTH.as_str()).and_then(|text| text.parse().ok());
    Ok(Announced { format, length, sha256: Some(sha256) })
}

/// The SHA-256 of a digest field: a dictionary of algorithms and byte sequences (RFC 9530, RFC 8941).
fn digest_of(field: &str) -> Option<[u8; 32]> {
    let value = field.split(',').find_map(|member| member.trim().strip_prefix("sha-256=:"))?;
    BASE64_STANDARD.decode(value.strip_suffix(':')?).ok()?.try_into().ok()
}

fn digest_header(digest: &[u8; 32]) -> Option<HeaderValue> {
    HeaderValue::try_from(format!("sha-256=:{}:", BASE64_STANDARD.encode(digest))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_as_it_is_written() {
        let digest = [7; 32];
        let field = digest_header(&digest).unwrap();
        let field = field.to_str().unwrap();
        assert_eq!(digest_of(field), Some(digest));
        assert_eq!(digest_of(&format!("sha-512=:AAAA:, {field}")), Some(digest));
        for bad in ["", "sha-256=:", "sha-256=:AAAA:", "sha-256=AAAA", "md5=:AAAA:"] {
            assert_eq!(digest_of(bad), None, "{bad}");
        }
    }
}
