//! People, and the links that prove their mailbox. These tables belong to no organization.

use app::domain::ids::{MailLinkId, UserId};
use app::domain::names::{Email, PersonName};
use app::domain::text;
use app::error::Conflict;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, QueryTrait as _};

use super::addresses as addresses_of;
use super::entities::{addresses, mail_links, members, users};
use super::named;
use crate::auth::secret::SecretHash;
use crate::error::{Result, unique_or};

/// A person.
#[derive(Debug, Clone)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their primary address.
    pub email: Email,
    /// Their name.
    pub name: PersonName,
    /// Hash of their password, if they have one.
    pub password_hash: Option<String>,
    /// Whether the mailbox is proven.
    pub confirmed: bool,
}

fn user(row: users::Model) -> User {
    User {
        id: row.id,
        email: Email::from_stored(row.email),
        name: PersonName::from_stored(row.name),
        password_hash: row.password_hash,
        confirmed: row.email_confirmed_at.is_some(),
    }
}

/// The person who has proven this address, or else the one who signed up with it.
pub async fn find_by_email(db: &impl ConnectionTrait, email: &Email) -> Result<Option<User>> {
    let proven = addresses::Entity::find()
        .select_only()
        .column(addresses::Column::UserId)
        .filter(addresses::Column::Email.eq(email.as_str()))
        .filter(addresses::Column::ConfirmedAt.is_not_null());
    let either = users::Column::Email.eq(email.as_str()).or(users::Column::Id.in_subquery(proven.into_query()));
    let found = users::Entity::find().filter(either).all(db).await?;
    Ok(found.into_iter().max_by_key(|row| row.email_confirmed_at.is_some()).map(user))
}

/// The person with this id.
pub async fn find(db: &impl ConnectionTrait, id: UserId) -> Result<Option<User>> {
    Ok(users::Entity::find_by_id(id).one(db).await?.map(user))
}

/// When their account began.
pub async fn created_at(db: &impl ConnectionTrait, id: UserId) -> Result<Option<DateTime<Utc>>> {
    Ok(users::Entity::find_by_id(id).one(db).await?.map(|row| row.created_at))
}

/// The person with this id, who stays as they are until the transaction ends. Lock organizations before people.
pub async fn lock(tx: &DatabaseTransaction, id: UserId) -> Result<Option<User>> {
    Ok(users::Entity::find_by_id(id).lock_exclusive().one(tx).await?.map(user))
}

/// The addresses of theirs whose mailbox is proven.
pub async fn confirmed_addresses(db: &impl ConnectionTrait, id: UserId) -> Result<Vec<Email>> {
    addresses_of::confirmed(db, id).await
}

