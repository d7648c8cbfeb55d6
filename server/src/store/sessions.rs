//! Signed-in browsers. The table belongs to no organization: every function names the person or the secret.

use app::domain::ids::{SessionId, UserId};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter, QueryOrder, Statement};

use super::entities::sessions;
use crate::auth::secret::SecretHash;
use crate::error::Result;

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

/// Begins a session.
pub async fn insert(db: &impl ConnectionTrait, row: StoredSession) -> Result<()> {
    sessions::Entity::insert(sessions::ActiveModel {
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
    .await?;
    Ok(())
}

/// Gives a session that has not ended its secret, and what is known of it by now; says whether it was there.
pub async fn complete(db: &impl ConnectionTrait, row: StoredSession) -> Result<bool> {
    let completed = sessions::Entity::update_many()
        .col_expr(sessions::Column::SecretHash, Expr::value(row.secret_hash))
        .col_expr(sessions::Column::Data, Expr::value(row.data))
        .col_expr(sessions::Column::Device, Expr::value(row.device))
        .col_expr(sessions::Column::Address, Expr::value(row.address))
        .col_expr(sessions::Column::LastSeenAt, Expr::value(row.last_seen_at))
        .col_expr(sessions::Column::ExpiresAt, Expr::value(row.expires_at))
        .filter(sessions::Column::UserId.eq(row.user_id))
        .filter(sessions::Column::Id.eq(row.id))
        .exec(db)
        .await?;
    Ok(completed.rows_affected == 1)
}

/// Puts another secret in the place of a session's own, if it has not ended.
pub async fn set_secret(db: &impl ConnectionTrait, user: UserId, id: SessionId, hash: &SecretHash) -> Result<()> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::SecretHash, Expr::value(hash.clone()))
        .filter(sessions::Column::UserId.eq(user))
        .filter(sessions::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Whose session is behind a secret.
pub async fn user_of(db: &impl ConnectionTrait, hash: &SecretHash) -> Result<Option<UserId>> {
    Ok(sessions::Entity::find_by_id(hash.clone()).one(db).await?.and_then(|row| row.user_id))
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

/// This session of the person, if it has not ended.
pub async fn find_of(db: &impl ConnectionTrait, user: UserId, id: SessionId, now: DateTime<Utc>) -> Result<Option<StoredSession>> {
    let found = sessions::Entity::find()
        .filter(sessions::Column::UserId.eq(user))
        .filter(sessions::Column::Id.eq(id))
        .filter(sessions::Column::ExpiresAt.gt(now));
    Ok(found.one(db).await?.map(stored))
}

/// How a transaction takes the lock of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Beside others: their sessions, and what these prove, stay as they are until its end.
    Shared,
    /// Alone, to end one of these.
    Alone,
}

/// Takes the lock of a person until the end of the transaction, as its first statement. On SQLite the transaction itself
/// is the lock.
pub async fn hold(tx: &DatabaseTransaction, user: UserId, hold: Hold) -> Result<()> {
    if tx.get_database_backend() != DbBackend::Postgres {
        return Ok(());
    }
    let sql = match hold {
        Hold::Shared => "SELECT pg_advisory_xact_lock_shared($1)",
        Hold::Alone => "SELECT pg_advisory_xact_lock($1)",
    };
    // The random half of the id; two people with the same one would only wait for each other.
    let key = i64::from_be_bytes(user.as_uuid().as_u64_pair().1.to_be_bytes());
    tx.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, [key.into()])).await?;
    Ok(())
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
