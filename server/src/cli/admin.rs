//! Operator commands. They go through the same services as the pages, as the operator, who may do everything.

use std::sync::Arc;

use app::backend::Backend;
use app::backend::ci_tokens::NewCiToken;
use app::backend::members::JoinedBy;
use app::domain::access::{IdAccess, TokenAccess};
use app::domain::identity::SignInRule;
use app::domain::ids::{CiTokenId, IncidentId};
use app::domain::names::{Email, OrgName, OrgSlug, PersonName, TokenName, WorkspaceName};
use app::domain::password;
use app::domain::permission::Permission;
use app::domain::role::Role;
use app::domain::secret::PlainSecret;
use app::domain::token::TokenLife;
use app::request::{Actor, Caller};
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Answer, CommandError};
use crate::auth::access;
use crate::error::{Error, answer};
use crate::services;
use crate::services::accounts::Accounts;
use crate::services::billing::Billing;
use crate::services::members::Members;
use crate::services::orgs::Orgs;
use crate::services::workspaces::Workspaces;
use crate::state::State;
use crate::store::users::User;
use crate::store::{ci_tokens, unscoped, users, workspaces};

#[derive(Subcommand)]
pub(super) enum Admin {
    /// Accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Organizations
    #[command(subcommand)]
    Org(OrgCommand),
    /// Who is in an organization
    #[command(subcommand)]
    Member(MemberCommand),
    /// Workspaces
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// CI access tokens
    #[command(subcommand)]
    Token(TokenCommand),
}

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Create an account whose address counts as confirmed
    Create(CreateUser),
}

#[derive(Args)]
pub(super) struct CreateUser {
    #[arg(long)]
    email: Email,
    /// Default: the part of the address before the @
    #[arg(long)]
    name: Option<PersonName>,
    /// Read the password from standard input
    #[arg(long, required = true)]
    password_stdin: bool,
}

#[derive(Subcommand)]
pub(super) enum OrgCommand {
    /// Create an organization
    Create {
        #[arg(long)]
        slug: OrgSlug,
        #[arg(long)]
        name: OrgName,
        /// Address of an account that becomes its Admin
        #[arg(long, value_name = "EMAIL")]
        admin: Email,
    },
    /// Let members of an organization in with a password again, when its provider lets nobody in any more
    RequireGoogle {
        #[arg(long)]
        org: OrgSlug,
        /// Turning it on takes an Admin who has shown that it can be met
        #[arg(value_parser = ["off"])]
        state: String,
    },
    /// Give an organization another plan
    SetPlan {
        #[arg(long)]
        org: OrgSlug,
        /// One of the setting `plans`
        #[arg(long)]
        plan: String,
    },
}

#[derive(Subcommand)]
pub(super) enum MemberCommand {
    /// Add an account to an organization
    Add {
        #[arg(long)]
        org: OrgSlug,
        #[arg(long)]
        email: Email,
        #[arg(long, value_name = "admin|member")]
        role: Role,
    },
}

#[derive(Subcommand)]
pub(super) enum WorkspaceCommand {
    /// Create a workspace
    Create {
        #[arg(long)]
        org: OrgSlug,
        #[arg(long)]
        name: WorkspaceName,
    },
}

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Create a CI access token and print it, once
    Create(CreateToken),
    /// Take a token back
    Revoke {
        #[arg(long)]
        id: CiTokenId,
    },
}

#[derive(Args)]
pub(super) struct CreateToken {
    #[arg(long)]
    org: OrgSlug,
    /// Name of the workspace
    #[arg(long)]
    workspace: WorkspaceName,
    #[arg(long)]
    name: TokenName,
    #[arg(long, value_name = "read-only|read-write")]
    access: TokenAccess,
    /// Days such as 90d, or never
    #[arg(long, default_value = "90d", value_parser = TokenLife::parse)]
    expires: TokenLife,
}

struct Operator<'a> {
    state: &'a Arc<State>,
    backend: Backend,
    caller: Caller,
}

impl Admin {
    pub(super) const fn wants_password(&self) -> bool {
        matches!(self, Self::User(UserCommand::Create(_)))
    }

    pub(super) async fn run(self, state: &Arc<State>, input: Option<String>) -> Result<Answer, CommandError> {
        let caller =
            Caller { actor: Actor::Operator, address: "command line".to_owned(), incident: IncidentId::from_uuid(state.clock.new_id()) };
        let operator = Operator { state, backend: services::backend(state), caller };
        match self {
            Self::User(UserCommand::Create(new)) => operator.create_user(new, input.unwrap_or_default()).await,
            Self::Org(OrgCommand::Create { slug, name, admin }) => operator.create_org(&slug, &name, &admin).await,
            Self::Org(OrgCommand::RequireGoogle { org, .. }) => operator.lift_sign_in_rule(&org).await,
            Self::Org(OrgCommand::SetPlan { org, plan }) => operator.set_plan(&org, &plan).await,
            Self::Member(MemberCommand::Add { org, email, role }) => operator.add_member(&org, &email, role).await,
            Self::Workspace(WorkspaceCommand::Create { org, name }) => operator.create_workspace(&org, name).await,
            Self::Token(TokenCommand::Create(new)) => operator.create_token(new).await,
            Self::Token(TokenCommand::Revoke { id }) => operator.revoke_token(id).await,
        }
    }
}

