//! What organizations use: what they hold now, what they held on each day, what came and went.

use std::collections::BTreeMap;

use app::backend::billing::{Counted, UsageDay};
use app::domain::ids::OrgId;
use app::domain::plan::Used;
use app::domain::statistics::Kind;
use chrono::{Datelike, NaiveDate};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, PaginatorTrait, QueryFilter, QuerySelect, QueryTrait as _,
    RelationDef, Select,
};

use super::entities::{members, orgs, stat_days, transfer_days, usage_days, workspaces};
use crate::auth::access::OrgScope;
use crate::error::Result;

/// Rows written in one statement: SQLite has a limit of values.
const BATCH: usize = 500;

fn number(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or_default()
}

fn stored(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The first day of the month.
pub fn month_of(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}

/// Adds what came and went since a server last wrote it down. Nothing, when the organization is gone.
pub async fn add_transfer(db: &impl ConnectionTrait, org: OrgId, day: NaiveDate, (bytes_in, bytes_out): (u64, u64)) -> Result<()> {
    if orgs::Entity::find_by_id(org).count(db).await? == 0 {
        return Ok(());
    }
    let row =
        transfer_days::ActiveModel { org_id: Set(org), day: Set(day), bytes_in: Set(stored(bytes_in)), bytes_out: Set(stored(bytes_out)) };
    let plus = |column: transfer_days::Column, more: u64| Expr::col((transfer_days::Entity, column)).add(stored(more));
    let added = OnConflict::columns([transfer_days::Column::OrgId, transfer_days::Column::Day])
        .value(transfer_days::Column::BytesIn, plus(transfer_days::Column::BytesIn, bytes_in))
        .value(transfer_days::Column::BytesOut, plus(transfer_days::Column::BytesOut, bytes_out))
        .to_owned();
    transfer_days::Entity::insert(row).on_conflict(added).exec_without_returning(db).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct Sum {
    org_id: OrgId,
    amount: i64,
    bytes: Option<i64>,
}

/// A sum of `BIGINT`s is `NUMERIC` in PostgreSQL.
fn sum(column: impl ColumnTrait) -> Expr {
    column.into_expr().sum().cast_as("bigint")
}

fn people(only: Option<OrgId>) -> Select<members::Entity> {
    members::Entity::find()
        .select_only()
        .column(members::Column::OrgId)
        .column_as(members::Column::UserId.count(), "amount")
        .column_as(Expr::value(Option::<i64>::None).cast_as("bigint"), "bytes")
        .apply_if(only, |query, org| query.filter(members::Column::OrgId.eq(org)))
        .group_by(members::Column::OrgId)
}

fn stores(only: Option<OrgId>) -> Select<workspaces::Entity> {
    workspaces::Entity::find()
        .select_only()
        .column(workspaces::Column::OrgId)
        .column_as(workspaces::Column::Id.count(), "amount")
        .column_as(sum(workspaces::Column::ArtifactBytes), "bytes")
        .apply_if(only, |query, org| query.filter(workspaces::Column::OrgId.eq(org)))
        .group_by(workspaces::Column::OrgId)
}

fn transfers(since: NaiveDate, only: Option<OrgId>) -> Select<transfer_days::Entity> {
    let both = Expr::col(transfer_days::Column::BytesIn).add(Expr::col(transfer_days::Column::BytesOut));
    transfer_days::Entity::find()
        .select_only()
        .column(transfer_days::Column::OrgId)
        .column_as(transfer_days::Column::Day.count(), "amount")
        .column_as(both.sum().cast_as("bigint"), "bytes")
        .filter(transfer_days::Column::Day.gte(since))
        .apply_if(only, |query, org| query.filter(transfer_days::Column::OrgId.eq(org)))
        .group_by(transfer_days::Column::OrgId)
}

fn counted_runs(since: NaiveDate, only: Option<OrgId>) -> Select<stat_days::Entity> {
    let of: RelationDef =
        stat_days::Entity::belongs_to(workspaces::Entity).from(stat_days::Column::WorkspaceId).to(workspaces::Column::Id).into();
    stat_days::Entity::find()
        .select_only()
        .join(JoinType::InnerJoin, of)
        .column(workspaces::Column::OrgId)
        .column_as(stat_days::Column::Day.count(), "amount")
        .column_as(sum(stat_days::Column::Runs), "bytes")
        .filter(stat_days::Column::Kind.eq(Kind::Workspace.number()))
        .filter(stat_days::Column::Day.gte(since))
        .apply_if(only, |query, org| query.filter(workspaces::Column::OrgId.eq(org)))
        .group_by(workspaces::Column::OrgId)
}

/// What each organization uses now, or one of them; `today` says which month counts.
pub async fn used(db: &impl ConnectionTrait, today: NaiveDate, only: Option<OrgId>) -> Result<BTreeMap<OrgId, Used>> {
    let mut all: BTreeMap<OrgId, Used> = BTreeMap::new();
    for row in people(only).into_model::<Sum>().all(db).await? {
        all.entry(row.org_id).or_default().members = number(row.amount);
    }
    for row in stores(only).into_model::<Sum>().all(db).await? {
        let used = all.entry(row.org_id).or_default();
        (used.workspaces, used.artifact_bytes) = (number(row.amount), number(row.bytes.unwrap_or_default()));
    }
    for row in transfers(month_of(today), only).into_model::<Sum>().all(db).await? {
        all.entry(row.org_id).or_default().transfer_bytes = number(row.bytes.unwrap_or_default());
    }
    for row in counted_runs(month_of(today), only).into_model::<Sum>().all(db).await? {
        all.entry(row.org_id).or_default().runs = number(row.bytes.unwrap_or_default());
    }
    Ok(all)
}

/// Keeps what each organization holds as the count of this day. What another server wrote first stays.
pub async fn insert_days(db: &impl ConnectionTrait, day: NaiveDate, all: &BTreeMap<OrgId, Used>) -> Result<u64> {
    let rows: Vec<_> = all
        .iter()
        .map(|(org, used)| usage_days::ActiveModel {
            org_id: Set(*org),
            day: Set(day),
            members: Set(stored(used.members)),
            workspaces: Set(stored(used.workspaces)),
            artifact_bytes: Set(stored(used.artifact_bytes)),
        })
        .collect();
    let mut added = 0;
    for batch in rows.chunks(BATCH) {
        let taken = OnConflict::columns([usage_days::Column::OrgId, usage_days::Column::Day]).do_nothing().to_owned();
        added += usage_days::Entity::insert_many(batch.to_vec()).on_conflict(taken).exec_without_returning(db).await?;
    }
    Ok(added)
}

/// What is known of the days from then on, by day.
pub async fn days(db: &impl ConnectionTrait, scope: &OrgScope, since: NaiveDate) -> Result<BTreeMap<NaiveDate, UsageDay>> {
    let mut days: BTreeMap<NaiveDate, UsageDay> = BTreeMap::new();
    let empty = |day| UsageDay { day, counted: None, bytes_in: 0, bytes_out: 0 };
    let counted = usage_days::Entity::find().filter(usage_days::Column::OrgId.eq(scope.id())).filter(usage_days::Column::Day.gte(since));
    for row in counted.all(db).await? {
        days.entry(row.day).or_insert_with(|| empty(row.day)).counted =
            Some(Counted { members: number(row.members), workspaces: number(row.workspaces), artifact_bytes: number(row.artifact_bytes) });
    }
    let moved =
        transfer_days::Entity::find().filter(transfer_days::Column::OrgId.eq(scope.id())).filter(transfer_days::Column::Day.gte(since));
    for row in moved.all(db).await? {
        let day = days.entry(row.day).or_insert_with(|| empty(row.day));
        (day.bytes_in, day.bytes_out) = (number(row.bytes_in), number(row.bytes_out));
    }
    Ok(days)
}
