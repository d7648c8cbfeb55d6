//! Workspaces of an organization.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::orgs::OrgView;
use crate::domain::access::IdAccess;
use crate::domain::ids::WorkspaceId;
use crate::domain::names::{NxCloudId, OrgSlug, WorkspaceName};
use crate::domain::retention::Retention;
use crate::error::AppError;
use crate::request::Caller;

/// A workspace as a member or a visitor sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceView {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: WorkspaceName,
    /// What stands in `nx.json`; not for visitors, as it can be a credential.
    pub nx_cloud_id: Option<NxCloudId>,
    /// What the Nx Cloud id alone opens; not for visitors.
    pub id_access: Option<IdAccess>,
    /// Created when.
    pub created_at: DateTime<Utc>,
    /// How long it keeps artifacts.
    pub retention: Retention,
    /// What its cache holds and did.
    pub usage: Usage,
}

/// What a workspace's cache holds and did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Artifacts stored.
    pub artifacts: u64,
    /// Their size as nx sent them.
    pub bytes: u64,
    /// Reads that found something.
    pub hits: u64,
    /// Reads that found nothing.
    pub misses: u64,
}

impl Usage {
    /// Hits among all reads, in whole percent; `None` before the first read.
    pub fn hit_rate(&self) -> Option<u64> {
        let reads = self.hits + self.misses;
        percent(self.hits, reads)
    }
}

/// How many whole percent of `whole` the `part` is; `None` of nothing.
pub fn percent(part: u64, whole: u64) -> Option<u64> {
    let percent = (u128::from(part) * 100).checked_div(u128::from(whole))?;
    u64::try_from(percent).ok()
}

/// Workspaces of an organization.
#[async_trait]
pub trait Workspaces: Send + Sync {
    /// All of them, by name.
    async fn list(&self, caller: &Caller, slug: &OrgSlug) -> Result<Vec<WorkspaceView>, AppError>;
    /// Creates one in which the Nx Cloud id alone opens so much.
    async fn create(&self, caller: &Caller, slug: &OrgSlug, name: WorkspaceName, id_access: IdAccess) -> Result<WorkspaceId, AppError>;
    /// One workspace, with its organization.
    async fn open(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId) -> Result<(OrgView, WorkspaceView), AppError>;
    /// Gives it another name.
    async fn rename(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId, name: WorkspaceName) -> Result<(), AppError>;
    /// Changes how long it keeps artifacts.
    async fn set_retention(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId, retention: Retention) -> Result<(), AppError>;
    /// Deletes it with its tokens and artifacts, if the name typed to confirm is its name.
    async fn delete(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId, confirmation: &str) -> Result<WorkspaceName, AppError>;
}
