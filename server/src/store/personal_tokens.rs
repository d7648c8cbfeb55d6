//! Personal access tokens. The table belongs to people and to no organization: every function names the person or the
//! token.

use app::domain::ids::{PersonalTokenId, UserId};
use app::domain::token::TokenState;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use super::entities::personal_tokens;
use crate::auth::secret::SecretHash;
use crate::error::Result;

/// A token that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LivingPersonalToken {
    /// Which.
    pub id: PersonalTokenId,
    /// Its name.
    pub name: String,
    /// Whose.
    pub user: UserId,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it stops working.
    pub ends_at: Option<DateTime<Utc>>,
}

/// The token with this value, if it works.
pub async fn find_by_value(db: &impl ConnectionTrait, hash: &SecretHash, now: DateTime<Utc>) -> Result<Option<LivingPersonalToken>> {
    let token = personal_tokens::Entity::find().filter(personal_tokens::Column::SecretHash.eq(hash.clone())).one(db).await?;
    Ok(token.filter(|token| TokenState::at(now, token.expires_at, token.revoked_at) == TokenState::Active).map(|token| {
        LivingPersonalToken { id: token.id, name: token.name, user: token.user_id, created_at: token.created_at, ends_at: token.expires_at }
    }))
}

/// Writes down when and from where a token was last used.
pub async fn set_last_used(db: &impl ConnectionTrait, id: PersonalTokenId, at: DateTime<Utc>, from: &str) -> Result<()> {
    personal_tokens::Entity::update_many()
        .col_expr(personal_tokens::Column::LastUsedAt, Expr::value(at))
        .col_expr(personal_tokens::Column::LastUsedFrom, Expr::value(from))
        .filter(personal_tokens::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}
