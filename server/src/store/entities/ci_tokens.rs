//! A CI access token.

use app::domain::ids::{CiTokenId, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::auth::secret::SecretHash;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "ci_tokens")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CiTokenId,
    pub workspace_id: WorkspaceId,
    pub name: String,
    pub access: String,
    pub secret_hash: SecretHash,
    pub last_four: String,
    pub old_secret_hash: Option<SecretHash>,
    pub old_works_until: Option<DateTimeUtc>,
    pub created_by: String,
    pub created_at: DateTimeUtc,
    pub expires_at: Option<DateTimeUtc>,
    pub revoked_at: Option<DateTimeUtc>,
    pub last_used_at: Option<DateTimeUtc>,
    pub last_used_from: Option<String>,
    pub refusal_noted_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
