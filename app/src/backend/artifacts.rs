//! Artifacts of a workspace, as people look at them; nx itself uses the cache API.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::Page;
use crate::domain::ids::WorkspaceId;
use crate::domain::names::{ArtifactHash, OrgSlug, Reason};
use crate::error::AppError;
use crate::request::Caller;

/// One artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArtifactRow {
    /// Its key.
    pub hash: ArtifactHash,
    /// Its size as nx sent it.
    pub bytes: u64,
    /// The name of the token that stored it, readable when that is gone; not for visitors.
    pub created_by: Option<String>,
    /// Stored when.
    pub created_at: DateTime<Utc>,
    /// Last read when.
    pub last_read_at: Option<DateTime<Utc>>,
    /// Read how often.
    pub hits: u64,
}

/// Which artifacts to delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purge {
    /// All of them.
    All,
    /// Those that nobody has stored or read for this many days.
    OlderThanDays(u16),
}

impl Purge {
    /// What days that are not whole, or too few or too many, are answered with.
    pub const NOT_IN_RANGE: Reason = Reason::NotInRange(1, 3650);

    /// Reads days of a purge by age.
    pub fn days(text: &str) -> Option<u16> {
        text.trim().parse().ok().filter(|days| (1..=3650).contains(days))
    }
}

/// Artifacts of a workspace, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stock {
    /// How many.
    pub artifacts: u64,
    /// Their size as nx sent them.
    pub bytes: u64,
}

/// How far a purge is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PurgeProgress {
    /// Artifacts deleted so far.
    pub done: u64,
    /// Artifacts to delete in all, as counted at the start.
    pub total: u64,
    /// Finished when; `None` while it goes on.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Artifacts of a workspace.
#[async_trait]
pub trait Artifacts: Send + Sync {
    /// Artifacts whose hash starts with `search`, the newest first; `after` is the cursor of an earlier page.
    async fn list(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        search: &str,
        after: Option<&str>,
    ) -> Result<Page<ArtifactRow>, AppError>;
    /// Those that only runs of their own CI execution read. They are not listed and go within a day; the counters of the
    /// workspace include them.
    async fn of_executions(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Stock, AppError>;
    /// Deletes one.
    async fn delete(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, hash: &ArtifactHash) -> Result<(), AppError>;
    /// What a purge would delete now.
    async fn would_purge(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, which: Purge) -> Result<Stock, AppError>;
    /// Starts to delete many, in the background.
    async fn purge(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, which: Purge) -> Result<(), AppError>;
    /// The newest purge of the workspace.
    async fn purge_progress(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Option<PurgeProgress>, AppError>;
}
