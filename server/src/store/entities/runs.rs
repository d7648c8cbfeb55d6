//! One `nx` command.

use app::domain::ids::{OrgId, RunId, WorkspaceId};
use sea_orm::entity::prelude::*;

use crate::auth::secret::SecretHash;

#[expect(clippy::struct_excessive_bools, reason = "a row is as wide as its table")]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RunId,
    pub org_id: OrgId,
    pub workspace_id: WorkspaceId,
    pub key_hash: SecretHash,
    pub sealed: Vec<u8>,
    pub branch_index: Option<Vec<u8>>,
    pub author_index: Option<Vec<u8>>,
    pub command_index: Vec<u8>,
    pub execution_index: Option<Vec<u8>>,
    pub pull_request: bool,
    pub ci: bool,
    pub inner: bool,
    pub cache: bool,
    pub encrypted: bool,
    pub credential: String,
    pub credential_id: Option<Uuid>,
    pub credential_source: Option<String>,
    pub access: String,
    pub status: String,
    pub started_at: DateTimeUtc,
    pub ended_at: Option<DateTimeUtc>,
    pub skew_ms: i64,
    pub created_at: DateTimeUtc,
    pub heard_at: DateTimeUtc,
    pub closed_at: Option<DateTimeUtc>,
    pub announced: i32,
    pub running: i32,
    pub succeeded: i32,
    pub failed: i32,
    pub skipped: i32,
    pub stopped: i32,
    pub local_hits: i32,
    pub remote_hits: i32,
    pub misses: i32,
    pub lost_uploads: i32,
    pub log_bytes: i64,
    pub log_cut: bool,
    pub incomplete: bool,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
