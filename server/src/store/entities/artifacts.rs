//! An artifact of the remote cache.

use app::domain::ids::{ArtifactId, WorkspaceId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "artifacts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ArtifactId,
    pub workspace_id: WorkspaceId,
    pub scope: String,
    pub hash: String,
    pub blob: String,
    pub bytes: i64,
    pub created_by: String,
    pub created_at: DateTimeUtc,
    pub last_read_at: Option<DateTimeUtc>,
    pub last_used_at: DateTimeUtc,
    pub hits: i64,
    pub encrypted: bool,
    pub sha256: Option<Vec<u8>>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
