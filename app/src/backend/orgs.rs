//! Organizations.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::identity::SignInProblem;
use crate::domain::ids::OrgId;
use crate::domain::names::{OrgName, OrgSlug};
use crate::domain::plan::Warning;
use crate::domain::standing::Standing;
use crate::domain::visibility::{Visibility, VisibilityChange, VisitorLogs};
use crate::error::AppError;
use crate::request::Caller;

/// An organization as a member or a visitor sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgView {
    /// Its id.
    pub id: OrgId,
    /// Its address.
    pub slug: OrgSlug,
    /// Its name.
    pub name: OrgName,
    /// How the caller stands to it.
    pub standing: Standing,
    /// Who may look at it.
    pub visibility: Visibility,
    /// Whether visitors may read task logs while it is public.
    pub visitor_logs: VisitorLogs,
    /// Whether an Admin has been shown in full what visitors see. Those that were public before 0.2 have not.
    pub visitors_accepted: bool,
    /// Why the caller, who is a member, sees no more of it than others do: they have to sign in in another way.
    pub kept_out: Option<SignInProblem>,
    /// Created when.
    pub created_at: DateTime<Utc>,
    /// How many people are in.
    pub members: u64,
    /// How many workspaces it has.
    pub workspaces: u64,
    /// Limits of its plan that are near, for its Admins.
    pub warnings: Vec<Warning>,
}

/// Organizations.
#[async_trait]
pub trait Orgs: Send + Sync {
    /// The caller's organizations, by name.
    async fn list(&self, caller: &Caller) -> Result<Vec<OrgView>, AppError>;
    /// Creates one; the caller is its only member, an Admin.
    async fn create(&self, caller: &Caller, name: OrgName, slug: OrgSlug) -> Result<(), AppError>;
    /// One organization; `Moved` when the address is an old one of it.
    async fn open(&self, caller: &Caller, slug: &OrgSlug) -> Result<OrgView, AppError>;
    /// Gives it another name.
    async fn rename(&self, caller: &Caller, slug: &OrgSlug, name: OrgName) -> Result<(), AppError>;
    /// Gives it another address; the old one leads to it from then on.
    async fn change_slug(&self, caller: &Caller, slug: &OrgSlug, new: OrgSlug) -> Result<(), AppError>;
    /// Turns one of the switches of its visibility. To make it public takes its name, typed to confirm; `logs` says whether
    /// visitors then read task logs, and matters for nothing else.
    async fn change_visibility(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        change: VisibilityChange,
        logs: VisitorLogs,
        confirmation: &str,
    ) -> Result<(), AppError>;
    /// Says whether visitors may read task logs.
    async fn set_visitor_logs(&self, caller: &Caller, slug: &OrgSlug, logs: VisitorLogs) -> Result<(), AppError>;
    /// Deletes it with everything in it, if the name typed to confirm is its name.
    async fn delete(&self, caller: &Caller, slug: &OrgSlug, confirmation: &str) -> Result<OrgName, AppError>;
}
