//! Terminals that ask for a personal access token. The table belongs to nobody until somebody has said yes: every function
//! names the secret of the terminal, or the code that the person compares.

use app::domain::ids::{LoginId, PersonalTokenId, UserId};
use app::domain::names::TokenName;
use app::error::Conflict;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entities::logins::{ActiveModel, Column, Entity, Model};
use crate::auth::secret::SecretHash;
use crate::error::{Result, unique_or};
use crate::network::ClientNetwork;

/// What a person has said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Nothing yet.
    None,
    /// Yes: this token is to be made.
    Yes {
        /// Whose it will be.
        user: UserId,
        /// Which it will be.
        token: PersonalTokenId,
        /// When it will end.
        expires_at: Option<DateTime<Utc>>,
    },
    /// No.
    No,
    /// Yes, and the terminal has fetched the token.
    Fetched,
}

/// A login.
#[derive(Debug, Clone)]
pub struct Login {
    /// Its id.
    pub id: LoginId,
    /// What the terminal calls itself.
    pub device: TokenName,
    /// Where it asked from.
    pub address: String,
    /// The network of that address.
    pub network: ClientNetwork,
    /// When it asked.
    pub created_at: DateTime<Utc>,
    /// Until when it waits.
    pub expires_at: DateTime<Utc>,
    /// When it last asked for the answer.
    pub polled_at: Option<DateTime<Utc>>,
    /// How long it has to wait in between.
    pub interval: TimeDelta,
    /// What the person has said.
    pub answer: Answer,
}

fn login(row: Model) -> Login {
    let answer = match (row.granted_at, row.refused_at, row.user_id.zip(row.token_id)) {
        (Some(_), _, _) => Answer::Fetched,
        (None, Some(_), _) => Answer::No,
        (None, None, Some((user, token))) => Answer::Yes { user, token, expires_at: row.token_expires_at },
        (None, None, None) => Answer::None,
    };
    Login {
        id: row.id,
        device: TokenName::from_stored(row.device),
        network: ClientNetwork::of(&row.address),
        address: row.address,
        created_at: row.created_at,
        expires_at: row.expires_at,
        polled_at: row.polled_at,
        interval: TimeDelta::seconds(i64::from(row.interval_seconds)),
        answer,
    }
}

fn seconds(interval: TimeDelta) -> i32 {
    i32::try_from(interval.num_seconds()).unwrap_or(i32::MAX)
}

/// Adds one that waits; `Conflict` when another one has the code.
pub async fn insert(db: &impl ConnectionTrait, new: &Login, device: SecretHash, code: SecretHash) -> Result<()> {
    let row = ActiveModel {
        id: Set(new.id),
        device_hash: Set(device),
        code_hash: Set(code),
        device: Set(new.device.clone().into()),
        address: Set(new.address.clone()),
        created_at: Set(new.created_at),
        expires_at: Set(new.expires_at),
        polled_at: Set(None),
        interval_seconds: Set(seconds(new.interval)),
        user_id: Set(None),
        token_id: Set(None),
        token_expires_at: Set(None),
        refused_at: Set(None),
        granted_at: Set(None),
        network: Set(Some(new.network.to_string())),
    };
    Entity::insert(row).exec_without_returning(db).await.map_err(unique_or(Conflict::JustChanged))?;
    Ok(())
}

/// How many there are, of all people.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(Entity::find().count(db).await?)
}

/// Makes room for a terminal of this network: those whose time is over go, or the oldest one that nobody has answered of the
/// network that has the most. `false` when that network has hardly more than this one.
pub async fn make_room(db: &impl ConnectionTrait, network: ClientNetwork, now: DateTime<Utc>) -> Result<bool> {
    if Entity::delete_many().filter(Column::ExpiresAt.lte(now)).exec(db).await?.rows_affected > 0 {
        return Ok(true);
    }
    let waiting = || Entity::find().filter(Column::UserId.is_null()).filter(Column::RefusedAt.is_null());
    let mine = waiting().filter(Column::Network.eq(network.to_string())).count(db).await?;
    let crowd: Option<(Option<String>, i64)> = waiting()
        .select_only()
        .column(Column::Network)
        .column_as(Column::Id.count(), "amount")
        .group_by(Column::Network)
        .order_by_desc(Column::Id.count())
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    let Some((crowd, _)) = crowd.filter(|(_, amount)| u64::try_from(*amount).unwrap_or_default() > mine + 1) else { return Ok(false) };
    let of_crowd = match crowd {
        Some(network) => Column::Network.eq(network),
        None => Column::Network.is_null(),
    };
    let Some(oldest) = waiting().filter(of_crowd).order_by_asc(Column::CreatedAt).one(db).await? else { return Ok(false) };
    Ok(Entity::delete_by_id(oldest.id).exec(db).await?.rows_affected > 0)
}

