//! The mails of invites: how many went, and how to call them back.

use std::collections::HashMap;

use app::domain::ids::{InviteId, OrgId};
use app::domain::names::Email;
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};

use super::of;
use crate::auth::access::OrgScope;
use crate::error::Result;
use crate::store::entities::{invites, mails};

/// How many mails the organization sent since then, to each of these addresses.
pub async fn mails_to(db: &impl ConnectionTrait, scope: &OrgScope, emails: &[Email], since: DateTime<Utc>) -> Result<HashMap<String, i64>> {
    let sent: Vec<(String, i64)> = of(scope)
        .select_only()
        .column(invites::Column::Email)
        .column_as(invites::Column::Sends.sum(), "sends")
        .filter(invites::Column::SentAt.gt(since))
        .filter(invites::Column::Email.is_in(emails.iter().map(Email::as_str)))
        .group_by(invites::Column::Email)
        .into_tuple()
        .all(db)
        .await?;
    Ok(sent.into_iter().collect())
}

/// How many mails the organization sent since then.
pub async fn mails_since(db: &impl ConnectionTrait, scope: &OrgScope, since: DateTime<Utc>) -> Result<i64> {
    let sent = of(scope).select_only().column_as(invites::Column::Sends.sum(), "sends").filter(invites::Column::SentAt.gt(since));
    Ok(sent.into_tuple::<Option<i64>>().one(db).await?.flatten().unwrap_or_default())
}

/// Takes the mails of these invites out of the queue: of one, or of all that the organization has.
pub async fn cancel_mails(db: &impl ConnectionTrait, org: OrgId, only: Option<InviteId>) -> Result<()> {
    let of_invites = invites::Entity::find()
        .select_only()
        .column(invites::Column::MailId)
        .filter(invites::Column::OrgId.eq(org))
        .filter(invites::Column::MailId.is_not_null())
        .apply_if(only, |query, id| query.filter(invites::Column::Id.eq(id)));
    mails::Entity::delete_many().filter(mails::Column::Id.in_subquery(of_invites.into_query())).exec(db).await?;
    Ok(())
}
