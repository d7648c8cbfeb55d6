//! How often somebody may do something: counted in the database, so that all servers count together, and whatever is
//! deleted meanwhile.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};

use super::entities::quotas::{ActiveModel, Column, Entity};
use crate::error::Result;
use crate::network::{ClientNetwork, WIDE};

/// So many times within so long. The time begins with the first one.
#[derive(Debug, Clone, Copy)]
pub struct Quota {
    /// How often.
    pub most: i32,
    /// Within how long; a day at most.
    pub within: TimeDelta,
}

/// Uses one up. `None` when there was one left, else how long to wait for the next. The count stays locked until the
/// transaction ends, so take those of several subjects in the same order everywhere.
pub async fn take(db: &impl ConnectionTrait, subject: &str, quota: Quota, now: DateTime<Utc>) -> Result<Option<TimeDelta>> {
    take_many(db, subject, 1, quota, now).await
}

/// Uses one up of a network, and of the wider one around it, which may do so a few times as often.
pub async fn take_in_network(
    db: &impl ConnectionTrait,
    what: &str,
    network: ClientNetwork,
    quota: Quota,
    now: DateTime<Utc>,
) -> Result<Option<TimeDelta>> {
    take_many_in_network(db, what, network, 1, quota, now).await
}

/// The same for so many, all or none.
pub async fn take_many_in_network(
    db: &impl ConnectionTrait,
    what: &str,
    network: ClientNetwork,
    count: i32,
    quota: Quota,
    now: DateTime<Utc>,
) -> Result<Option<TimeDelta>> {
    if let Some(wide) = network.wide() {
        let quota = Quota { most: quota.most.saturating_mul(WIDE.cast_signed()), ..quota };
        if let Some(time) = take_many(db, &format!("{what} {wide}"), count, quota, now).await? {
            return Ok(Some(time));
        }
    }
    take_many(db, &format!("{what} {network}"), count, quota, now).await
}

/// Uses so many up, all or none; no more than the quota allows at most.
pub async fn take_many(
    db: &impl ConnectionTrait,
    subject: &str,
    count: i32,
    quota: Quota,
    now: DateTime<Utc>,
) -> Result<Option<TimeDelta>> {
    let column = |column| Expr::col((Entity, column));
    let is_over = || column(Column::BeganAt).lte(now - quota.within);
    let used = Expr::case(is_over(), count).finally(column(Column::Used).add(count));
    let began = Expr::case(is_over(), now).finally(column(Column::BeganAt));
    let again = OnConflict::column(Column::Subject)
        .value(Column::Used, used)
        .value(Column::BeganAt, began)
        .action_cond_where(Condition::any().add(is_over()).add(column(Column::Used).add(count).lte(quota.most)))
        .to_owned();
    let first = ActiveModel { subject: Set(subject.to_owned()), began_at: Set(now), used: Set(count) };
    if Entity::insert(first).on_conflict(again).exec_without_returning(db).await? > 0 {
        return Ok(None);
    }
    let began = Entity::find_by_id(subject).one(db).await?.map_or(now, |row| row.began_at);
    Ok(Some((began + quota.within - now).max(TimeDelta::seconds(1))))
}

/// Forgets what counts no more.
pub async fn delete_old(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<()> {
    Entity::delete_many().filter(Column::BeganAt.lte(now - TimeDelta::days(1))).exec(db).await?;
    Ok(())
}