/// Adds a person, unless the address is known. Says whether they were added.
pub async fn insert(db: &impl ConnectionTrait, new: &User, now: DateTime<Utc>) -> Result<bool> {
    if addresses_of::owner(db, &new.email).await?.is_some() {
        return Ok(false);
    }
    let row = users::ActiveModel {
        id: Set(new.id),
        email: Set(new.email.clone().into()),
        name: Set(new.name.clone().into()),
        name_key: Set(Some(text::key(new.name.as_str()))),
        password_hash: Set(new.password_hash.clone()),
        email_confirmed_at: Set(new.confirmed.then_some(now)),
        created_at: Set(now),
    };
    let added = users::Entity::insert(row)
        .on_conflict(OnConflict::column(users::Column::Email).do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    if added > 0 && new.confirmed {
        addresses_of::insert_confirmed(db, new.id, new.email.as_str(), now).await?;
    }
    Ok(added > 0)
}

/// Marks the mailbox as proven; `Conflict` when somebody else has proven it meanwhile.
pub async fn confirm(db: &impl ConnectionTrait, id: UserId, now: DateTime<Utc>) -> Result<()> {
    let Some(row) = users::Entity::find_by_id(id).one(db).await? else { return Ok(()) };
    if row.email_confirmed_at.is_some() {
        return Ok(());
    }
    users::Entity::update_many()
        .col_expr(users::Column::EmailConfirmedAt, Expr::value(now))
        .filter(users::Column::Id.eq(id))
        .exec(db)
        .await?;
    addresses_of::insert_confirmed(db, id, &row.email, now).await
}

/// Makes a proven address of the person the primary one. The person is locked.
pub async fn set_primary(db: &impl ConnectionTrait, id: UserId, email: &Email) -> Result<()> {
    users::Entity::update_many()
        .col_expr(users::Column::Email, Expr::value(email.as_str()))
        .filter(users::Column::Id.eq(id))
        .exec(db)
        .await
        .map_err(unique_or(Conflict::AddressTaken))?;
    Ok(())
}

/// Forgets somebody who signed up with this address and never opened the mail: its owner is here.
pub async fn delete_unconfirmed(db: &impl ConnectionTrait, email: &Email) -> Result<()> {
    let in_an_org = members::Entity::find().select_only().column(members::Column::UserId);
    users::Entity::delete_many()
        .filter(users::Column::Email.eq(email.as_str()))
        .filter(users::Column::EmailConfirmedAt.is_null())
        // The operator may have put them in; nobody else can.
        .filter(users::Column::Id.not_in_subquery(in_an_org.into_query()))
        .exec(db)
        .await?;
    Ok(())
}

/// Deletes a person with their sessions, links, addresses and memberships.
pub async fn delete(db: &impl ConnectionTrait, id: UserId) -> Result<()> {
    users::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// Sets the hash of a new password.
pub async fn set_password(db: &impl ConnectionTrait, id: UserId, hash: &str) -> Result<()> {
    users::Entity::update_many().col_expr(users::Column::PasswordHash, Expr::value(hash)).filter(users::Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// Sets another name.
pub async fn rename(db: &impl ConnectionTrait, id: UserId, name: &PersonName) -> Result<()> {
    named::rename::<users::Entity>(name.as_str()).filter(users::Column::Id.eq(id)).exec(db).await?;
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
    /// What the one called themselves who signed up.
    pub name: Option<PersonName>,
    /// Where it leads on to, sealed.
    pub sealed_next: Option<Vec<u8>>,
}

/// A link that works, or was used lately.
pub struct FoundLink {
    /// Its id.
    pub id: MailLinkId,
    /// Whose mailbox it went to.
    pub user: UserId,
    /// What the one called themselves who signed up.
    pub name: Option<PersonName>,
    /// Where it leads on to, sealed.
    pub sealed_next: Option<Vec<u8>>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
}

/// Stores a link. Earlier ones of the same person go on working.
pub async fn insert_link(db: &impl ConnectionTrait, link: NewLink, now: DateTime<Utc>) -> Result<()> {
    let row = mail_links::ActiveModel {
        id: Set(link.id),
        user_id: Set(link.user),
        secret_hash: Set(link.hash),
        created_at: Set(now),
        expires_at: Set(link.expires_at),
        name: Set(link.name.map(String::from)),
        sealed_next: Set(link.sealed_next),
        used_at: Set(None),
    };
    mail_links::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The link with this secret, as long as it is not too old.
pub async fn find_link(db: &impl ConnectionTrait, hash: &SecretHash, now: DateTime<Utc>) -> Result<Option<FoundLink>> {
    let row = mail_links::Entity::find()
        .filter(mail_links::Column::SecretHash.eq(hash.clone()))
        .filter(mail_links::Column::ExpiresAt.gt(now))
        .one(db)
        .await?;
    let found = |row: mail_links::Model| FoundLink {
        id: row.id,
        user: row.user_id,
        name: row.name.map(PersonName::from_stored),
        sealed_next: row.sealed_next,
        used_at: row.used_at,
    };
    Ok(row.map(found))
}

/// Uses the link up, and with it all others of the person; only one of several uses at the same moment gets `true`. The
/// person is locked.
pub async fn consume_link(db: &impl ConnectionTrait, link: &FoundLink, now: DateTime<Utc>) -> Result<bool> {
    let used = mail_links::Entity::update_many()
        .col_expr(mail_links::Column::UsedAt, Expr::value(now))
        .filter(mail_links::Column::Id.eq(link.id))
        .filter(mail_links::Column::UsedAt.is_null())
        .exec(db)
        .await?;
    if used.rows_affected == 0 {
        return Ok(false);
    }
    mail_links::Entity::delete_many()
        .filter(mail_links::Column::UserId.eq(link.user))
        .filter(mail_links::Column::Id.ne(link.id))
        .exec(db)
        .await?;
    Ok(true)
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
