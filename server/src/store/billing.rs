//! Plan and billing contact of organizations, and which limits their Admins were told of.

use std::collections::HashSet;

use app::domain::ids::OrgId;
use app::domain::names::{Email, OrgName, OrgSlug};
use app::domain::plan::Warning;
use app::domain::role::Role;
use chrono::{DateTime, NaiveDate, Utc};
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect};

use super::entities::{billing, limit_mails, members, orgs, users};
use crate::auth::access::OrgScope;
use crate::error::{Error, Result};

/// Billing of an organization as it is stored.
#[derive(Default)]
pub struct StoredBilling {
    /// The plan that it was given.
    pub plan: Option<String>,
    /// Who is written to, sealed.
    pub sealed_contact: Option<Vec<u8>>,
}

/// What is stored of an organization; nothing, at first.
pub async fn find(db: &impl ConnectionTrait, org: OrgId) -> Result<StoredBilling> {
    let row = billing::Entity::find_by_id(org).one(db).await?;
    Ok(row.map(|row| StoredBilling { plan: row.plan, sealed_contact: row.sealed_contact }).unwrap_or_default())
}

/// Gives it a plan.
pub async fn set_plan(db: &impl ConnectionTrait, scope: &OrgScope, plan: &str) -> Result<()> {
    let row = billing::ActiveModel { org_id: Set(scope.id()), plan: Set(Some(plan.to_owned())), sealed_contact: NotSet };
    upsert(db, row, billing::Column::Plan).await
}

/// Changes who is written to.
pub async fn set_contact(db: &impl ConnectionTrait, scope: &OrgScope, sealed: Vec<u8>) -> Result<()> {
    let row = billing::ActiveModel { org_id: Set(scope.id()), plan: NotSet, sealed_contact: Set(Some(sealed)) };
    upsert(db, row, billing::Column::SealedContact).await
}

async fn upsert(db: &impl ConnectionTrait, row: billing::ActiveModel, column: billing::Column) -> Result<()> {
    let on_conflict = OnConflict::column(billing::Column::OrgId).update_column(column).to_owned();
    billing::Entity::insert(row).on_conflict(on_conflict).exec_without_returning(db).await?;
    Ok(())
}

/// The plans that organizations were given, each once.
pub async fn plans_in_use(db: &impl ConnectionTrait) -> Result<Vec<String>> {
    let plans = billing::Entity::find().select_only().column(billing::Column::Plan).filter(billing::Column::Plan.is_not_null());
    Ok(plans.distinct().order_by_asc(billing::Column::Plan).into_tuple().all(db).await?)
}

/// Every organization that was given a plan.
pub async fn given(db: &impl ConnectionTrait) -> Result<Vec<(OrgId, String)>> {
    let rows = billing::Entity::find().filter(billing::Column::Plan.is_not_null()).all(db).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.org_id, row.plan?))).collect())
}

/// Notes that the Admins are told of a limit this month; `false` when they were already, perhaps by another server.
pub async fn claim_mail(db: &impl ConnectionTrait, org: OrgId, month: NaiveDate, warning: &Warning, now: DateTime<Utc>) -> Result<bool> {
    let row = limit_mails::ActiveModel {
        org_id: Set(org),
        month: Set(month),
        measure: Set(warning.measure.as_str().to_owned()),
        percent: Set(i32::from(warning.level.percent())),
        told_at: Set(now),
    };
    let key = [limit_mails::Column::OrgId, limit_mails::Column::Month, limit_mails::Column::Measure, limit_mails::Column::Percent];
    let on_conflict = OnConflict::columns(key).do_nothing().to_owned();
    Ok(limit_mails::Entity::insert(row).on_conflict(on_conflict).exec_without_returning(db).await? > 0)
}

/// What Admins were told of this month: organization, measure, percent.
pub async fn mails_of(db: &impl ConnectionTrait, month: NaiveDate) -> Result<HashSet<(OrgId, String, i32)>> {
    let rows = limit_mails::Entity::find().filter(limit_mails::Column::Month.eq(month)).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.org_id, row.measure, row.percent)).collect())
}

/// Whom to tell about an organization, and what it is called; `None` when it is gone.
pub async fn admins(db: &impl ConnectionTrait, org: OrgId) -> Result<Option<(OrgName, OrgSlug, Vec<Email>)>> {
    let Some(found) = orgs::Entity::find_by_id(org).one(db).await? else { return Ok(None) };
    let addresses: Vec<String> = members::Entity::find()
        .select_only()
        .column_as(users::Column::Email, "email")
        .join(JoinType::InnerJoin, members::Entity::belongs_to(users::Entity).from(members::Column::UserId).to(users::Column::Id).into())
        .filter(members::Column::OrgId.eq(org))
        .filter(members::Column::Role.eq(Role::Admin.as_str()))
        .into_tuple()
        .all(db)
        .await?;
    Ok(Some((
        OrgName::from_stored(&found.name),
        OrgSlug::parse(&found.slug).map_err(|_| Error::Stored("slug"))?,
        addresses.into_iter().map(Email::from_stored).collect(),
    )))
}
