//! What a workspace lets the Nx Cloud id alone and members' personal access tokens do.

use app::backend::access_levels::{LevelChange, Levels};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::entities::workspaces;
use crate::auth::access::WorkspaceScope;
use crate::error::{Error, Result};

/// Both levels.
pub async fn find(db: &impl ConnectionTrait, scope: &WorkspaceScope) -> Result<Levels> {
    let row = workspaces::Entity::find_by_id(scope.id()).one(db).await?.ok_or(Error::Stored("workspace"))?;
    Ok(Levels {
        id: row.id_access.parse().map_err(|_| Error::Stored("ID access level"))?,
        personal: row.personal_access.parse().map_err(|_| Error::Stored("PAT access level"))?,
    })
}

/// Changes one of them.
pub async fn change(db: &impl ConnectionTrait, scope: &WorkspaceScope, change: LevelChange) -> Result<()> {
    let (column, word) = match change {
        LevelChange::Id(access) => (workspaces::Column::IdAccess, access.as_str()),
        LevelChange::Personal(access) => (workspaces::Column::PersonalAccess, access.as_str()),
    };
    workspaces::Entity::update_many().col_expr(column, Expr::value(word)).filter(workspaces::Column::Id.eq(scope.id())).exec(db).await?;
    Ok(())
}
