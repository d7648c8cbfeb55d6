//! Personal access tokens, logins, levels and limits, made up.

use app::backend::access_levels::{AccessLevels, LevelChange, Levels};
use app::backend::logins::{Logins, WaitingLogin};
use app::backend::personal_tokens::{NewPersonalToken, OwnTokens, PersonalTokenRow, PersonalTokens};
use app::backend::token_policy::TokenPolicies;
use app::domain::access::{IdAccess, TokenAccess};
use app::domain::ids::{PersonalTokenId, WorkspaceId};
use app::domain::login::UserCode;
use app::domain::names::{OrgSlug, TokenName};
use app::domain::permission::Permission;
use app::domain::secret::PlainSecret;
use app::domain::token::{TokenLife, TokenPolicy, TokenState};
use app::error::{AppError, Conflict};
use app::notice::IssuedPersonalToken;
use app::request::Caller;
use async_trait::async_trait;
use chrono::TimeDelta;

use super::backend::Fake;
use super::{Persona, data};

#[async_trait]
impl AccessLevels for Fake {
    async fn levels(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Levels, AppError> {
        self.in_workspace(caller, slug, workspace, Permission::ConnectWorkspace)?;
        let id = if workspace == data::id("wks", data::FRESH) { IdAccess::ReadOnly } else { IdAccess::ReadWrite };
        Ok(Levels { id, personal: TokenAccess::ReadOnly })
    }

    async fn change(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, _: LevelChange) -> Result<(), AppError> {
        self.in_workspace(caller, slug, workspace, Permission::ManageTokens).map(drop)
    }
}

#[async_trait]
impl TokenPolicies for Fake {
    async fn policy(&self, caller: &Caller, slug: &OrgSlug) -> Result<TokenPolicy, AppError> {
        self.org(caller, slug, Permission::EditOrg)?;
        Ok(TokenPolicy { ci_days: Some(60), personal_days: None })
    }

    async fn set(&self, caller: &Caller, slug: &OrgSlug, _: TokenPolicy) -> Result<(), AppError> {
        self.org(caller, slug, Permission::EditOrg).map(drop)
    }
}

#[async_trait]
impl PersonalTokens for Fake {
    async fn list(&self, caller: &Caller) -> Result<OwnTokens, AppError> {
        caller.user()?;
        if self.persona == Persona::Newcomer {
            return Ok(OwnTokens { tokens: Vec::new(), limits: Vec::new() });
        }
        let token = |number, name: &str, state| PersonalTokenRow {
            id: data::id("pat", number),
            name: data::name(name),
            last_four: "xYz1".to_owned(),
            created_at: data::now() - TimeDelta::days(3),
            expires_at: Some(data::now() + TimeDelta::days(87)),
            last_used: Some((data::now() - TimeDelta::minutes(5), "192.0.2.9".to_owned())),
            state,
        };
        let soon = Some(data::now() + TimeDelta::days(6));
        let tokens = vec![
            token(2, "laptop (nx 22)", TokenState::Active),
            PersonalTokenRow { expires_at: soon, ..token(3, "build box", TokenState::Active) },
            PersonalTokenRow { expires_at: soon, ..token(1, "old laptop", TokenState::Revoked) },
        ];
        Ok(OwnTokens { tokens, limits: vec![(data::name("Acme"), 30)] })
    }

    async fn create(&self, caller: &Caller, token: NewPersonalToken) -> Result<IssuedPersonalToken, AppError> {
        caller.user()?;
        let secret = PlainSecret::new("bkpat_0123456789012345678901234567xAbCdE".to_owned());
        Ok(IssuedPersonalToken { id: data::id("pat", 9), name: token.name.into(), secret })
    }

    async fn revoke(&self, caller: &Caller, _: PersonalTokenId) -> Result<TokenName, AppError> {
        caller.user().map(|_| data::name("laptop (nx 22)"))
    }
}

#[async_trait]
impl Logins for Fake {
    async fn open(&self, caller: &Caller, code: &UserCode) -> Result<WaitingLogin, AppError> {
        caller.user()?;
        if code.to_string() != "BCDF-GHJK" {
            return Err(AppError::Conflict(Conflict::LoginOver));
        }
        Ok(WaitingLogin {
            device: data::name("laptop (nx 22)"),
            address: "203.0.113.9".to_owned(),
            asked_at: data::now(),
            ends_at: data::now() + TimeDelta::minutes(10),
        })
    }

    async fn confirm(&self, caller: &Caller, code: &UserCode, _: TokenLife) -> Result<TokenName, AppError> {
        self.open(caller, code).await.map(|login| login.device)
    }

    async fn refuse(&self, caller: &Caller, code: &UserCode) -> Result<TokenName, AppError> {
        self.open(caller, code).await.map(|login| login.device)
    }
}
