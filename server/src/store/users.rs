//! People, and the links that prove their mailbox. These tables belong to no organization.

use app::domain::ids::{MailLinkId, UserId};
use app::domain::names::{Email, PersonName};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect as _};

use super::entities::{mail_links, users};
use crate::auth::secret::SecretHash;
use crate::error::{Error, Result};

/// A person.
#[derive(Debug, Clone)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their address.
    pub email: Email,
    /// Their name.
    pub name: PersonName,
    /// Hash of their password, if they have one.
    pub password_hash: Option<String>,
    /// Whether the mailbox is proven.
    pub confirmed: bool,
}

fn user(row: users::Model) -> Result<User> {
    Ok(User {
        id: row.id,
        email: Email::parse(&row.email).map_err(|_| Error::Stored("e-mail address"))?,
        name: PersonName::parse(&row.name).map_err(|_| Error::Stored("person's name"))?,
        password_hash: row.password_hash,
        confirmed: row.email_confirmed_at.is_some(),
    })
}

/// The person with this address.
pub async fn find_by_email(db: &impl ConnectionTrait, email: &Email) -> Result<Option<User>> {
    users::Entity::find().filter(users::Column::Email.eq(email.as_str())).one(db).await?.map(user).transpose()
}

/// The person with this id.
pub async fn find(db: &impl ConnectionTrait, id: UserId) -> Result<Option<User>> {
    users::Entity::find_by_id(id).one(db).await?.map(user).transpose()
}

/// The person with this id, whose row stays locked until the transaction ends.
pub async fn find_for_change(tx: &DatabaseTransaction, id: UserId) -> Result<Option<User>> {
    users::Entity::find_by_id(id).lock_exclusive().one(tx).await?.map(user).transpose()
}

/// The addresses of theirs whose mailbox is proven.
pub async fn confirmed_addresses(db: &impl ConnectionTrait, id: UserId) -> Result<Vec<Email>> {
    Ok(find(db, id).await?.filter(|user| user.confirmed).map(|user| user.email).into_iter().collect())
}

/// Adds a person, unless the address is known. Says whether they were added.
pub async fn insert(db: &impl ConnectionTrait, new: &User, now: DateTime<Utc>) -> Result<bool> {
    let row = users::ActiveModel {
        id: Set(new.id),
        email: Set(new.email.clone().into()),
        name: Set(new.name.clone().into()),
        password_hash: Set(new.password_hash.clone()),
        email_confirmed_at: Set(new.confirmed.then_some(now)),
        created_at: Set(now),
    };
    let added = users::Entity::insert(row)
        .on_conflict(OnConflict::column(users::Column::Email).do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    Ok(added > 0)
}

/// Marks the mailbox as proven.
pub async fn confirm(db: &impl ConnectionTrait, id: UserId, now: DateTime<Utc>) -> Result<()> {
    users::Entity::update_many()
        .col_expr(users::Column::EmailConfirmedAt, Expr::value(now))
        .filter(users::Column::Id.eq(id))
        .filter(users::Column::EmailConfirmedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Sets the hash of a new password.
pub async fn set_password(db: &impl ConnectionTrait, id: UserId, hash: &str) -> Result<()> {
    users::Entity::update_many().col_expr(users::Column::PasswordHash, Expr::value(hash)).filter(users::Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Sets another name.
pub async fn rename(db: &impl ConnectionTrait, id: UserId, name: &PersonName) -> Result<()> {
    users::Entity::update_many()
        .col_expr(users::Column::Name, Expr::value(name.as_str()))
        .filter(users::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// A link to choose a password, to be sent.
pub struct NewLink {
    /// Its id.
    pub id: MailLinkId,
    /// Whose mailbox it goes to.
    pub user: UserId,
    /// What is stored of its secret.
    pub hash: SecretHash,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// Stores a link; older ones of the same person stop working.
pub async fn replace_link(db: &impl ConnectionTrait, link: NewLink, now: DateTime<Utc>) -> Result<()> {
    delete_links(db, link.user).await?;
    let row = mail_links::ActiveModel {
        id: Set(link.id),
        user_id: Set(link.user),
        secret_hash: Set(link.hash),
        created_at: Set(now),
        expires_at: Set(link.expires_at),
    };
    mail_links::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Whose living link this is.
pub async fn find_link(db: &impl ConnectionTrait, hash: &SecretHash, now: DateTime<Utc>) -> Result<Option<UserId>> {
    let row = mail_links::Entity::find()
        .filter(mail_links::Column::SecretHash.eq(hash.clone()))
        .filter(mail_links::Column::ExpiresAt.gt(now))
        .one(db)
        .await?;
    Ok(row.map(|row| row.user_id))
}

/// Uses the link up; only one of several at the same moment gets `true`.
pub async fn consume_link(db: &impl ConnectionTrait, hash: &SecretHash) -> Result<bool> {
    let deleted = mail_links::Entity::delete_many().filter(mail_links::Column::SecretHash.eq(hash.clone())).exec(db).await?;
    Ok(deleted.rows_affected > 0)
}

/// Makes the person's links stop working.
pub async fn delete_links(db: &impl ConnectionTrait, user: UserId) -> Result<()> {
    mail_links::Entity::delete_many().filter(mail_links::Column::UserId.eq(user)).exec(db).await?;
    Ok(())
}

/// Forgets links that do not work any more.
pub async fn delete_expired_links(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<()> {
    mail_links::Entity::delete_many().filter(mail_links::Column::ExpiresAt.lte(now)).exec(db).await?;
    Ok(())
}