impl Operator<'_> {
    async fn ask<T>(&self, work: impl Future<Output = Result<T, Error>> + Send) -> Result<T, CommandError> {
        Ok(answer(&self.caller, work).await?)
    }

    async fn account(&self, email: &Email) -> Result<User, CommandError> {
        let found = self.ask(users::find_by_email(self.state.db.read(), email)).await?;
        found.ok_or_else(|| {
            CommandError::Refused(format!("there is no account with the address {email}; create it with `buildkeep admin user create`"))
        })
    }

    async fn create_user(&self, new: CreateUser, password: String) -> Result<Answer, CommandError> {
        password::check_new(&password, &new.email)
            .map_err(|reason| CommandError::Refused(format!("the password was refused: {reason}")))?;
        let name = match new.name {
            Some(name) => name,
            None => PersonName::of_address(&new.email),
        };
        let accounts = Accounts(self.state.clone());
        let created = self.ask(accounts.create_confirmed(&self.caller, &new.email, &name, PlainSecret::new(password))).await?;
        let id = created.ok_or_else(|| CommandError::Refused(format!("there is an account with the address {} already", new.email)))?;
        Ok(Answer::new(format!("{} can sign in now.", new.email), json!({ "id": id, "email": new.email })))
    }

    async fn create_org(&self, slug: &OrgSlug, name: &OrgName, admin: &Email) -> Result<Answer, CommandError> {
        let admin = self.account(admin).await?;
        let orgs = Orgs(self.state.clone());
        let id = self.ask(orgs.create_for(&self.caller, admin.id, JoinedBy::Operator, name, slug)).await?;
        let sentence =
            format!("Organization {name} is at {}{}; {} is its Admin.", self.state.site.public_url, app::paths::org(slug), admin.email);
        Ok(Answer::new(sentence, json!({ "id": id, "slug": slug })))
    }

    async fn lift_sign_in_rule(&self, org: &OrgSlug) -> Result<Answer, CommandError> {
        self.backend.identities.set_rule(&self.caller, org, SignInRule::default()).await?;
        Ok(Answer::new(format!("Members of {org} get in with their password again."), json!({ "org": org, "requires": false })))
    }

    async fn set_plan(&self, org: &OrgSlug, plan: &str) -> Result<Answer, CommandError> {
        let billing = Billing(self.state.clone());
        self.ask(billing.set_plan(&self.caller, org, plan)).await?.ok_or_else(|| {
            CommandError::Refused(format!("there is no plan {plan}; the configuration has: {}", self.state.plans.names()))
        })?;
        Ok(Answer::new(
            format!("{org} has the plan {plan} now; running servers follow within seconds."),
            json!({ "org": org, "plan": plan }),
        ))
    }

    async fn add_member(&self, org: &OrgSlug, email: &Email, role: Role) -> Result<Answer, CommandError> {
        let user = self.account(email).await?;
        let members = Members(self.state.clone());
        if !self.ask(members.add_by_operator(&self.caller, org, &user, role)).await? {
            return Err(CommandError::Refused(format!("{email} is in {org} already; change the role on the members page")));
        }
        Ok(Answer::new(format!("{email} is in {org} now, as {role}."), json!({ "id": user.id, "role": role })))
    }

    async fn create_workspace(&self, org: &OrgSlug, name: WorkspaceName) -> Result<Answer, CommandError> {
        let workspaces = Workspaces(self.state.clone());
        let (new, nx_cloud_id) = self.ask(workspaces.create_view(&self.caller, org, name, IdAccess::DEFAULT)).await?;
        let sentence = format!("Workspace {} is there; its nxCloudId is {nx_cloud_id}.", new.name);
        Ok(Answer::new(sentence, json!({ "id": new.id, "nxCloudId": nx_cloud_id })))
    }

    async fn create_token(&self, new: CreateToken) -> Result<Answer, CommandError> {
        let db = self.state.db.read();
        let found = self
            .ask(async {
                let scope = access::org(db, &self.caller, &new.org, Permission::ViewWorkspaces).await?;
                workspaces::find_by_name(db, &scope, &new.workspace).await
            })
            .await?;
        let workspace = found.ok_or_else(|| CommandError::Refused(format!("{} has no workspace named {}", new.org, new.workspace)))?;
        let token = NewCiToken { name: new.name, access: new.access, life: new.expires };
        let issued = self.backend.ci_tokens.create(&self.caller, &new.org, workspace.id, token).await?;
        let value = issued.secret.expose();
        let sentence = format!("{value}\nThis is the only time that the {} token {} is shown.", issued.access, issued.name);
        Ok(Answer::new(sentence, json!({ "id": issued.id, "token": value })))
    }

    async fn revoke_token(&self, id: CiTokenId) -> Result<Answer, CommandError> {
        let unknown = || CommandError::Refused(format!("there is no token {id}"));
        let (org, workspace) = self.ask(ci_tokens::workspace_of(self.state.db.read(), id)).await?.ok_or_else(unknown)?;
        let slug = self.ask(unscoped::slug_of(self.state.db.read(), org)).await?.ok_or_else(unknown)?;
        let name = self.backend.ci_tokens.revoke(&self.caller, &slug, workspace, id).await?;
        Ok(Answer::new(
            format!("Token {name} is revoked; running servers refuse it within a second."),
            json!({ "id": id, "revoked": true }),
        ))
    }
}
