//! Networks from which people have signed in lately, as keyed hashes.

use app::domain::ids::UserId;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::entities::known_networks::{ActiveModel, Column, Entity};
use crate::auth::secret::SecretHash;
use crate::error::Result;

/// Somebody has signed in from there.
pub async fn note(db: &impl ConnectionTrait, user: UserId, network: SecretHash, now: DateTime<Utc>) -> Result<()> {
    let row = ActiveModel { network: Set(network), user_id: Set(user), seen_at: Set(now) };
    let again = OnConflict::column(Column::Network).update_columns([Column::UserId, Column::SeenAt]).to_owned();
    Entity::insert(row).on_conflict(again).exec_without_returning(db).await?;
    Ok(())
}

/// Whether somebody has signed in from there since.
pub async fn is_known(db: &impl ConnectionTrait, network: &SecretHash, since: DateTime<Utc>) -> Result<bool> {
    Ok(Entity::find().filter(Column::Network.eq(network.clone())).filter(Column::SeenAt.gt(since)).count(db).await? > 0)
}

/// Forgets those that were not used since.
pub async fn delete_old(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<()> {
    Entity::delete_many().filter(Column::SeenAt.lte(before)).exec(db).await?;
    Ok(())
}
