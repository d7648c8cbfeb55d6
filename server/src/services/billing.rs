//! Plan, usage and billing contact of an organization.

use std::sync::Arc;

use app::backend::billing::{Billing as Port, BillingContact, Counted, UsageDay, UsageView};
use app::domain::ids::OrgId;
use app::domain::names::{BillingName, Email, OrgSlug, PostalAddress, TaxId};
use app::domain::permission::Permission;
use app::error::AppError;
use app::request::Caller;
use async_trait::async_trait;
use chrono::{Days, NaiveDate};
use serde::Deserialize;
use serde_json::json;

use super::limits;
use crate::auth::access::{self, OrgScope};
use crate::auth::change;
use crate::error::{Error, Result, answer};
use crate::seal::{SealContext, open_row, seal_row};
use crate::state::{StartError, State};
use crate::store::audit::{Action, Object, record};
use crate::store::{billing, usage};

/// Days on the page.
const DAYS: u64 = 90;
/// Days in the file: three years.
const MOST_DAYS: u64 = 3 * 366;

/// Plan, usage and billing contact.
pub struct Billing(pub Arc<State>);

fn object(scope: &OrgScope) -> Object<'_> {
    Object { kind: "org", id: scope.id().to_string(), name: scope.name().as_str() }
}

fn context(org: OrgId) -> SealContext {
    SealContext::new("billing contact").with(org.as_bytes())
}

impl Billing {
    /// Gives an organization a plan, as the operator; `None` when there is no plan of this name.
    pub async fn set_plan(&self, caller: &Caller, slug: &OrgSlug, plan: &str) -> Result<Option<()>> {
        let Some(plan) = self.0.plans.find(plan) else { return Ok(None) };
        let tx = change::begin(&self.0, caller).await?;
        let scope = access::org_for_change(&tx, slug, Permission::ManageBilling).await?;
        let before = self.0.plans.of(billing::find(&tx, scope.id()).await?.plan.as_deref());
        billing::set_plan(&tx, &scope, &plan.name).await?;
        let details = json!({ "before": before.name, "after": plan.name });
        record(&tx, &self.0.clock, caller, Some(scope.id()), Action::PlanChanged, object(&scope), Some(details)).await?;
        tx.commit().await?;
        Ok(Some(()))
    }

    /// All days that are kept, as a table for spreadsheets (RFC 4180). That somebody takes it is an event itself.
    pub async fn csv(&self, caller: &Caller, slug: &OrgSlug) -> Result<Vec<u8>, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org(&tx, caller, slug, Permission::ManageBilling).await?;
            let today = self.0.clock.now().date_naive();
            let days = usage::days(&tx, &scope, start(today, MOST_DAYS)).await?;
            let details = json!({ "what": "usage", "format": "csv" });
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::Exported, object(&scope), Some(details)).await?;
            tx.commit().await?;
            let mut table = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
            table.write_record(["day", "members", "workspaces", "artifact_bytes", "bytes_in", "bytes_out"])?;
            for day in days.into_values() {
                let counted = |part: fn(Counted) -> u64| day.counted.map(|counted| part(counted).to_string()).unwrap_or_default();
                table.write_record([
                    day.day.to_string(),
                    counted(|all| all.members),
                    counted(|all| all.workspaces),
                    counted(|all| all.artifact_bytes),
                    day.bytes_in.to_string(),
                    day.bytes_out.to_string(),
                ])?;
            }
            table.into_inner().map_err(|error| Error::Csv(error.into_error().into()))
        })
        .await
    }

    async fn contact(&self, org: OrgId, sealed: Option<Vec<u8>>) -> Result<Option<BillingContact>> {
        let Some(sealed) = sealed else { return Ok(None) };
        let keys = self.0.keys.of(&self.0.db, org).await?;
        let plain = open_row(&keys, &context(org), &sealed)?;
        let stored: StoredContact = serde_json::from_slice(&plain).map_err(|_| Error::Stored("billing contact"))?;
        Ok(Some(BillingContact {
            name: BillingName::from_stored(stored.name),
            email: Email::from_stored(stored.email),
            address: PostalAddress::from_stored(stored.address),
            tax_id: stored.tax_id.map(TaxId::from_stored),
        }))
    }
}

/// A contact as it was accepted by the rules of its time.
#[derive(Deserialize)]
struct StoredContact {
    name: String,
    email: String,
    address: String,
    tax_id: Option<String>,
}

/// Refuses to start when organizations were given plans that the configuration does not have.
pub async fn require_plans(state: &State) -> Result<(), StartError> {
    let in_use = billing::plans_in_use(state.db.read()).await?;
    let lost: Vec<_> = in_use.into_iter().filter(|plan| state.plans.find(plan).is_none()).collect();
    if lost.is_empty() { Ok(()) } else { Err(StartError::LostPlans(lost.join(", "))) }
}

/// The first of so many days that end today.
fn start(today: NaiveDate, days: u64) -> NaiveDate {
    today.checked_sub_days(Days::new(days - 1)).unwrap_or(today)
}

#[async_trait]
impl Port for Billing {
    async fn usage(&self, caller: &Caller, slug: &OrgSlug) -> Result<UsageView, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::org(db, caller, slug, Permission::ManageBilling).await?;
            let (plan, used) = limits::look_up(&self.0, db, scope.id()).await?;
            let today = self.0.clock.now().date_naive();
            let first = start(today, DAYS);
            let mut known = usage::days(db, &scope, first).await?;
            let now = Counted { members: used.members, workspaces: used.workspaces, artifact_bytes: used.artifact_bytes };
            let empty = |day| UsageDay { day, counted: None, bytes_in: 0, bytes_out: 0 };
            // The last point of the plot is now, whenever today's count was taken.
            known.entry(today).or_insert_with(|| empty(today)).counted = Some(now);
            let days = first.iter_days().take_while(|day| *day <= today).map(|day| known.get(&day).copied().unwrap_or_else(|| empty(day)));
            let contact = self.contact(scope.id(), billing::find(db, scope.id()).await?.sealed_contact).await?;
            Ok(UsageView { plan, used, days: days.collect(), contact })
        })
        .await
    }

    async fn save_contact(&self, caller: &Caller, slug: &OrgSlug, contact: BillingContact) -> Result<(), AppError> {
        answer(caller, async {
            let plain = serde_json::to_vec(&contact).map_err(|_| Error::Stored("billing contact"))?;
            // The key comes over another connection, which is not to be waited for inside of a transaction.
            let id = access::org(self.0.db.read(), caller, slug, Permission::ManageBilling).await?.id();
            let keys = self.0.keys.of(&self.0.db, id).await?;
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ManageBilling).await?;
            billing::set_contact(&tx, &scope, seal_row(&keys, &context(scope.id()), &plain)?).await?;
            // Who and where is sealed, and so does not stand in the log.
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::BillingContactChanged, object(&scope), None).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }
}
