//! A signed-in browser.

use app::domain::ids::{SessionId, UserId};
use sea_orm::entity::prelude::*;

use crate::auth::secret::SecretHash;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub secret_hash: SecretHash,
    pub id: SessionId,
    pub user_id: Option<UserId>,
    pub data: String,
    pub device: String,
    pub address: String,
    pub created_at: DateTimeUtc,
    pub last_seen_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
