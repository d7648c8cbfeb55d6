//! A terminal that asks for a personal access token.

use app::domain::ids::{LoginId, PersonalTokenId, UserId};
use sea_orm::entity::prelude::*;

use crate::auth::secret::SecretHash;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "logins")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: LoginId,
    pub device_hash: SecretHash,
    pub code_hash: SecretHash,
    pub device: String,
    pub address: String,
    pub created_at: DateTimeUtc,
    pub expires_at: DateTimeUtc,
    pub polled_at: Option<DateTimeUtc>,
    pub interval_seconds: i32,
    pub user_id: Option<UserId>,
    pub token_id: Option<PersonalTokenId>,
    pub token_expires_at: Option<DateTimeUtc>,
    pub refused_at: Option<DateTimeUtc>,
    pub granted_at: Option<DateTimeUtc>,
    pub network: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
