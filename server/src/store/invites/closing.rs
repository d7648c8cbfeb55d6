//! The end of invites that nobody took back one by one: whom they are for came in, or is out.

use app::domain::ids::{InviteId, OrgId};
use app::domain::names::Email;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::{cancel_mails, open};
use crate::error::Result;
use crate::store::entities::invites;

/// Revokes the open invites for these addresses and takes their mails out of the queue; which these were. The organization
/// is locked. By its id: those who come in have a proof of their own, and are in no scope yet.
pub async fn close(db: &impl ConnectionTrait, org: OrgId, emails: &[Email], now: DateTime<Utc>) -> Result<Vec<(InviteId, Email)>> {
    let theirs = invites::Entity::find()
        .filter(invites::Column::OrgId.eq(org))
        .filter(invites::Column::Email.is_in(emails.iter().map(Email::as_str)))
        .filter(open())
        .all(db)
        .await?;
    for invite in &theirs {
        cancel_mails(db, org, Some(invite.id)).await?;
    }
    invites::Entity::update_many()
        .col_expr(invites::Column::RevokedAt, Expr::value(now))
        .filter(invites::Column::Id.is_in(theirs.iter().map(|invite| invite.id)))
        .filter(open())
        .exec(db)
        .await?;
    Ok(theirs.into_iter().map(|invite| (invite.id, Email::from_stored(invite.email))).collect())
}
