//! CI access tokens of a workspace.

use std::sync::Arc;

use app::backend::ci_tokens::{CiTokenRow, CiTokens as Port, NewCiToken};
use app::domain::ids::{CiTokenId, WorkspaceId};
use app::domain::names::{OrgSlug, TokenName};
use app::domain::permission::Permission;
use app::domain::secret::PlainSecret;
use app::domain::token::TokenState;
use app::error::{AppError, Conflict, Field};
use app::notice::IssuedToken;
use app::request::{Actor, Caller};
use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::DatabaseTransaction;
use serde_json::json;

use crate::auth::access::{self, WorkspaceScope};
use crate::auth::change;
use crate::auth::secret::{SecretKind, generate, last_four};
use crate::error::{Result, answer};
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::ci_tokens::{self, StoredSecret};

/// A workspace can have so many tokens, dead ones too.
const MOST_PER_WORKSPACE: u64 = 500;

/// CI access tokens of a workspace.
pub struct CiTokens(pub Arc<State>);

impl CiTokens {
    fn new_secret(&self) -> Result<(PlainSecret, StoredSecret)> {
        let secret = generate(SecretKind::CiToken)?;
        let stored = StoredSecret { hash: self.0.hasher.hash(secret.expose()), last_four: last_four(&secret) };
        Ok((secret, stored))
    }

    /// Makes a token in a transaction that may do more.
    pub async fn issue(&self, tx: &DatabaseTransaction, caller: &Caller, scope: &WorkspaceScope, token: NewCiToken) -> Result<IssuedToken> {
        let now = self.0.clock.now();
        let life = token.life.within(scope.org().tokens().ci_days).map_err(|reason| AppError::field(Field::Expires, reason))?;
        let (secret, stored) = self.new_secret()?;
        if ci_tokens::count(tx, scope).await? >= MOST_PER_WORKSPACE {
            return Err(Conflict::TooMany.into());
        }
        let row = CiTokenRow {
            id: CiTokenId::from_uuid(self.0.clock.new_id()),
            name: token.name,
            access: token.access,
            last_four: stored.last_four.clone(),
            created_by: match &caller.actor {
                Actor::User(user) => user.name.to_string(),
                Actor::Operator | Actor::Server | Actor::Anonymous => "Operator".to_owned(),
            },
            created_at: now,
            expires_at: life.ends(now),
            old_works_until: None,
            last_used: None,
            state: TokenState::Active,
        };
        ci_tokens::insert(tx, scope, &row, stored).await?;
        self.note(tx, caller, scope, &row, Action::Created).await?;
        Ok(IssuedToken { id: row.id, name: row.name.into(), access: row.access, secret, old_works_for_hours: None })
    }

    async fn find(&self, tx: &DatabaseTransaction, scope: &WorkspaceScope, id: CiTokenId) -> Result<CiTokenRow> {
        Ok(ci_tokens::find(tx, scope, id, self.0.clock.now()).await?.ok_or(AppError::NotFound)?)
    }

    async fn note(
        &self,
        tx: &DatabaseTransaction,
        caller: &Caller,
        scope: &WorkspaceScope,
        token: &CiTokenRow,
        action: Action,
    ) -> Result<()> {
        let object = Object { kind: "ci-token", id: token.id.to_string(), name: token.name.as_str() };
        let details = json!({ "workspace": scope.id(), "access": token.access, "expires": token.expires_at });
        record(tx, &self.0.clock, caller, Some(scope.org().id()), action, object, Some(details)).await
    }
}

#[async_trait]
impl Port for CiTokens {
    async fn list(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Vec<CiTokenRow>, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::workspace(db, caller, slug, workspace, Permission::ManageTokens).await?;
            ci_tokens::list(db, &scope, self.0.clock.now()).await
        })
        .await
    }

    async fn create(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, token: NewCiToken) -> Result<IssuedToken, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::workspace_for_change(&tx, slug, workspace, Permission::ManageTokens).await?;
            let issued = self.issue(&tx, caller, &scope, token).await?;
            tx.commit().await?;
            Ok(issued)
        })
        .await
    }

    async fn rotate(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        id: CiTokenId,
        overlap_hours: u16,
    ) -> Result<IssuedToken, AppError> {
        answer(caller, async {
            let (secret, stored) = self.new_secret()?;
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::workspace_for_change(&tx, slug, workspace, Permission::ManageTokens).await?;
            let token = self.find(&tx, &scope, id).await?;
            if token.state != TokenState::Active {
                return Err(Conflict::TokenNotActive.into());
            }
            let old_works_until = self.0.clock.now() + TimeDelta::hours(i64::from(overlap_hours));
            ci_tokens::rotate(&tx, &scope, id, stored, old_works_until).await?;
            self.note(&tx, caller, &scope, &token, Action::Rotated).await?;
            tx.commit_taking_access(&self.0).await?;
            Ok(IssuedToken { id, name: token.name.into(), access: token.access, secret, old_works_for_hours: Some(overlap_hours) })
        })
        .await
    }

    async fn revoke(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, id: CiTokenId) -> Result<TokenName, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::workspace_for_change(&tx, slug, workspace, Permission::ManageTokens).await?;
            let token = self.find(&tx, &scope, id).await?;
            ci_tokens::revoke(&tx, &scope, id, self.0.clock.now()).await?;
            self.note(&tx, caller, &scope, &token, Action::Revoked).await?;
            tx.commit_taking_access(&self.0).await?;
            Ok(token.name)
        })
        .await
    }
}
