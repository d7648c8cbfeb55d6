//! Workspaces of an organization.

use app::backend::workspaces::{Usage, WorkspaceView};
use app::domain::access::{IdAccess, TokenAccess};
use app::domain::ids::WorkspaceId;
use app::domain::names::{NxCloudId, WorkspaceName};
use app::domain::permission::Permission;
use app::domain::retention::Retention;
use app::domain::standing::Standing;
use app::domain::text;
use app::error::Conflict;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::entities::workspaces;
use super::named;
use crate::auth::access::{OrgScope, WorkspaceScope};
use crate::auth::credential::CacheScope;
use crate::error::{Error, Result, unique_or};

fn retention(row: &workspaces::Model) -> Retention {
    Retention {
        days: row.retention_days.and_then(|days| u16::try_from(days).ok()),
        gibibytes: row.retention_gibibytes.and_then(|size| u32::try_from(size).ok()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "a row is used up by what is made of it")]
fn view(row: workspaces::Model, standing: Standing) -> Result<WorkspaceView> {
    let count = |number: i64| u64::try_from(number).unwrap_or_default();
    let nx_cloud_id = NxCloudId::parse(&row.nx_cloud_id).map_err(|_| Error::Stored("nxCloudId"))?;
    let id_access = row.id_access.parse().map_err(|_| Error::Stored("ID access level"))?;
    let connects = standing.grants(Permission::ConnectWorkspace);
    Ok(WorkspaceView {
        id: row.id,
        name: WorkspaceName::from_stored(&row.name),
        nx_cloud_id: connects.then_some(nx_cloud_id),
        id_access: connects.then_some(id_access),
        created_at: row.created_at,
        retention: retention(&row),
        usage: Usage {
            artifacts: count(row.artifact_count),
            bytes: count(row.artifact_bytes),
            hits: count(row.hits),
            misses: count(row.misses),
        },
    })
}

/// All of them, by name.
pub async fn list(db: &impl ConnectionTrait, scope: &OrgScope) -> Result<Vec<WorkspaceView>> {
    let rows =
        workspaces::Entity::find().filter(workspaces::Column::OrgId.eq(scope.id())).order_by_asc(workspaces::Column::Name).all(db).await?;
    rows.into_iter().map(|row| view(row, scope.standing())).collect()
}

/// How many there are.
pub async fn count(db: &impl ConnectionTrait, scope: &OrgScope) -> Result<u64> {
    Ok(workspaces::Entity::find().filter(workspaces::Column::OrgId.eq(scope.id())).count(db).await?)
}

/// One workspace.
pub async fn find(db: &impl ConnectionTrait, scope: &WorkspaceScope) -> Result<WorkspaceView> {
    let row = workspaces::Entity::find_by_id(scope.id()).one(db).await?.ok_or(Error::Stored("workspace"))?;
    view(row, scope.org().standing())
}

/// The workspace of this name, in any case; of several from the time when case told them apart, the one in this case.
pub async fn find_by_name(db: &impl ConnectionTrait, scope: &OrgScope, name: &WorkspaceName) -> Result<Option<WorkspaceView>> {
    let is_called = workspaces::Column::Name.eq(name.as_str()).or(workspaces::Column::NameKey.eq(text::key(name.as_str())));
    let rows = workspaces::Entity::find().filter(workspaces::Column::OrgId.eq(scope.id())).filter(is_called).all(db).await?;
    rows.into_iter().max_by_key(|row| row.name == name.as_str()).map(|row| view(row, scope.standing())).transpose()
}

/// Adds a workspace.
pub async fn insert(
    db: &impl ConnectionTrait,
    scope: &OrgScope,
    new: &WorkspaceView,
    (nx_cloud_id, id_access): (&NxCloudId, IdAccess),
) -> Result<()> {
    let row = workspaces::ActiveModel {
        id: Set(new.id),
        org_id: Set(scope.id()),
        name: Set(new.name.clone().into()),
        name_key: Set(Some(text::key(new.name.as_str()))),
        nx_cloud_id: Set(nx_cloud_id.clone().into()),
        retention_days: Set(new.retention.days.map(i32::from)),
        retention_gibibytes: Set(new.retention.gibibytes.map(u32::cast_signed)),
        artifact_count: Set(0),
        artifact_bytes: Set(0),
        hits: Set(0),
        misses: Set(0),
        created_at: Set(new.created_at),
        id_access: Set(id_access.to_string()),
        personal_access: Set(TokenAccess::ReadOnly.to_string()),
    };
    workspaces::Entity::insert(row).exec_without_returning(db).await.map_err(unique_or(Conflict::WorkspaceNameTaken))?;
    Ok(())
}

/// Gives it another name.
pub async fn rename(db: &impl ConnectionTrait, scope: &WorkspaceScope, name: &WorkspaceName) -> Result<()> {
    named::rename::<workspaces::Entity>(name.as_str())
        .filter(workspaces::Column::Id.eq(scope.id()))
        .exec(db)
        .await
        .map_err(unique_or(Conflict::WorkspaceNameTaken))?;
    Ok(())
}

/// Changes how long it keeps artifacts.
pub async fn set_retention(db: &impl ConnectionTrait, scope: &WorkspaceScope, retention: Retention) -> Result<()> {
    workspaces::Entity::update_many()
        .col_expr(workspaces::Column::RetentionDays, Expr::value(retention.days.map(i32::from)))
        .col_expr(workspaces::Column::RetentionGibibytes, Expr::value(retention.gibibytes.map(u32::cast_signed)))
        .filter(workspaces::Column::Id.eq(scope.id()))
        .exec(db)
        .await?;
    Ok(())
}

/// Deletes it, its tokens and the rows of its artifacts; the sweeper takes the bytes.
pub async fn delete(db: &impl ConnectionTrait, scope: &WorkspaceScope) -> Result<()> {
    workspaces::Entity::delete_by_id(scope.id()).exec(db).await?;
    Ok(())
}

/// Adds what the servers counted since they last wrote it down.
pub async fn add_reads(db: &impl ConnectionTrait, id: WorkspaceId, hits: u64, misses: u64) -> Result<()> {
    let add = |column: workspaces::Column, number: u64| Expr::col(column).add(i64::try_from(number).unwrap_or(i64::MAX));
    workspaces::Entity::update_many()
        .col_expr(workspaces::Column::Hits, add(workspaces::Column::Hits, hits))
        .col_expr(workspaces::Column::Misses, add(workspaces::Column::Misses, misses))
        .filter(workspaces::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Adjusts the counters that the pages show to artifacts that came or went, in the same transaction.
pub async fn adjust_artifacts(db: &impl ConnectionTrait, id: WorkspaceId, count: i64, bytes: i64) -> Result<()> {
    workspaces::Entity::update_many()
        .col_expr(workspaces::Column::ArtifactCount, Expr::col(workspaces::Column::ArtifactCount).add(count))
        .col_expr(workspaces::Column::ArtifactBytes, Expr::col(workspaces::Column::ArtifactBytes).add(bytes))
        .filter(workspaces::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Bytes that a workspace holds, and what it may.
pub async fn held(db: &impl ConnectionTrait, scope: &CacheScope) -> Result<(u64, Retention)> {
    let row = workspaces::Entity::find_by_id(scope.workspace()).one(db).await?;
    let held = |row: workspaces::Model| (u64::try_from(row.artifact_bytes).unwrap_or_default(), retention(&row));
    Ok(row.map_or((0, Retention::DEFAULT), held))
}

/// A workspace as retention sees it.
pub struct Kept {
    /// The workspace.
    pub id: WorkspaceId,
    /// Its limits.
    pub retention: Retention,
    /// Bytes that it holds.
    pub bytes: u64,
}

/// Every workspace of every organization, for retention and the sweeper.
pub async fn all(db: &impl ConnectionTrait) -> Result<Vec<Kept>> {
    let rows = workspaces::Entity::find().all(db).await?;
    let kept = |row: workspaces::Model| Kept {
        id: row.id,
        retention: retention(&row),
        bytes: u64::try_from(row.artifact_bytes).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(kept).collect())
}