/// The one that waits with this code.
pub async fn find_waiting(db: &impl ConnectionTrait, code: &SecretHash, now: DateTime<Utc>) -> Result<Option<Login>> {
    let found = Entity::find()
        .filter(Column::CodeHash.eq(code.clone()))
        .filter(Column::ExpiresAt.gt(now))
        .filter(Column::UserId.is_null())
        .filter(Column::RefusedAt.is_null());
    Ok(found.one(db).await?.map(login))
}

/// The one with this secret.
pub async fn find_by_device(db: &impl ConnectionTrait, device: &SecretHash) -> Result<Option<Login>> {
    Ok(Entity::find().filter(Column::DeviceHash.eq(device.clone())).one(db).await?.map(login))
}

/// The one with this id, which stays as it is until the transaction ends. Lock people before logins.
pub async fn lock(tx: &DatabaseTransaction, id: LoginId) -> Result<Option<Login>> {
    Ok(Entity::find_by_id(id).lock_exclusive().one(tx).await?.map(login))
}

/// A person said yes; `false` when somebody has answered before.
pub async fn confirm(
    db: &impl ConnectionTrait,
    id: LoginId,
    (user, token): (UserId, PersonalTokenId),
    expires_at: Option<DateTime<Utc>>,
) -> Result<bool> {
    let answered = Entity::update_many()
        .col_expr(Column::UserId, Expr::value(user))
        .col_expr(Column::TokenId, Expr::value(token))
        .col_expr(Column::TokenExpiresAt, Expr::value(expires_at))
        .filter(Column::Id.eq(id))
        .filter(Column::UserId.is_null())
        .filter(Column::RefusedAt.is_null())
        .exec(db)
        .await?;
    Ok(answered.rows_affected == 1)
}

/// A person said no; `false` when somebody has answered before.
pub async fn refuse(db: &impl ConnectionTrait, id: LoginId, now: DateTime<Utc>) -> Result<bool> {
    let answered = Entity::update_many()
        .col_expr(Column::RefusedAt, Expr::value(now))
        .filter(Column::Id.eq(id))
        .filter(Column::UserId.is_null())
        .filter(Column::RefusedAt.is_null())
        .exec(db)
        .await?;
    Ok(answered.rows_affected == 1)
}

/// The terminal has asked for the answer, and may ask again after this interval. The login is locked.
pub async fn note_poll(db: &impl ConnectionTrait, id: LoginId, interval: TimeDelta, now: DateTime<Utc>) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::PolledAt, Expr::value(now))
        .col_expr(Column::IntervalSeconds, Expr::value(seconds(interval)))
        .filter(Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// The terminal has fetched its token. The login is locked.
pub async fn note_fetched(db: &impl ConnectionTrait, id: LoginId, now: DateTime<Utc>) -> Result<()> {
    Entity::update_many().col_expr(Column::GrantedAt, Expr::value(now)).filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Terminals that have a person's yes, and have not fetched their tokens, get none. The person is locked.
pub async fn end_all(db: &impl ConnectionTrait, user: UserId, now: DateTime<Utc>) -> Result<()> {
    Entity::update_many()
        .col_expr(Column::ExpiresAt, Expr::value(now))
        .filter(Column::UserId.eq(user))
        .filter(Column::GrantedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Forgets those whose time was over before this moment.
pub async fn delete_old(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<()> {
    Entity::delete_many().filter(Column::ExpiresAt.lt(before)).exec(db).await?;
    Ok(())
}
