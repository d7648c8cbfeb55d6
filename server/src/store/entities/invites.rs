//! An invite into an organization.

use app::domain::ids::{InviteId, MailId, OrgId, UserId};
use sea_orm::entity::prelude::*;

use crate::auth::secret::SecretHash;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "invites")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: InviteId,
    pub org_id: OrgId,
    pub email: String,
    pub role: String,
    pub message: Option<String>,
    pub invited_by: String,
    pub invited_by_id: Option<UserId>,
    pub created_at: DateTimeUtc,
    pub sent_at: DateTimeUtc,
    pub sends: i32,
    pub expires_at: DateTimeUtc,
    pub mail_hash: Option<SecretHash>,
    pub copy_hash: Option<SecretHash>,
    pub mail_id: Option<MailId>,
    pub requires_provider: bool,
    pub accepted_at: Option<DateTimeUtc>,
    pub accepted_by: Option<UserId>,
    pub revoked_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
