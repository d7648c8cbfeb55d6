//! Links that `nx connect` prints: each claims a workspace, or creates one.

use async_trait::async_trait;

use crate::domain::ids::WorkspaceId;
use crate::domain::names::{OrgName, OrgSlug, WorkspaceName};
use crate::domain::secret::PlainSecret;
use crate::error::AppError;
use crate::request::Caller;

/// What a link does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// It moves the workspace that `nx connect` has created into an organization.
    Claim,
    /// It creates one.
    Create {
        /// Whether `nx.json` names another one already.
        names_other: bool,
    },
}

/// A link that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionView {
    /// What it does.
    pub offer: Offer,
    /// What the workspace may be called.
    pub name: Option<WorkspaceName>,
}

/// Which organization gets the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// One of which the caller is an Admin.
    Existing(OrgSlug),
    /// One that is created for it; the caller becomes its Admin.
    New(OrgName, OrgSlug),
}

/// Where the workspace is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connected {
    /// Its organization.
    pub org: OrgSlug,
    /// The workspace.
    pub workspace: WorkspaceId,
    /// What was done.
    pub offer: Offer,
}

/// Links that `nx connect` prints.
#[async_trait]
pub trait Connections: Send + Sync {
    /// What the link with this code does; `LinkUnusable` alike when it is unknown, used or too old.
    async fn open(&self, caller: &Caller, code: &PlainSecret) -> Result<ConnectionView, AppError>;
    /// Does it.
    async fn accept(&self, caller: &Caller, code: &PlainSecret, owner: Owner, name: WorkspaceName) -> Result<Connected, AppError>;
}
