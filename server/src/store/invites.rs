//! Invites of an organization, as its Admins see and change them.

mod closing;
mod sending;

pub use closing::close;
pub use sending::{cancel_mails, mails_since, mails_to};

use std::collections::HashSet;

use app::backend::Page;
use app::backend::invites::InviteRow;
use app::domain::ids::{InviteId, MailId, UserId};
use app::domain::invite::{Delivery, InviteState};
use app::domain::names::{Email, InviteMessage};
use app::domain::role::Role;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::entities::{addresses, invites, mails, members};
use crate::auth::access::OrgScope;
use crate::auth::invited::Invited;
use crate::auth::secret::SecretHash;
use crate::error::{Error, Result};

/// Rows on one page of the list.
const PAGE: u64 = 100;

fn open() -> Condition {
    Condition::all().add(invites::Column::AcceptedAt.is_null()).add(invites::Column::RevokedAt.is_null())
}

fn of(scope: &OrgScope) -> sea_orm::Select<invites::Entity> {
    invites::Entity::find().filter(invites::Column::OrgId.eq(scope.id()))
}

/// An invite to be stored.
pub struct NewInvite {
    /// Its id.
    pub id: InviteId,
    /// Who is invited.
    pub email: Email,
    /// As what.
    pub role: Role,
    /// A few words in the mail.
    pub message: Option<InviteMessage>,
    /// Name of the Admin who invites.
    pub invited_by: String,
    /// That Admin; `None` for the operator.
    pub inviter: Option<UserId>,
    /// Of the link in the mail.
    pub hash: SecretHash,
    /// The mail.
    pub mail: MailId,
    /// Now.
    pub now: DateTime<Utc>,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
    /// Whether they have to sign in through the provider.
    pub requires_provider: bool,
}

