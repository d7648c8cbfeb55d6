//! Signed-in browsers. The table belongs to no organization: every function names the person or the secret.

use app::domain::ids::{SessionId, UserId};
use app::error::Conflict;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use super::entities::sessions;
use crate::auth::secret::SecretHash;
use crate::error::{Error, Result, unique_or};

/// A session as it is stored.
#[derive(Debug, Clone)]
pub struct StoredSession {
    /// What is stored of the cookie's secret.
    pub secret_hash: SecretHash,
    /// The id by which lists name it.
    pub id: SessionId,
    /// Who is signed in.
    pub user_id: Option<UserId>,
    /// What tower-sessions keeps in it, as JSON.
    pub data: String,
    /// Browser and system.
    pub device: String,
    /// The address from which it was last used.
    pub address: String,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it was last used, to within some minutes.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends if nobody uses it.
    pub expires_at: DateTime<Utc>,
}

fn stored(row: sessions::Model) -> StoredSession {
    StoredSession {
        secret_hash: row.secret_hash,
        id: row.id,
        user_id: row.user_id,
        data: row.data,
        device: row.device,
        address: row.address,
        created_at: row.created_at,
        last_seen_at: row.last_seen_at,
        expires_at: row.expires_at,
    }
}

/// Stores a new session; `false` when the secret is in use.
pub async fn insert(db: &impl ConnectionTrait, row: StoredSession) -> Result<bool> {
    let inserted = sessions::Entity::insert(sessions::ActiveModel {
        secret_hash: Set(row.secret_hash),
        id: Set(row.id),
        user_id: Set(row.user_id),
        data: Set(row.data),
        device: Set(row.device),
        address: Set(row.address),
        created_at: Set(row.created_at),
        last_seen_at: Set(row.last_seen_at),
        expires_at: Set(row.expires_at),
    })
    .exec_without_returning(db)
    .await
    .map_err(unique_or(Conflict::TooMany));
    match inserted {
        Ok(_) => Ok(true),
        Err(Error::App(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Updates a session that still exists; one that has been ended stays ended.
pub async fn update(
    db: &impl ConnectionTrait,
    hash: &SecretHash,
    data: String,
    address: String,
    seen: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::Data, Expr::value(data))
        .col_expr(sessions::Column::Address, Expr::value(address))
        .col_expr(sessions::Column::LastSeenAt, Expr::value(seen))
        .col_expr(sessions::Column::ExpiresAt, Expr::value(expires_at))
        .filter(sessions::Column::SecretHash.eq(hash.clone()))
        .exec(db)
        .await?;
    Ok(())
}

/// The living session behind a secret.
pub async fn find(db: &impl ConnectionTrait, hash: &SecretHash, now: DateTime<Utc>) -> Result<Option<StoredSession>> {
    Ok(sessions::Entity::find_by_id(hash.clone()).filter(sessions::Column::ExpiresAt.gt(now)).one(db).await?.map(stored))
}

/// Whether this session of the person has not been ended.
pub async fn is_there(db: &impl ConnectionTrait, user: UserId, id: SessionId) -> Result<bool> {
    let found = sessions::Entity::find().filter(sessions::Column::UserId.eq(user)).filter(sessions::Column::Id.eq(id));
    Ok(found.one(db).await?.is_some())
}

/// Ends the session behind a secret.
pub async fn delete(db: &impl ConnectionTrait, hash: &SecretHash) -> Result<()> {
    sessions::Entity::delete_by_id(hash.clone()).exec(db).await?;
    Ok(())
}

/// The person's living sessions, the last used first.
pub async fn of_user(db: &impl ConnectionTrait, user: UserId, now: DateTime<Utc>) -> Result<Vec<StoredSession>> {
    let rows = sessions::Entity::find()
        .filter(sessions::Column::UserId.eq(user))
        .filter(sessions::Column::ExpiresAt.gt(now))
        .order_by_desc(sessions::Column::LastSeenAt)
        .all(db)
        .await?;
    Ok(rows.into_iter().map(stored).collect())
}

/// Ends one of the person's sessions; says whether there was such a one.
pub async fn end_one(db: &impl ConnectionTrait, user: UserId, id: SessionId) -> Result<bool> {
    let ended =
        sessions::Entity::delete_many().filter(sessions::Column::UserId.eq(user)).filter(sessions::Column::Id.eq(id)).exec(db).await?;
    Ok(ended.rows_affected > 0)
}

/// Ends the person's sessions, except the one to keep.
pub async fn end_all(db: &impl ConnectionTrait, user: UserId, keep: Option<SessionId>) -> Result<()> {
    let mut ending = sessions::Entity::delete_many().filter(sessions::Column::UserId.eq(user));
    if let Some(keep) = keep {
        ending = ending.filter(sessions::Column::Id.ne(keep));
    }
    ending.exec(db).await?;
    Ok(())
}

/// Forgets sessions whose time is over.
pub async fn delete_expired(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<()> {
    sessions::Entity::delete_many().filter(sessions::Column::ExpiresAt.lte(now)).exec(db).await?;
    Ok(())
}
