//! CI access tokens of a workspace.

use app::backend::ci_tokens::CiTokenRow;
use app::domain::access::TokenAccess;
use app::domain::ids::{CiTokenId, OrgId, WorkspaceId};
use app::domain::names::TokenName;
use app::domain::token::TokenState;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::entities::{access_epoch, ci_tokens, workspaces};
use crate::auth::access::WorkspaceScope;
use crate::auth::secret::SecretHash;
use crate::error::{Error, Result};

/// Name of PostgreSQL's lock on the access epoch.
const EPOCH_LOCK: i64 = 7_306_096;

fn row(scope: &WorkspaceScope, row: ci_tokens::Model, now: DateTime<Utc>) -> Result<CiTokenRow> {
    let expires_at = scope.org().tokens().ci_ends(row.created_at, row.expires_at);
    Ok(CiTokenRow {
        id: row.id,
        name: TokenName::from_stored(&row.name),
        access: row.access.parse().map_err(|_| Error::Stored("token access"))?,
        last_four: row.last_four,
        created_by: row.created_by,
        created_at: row.created_at,
        expires_at,
        old_works_until: row.old_works_until.filter(|end| *end > now),
        last_used: row.last_used_at.zip(row.last_used_from),
        state: TokenState::at(now, expires_at, row.revoked_at),
    })
}

/// All of them, the newest first.
pub async fn list(db: &impl ConnectionTrait, scope: &WorkspaceScope, now: DateTime<Utc>) -> Result<Vec<CiTokenRow>> {
    let rows = ci_tokens::Entity::find()
        .filter(ci_tokens::Column::WorkspaceId.eq(scope.id()))
        .order_by_desc(ci_tokens::Column::Id)
        .all(db)
        .await?;
    rows.into_iter().map(|found| row(scope, found, now)).collect()
}

/// How many there are, dead ones too.
pub async fn count(db: &impl ConnectionTrait, scope: &WorkspaceScope) -> Result<u64> {
    Ok(ci_tokens::Entity::find().filter(ci_tokens::Column::WorkspaceId.eq(scope.id())).count(db).await?)
}

/// One of them.
pub async fn find(db: &impl ConnectionTrait, scope: &WorkspaceScope, id: CiTokenId, now: DateTime<Utc>) -> Result<Option<CiTokenRow>> {
    let found = ci_tokens::Entity::find_by_id(id).filter(ci_tokens::Column::WorkspaceId.eq(scope.id())).one(db).await?;
    found.map(|found| row(scope, found, now)).transpose()
}

/// The value of a token as it is stored.
pub struct StoredSecret {
    /// What is stored of it.
    pub hash: SecretHash,
    /// Its last four characters.
    pub last_four: String,
}

/// Adds a token.
pub async fn insert(db: &impl ConnectionTrait, scope: &WorkspaceScope, new: &CiTokenRow, secret: StoredSecret) -> Result<()> {
    let row = ci_tokens::ActiveModel {
        id: Set(new.id),
        workspace_id: Set(scope.id()),
        name: Set(new.name.clone().into()),
        access: Set(new.access.as_str().to_owned()),
        secret_hash: Set(secret.hash),
        last_four: Set(secret.last_four),
        old_secret_hash: Set(None),
        old_works_until: Set(None),
        created_by: Set(new.created_by.clone()),
        created_at: Set(new.created_at),
        expires_at: Set(new.expires_at),
        revoked_at: Set(None),
        last_used_at: Set(None),
        last_used_from: Set(None),
        refusal_noted_at: Set(None),
    };
    ci_tokens::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// Gives it a new value; the one before works until `old_works_until`, a still older one no more.
pub async fn rotate(
    db: &impl ConnectionTrait,
    scope: &WorkspaceScope,
    id: CiTokenId,
    secret: StoredSecret,
    old_works_until: DateTime<Utc>,
) -> Result<()> {
    ci_tokens::Entity::update_many()
        .col_expr(ci_tokens::Column::OldSecretHash, Expr::col(ci_tokens::Column::SecretHash))
        .col_expr(ci_tokens::Column::OldWorksUntil, Expr::value(old_works_until))
        .col_expr(ci_tokens::Column::SecretHash, Expr::value(secret.hash))
        .col_expr(ci_tokens::Column::LastFour, Expr::value(secret.last_four))
        .filter(ci_tokens::Column::Id.eq(id))
        .filter(ci_tokens::Column::WorkspaceId.eq(scope.id()))
        .exec(db)
        .await?;
    Ok(())
}

/// Takes it back.
pub async fn revoke(db: &impl ConnectionTrait, scope: &WorkspaceScope, id: CiTokenId, now: DateTime<Utc>) -> Result<()> {
    ci_tokens::Entity::update_many()
        .col_expr(ci_tokens::Column::RevokedAt, Expr::value(now))
        .filter(ci_tokens::Column::Id.eq(id))
        .filter(ci_tokens::Column::WorkspaceId.eq(scope.id()))
        .filter(ci_tokens::Column::RevokedAt.is_null())
        .exec(db)
        .await?;
    Ok(())
}

/// Where a token belongs, for the operator who names it by its id alone.
pub async fn workspace_of(db: &impl ConnectionTrait, id: CiTokenId) -> Result<Option<(OrgId, WorkspaceId)>> {
    let Some(token) = ci_tokens::Entity::find_by_id(id).one(db).await? else { return Ok(None) };
    let workspace = workspaces::Entity::find_by_id(token.workspace_id).one(db).await?;
    Ok(workspace.map(|workspace| (workspace.org_id, workspace.id)))
}

/// A token as the cache API checks it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivingToken {
    /// Which token.
    pub id: CiTokenId,
    /// Its name, for the artifacts that it stores.
    pub name: String,
    /// Where it works.
    pub workspace: WorkspaceId,
    /// The organization of that workspace.
    pub org: OrgId,
    /// What it may do.
    pub access: TokenAccess,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When this value of it stops working.
    pub ends_at: Option<DateTime<Utc>>,
}

