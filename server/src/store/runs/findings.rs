//! What the check-up of a workspace wants to know of its runs: whether there is one of a kind, by an index of such runs.

use app::domain::ids::{CiTokenId, RunId};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Select};

use super::super::entities::runs;
use crate::auth::access::WorkspaceScope;
use crate::error::Result;

fn since(scope: &WorkspaceScope, first: RunId) -> Select<runs::Entity> {
    runs::Entity::find().filter(runs::Column::WorkspaceId.eq(scope.id())).filter(runs::Column::Id.gte(first))
}

async fn any(db: &impl ConnectionTrait, runs: Select<runs::Entity>) -> Result<bool> {
    let found: Option<RunId> = runs.select_only().column(runs::Column::Id).limit(1).into_tuple().one(db).await?;
    Ok(found.is_some())
}

/// Whether a pull request has run with this token.
pub async fn in_pull_requests(db: &impl ConnectionTrait, scope: &WorkspaceScope, token: CiTokenId, first: RunId) -> Result<bool> {
    // As the index has it: a bound value would keep it from being used.
    let of_pull_requests = since(scope, first).filter(Expr::cust(r#""runs"."pull_request""#));
    any(db, of_pull_requests.filter(runs::Column::CredentialId.eq(token.as_uuid()))).await
}

/// Whether a run has found this token in `nx.json`.
pub async fn in_nx_json(db: &impl ConnectionTrait, scope: &WorkspaceScope, token: CiTokenId, first: RunId) -> Result<bool> {
    let of_nx_json = since(scope, first).filter(Expr::cust(r#""runs"."credential_source" = 'nx-json'"#));
    any(db, of_nx_json.filter(runs::Column::CredentialId.eq(token.as_uuid()))).await
}

/// Whether there is any run.
pub async fn any_run(db: &impl ConnectionTrait, scope: &WorkspaceScope, first: RunId) -> Result<bool> {
    any(db, since(scope, first)).await
}

/// Whether a run had an encryption key.
pub async fn any_encrypted(db: &impl ConnectionTrait, scope: &WorkspaceScope, first: RunId) -> Result<bool> {
    any(db, since(scope, first).filter(Expr::cust(r#""runs"."encrypted""#))).await
}
