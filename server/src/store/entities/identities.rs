//! A person's account at an OpenID provider.

use app::domain::ids::{IdentityId, UserId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "identities")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: IdentityId,
    pub user_id: UserId,
    pub issuer: String,
    pub subject: String,
    pub email: Option<String>,
    pub hosted_domain: Option<String>,
    pub refresh_token: Option<Vec<u8>>,
    pub linked_at: DateTimeUtc,
    pub confirmed_at: DateTimeUtc,
    pub checked_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
