//! Who reads and who stores in a workspace, as a whole: set-up and check-up.

use std::sync::Arc;

use app::backend::access_levels::{LevelChange, Levels};
use app::backend::ci_tokens::NewCiToken;
use app::backend::set_up::{SetUps as Port, Today};
use app::domain::finding::{self, Finding, WorkingToken};
use app::domain::ids::WorkspaceId;
use app::domain::names::{OrgSlug, TokenName};
use app::domain::permission::Permission;
use app::domain::set_up::Wanted;
use app::domain::token::{TokenLife, TokenState};
use app::error::AppError;
use app::notice::IssuedToken;
use app::request::Caller;
use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use serde_json::json;

use super::access_levels::change_within;
use super::ci_tokens::CiTokens;
use crate::auth::access::{self, WorkspaceScope};
use crate::auth::change;
use crate::error::{Error, Result, answer};
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::runs::{findings, first_id_at};
use crate::store::{access_levels, ci_tokens};

/// Set-up and check-up of workspaces.
pub struct SetUps(pub Arc<State>);

impl SetUps {
    async fn now(&self, db: &impl ConnectionTrait, scope: &WorkspaceScope) -> Result<Today> {
        let Levels { id, personal } = access_levels::find(db, scope).await?;
        let mut tokens = ci_tokens::list(db, scope, self.0.clock.now()).await?;
        tokens.retain(|token| token.state == TokenState::Active);
        Ok(Today { id, personal, tokens })
    }
}

#[async_trait]
impl Port for SetUps {
    async fn today(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Today, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::workspace(db, caller, slug, workspace, Permission::ManageTokens).await?;
            self.now(db, &scope).await
        })
        .await
    }

    async fn apply(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, wanted: Wanted) -> Result<Vec<IssuedToken>, AppError> {
        answer(caller, async {
            let state = &self.0;
            let tx = change::begin(state, caller).await?;
            let scope = access::workspace_for_change(&tx, slug, workspace, Permission::ManageTokens).await?;
            let before = self.now(&tx, &scope).await?;
            let personal = wanted.set_up.personal_access();
            for change in [LevelChange::Id(wanted.id), LevelChange::Personal(personal)] {
                change_within(state, &tx, caller, &scope, change).await?;
            }
            let there: Vec<_> = before.tokens.iter().map(|token| token.access).collect();
            let mut issued = Vec::new();
            for token in wanted.set_up.missing(&there) {
                let name = TokenName::parse(token.name).map_err(|_| Error::Stored("name of a token"))?;
                let new = NewCiToken { name, access: token.access, life: TokenLife::default_within(scope.org().tokens().ci_days) };
                issued.push(CiTokens(state.clone()).issue(&tx, caller, &scope, new).await?);
            }
            let object = Object { kind: "workspace", id: scope.id().to_string(), name: scope.name().as_str() };
            let details = json!({
                "set_up": wanted.set_up,
                "before": { "id": before.id, "personal": before.personal },
                "after": { "id": wanted.id, "personal": personal },
            });
            record(&tx, &state.clock, caller, Some(scope.org().id()), Action::SetUp, object, Some(details)).await?;
            tx.commit_taking_access(state).await?;
            Ok(issued)
        })
        .await
    }

    async fn check_up(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Vec<Finding>, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::workspace(db, caller, slug, workspace, Permission::ManageTokens).await?;
            let today = self.now(db, &scope).await?;
            let now = self.0.clock.now();
            let first = first_id_at(now - TimeDelta::days(finding::RUN_DAYS));
            let mut tokens = Vec::with_capacity(today.tokens.len());
            for token in today.tokens {
                tokens.push(WorkingToken {
                    in_pull_requests: findings::in_pull_requests(db, &scope, token.id, first).await?,
                    in_nx_json: findings::in_nx_json(db, &scope, token.id, first).await?,
                    name: token.name.into(),
                    created_at: token.created_at,
                    last_used_at: token.last_used.map(|(at, _)| at),
                    expires_at: token.expires_at,
                    access: token.access,
                });
            }
            let any_encrypted = findings::any_encrypted(db, &scope, first).await?;
            let of_runs = finding::of_runs(findings::any_run(db, &scope, first).await?, any_encrypted);
            let of_levels = finding::of_levels(today.id, today.personal);
            let mut found: Vec<_> = of_levels.into_iter().chain(finding::of_tokens(&tokens, now)).chain(of_runs).collect();
            found.sort_by_key(Finding::weight);
            Ok(found)
        })
        .await
    }
}
