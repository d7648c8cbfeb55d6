//! Workspaces that come from `nx connect`, and how they are set up.

use app::backend::connections::{Connected, ConnectionView, Connections, Offer, Owner};
use app::backend::set_up::{SetUps, Today};
use app::domain::access::{IdAccess, TokenAccess};
use app::domain::finding::{self, Finding, WorkingToken};
use app::domain::ids::WorkspaceId;
use app::domain::names::{OrgSlug, WorkspaceName};
use app::domain::permission::Permission;
use app::domain::secret::PlainSecret;
use app::domain::set_up::Wanted;
use app::domain::token::TokenState;
use app::error::{AppError, Conflict};
use app::notice::IssuedToken;
use app::request::Caller;
use async_trait::async_trait;

use super::backend::Fake;
use super::data;

#[async_trait]
impl Connections for Fake {
    async fn open(&self, caller: &Caller, code: &PlainSecret) -> Result<ConnectionView, AppError> {
        caller.user()?;
        let offer = match code.expose() {
            "claims" => Offer::Claim,
            "creates" => Offer::Create { names_other: false },
            "replaces" => Offer::Create { names_other: true },
            _ => return Err(AppError::LinkUnusable),
        };
        Ok(ConnectionView { offer, name: Some(data::name("shop")) })
    }

    async fn accept(&self, _: &Caller, _: &PlainSecret, _: Owner, _: WorkspaceName) -> Result<Connected, AppError> {
        Err(AppError::Conflict(Conflict::WorkspaceNameTaken))
    }
}

#[async_trait]
impl SetUps for Fake {
    async fn today(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Today, AppError> {
        self.in_workspace(caller, slug, workspace, Permission::ManageTokens)?;
        let fresh = workspace == data::id("wks", data::FRESH);
        let mut tokens = if fresh { Vec::new() } else { data::tokens() };
        tokens.retain(|token| token.state == TokenState::Active);
        Ok(Today { id: if fresh { IdAccess::None } else { IdAccess::ReadWrite }, personal: TokenAccess::ReadOnly, tokens })
    }

    async fn apply(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, _: Wanted) -> Result<Vec<IssuedToken>, AppError> {
        self.in_workspace(caller, slug, workspace, Permission::ManageTokens).map(|_| Vec::new())
    }

    async fn check_up(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Vec<Finding>, AppError> {
        let today = self.today(caller, slug, workspace).await?;
        let tokens: Vec<_> = today
            .tokens
            .into_iter()
            .map(|token| WorkingToken {
                name: token.name.into(),
                created_at: token.created_at,
                last_used_at: None,
                expires_at: None,
                access: token.access,
                in_pull_requests: false,
                in_nx_json: false,
            })
            .collect();
        Ok([finding::of_levels(today.id, today.personal), finding::of_tokens(&tokens, data::now())].concat())
    }
}
