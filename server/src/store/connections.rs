//! Links that claim or create a workspace. No scope guards them: whoever has the code is who they are for.

use app::domain::connection::suggested_name;
use app::domain::ids::{ConnectionId, WorkspaceId};
use app::domain::names::WorkspaceName;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::entities::connections::{ActiveModel, Column, Entity};
use super::unclaimed;
use crate::auth::secret::SecretHash;
use crate::error::Result;

/// A link that is to be.
pub struct NewConnection {
    /// Its id.
    pub id: ConnectionId,
    /// What is stored of its code.
    pub code: SecretHash,
    /// The workspace that it claims; without one, it creates one.
    pub workspace: Option<WorkspaceId>,
    /// The repository, as nx told it.
    pub repository: Option<String>,
    /// Whether `nx.json` names a workspace that the link does not claim.
    pub names_other: bool,
    /// When it stops working.
    pub expires_at: DateTime<Utc>,
}

/// A link that works.
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The workspace that it claims; without one, it creates one.
    pub workspace: Option<WorkspaceId>,
    /// What the workspace may be called.
    pub name: Option<WorkspaceName>,
    /// Whether `nx.json` names a workspace that the link does not claim.
    pub names_other: bool,
}

/// Whether the row stays locked until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// It does not.
    None,
    /// It does.
    ForUse,
}

/// Adds a link; `false` when there is, or was, one that claims this workspace.
pub async fn insert(db: &impl ConnectionTrait, new: NewConnection) -> Result<bool> {
    let row = ActiveModel {
        id: Set(new.id),
        code_hash: Set(new.code),
        workspace_id: Set(new.workspace),
        repository: Set(new.repository),
        names_other: Set(new.names_other),
        expires_at: Set(new.expires_at),
        used_at: Set(None),
    };
    let once = OnConflict::column(Column::WorkspaceId).do_nothing().to_owned();
    Ok(Entity::insert(row).on_conflict(once).exec_without_returning(db).await? > 0)
}

/// The link with this code, if it still works.
pub async fn find(db: &impl ConnectionTrait, code: &SecretHash, lock: Lock, now: DateTime<Utc>) -> Result<Option<Connection>> {
    let mut query =
        Entity::find().filter(Column::CodeHash.eq(code.clone())).filter(Column::UsedAt.is_null()).filter(Column::ExpiresAt.gt(now));
    if lock == Lock::ForUse {
        query = query.lock_exclusive();
    }
    let Some(row) = query.one(db).await? else { return Ok(None) };
    let name = match row.workspace_id {
        None => row.repository.as_deref().and_then(suggested_name),
        Some(workspace) => match unclaimed::name(db, workspace).await? {
            Some(name) => Some(name),
            // It is somebody's already.
            None => return Ok(None),
        },
    };
    Ok(Some(Connection { id: row.id, workspace: row.workspace_id, name, names_other: row.names_other }))
}

/// Notes that it was used.
pub async fn set_used(db: &impl ConnectionTrait, id: ConnectionId, now: DateTime<Utc>) -> Result<()> {
    Entity::update_many().col_expr(Column::UsedAt, Expr::value(now)).filter(Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// How many there are.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(Entity::find().count(db).await?)
}

/// Forgets those that work no more. One that claims stays as long as its workspace can be claimed: there is no second.
pub async fn delete_old(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<()> {
    let is_done = Column::WorkspaceId.is_null().or(Column::UsedAt.is_not_null());
    Entity::delete_many().filter(Column::ExpiresAt.lte(now)).filter(is_done).exec(db).await?;
    Ok(())
}
