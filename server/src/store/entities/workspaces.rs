//! A workspace of an organization.

use app::domain::ids::{OrgId, WorkspaceId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "workspaces")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: WorkspaceId,
    pub org_id: OrgId,
    pub name: String,
    /// `None` when an older workspace of the organization has the same, from the time before keys.
    pub name_key: Option<String>,
    pub nx_cloud_id: String,
    pub retention_days: Option<i32>,
    pub retention_gibibytes: Option<i32>,
    pub artifact_count: i64,
    pub artifact_bytes: i64,
    pub hits: i64,
    pub misses: i64,
    pub created_at: DateTimeUtc,
    pub id_access: String,
    pub personal_access: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
