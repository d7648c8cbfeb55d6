//! How the API says no.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was refused. None of them may fail a build: the client goes on without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    /// 401: no credential was sent.
    NoCredential,
    /// 401: the token is unknown, expired or revoked.
    BadToken,
    /// 401: no workspace has this Nx Cloud id.
    UnknownWorkspace,
    /// 403: the workspace's ID access level is none, and nothing better than the id was sent.
    NoAccess,
    /// 403: the credential may read, and not do this.
    ReadOnly,
    /// 403: the organization has reached a limit of its plan.
    OverLimit,
    /// 404: there is no such thing, or not for this credential.
    NotFound,
    /// 409: it is over, or is something else already.
    Conflict,
    /// 400, 413, 415, 422: the request is not one that this server takes.
    Invalid,
    /// 413: more than this server takes.
    TooLarge,
    /// 429: too many requests; `Retry-After` says for how many seconds to wait.
    RateLimited,
    /// 507: the server's disk is full. It does not help to try again.
    StorageFull,
    /// 500, 503: a fault of the server; try again later.
    Unavailable,
}

/// Body of every answer that is not a success.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// For programs.
    pub code: Code,
    /// For people: what is wrong and what to do, in one sentence or two, without secrets.
    pub message: String,
}
