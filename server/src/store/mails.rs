//! The mail queue. A message is queued in the transaction of the change that causes it.

use app::domain::ids::MailId;
use app::domain::names::Email;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entities::mails;
use crate::error::Result;

/// A message in the queue.
pub struct QueuedMail {
    /// Its id.
    pub id: MailId,
    /// Where it goes.
    pub recipient: Email,
    /// Subject and text, sealed.
    pub sealed_message: Vec<u8>,
    /// How often it was tried.
    pub attempts: i32,
}

/// Queues a message.
pub async fn insert(db: &impl ConnectionTrait, id: MailId, recipient: &Email, sealed_message: Vec<u8>, now: DateTime<Utc>) -> Result<()> {
    let row = mails::ActiveModel {
        id: Set(id),
        recipient: Set(recipient.clone().into()),
        sealed_message: Set(sealed_message),
        attempts: Set(0),
        created_at: Set(now),
        next_attempt_at: Set(now),
        given_up_at: Set(None),
        last_error: Set(None),
    };
    mails::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Takes the next message that is due, and puts it off to `retry_at`, so that no other server sends it meanwhile.
pub async fn claim(db: &impl ConnectionTrait, now: DateTime<Utc>, retry_at: DateTime<Utc>) -> Result<Option<QueuedMail>> {
    loop {
        let due = mails::Entity::find()
            .filter(mails::Column::GivenUpAt.is_null())
            .filter(mails::Column::NextAttemptAt.lte(now))
            .order_by_asc(mails::Column::NextAttemptAt)
            .limit(1)
            .one(db)
            .await?;
        let Some(row) = due else { return Ok(None) };
        let claimed = mails::Entity::update_many()
            .col_expr(mails::Column::Attempts, Expr::value(row.attempts + 1))
            .col_expr(mails::Column::NextAttemptAt, Expr::value(retry_at))
            .filter(mails::Column::Id.eq(row.id))
            .filter(mails::Column::Attempts.eq(row.attempts))
            .exec(db)
            .await?;
        if claimed.rows_affected == 1 {
            return Ok(Some(QueuedMail {
                id: row.id,
                recipient: Email::from_stored(&row.recipient),
                sealed_message: row.sealed_message,
                attempts: row.attempts + 1,
            }));
        }
    }
}

/// Forgets a message that was sent.
pub async fn delete(db: &impl ConnectionTrait, id: MailId) -> Result<()> {
    mails::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

/// Notes why it was not sent, and when it is tried again; `None` gives it up.
pub async fn put_off(
    db: &impl ConnectionTrait,
    id: MailId,
    error: &str,
    retry_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let mut update = mails::Entity::update_many().col_expr(mails::Column::LastError, Expr::value(error)).filter(mails::Column::Id.eq(id));
    update = match retry_at {
        Some(at) => update.col_expr(mails::Column::NextAttemptAt, Expr::value(at)),
        None => update.col_expr(mails::Column::GivenUpAt, Expr::value(now)),
    };
    update.exec(db).await?;
    Ok(())
}
