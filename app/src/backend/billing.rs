//! Plan, usage and billing contact of an organization; for its Admins.

use async_trait::async_trait;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::domain::names::{BillingName, Email, OrgSlug, PostalAddress, TaxId};
use crate::domain::plan::{Plan, Used};
use crate::error::AppError;
use crate::request::Caller;

/// Who is written to about money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingContact {
    /// The company or person.
    pub name: BillingName,
    /// Where invoices go.
    pub email: Email,
    /// Where they are addressed to.
    pub address: PostalAddress,
    /// Number of the tax office, if there is one.
    pub tax_id: Option<TaxId>,
}

/// What was used on one day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UsageDay {
    /// The day.
    pub day: NaiveDate,
    /// What there was when the day's count was taken; `None` when no server was running.
    pub counted: Option<Counted>,
    /// Bytes of artifacts that were stored.
    pub bytes_in: u64,
    /// Bytes of artifacts that were read.
    pub bytes_out: u64,
}

/// What an organization holds at a moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// People.
    pub members: u64,
    /// Workspaces.
    pub workspaces: u64,
    /// Bytes of stored artifacts.
    pub artifact_bytes: u64,
}

/// Plan, usage and contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsageView {
    /// The plan.
    pub plan: Plan,
    /// What is used now.
    pub used: Used,
    /// The last days, without gaps, today the last.
    pub days: Vec<UsageDay>,
    /// Who is written to.
    pub contact: Option<BillingContact>,
}

/// Plan, usage and billing contact.
#[async_trait]
pub trait Billing: Send + Sync {
    /// What the organization uses of its plan.
    async fn usage(&self, caller: &Caller, slug: &OrgSlug) -> Result<UsageView, AppError>;
    /// Changes who is written to.
    async fn save_contact(&self, caller: &Caller, slug: &OrgSlug, contact: BillingContact) -> Result<(), AppError>;
}