/// Stores an invite for an address that has no open one. The organization is locked.
pub async fn insert(db: &impl ConnectionTrait, scope: &OrgScope, new: NewInvite) -> Result<()> {
    let row = invites::ActiveModel {
        id: Set(new.id),
        org_id: Set(scope.id()),
        email: Set(new.email.into()),
        role: Set(new.role.as_str().to_owned()),
        message: Set(new.message.map(Into::into)),
        invited_by: Set(new.invited_by),
        invited_by_id: Set(new.inviter),
        created_at: Set(new.now),
        sent_at: Set(new.now),
        sends: Set(1),
        expires_at: Set(new.expires_at),
        mail_hash: Set(Some(new.hash)),
        copy_hash: Set(None),
        mail_id: Set(Some(new.mail)),
        requires_provider: Set(new.requires_provider),
        accepted_at: Set(None),
        accepted_by: Set(None),
        revoked_at: Set(None),
    };
    invites::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Which of these addresses belong to members.
pub async fn members_among(db: &impl ConnectionTrait, scope: &OrgScope, emails: &[Email]) -> Result<HashSet<String>> {
    let with_members = addresses::Entity::belongs_to(members::Entity).from(addresses::Column::UserId).to(members::Column::UserId).into();
    let found: Vec<String> = addresses::Entity::find()
        .select_only()
        .column(addresses::Column::Email)
        .join(JoinType::InnerJoin, with_members)
        .filter(members::Column::OrgId.eq(scope.id()))
        .filter(addresses::Column::ConfirmedAt.is_not_null())
        .filter(addresses::Column::Email.is_in(emails.iter().map(Email::as_str)))
        .into_tuple()
        .all(db)
        .await?;
    Ok(found.into_iter().collect())
}

/// An open invite, as far as sending it again needs.
pub struct OpenInvite {
    /// Its id.
    pub id: InviteId,
    /// Who is invited.
    pub email: Email,
    /// As what.
    pub role: Role,
    /// A few words in the mail.
    pub message: Option<InviteMessage>,
    /// Name of the Admin who invited.
    pub invited_by: String,
    /// When it was last sent.
    pub sent_at: DateTime<Utc>,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
    /// Whether they have to sign in through the provider.
    pub requires_provider: bool,
}

fn role(text: &str) -> Result<Role> {
    text.parse().map_err(|_| Error::Stored("role"))
}

impl TryFrom<invites::Model> for OpenInvite {
    type Error = Error;

    fn try_from(row: invites::Model) -> Result<Self> {
        Ok(Self {
            id: row.id,
            email: Email::from_stored(&row.email),
            role: role(&row.role)?,
            message: row.message.map(InviteMessage::from_stored),
            invited_by: row.invited_by,
            sent_at: row.sent_at,
            expires_at: row.expires_at,
            requires_provider: row.requires_provider,
        })
    }
}

/// The open invites for these addresses.
pub async fn open_among(db: &impl ConnectionTrait, scope: &OrgScope, emails: &[Email]) -> Result<Vec<OpenInvite>> {
    let rows = of(scope).filter(open()).filter(invites::Column::Email.is_in(emails.iter().map(Email::as_str))).all(db).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The invite with this id: `None` when there is none, `Some(None)` when it is accepted or revoked.
pub async fn find(db: &impl ConnectionTrait, scope: &OrgScope, id: InviteId) -> Result<Option<Option<OpenInvite>>> {
    let Some(row) = of(scope).filter(invites::Column::Id.eq(id)).one(db).await? else { return Ok(None) };
    let is_open = row.accepted_at.is_none() && row.revoked_at.is_none();
    Ok(Some(if is_open { Some(row.try_into()?) } else { None }))
}

/// How many are open.
pub async fn count_open(db: &impl ConnectionTrait, scope: &OrgScope) -> Result<u64> {
    Ok(of(scope).filter(open()).count(db).await?)
}

/// What changes when an invite is sent again.
pub struct Renewal {
    /// As what.
    pub role: Role,
    /// A few words in the mail.
    pub message: Option<InviteMessage>,
    /// Name of the Admin who sends it.
    pub invited_by: String,
    /// That Admin; `None` for the operator.
    pub inviter: Option<UserId>,
    /// Of the new link in the mail.
    pub hash: SecretHash,
    /// The new mail.
    pub mail: MailId,
    /// Now.
    pub now: DateTime<Utc>,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
    /// Whether they have to sign in through the provider.
    pub requires_provider: bool,
}

/// Sends an open invite again: all its earlier links stop working. `false` when it is no longer open.
pub async fn renew(db: &impl ConnectionTrait, scope: &OrgScope, id: InviteId, renewal: Renewal) -> Result<bool> {
    let row = invites::ActiveModel {
        role: Set(renewal.role.as_str().to_owned()),
        message: Set(renewal.message.map(Into::into)),
        invited_by: Set(renewal.invited_by),
        invited_by_id: Set(renewal.inviter),
        sent_at: Set(renewal.now),
        expires_at: Set(renewal.expires_at),
        mail_hash: Set(Some(renewal.hash)),
        copy_hash: Set(None),
        mail_id: Set(Some(renewal.mail)),
        requires_provider: Set(renewal.requires_provider),
        ..Default::default()
    };
    let renewed = invites::Entity::update_many()
        .set(row)
        .col_expr(invites::Column::Sends, Expr::col(invites::Column::Sends).add(1))
        .filter(invites::Column::Id.eq(id))
        .filter(invites::Column::OrgId.eq(scope.id()))
        .filter(open())
        .exec(db)
        .await?;
    Ok(renewed.rows_affected == 1)
}

/// Takes an open invite back. `false` when it is no longer open.
pub async fn revoke(db: &impl ConnectionTrait, scope: &OrgScope, id: InviteId, now: DateTime<Utc>) -> Result<bool> {
    change(db, scope, id, invites::ActiveModel { revoked_at: Set(Some(now)), ..Default::default() }).await
}

/// Stores the hash of a link to hand over, in place of an earlier one. `false` when the invite is no longer open.
pub async fn set_copy_hash(db: &impl ConnectionTrait, scope: &OrgScope, id: InviteId, hash: SecretHash) -> Result<bool> {
    change(db, scope, id, invites::ActiveModel { copy_hash: Set(Some(hash)), ..Default::default() }).await
}

async fn change(db: &impl ConnectionTrait, scope: &OrgScope, id: InviteId, row: invites::ActiveModel) -> Result<bool> {
    let changed = invites::Entity::update_many()
        .set(row)
        .filter(invites::Column::Id.eq(id))
        .filter(invites::Column::OrgId.eq(scope.id()))
        .filter(open())
        .exec(db)
        .await?;
    Ok(changed.rows_affected == 1)
}

/// Keeps the invites of a person whose account ends, under the name that they have in them.
pub async fn forget_inviter(db: &impl ConnectionTrait, user: UserId) -> Result<()> {
    invites::Entity::update_many()
        .col_expr(invites::Column::InvitedById, Expr::value(None::<UserId>))
        .filter(invites::Column::InvitedById.eq(user))
        .exec(db)
        .await?;
    Ok(())
}

/// Uses an invite up for this person, unless it is used up, revoked or too old. The organization is locked.
pub async fn accept(db: &impl ConnectionTrait, invited: &Invited, user: UserId, now: DateTime<Utc>) -> Result<bool> {
    let row = invites::ActiveModel { accepted_at: Set(Some(now)), accepted_by: Set(Some(user)), ..Default::default() };
    let accepted = invites::Entity::update_many()
        .set(row)
        .filter(invites::Column::Id.eq(invited.id()))
        .filter(open())
        .filter(invites::Column::ExpiresAt.gt(now))
        .exec(db)
        .await?;
    Ok(accepted.rows_affected == 1)
}

/// Invites with what became of their mails, the newest first.
pub async fn list(
    db: &impl ConnectionTrait,
    scope: &OrgScope,
    open_only: bool,
    after: Option<InviteId>,
    now: DateTime<Utc>,
) -> Result<Page<InviteRow>> {
    let mut rows = of(scope)
        .apply_if(open_only.then(open), QueryFilter::filter)
        .apply_if(after, |query, after| query.filter(invites::Column::Id.lt(after)))
        .order_by_desc(invites::Column::Id)
        .limit(PAGE + 1)
        .all(db)
        .await?;
    let more = rows.len() as u64 > PAGE;
    rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let next = if more { rows.last().map(|row| row.id.to_string()) } else { None };
    let waiting = mails::Entity::find().filter(mails::Column::Id.is_in(rows.iter().filter_map(|row| row.mail_id))).all(db).await?;
    let rows = rows.into_iter().map(|row| {
        let mail = row.mail_id.and_then(|id| waiting.iter().find(|mail| mail.id == id));
        Ok(InviteRow {
            id: row.id,
            email: Email::from_stored(&row.email),
            role: role(&row.role)?,
            invited_by: row.invited_by,
            sent_at: row.sent_at,
            expires_at: row.expires_at,
            requires_provider: row.requires_provider,
            state: InviteState::at(now, row.expires_at, row.accepted_at, row.revoked_at),
            delivery: mail.map_or(Delivery::Sent, delivery),
        })
    });
    Ok(Page { rows: rows.collect::<Result<_>>()?, next })
}

fn delivery(mail: &mails::Model) -> Delivery {
    match (mail.last_error.clone(), mail.given_up_at) {
        (Some(why), Some(_)) => Delivery::Failed { why },
        (Some(why), None) => Delivery::Delayed { why, next: mail.next_attempt_at },
        (None, _) => Delivery::Queued,
    }
}
