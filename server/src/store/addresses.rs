//! The e-mail addresses of people. The table belongs to no organization: every function names the person or the secret.
//!
//! Anybody may claim an address, which is then in nobody's way. The one who proves the mailbox has it: of proven addresses
//! there is one row each, and the database sees to it. Somebody who signed up and never opened the mail has no row here.

use app::backend::addresses::AddressRow;
use app::domain::ids::UserId;
use app::domain::names::Email;
use app::error::Conflict;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entities::{address_links, addresses, users};
use crate::auth::secret::SecretHash;
use crate::error::{Result, unique_or};

/// A person's addresses, the primary first, then by the time they were added.
pub async fn of_user(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<AddressRow>> {
    let Some(person) = users::Entity::find_by_id(user).one(db).await? else { return Ok(Vec::new()) };
    let rows = addresses::Entity::find()
        .filter(addresses::Column::UserId.eq(user))
        .order_by_asc(addresses::Column::AddedAt)
        .order_by_asc(addresses::Column::Email)
        .all(db)
        .await?;
    let mut rows: Vec<AddressRow> = rows
        .into_iter()
        .map(|row| AddressRow {
            is_primary: row.email == person.email,
            email: Email::from_stored(row.email),
            added_at: row.added_at,
            confirmed_at: row.confirmed_at,
            link_expires_at: row.link_expires_at,
        })
        .collect();
    rows.sort_by_key(|row| !row.is_primary);
    Ok(rows)
}

/// The addresses of theirs whose mailbox is proven.
pub async fn confirmed(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<Email>> {
    let rows: Vec<String> = addresses::Entity::find()
        .select_only()
        .column(addresses::Column::Email)
        .filter(addresses::Column::UserId.eq(user))
        .filter(addresses::Column::ConfirmedAt.is_not_null())
        .order_by_asc(addresses::Column::Email)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(Email::from_stored).collect())
}

/// Who has proven this address.
pub async fn owner(db: &impl ConnectionTrait, email: &Email) -> Result<Option<UserId>> {
    let row = addresses::Entity::find()
        .filter(addresses::Column::Email.eq(email.as_str()))
        .filter(addresses::Column::ConfirmedAt.is_not_null())
        .one(db)
        .await?;
    Ok(row.map(|row| row.user_id))
}

/// A link that proves a mailbox, to be sent.
pub struct NewLink {
    /// What is stored of its secret.
    pub hash: SecretHash,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// Notes that somebody claims an address, and the link that proves it. The person is locked.
pub async fn insert(db: &impl ConnectionTrait, user: UserId, email: &Email, link: NewLink, now: DateTime<Utc>) -> Result<()> {
    let row = addresses::ActiveModel {
        user_id: Set(user),
        email: Set(email.clone().into()),
        added_at: Set(now),
        confirmed_at: Set(None),
        link_expires_at: Set(link.expires_at),
    };
    addresses::Entity::insert(row).exec_without_returning(db).await?;
    insert_link(db, user, email, link).await
}

async fn insert_link(db: &impl ConnectionTrait, user: UserId, email: &Email, link: NewLink) -> Result<()> {
    let row = address_links::ActiveModel {
        secret_hash: Set(link.hash),
        user_id: Set(user),
        email: Set(email.clone().into()),
        expires_at: Set(link.expires_at),
    };
    address_links::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Notes an address whose mailbox was proven in another way; `Conflict` when it is somebody else's.
pub async fn insert_confirmed(db: &impl ConnectionTrait, user: UserId, email: &str, now: DateTime<Utc>) -> Result<()> {
    let row = addresses::ActiveModel {
        user_id: Set(user),
        email: Set(email.to_owned()),
        added_at: Set(now),
        confirmed_at: Set(Some(now)),
        link_expires_at: Set(now),
    };
    let known =
        OnConflict::columns([addresses::Column::UserId, addresses::Column::Email]).update_column(addresses::Column::ConfirmedAt).to_owned();
    let inserted = addresses::Entity::insert(row).on_conflict(known).exec_without_returning(db).await;
    inserted.map(drop).map_err(unique_or(Conflict::AddressTaken))
}

/// Gives a claim one more link; earlier ones go on working. `false` when the person has no such claim.
pub async fn add_link(db: &impl ConnectionTrait, user: UserId, email: &Email, link: NewLink) -> Result<bool> {
    let renewed = addresses::Entity::update_many()
        .col_expr(addresses::Column::LinkExpiresAt, Expr::value(link.expires_at))
        .filter(addresses::Column::UserId.eq(user))
        .filter(addresses::Column::Email.eq(email.as_str()))
        .filter(addresses::Column::ConfirmedAt.is_null())
        .exec(db)
        .await?;
    if renewed.rows_affected == 0 {
        return Ok(false);
    }
    insert_link(db, user, email, link).await?;
    Ok(true)
}

/// A claim that a link would prove.
pub struct FoundClaim {
    /// Whose.
    pub user: UserId,
    /// The address.
    pub email: Email,
    /// Whether it is proven already.
    pub is_confirmed: bool,
}

/// Who claims which address by this living link.
pub async fn find_link(db: &impl ConnectionTrait, hash: &SecretHash, now: DateTime<Utc>) -> Result<Option<FoundClaim>> {
    let link = address_links::Entity::find()
        .filter(address_links::Column::SecretHash.eq(hash.clone()))
        .filter(address_links::Column::ExpiresAt.gt(now))
        .one(db)
        .await?;
    let Some(link) = link else { return Ok(None) };
    let row = addresses::Entity::find_by_id((link.user_id, link.email)).one(db).await?;
    Ok(row.map(|row| FoundClaim { user: row.user_id, email: Email::from_stored(row.email), is_confirmed: row.confirmed_at.is_some() }))
}

/// The mailbox of a claim is proven. Only one of several at the same moment gets `true`; `Conflict` when somebody else has
/// proven the address.
pub async fn confirm(db: &impl ConnectionTrait, user: UserId, email: &Email, now: DateTime<Utc>) -> Result<bool> {
    let confirmed = addresses::Entity::update_many()
        .col_expr(addresses::Column::ConfirmedAt, Expr::value(now))
        .filter(addresses::Column::UserId.eq(user))
        .filter(addresses::Column::Email.eq(email.as_str()))
        .filter(addresses::Column::ConfirmedAt.is_null())
        .exec(db)
        .await
        .map_err(unique_or(Conflict::AddressTaken))?;
    Ok(confirmed.rows_affected == 1)
}

/// Takes an address from a person; says whether they had it.
pub async fn delete(db: &impl ConnectionTrait, user: UserId, email: &Email) -> Result<bool> {
    let deleted = addresses::Entity::delete_by_id((user, email.as_str().to_owned())).exec(db).await?;
    Ok(deleted.rows_affected > 0)
}

/// Makes the links of a person's claims stop working: somebody else may have asked for them.
pub async fn cancel_links(db: &impl ConnectionTrait, user: UserId) -> Result<()> {
    address_links::Entity::delete_many().filter(address_links::Column::UserId.eq(user)).exec(db).await?;
    Ok(())
}

/// Forgets links that do not work any more.
pub async fn delete_expired_links(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<()> {
    address_links::Entity::delete_many().filter(address_links::Column::ExpiresAt.lte(now)).exec(db).await?;
    Ok(())
}

/// Forgets claims whose last link ended before this moment.
pub async fn delete_stale(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<()> {
    addresses::Entity::delete_many()
        .filter(addresses::Column::ConfirmedAt.is_null())
        .filter(addresses::Column::LinkExpiresAt.lte(before))
        .exec(db)
        .await?;
    Ok(())
}
