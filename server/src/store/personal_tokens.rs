//! Personal access tokens. The table belongs to people and to no organization: every function names the person or the
//! token.

use app::backend::personal_tokens::PersonalTokenRow;
use app::domain::ids::{PersonalTokenId, UserId};
use app::domain::names::TokenName;
use app::domain::token::TokenState;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::ci_tokens::StoredSecret;
use super::entities::personal_tokens::{ActiveModel, Column, Entity, Model};
use crate::auth::secret::SecretHash;
use crate::error::Result;

fn row(row: Model, now: DateTime<Utc>) -> PersonalTokenRow {
    PersonalTokenRow {
        id: row.id,
        name: TokenName::from_stored(row.name),
        last_four: row.last_four,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used: row.last_used_at.zip(row.last_used_from),
        state: TokenState::at(now, row.expires_at, row.revoked_at),
    }
}

/// All of a person, the newest first.
pub async fn of_user(db: &impl ConnectionTrait, user: UserId, now: DateTime<Utc>) -> Result<Vec<PersonalTokenRow>> {
    let rows = Entity::find().filter(Column::UserId.eq(user)).order_by_desc(Column::Id).all(db).await?;
    Ok(rows.into_iter().map(|found| row(found, now)).collect())
}

/// One of them.
pub async fn find(db: &impl ConnectionTrait, user: UserId, id: PersonalTokenId, now: DateTime<Utc>) -> Result<Option<PersonalTokenRow>> {
    let found = Entity::find_by_id(id).filter(Column::UserId.eq(user)).one(db).await?;
    Ok(found.map(|found| row(found, now)))
}

/// How many of a person's tokens work.
pub async fn count_working(db: &impl ConnectionTrait, user: UserId, now: DateTime<Utc>) -> Result<u64> {
    let works = Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(now));
    Ok(Entity::find().filter(Column::UserId.eq(user)).filter(Column::RevokedAt.is_null()).filter(works).count(db).await?)
}

/// Adds one.
pub async fn insert(db: &impl ConnectionTrait, user: UserId, new: &PersonalTokenRow, secret: StoredSecret) -> Result<()> {
    let row = ActiveModel {
        id: Set(new.id),
        user_id: Set(user),
        name: Set(new.name.clone().into()),
        secret_hash: Set(secret.hash),
        last_four: Set(secret.last_four),
        created_at: Set(new.created_at),
        expires_at: Set(new.expires_at),
        revoked_at: Set(None),
        last_used_at: Set(None),
        last_used_from: Set(None),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Takes it back; says whether it was there and not taken back before.
pub async fn revoke(db: &impl ConnectionTrait, user: UserId, id: PersonalTokenId, now: DateTime<Utc>) -> Result<bool> {
    let revoked = Entity::update_many()
        .col_expr(Column::RevokedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::UserId.eq(user))
        .filter(Column::RevokedAt.is_null())
        .exec(db)
        .await?;
    Ok(revoked.rows_affected == 1)
}

/// Forgets those that stopped working before this moment.
pub async fn delete_ended(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<()> {
    Entity::delete_many().filter(Column::RevokedAt.lt(before).or(Column::ExpiresAt.lt(before))).exec(db).await?;
    Ok(())
}

/// A token that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivingPersonalToken {
    /// Which.
    pub id: PersonalTokenId,
    /// Its name.
    pub name: String,
    /// Whose.
    pub user: UserId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    pub ends_at: Option<DateTime<Utc>>,
}

fn living(token: Option<Model>, now: DateTime<Utc>) -> Option<LivingPersonalToken> {
    token.filter(|token| TokenState::at(now, token.expires_at, token.revoked_at) == TokenState::Active).map(|token| LivingPersonalToken {
        id: token.id,
        name: token.name,
        user: token.user_id,
        created_at: token.created_at,
        ends_at: token.expires_at,
    })
}

/// The token with this value, if it works.
pub async fn find_by_value(db: &impl ConnectionTrait, hash: &SecretHash, now: DateTime<Utc>) -> Result<Option<LivingPersonalToken>> {
    Ok(living(Entity::find().filter(Column::SecretHash.eq(hash.clone())).one(db).await?, now))
}

/// The token with this id, if it works.
pub async fn find_living(db: &impl ConnectionTrait, id: PersonalTokenId, now: DateTime<Utc>) -> Result<Option<LivingPersonalToken>> {
    Ok(living(Entity::find_by_id(id).one(db).await?, now))
}

/// Writes down when and from where a token was last used.
pub async fn set_last_used(db: &impl ConnectionTrait, id: PersonalTokenId, at: DateTime<Utc>, from: &str) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::LastUsedAt, Expr::value(at))
        .col_expr(Column::LastUsedFrom, Expr::value(from))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}
