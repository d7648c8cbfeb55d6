//! A purge of artifacts, under way or done.

use app::domain::ids::{PurgeId, WorkspaceId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "purges")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PurgeId,
    pub workspace_id: WorkspaceId,
    pub used_before: DateTimeUtc,
    pub total: i64,
    pub done: i64,
    pub started_at: DateTimeUtc,
    pub finished_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
