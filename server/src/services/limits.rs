//! What the plan of an organization still allows.
//!
//! A build never fails of a limit: artifacts are then not stored, and reads go on. Whether they are is remembered for some
//! seconds, so that a transfer costs no query; an organization can go over its limit by what comes in meanwhile.

use app::backend::orgs::OrgView;
use app::domain::ids::{OrgId, WorkspaceId};
use app::domain::permission::Permission;
use app::domain::plan::{Measure, Plan, Used};
use app::error::Conflict;
use app::request::{Actor, Caller};
use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;
use sea_orm::ConnectionTrait;

use crate::auth::access::OrgScope;
use crate::auth::credential::CacheScope;
use crate::error::Result;
use crate::state::State;
use crate::store::{artifacts, billing, usage};

/// For so long it is remembered whether artifacts are stored.
pub const REMEMBERED: TimeDelta = TimeDelta::seconds(5);

/// Whether artifacts of an organization are stored and its runs recorded, and when that was looked up; and the same for
/// artifacts of CI executions in a workspace.
pub struct Quotas(Cache<OrgId, (DateTime<Utc>, Takes)>, Cache<WorkspaceId, (DateTime<Utc>, bool)>);

/// What is taken of an organization.
#[derive(Debug, Clone, Copy)]
struct Takes {
    writes: bool,
    runs: bool,
}

impl Default for Quotas {
    fn default() -> Self {
        Self(Cache::new(10_000), Cache::new(10_000))
    }
}

/// Whether a workspace takes more artifacts of CI executions. They are bounded apart from the others: who may store nothing
/// that others read must not be able to push out what others have stored.
pub async fn takes_execution(state: &State, scope: &CacheScope) -> Result<bool> {
    let now = state.clock.now();
    if let Some((at, takes)) = state.quotas.1.get(&scope.workspace())
        && now - at < REMEMBERED
    {
        return Ok(takes);
    }
    let takes = artifacts::execution_bytes(state.db.read(), scope).await? < state.config.execution_limit();
    state.quotas.1.insert(scope.workspace(), (now, takes));
    Ok(takes)
}

/// Whether new artifacts of the organization are stored.
pub async fn takes_writes(state: &State, org: OrgId) -> Result<bool> {
    // Nobody pays for what nobody has; other bounds hold there.
    if !state.plans.limit_writes() || org == OrgId::UNCLAIMED {
        return Ok(true);
    }
    Ok(takes(state, org).await?.writes)
}

/// Whether further runs of the organization are recorded.
pub async fn takes_runs(state: &State, org: OrgId) -> Result<bool> {
    if !state.plans.limit_runs() {
        return Ok(true);
    }
    Ok(takes(state, org).await?.runs)
}

async fn takes(state: &State, org: OrgId) -> Result<Takes> {
    let now = state.clock.now();
    if let Some((at, takes)) = state.quotas.0.get(&org)
        && now - at < REMEMBERED
    {
        return Ok(takes);
    }
    let (plan, used) = look_up(state, state.db.read(), org).await?;
    let takes = Takes { writes: plan.limits.takes_writes(&used), runs: plan.limits.takes_runs(&used) };
    state.quotas.0.insert(org, (now, takes));
    Ok(takes)
}

/// The plan of an organization, and what it uses of it.
pub async fn look_up(state: &State, db: &impl ConnectionTrait, org: OrgId) -> Result<(Plan, Used)> {
    let plan = state.plans.of(billing::find(db, org).await?.plan.as_deref()).clone();
    let used = usage::used(db, state.clock.now().date_naive(), Some(org)).await?.remove(&org).unwrap_or_default();
    Ok((plan, used))
}

/// The organization with the limits that are near, for those who can do something about them.
pub async fn with_warnings(state: &State, scope: &OrgScope, mut view: OrgView) -> Result<OrgView> {
    if state.plans.limit_anything() && scope.standing().grants(Permission::ManageBilling) {
        let (plan, used) = look_up(state, state.db.read(), scope.id()).await?;
        view.warnings = plan.limits.warnings(&used);
    }
    Ok(view)
}

/// Refuses when there is no room for so many more. The organization is locked. The operator,
/// who makes the plans, is not held by them.
pub async fn require_room(
    state: &State,
    tx: &impl ConnectionTrait,
    caller: &Caller,
    org: OrgId,
    measure: Measure,
    more: u64,
    otherwise: Conflict,
) -> Result<()> {
    if caller.actor == Actor::Operator || more == 0 || !state.plans.limit_anything() {
        return Ok(());
    }
    let (plan, used) = look_up(state, tx, org).await?;
    match plan.limits.of(measure) {
        Some(limit) if used.of(measure).saturating_add(more) > limit => Err(otherwise.into()),
        Some(_) | None => Ok(()),
    }
}
