//! A link sent by mail that proves a mailbox.

use app::domain::ids::{MailLinkId, UserId};
use sea_orm::entity::prelude::*;

use crate::auth::secret::SecretHash;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mail_links")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: MailLinkId,
    pub user_id: UserId,
    pub secret_hash: SecretHash,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub name: Option<String>,
    pub sealed_next: Option<Vec<u8>>,
    pub used_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
