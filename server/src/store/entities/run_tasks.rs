//! An attempt at a task of a run.

use app::domain::ids::{RunId, WorkspaceId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "run_tasks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub run_id: RunId,
    #[sea_orm(primary_key, auto_increment = false)]
    pub number: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt: i16,
    pub latest: bool,
    pub workspace_id: WorkspaceId,
    pub sealed: Vec<u8>,
    pub task_index: Vec<u8>,
    pub project_index: Vec<u8>,
    pub hash_index: Option<Vec<u8>>,
    pub details_index: Option<Vec<u8>>,
    pub cacheable: bool,
    pub continuous: bool,
    pub status: String,
    pub cache: Option<String>,
    pub miss: Option<String>,
    pub stored: Option<String>,
    pub code: Option<i32>,
    pub started_at: Option<DateTimeUtc>,
    pub ended_at: Option<DateTimeUtc>,
    pub duration_ms: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
