//! What was counted of a workspace, a project or a task on a day.

use app::domain::ids::WorkspaceId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "stat_days")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub workspace_id: WorkspaceId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub kind: i16,
    #[sea_orm(primary_key, auto_increment = false)]
    pub day: Date,
    #[sea_orm(primary_key, auto_increment = false)]
    pub subject: Vec<u8>,
    pub runs: i64,
    pub tasks: i64,
    pub executed: i64,
    pub failed: i64,
    pub stopped: i64,
    pub local_hits: i64,
    pub remote_hits: i64,
    pub misses: i64,
    pub time_ms: i64,
    pub saved_ms: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
