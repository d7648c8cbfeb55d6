//! `GET /api/v1/whoami`: what a credential is, and what it may do.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What this server takes a request's credential for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Whoami {
    /// Version of the server.
    pub server_version: String,
    /// Where the credential works.
    pub workspace: Workspace,
    /// The credential that counts.
    pub credential: Credential,
    /// What it may do.
    pub access: Access,
    /// Why something better that was sent does not count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
}

/// A workspace, as far as its credentials may know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Workspace {
    /// The Nx Cloud id: 24 hex characters.
    pub nx_cloud_id: String,
    /// Its name; tokens only are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Name of its organization; tokens only are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Its page; tokens only are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// A kind of credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CredentialKind {
    /// A CI access token.
    CiToken,
    /// The personal access token of a member, with the Nx Cloud id.
    PersonalAccessToken,
    /// The Nx Cloud id alone.
    NxCloudId,
}

/// A credential, without its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Credential {
    /// What it is.
    pub kind: CredentialKind,
    /// The name that it was given; the Nx Cloud id has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When it stops working.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
}

/// What may be done with the shared cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SharedAccess {
    /// Nothing.
    None,
    /// Read.
    Read,
    /// Read and store.
    ReadWrite,
}

/// What a credential may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Access {
    /// With artifacts that everyone in the workspace shares.
    pub shared: SharedAccess,
    /// Whether it may store artifacts for its own CI execution (it does when it cannot store shared ones).
    pub execution: bool,
    /// Whether its runs are recorded.
    pub records_runs: bool,
}

/// Why a token that was sent counts as the Nx Cloud id alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Notice {
    /// Its owner is not a member of the workspace's organization.
    NotAMember,
    /// The organization asks for a sign-in that its owner does not have.
    SignInRequired,
    /// The token is older than the organization takes: log in again.
    TooOld,
}
