//! Workspaces that nobody has claimed. They lie in a hidden organization without members, whose address nobody can
//! enter; so no scope leads to them, and these functions take none.

use app::domain::access::{IdAccess, TokenAccess};
use app::domain::connection;
use app::domain::ids::{OrgId, WorkspaceId};
use app::domain::names::{NxCloudId, OrgSlug, WorkspaceName};
use app::domain::retention::Retention;
use app::domain::text;
use app::domain::visibility::Visibility;
use app::error::Conflict;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect};

use super::entities::{org_keys, orgs, workspaces};
use super::named;
use super::orgs::WrappedKey;
use crate::auth::access::OrgScope;
use crate::error::{Error, Result, unique_or};

/// Whether the organization of these workspaces is there.
pub async fn has_org(db: &impl ConnectionTrait) -> Result<bool> {
    Ok(orgs::Entity::find_by_id(OrgId::UNCLAIMED).count(db).await? > 0)
}

/// Makes the organization, unless another server has.
pub async fn insert_org(db: &impl ConnectionTrait, key: WrappedKey, now: DateTime<Utc>) -> Result<()> {
    let row = orgs::ActiveModel {
        id: Set(OrgId::UNCLAIMED),
        slug: Set(OrgSlug::unclaimed().into()),
        name: Set("Unclaimed workspaces".to_owned()),
        visibility: Set(Visibility::Private.as_str().to_owned()),
        created_at: Set(now),
        ..Default::default()
    };
    let once = OnConflict::column(orgs::Column::Id).do_nothing().to_owned();
    if orgs::Entity::insert(row).on_conflict(once).exec_without_returning(db).await? > 0 {
        let key = org_keys::ActiveModel {
            org_id: Set(OrgId::UNCLAIMED),
            version: Set(key.version.cast_signed()),
            wrapped_key: Set(key.wrapped),
            created_at: Set(now),
        };
        org_keys::Entity::insert(key).exec_without_returning(db).await?;
    }
    Ok(())
}

/// Keeps others from adding a workspace until the transaction ends.
pub async fn lock(db: &impl ConnectionTrait) -> Result<()> {
    orgs::Entity::find_by_id(OrgId::UNCLAIMED).lock_exclusive().one(db).await?;
    Ok(())
}

/// How many there are.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(workspaces::Entity::find().filter(workspaces::Column::OrgId.eq(OrgId::UNCLAIMED)).count(db).await?)
}

/// Adds one. Whoever knows its id reads and stores: nothing that counts is in it yet.
pub async fn insert(
    db: &impl ConnectionTrait,
    id: WorkspaceId,
    name: Option<&WorkspaceName>,
    nx_cloud_id: &NxCloudId,
    now: DateTime<Utc>,
) -> Result<()> {
    let retention = connection::UNCLAIMED_RETENTION;
    let name = connection::unclaimed_name(name, nx_cloud_id);
    let row = workspaces::ActiveModel {
        id: Set(id),
        org_id: Set(OrgId::UNCLAIMED),
        name_key: Set(Some(text::key(&name))),
        name: Set(name),
        nx_cloud_id: Set(nx_cloud_id.clone().into()),
        retention_days: Set(retention.days.map(i32::from)),
        retention_gibibytes: Set(retention.gibibytes.map(u32::cast_signed)),
        artifact_count: Set(0),
        artifact_bytes: Set(0),
        hits: Set(0),
        misses: Set(0),
        created_at: Set(now),
        id_access: Set(IdAccess::ReadWrite.to_string()),
        personal_access: Set(TokenAccess::ReadOnly.to_string()),
    };
    workspaces::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The one with this Nx Cloud id, and when it was created.
pub async fn find(db: &impl ConnectionTrait, id: &NxCloudId) -> Result<Option<(WorkspaceId, DateTime<Utc>)>> {
    let row = workspaces::Entity::find()
        .filter(workspaces::Column::OrgId.eq(OrgId::UNCLAIMED))
        .filter(workspaces::Column::NxCloudId.eq(id.as_str()))
        .one(db)
        .await?;
    Ok(row.map(|row| (row.id, row.created_at)))
}

/// What one is called; `None` when it is somebody's, or gone.
pub async fn name(db: &impl ConnectionTrait, id: WorkspaceId) -> Result<Option<WorkspaceName>> {
    let row = workspaces::Entity::find_by_id(id).filter(workspaces::Column::OrgId.eq(OrgId::UNCLAIMED)).one(db).await?;
    row.map(|row| {
        let id = NxCloudId::parse(&row.nx_cloud_id).map_err(|_| Error::Stored("nxCloudId"))?;
        Ok(WorkspaceName::from_stored(connection::name_of_unclaimed(&row.name, &id)))
    })
    .transpose()
}

/// Moves one into an organization, as a new workspace there begins; `false` when it is somebody's, or gone.
pub async fn claim(db: &impl ConnectionTrait, scope: &OrgScope, id: WorkspaceId, name: &WorkspaceName) -> Result<bool> {
    let retention = Retention::DEFAULT;
    let moved = named::rename::<workspaces::Entity>(name.as_str())
        .col_expr(workspaces::Column::OrgId, Expr::value(scope.id()))
        .col_expr(workspaces::Column::IdAccess, Expr::value(IdAccess::ReadOnly.as_str()))
        .col_expr(workspaces::Column::RetentionDays, Expr::value(retention.days.map(i32::from)))
        .col_expr(workspaces::Column::RetentionGibibytes, Expr::value(retention.gibibytes.map(u32::cast_signed)))
        .filter(workspaces::Column::Id.eq(id))
        .filter(workspaces::Column::OrgId.eq(OrgId::UNCLAIMED))
        .exec(db)
        .await
        .map_err(unique_or(Conflict::WorkspaceNameTaken))?;
    Ok(moved.rows_affected > 0)
}

/// Deletes those created before a moment, with the rows of their artifacts; the sweeper takes the bytes.
pub async fn delete_old(db: &impl ConnectionTrait, before: DateTime<Utc>) -> Result<u64> {
    let deleted = workspaces::Entity::delete_many()
        .filter(workspaces::Column::OrgId.eq(OrgId::UNCLAIMED))
        .filter(workspaces::Column::CreatedAt.lte(before))
        .exec(db)
        .await?;
    Ok(deleted.rows_affected)
}