/// A token that is known and works no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadToken {
    /// Which token.
    pub id: CiTokenId,
    /// Its name.
    pub name: String,
    /// Its organization.
    pub org: OrgId,
    /// Why this value of it works no more: `revoked`, `expired` or, after a rotation, `replaced`.
    pub why: &'static str,
}

/// The token with this value: as it is checked, or why it works no more.
pub async fn find_by_value(
    db: &impl ConnectionTrait,
    hash: &SecretHash,
    now: DateTime<Utc>,
) -> Result<Option<std::result::Result<LivingToken, DeadToken>>> {
    let by_value = ci_tokens::Column::SecretHash.eq(hash.clone()).or(ci_tokens::Column::OldSecretHash.eq(hash.clone()));
    let Some(token) = ci_tokens::Entity::find().filter(by_value).one(db).await? else { return Ok(None) };
    let Some(workspace) = workspaces::Entity::find_by_id(token.workspace_id).one(db).await? else { return Ok(None) };
    let mut ends_at = token.expires_at;
    if token.old_secret_hash.as_ref() == Some(hash) {
        let Some(old_ends) = token.old_works_until else { return Ok(None) };
        ends_at = Some(ends_at.map_or(old_ends, |end| Ord::min(end, old_ends)));
    }
    let state = TokenState::at(now, ends_at, token.revoked_at);
    let why = match state {
        TokenState::Active => None,
        TokenState::Revoked => Some("revoked"),
        TokenState::Expired if TokenState::at(now, token.expires_at, None) == TokenState::Active => Some("replaced"),
        TokenState::Expired => Some("expired"),
    };
    if let Some(why) = why {
        return Ok(Some(Err(DeadToken { id: token.id, name: token.name, org: workspace.org_id, why })));
    }
    Ok(Some(Ok(LivingToken {
        id: token.id,
        name: token.name,
        workspace: workspace.id,
        org: workspace.org_id,
        access: token.access.parse().map_err(|_| Error::Stored("token access"))?,
        created_at: token.created_at,
        ends_at,
    })))
}

/// Whether nobody has written down since this moment that the token was refused; then this is when it is.
pub async fn note_refusal(db: &impl ConnectionTrait, id: CiTokenId, since: DateTime<Utc>, now: DateTime<Utc>) -> Result<bool> {
    let long_ago = ci_tokens::Column::RefusalNotedAt.is_null().or(ci_tokens::Column::RefusalNotedAt.lte(since));
    let noted = ci_tokens::Entity::update_many()
        .col_expr(ci_tokens::Column::RefusalNotedAt, Expr::value(now))
        .filter(ci_tokens::Column::Id.eq(id))
        .filter(long_ago)
        .exec(db)
        .await?;
    Ok(noted.rows_affected == 1)
}

/// Writes down when and from where a token was last used.
pub async fn set_last_used(db: &impl ConnectionTrait, id: CiTokenId, at: DateTime<Utc>, from: &str) -> Result<()> {
    ci_tokens::Entity::update_many()
        .col_expr(ci_tokens::Column::LastUsedAt, Expr::value(at))
        .col_expr(ci_tokens::Column::LastUsedFrom, Expr::value(from))
        .filter(ci_tokens::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// The number that grows with every change that takes access away.
pub async fn access_epoch(db: &impl ConnectionTrait) -> Result<i64> {
    Ok(access_epoch::Entity::find_by_id(1).one(db).await?.ok_or(Error::Stored("access epoch"))?.epoch)
}

/// The same, and it stays so until the end of the transaction: whoever takes access away waits until then.
///
/// On PostgreSQL by a lock that is waited for in turn: of a locked row, those who share it would never let through who
/// wants to change it, as long as there are always some.
pub async fn hold_access_epoch(tx: &DatabaseTransaction) -> Result<i64> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock_shared({EPOCH_LOCK})")).await?;
    }
    access_epoch(tx).await
}

/// Makes it grow, as the last statement of such a change: whoever lets something in holds it as their last one too.
pub async fn raise_access_epoch(tx: &DatabaseTransaction) -> Result<()> {
    if tx.get_database_backend() == DbBackend::Postgres {
        tx.execute_unprepared(&format!("SELECT pg_advisory_xact_lock({EPOCH_LOCK})")).await?;
    }
    access_epoch::Entity::update_many()
        .col_expr(access_epoch::Column::Epoch, Expr::col(access_epoch::Column::Epoch).add(1))
        .exec(tx)
        .await?;
    Ok(())
}
