//! Answers like the real services: not a member, no organization; a Member, nothing to change.

use app::backend::Page;
use app::backend::account_deletion::AccountDeletion;
use app::backend::accounts::{Accounts, ChosenPassword, NewAccount, PasswordLink, TokensThen};
use app::backend::addresses::{AddressRow, Addresses, Claim};
use app::backend::artifacts::{ArtifactRow, Artifacts, Purge, PurgeProgress, Stock};
use app::backend::audit::Audit;
use app::backend::billing::{Billing, BillingContact, UsageView};
use app::backend::ci_tokens::{CiTokenRow, CiTokens, NewCiToken};
use app::backend::domain_invites::{DomainInviteRow, DomainInvites, JoinLink, JoinOffer};
use app::backend::invites::{Invitation, InviteLink, InviteRow, Invites, NewInvites};
use app::backend::members::{MemberRow, Members, PublicMemberRow};
use app::backend::orgs::{OrgView, Orgs};
use app::backend::sessions::{SessionRow, Sessions};
use app::backend::workspaces::{WorkspaceView, Workspaces};
use app::domain::access::IdAccess;
use app::domain::audit::{AuditEvent, AuditFilter};
use app::domain::ids::{CiTokenId, DomainInviteId, InviteId, SessionId, UserId, WorkspaceId};
use app::domain::invite::InviteResult;
use app::domain::names::{ArtifactHash, DomainName, Email, OrgName, OrgSlug, PersonName, Reason, TokenName, WorkspaceName};
use app::domain::permission::Permission;
use app::domain::retention::Retention;
use app::domain::role::Role;
use app::domain::secret::PlainSecret;
use app::domain::standing::Standing;
use app::domain::visibility::{VisibilityChange, VisitorLogs};
use app::error::{AppError, Conflict, Field};
use app::notice::{IssuedInvite, IssuedToken};
use app::request::Caller;
use async_trait::async_trait;

use super::{Persona, data};

/// The services, as this persona meets them.
pub struct Fake {
    pub persona: Persona,
}

impl Fake {
    fn role(&self) -> Option<Role> {
        match self.persona {
            Persona::Visitor | Persona::Newcomer => None,
            Persona::Member => Some(Role::Member),
            Persona::Admin => Some(Role::Admin),
        }
    }

    pub(super) fn org(&self, caller: &Caller, slug: &OrgSlug, permission: Permission) -> Result<OrgView, AppError> {
        let public = slug.as_str() == data::PUBLIC;
        if !public {
            caller.user()?;
        }
        let standing =
            self.role().map(Standing::Member).or(public.then_some(Standing::Visitor(VisitorLogs::Shown))).ok_or(AppError::NotFound)?;
        match slug.as_str() {
            "old-acme" => return Err(AppError::Moved(data::name("acme"))),
            "broken" => return Err(AppError::Internal(caller.incident)),
            _ => {}
        }
        let org = data::orgs(standing).into_iter().find(|org| org.slug == *slug).ok_or(AppError::NotFound)?;
        if standing.grants(permission) { Ok(org) } else { Err(caller.user().err().unwrap_or(AppError::Forbidden)) }
    }

    pub(super) fn in_workspace(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        id: WorkspaceId,
        permission: Permission,
    ) -> Result<(OrgView, WorkspaceView), AppError> {
        let org = self.org(caller, slug, permission)?;
        let mut workspace = data::workspaces().into_iter().find(|workspace| workspace.id == id).ok_or(AppError::NotFound)?;
        workspace.nx_cloud_id = workspace.nx_cloud_id.filter(|_| org.standing.grants(Permission::ConnectWorkspace));
        Ok((org, workspace))
    }
}

#[async_trait]
impl Accounts for Fake {
    async fn sign_up(&self, _: &Caller, _: NewAccount) -> Result<(), AppError> {
        Ok(())
    }

    async fn open_link(&self, _: &Caller, link: &PlainSecret) -> Result<PasswordLink, AppError> {
        match link.expose() {
            "" | "used" => Err(AppError::LinkUnusable),
            "of-a-new-person" => Ok(PasswordLink { has_tokens: false, new_name: Some(data::name("Zoe")) }),
            other => Ok(PasswordLink { has_tokens: other == "of-somebody-with-tokens", new_name: None }),
        }
    }

    async fn choose_password(&self, _: &Caller, _: ChosenPassword) -> Result<(UserId, Option<String>), AppError> {
        Err(AppError::LinkUnusable)
    }

    async fn sign_in(&self, _: &Caller, _: Email, _: PlainSecret) -> Result<UserId, AppError> {
        Err(AppError::WrongCredentials)
    }

    async fn forgot_password(&self, _: &Caller, _: Email, _: &str) -> Result<(), AppError> {
        Ok(())
    }

    async fn change_password(&self, _: &Caller, _: PlainSecret, _: PlainSecret, _: TokensThen) -> Result<(), AppError> {
        Err(AppError::field(Field::CurrentPassword, Reason::WrongPassword))
    }

    async fn has_password(&self, caller: &Caller) -> Result<bool, AppError> {
        caller.user().map(|_| self.persona != Persona::Newcomer)
    }

    async fn send_password_link(&self, caller: &Caller) -> Result<(), AppError> {
        caller.user().map(drop)
    }

    async fn rename(&self, _: &Caller, _: PersonName) -> Result<(), AppError> {
        Ok(())
    }
}

#[async_trait]
impl Addresses for Fake {
    async fn list(&self, caller: &Caller) -> Result<Vec<AddressRow>, AppError> {
        caller.user().map(|_| data::addresses())
    }

    async fn add(&self, _: &Caller, _: Email, _: PlainSecret) -> Result<(), AppError> {
        Err(AppError::field(Field::Email, Reason::AlreadyThere))
    }

    async fn resend(&self, _: &Caller, _: Email) -> Result<(), AppError> {
        Err(AppError::Conflict(Conflict::TooManyAddressMails))
    }

    async fn open(&self, _: &Caller, link: &PlainSecret) -> Result<Claim, AppError> {
        match link.expose() {
            "mine" => Ok(Claim { email: data::name("countess@example.net"), is_confirmed: false }),
            "confirmed" => Ok(Claim { email: data::name("countess@example.net"), is_confirmed: true }),
            "other" => Err(AppError::Forbidden),
            _ => Err(AppError::LinkUnusable),
        }
    }

    async fn confirm(&self, _: &Caller, _: &PlainSecret) -> Result<Email, AppError> {
        Err(AppError::Conflict(Conflict::AddressTaken))
    }

    async fn remove(&self, _: &Caller, _: Email) -> Result<(), AppError> {
        Err(AppError::Conflict(Conflict::PrimaryAddress))
    }

    async fn make_primary(&self, _: &Caller, _: Email) -> Result<(), AppError> {
        Ok(())
    }
}

#[async_trait]
impl AccountDeletion for Fake {
    async fn obstacles(&self, caller: &Caller) -> Result<Vec<OrgView>, AppError> {
        caller.user()?;
        Ok(self.role().filter(|role| *role == Role::Admin).map(|role| data::orgs(Standing::Member(role))).unwrap_or_default())
    }

    async fn delete(&self, _: &Caller, _: &str, _: PlainSecret) -> Result<(), AppError> {
        Err(AppError::field(Field::Confirmation, Reason::DoesNotMatch))
    }
}

#[async_trait]
impl Sessions for Fake {
    async fn list(&self, _: &Caller) -> Result<Vec<SessionRow>, AppError> {
        Ok(data::sessions())
    }

    async fn end(&self, _: &Caller, _: SessionId) -> Result<(), AppError> {
        Ok(())
    }

    async fn end_others(&self, _: &Caller) -> Result<(), AppError> {
        Ok(())
    }
}

#[async_trait]
impl Orgs for Fake {
    async fn list(&self, _: &Caller) -> Result<Vec<OrgView>, AppError> {
        Ok(self.role().map(|role| data::orgs(Standing::Member(role))).unwrap_or_default())
    }

    async fn create(&self, _: &Caller, _: OrgName, _: OrgSlug) -> Result<(), AppError> {
        Err(AppError::Conflict(Conflict::SlugTaken))
    }

    async fn open(&self, caller: &Caller, slug: &OrgSlug) -> Result<OrgView, AppError> {
        self.org(caller, slug, Permission::ViewOrg)
    }

    async fn rename(&self, caller: &Caller, slug: &OrgSlug, _: OrgName) -> Result<(), AppError> {
        self.org(caller, slug, Permission::EditOrg).map(drop)
    }

    async fn change_slug(&self, caller: &Caller, slug: &OrgSlug, _: OrgSlug) -> Result<(), AppError> {
        self.org(caller, slug, Permission::EditOrg).map(drop)
    }

    async fn change_visibility(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        _: VisibilityChange,
        _: VisitorLogs,
        _: &str,
    ) -> Result<(), AppError> {
        self.org(caller, slug, Permission::ChangeVisibility).map(drop)
    }

    async fn set_visitor_logs(&self, caller: &Caller, slug: &OrgSlug, _: VisitorLogs) -> Result<(), AppError> {
        self.org(caller, slug, Permission::ChangeVisibility).map(drop)
    }

    async fn delete(&self, caller: &Caller, slug: &OrgSlug, confirmation: &str) -> Result<OrgName, AppError> {
        let org = self.org(caller, slug, Permission::DeleteOrg)?;
        if confirmation == org.name.as_str() { Ok(org.name) } else { Err(AppError::field(Field::Confirmation, Reason::DoesNotMatch)) }
    }
}

#[async_trait]
impl Members for Fake {
    async fn list(&self, caller: &Caller, slug: &OrgSlug, search: &str, after: Option<&str>) -> Result<Page<MemberRow>, AppError> {
        self.org(caller, slug, Permission::ViewAddresses)?;
        let rows = data::members().into_iter().filter(|member| member.name.as_str().contains(search)).collect();
        Ok(Page { rows, next: after.is_none().then(|| "cursor".to_owned()) })
    }

    async fn list_public(&self, caller: &Caller, slug: &OrgSlug, _: &str, _: Option<&str>) -> Result<Page<PublicMemberRow>, AppError> {
        self.org(caller, slug, Permission::ViewMembers)?;
        let public = |member: MemberRow| PublicMemberRow { name: member.name, role: member.role, joined_at: member.joined_at };
        Ok(Page { rows: data::members().into_iter().map(public).collect(), next: None })
    }

    async fn set_role(&self, caller: &Caller, slug: &OrgSlug, _: UserId, _: Role) -> Result<PersonName, AppError> {
        self.org(caller, slug, Permission::ManageMembers)?;
        Err(AppError::Conflict(Conflict::LastAdmin))
    }

    async fn remove(&self, caller: &Caller, slug: &OrgSlug, _: UserId) -> Result<PersonName, AppError> {
        self.org(caller, slug, Permission::ManageMembers).map(|_| data::ada())
    }

    async fn leave(&self, caller: &Caller, slug: &OrgSlug) -> Result<OrgName, AppError> {
        self.org(caller, slug, Permission::LeaveOrg).map(|org| org.name)
    }
}

#[async_trait]
impl Invites for Fake {
    async fn list(&self, caller: &Caller, slug: &OrgSlug, _: bool, after: Option<&str>) -> Result<Page<InviteRow>, AppError> {
        self.org(caller, slug, Permission::ManageMembers)?;
        Ok(Page { rows: data::invites(), next: after.is_none().then(|| "cursor".to_owned()) })
    }

    async fn invite(&self, caller: &Caller, slug: &OrgSlug, _: NewInvites) -> Result<Vec<InviteResult>, AppError> {
        self.org(caller, slug, Permission::ManageMembers).map(|_| Vec::new())
    }

    async fn resend(&self, caller: &Caller, slug: &OrgSlug, _: InviteId) -> Result<Email, AppError> {
        self.org(caller, slug, Permission::ManageMembers)?;
        Err(AppError::Conflict(Conflict::JustSent))
    }

    async fn revoke(&self, caller: &Caller, slug: &OrgSlug, _: InviteId) -> Result<Email, AppError> {
        self.org(caller, slug, Permission::ManageMembers).map(|_| data::name("bob@example.com"))
    }

    async fn new_link(&self, caller: &Caller, slug: &OrgSlug, _: InviteId) -> Result<IssuedInvite, AppError> {
        self.org(caller, slug, Permission::ManageMembers)?;
        Ok(IssuedInvite { email: "bob@example.com".to_owned(), secret: PlainSecret::new("bkinv_example".to_owned()) })
    }

    async fn open(&self, _: &Caller, link: &PlainSecret) -> Result<InviteLink, AppError> {
        if link.expose() == "accepted" {
            return Ok(InviteLink::Accepted(data::name("acme")));
        }
        data::invitation(link.expose()).map(InviteLink::Open).ok_or(AppError::LinkUnusable)
    }

    async fn waiting(&self, caller: &Caller) -> Result<Vec<Invitation>, AppError> {
        caller.user()?;
        Ok(data::invitation("mine").into_iter().collect())
    }

    async fn accept(&self, caller: &Caller, _: InviteId) -> Result<OrgSlug, AppError> {
        caller.user().map(|_| data::name("acme"))
    }

    async fn join(&self, _: &Caller, _: PlainSecret, _: Option<PersonName>, _: PlainSecret) -> Result<(UserId, OrgSlug), AppError> {
        Err(AppError::WrongCredentials)
    }
}

#[async_trait]
impl Workspaces for Fake {
    async fn list(&self, caller: &Caller, slug: &OrgSlug) -> Result<Vec<WorkspaceView>, AppError> {
        let org = self.org(caller, slug, Permission::ViewWorkspaces)?;
        Ok(if org.workspaces == 0 { Vec::new() } else { data::workspaces() })
    }

    async fn create(&self, caller: &Caller, slug: &OrgSlug, _: WorkspaceName, _: IdAccess) -> Result<WorkspaceId, AppError> {
        self.org(caller, slug, Permission::CreateWorkspace)?;
        Err(AppError::Conflict(Conflict::WorkspaceNameTaken))
    }

    async fn open(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId) -> Result<(OrgView, WorkspaceView), AppError> {
        self.in_workspace(caller, slug, id, Permission::ViewWorkspaces)
    }

    async fn rename(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId, _: WorkspaceName) -> Result<(), AppError> {
        self.in_workspace(caller, slug, id, Permission::EditWorkspace).map(drop)
    }

    async fn set_retention(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId, _: Retention) -> Result<(), AppError> {
        self.in_workspace(caller, slug, id, Permission::EditWorkspace).map(drop)
    }

    async fn delete(&self, caller: &Caller, slug: &OrgSlug, id: WorkspaceId, _: &str) -> Result<WorkspaceName, AppError> {
        self.in_workspace(caller, slug, id, Permission::DeleteWorkspace).map(|(_, workspace)| workspace.name)
    }
}

#[async_trait]
impl CiTokens for Fake {
    async fn list(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Vec<CiTokenRow>, AppError> {
        self.in_workspace(caller, slug, workspace, Permission::ManageTokens)?;
        Ok(if workspace == data::id("wks", data::FRESH) { Vec::new() } else { data::tokens() })
    }

    async fn create(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, token: NewCiToken) -> Result<IssuedToken, AppError> {
        self.in_workspace(caller, slug, workspace, Permission::ManageTokens)?;
        let secret = PlainSecret::new("bkci_0123456789012345678901234567xAbCdE".to_owned());
        Ok(IssuedToken { id: data::id("tok", 9), name: token.name.into(), access: token.access, secret, old_works_for_hours: None })
    }

    async fn rotate(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, _: CiTokenId, _: u16) -> Result<IssuedToken, AppError> {
        self.in_workspace(caller, slug, workspace, Permission::ManageTokens)?;
        Err(AppError::Conflict(Conflict::TokenNotActive))
    }

    async fn revoke(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, _: CiTokenId) -> Result<TokenName, AppError> {
        self.in_workspace(caller, slug, workspace, Permission::ManageTokens)?;
        Ok(data::name("Pull requests"))
    }
}

#[async_trait]
impl Artifacts for Fake {
    async fn list(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        search: &str,
        after: Option<&str>,
    ) -> Result<Page<ArtifactRow>, AppError> {
        let (org, view) = self.in_workspace(caller, slug, workspace, Permission::ViewArtifacts)?;
        let rows = if view.usage.artifacts == 0 { Vec::new() } else { data::artifacts() };
        let visible =
            |artifact: ArtifactRow| ArtifactRow { created_by: artifact.created_by.filter(|_| org.standing.role().is_some()), ..artifact };
        let rows = rows.into_iter().filter(|artifact| artifact.hash.as_str().starts_with(search)).map(visible).collect::<Vec<_>>();
        let next = (after.is_none() && !rows.is_empty()).then(|| "cursor".to_owned());
        Ok(Page { rows, next })
    }

    async fn of_executions(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Stock, AppError> {
        self.in_workspace(caller, slug, workspace, Permission::ViewArtifacts).map(|_| Stock::default())
    }

    async fn delete(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, _: &ArtifactHash) -> Result<(), AppError> {
        self.in_workspace(caller, slug, workspace, Permission::PurgeArtifacts).map(drop)
    }

    async fn would_purge(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, _: Purge) -> Result<Stock, AppError> {
        self.in_workspace(caller, slug, workspace, Permission::PurgeArtifacts)?;
        Ok(Stock { artifacts: 12, bytes: 34 << 20 })
    }

    async fn purge(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, _: Purge) -> Result<(), AppError> {
        self.in_workspace(caller, slug, workspace, Permission::PurgeArtifacts).map(drop)
    }

    async fn purge_progress(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<Option<PurgeProgress>, AppError> {
        self.in_workspace(caller, slug, workspace, Permission::ViewArtifacts)?;
        Ok((workspace == data::id("wks", data::PURGED)).then(data::purge))
    }
}

#[async_trait]
impl Audit for Fake {
    async fn list(&self, caller: &Caller, slug: &OrgSlug, filter: &AuditFilter, after: Option<&str>) -> Result<Page<AuditEvent>, AppError> {
        let org = self.org(caller, slug, Permission::ViewAudit)?;
        let rows = if org.workspaces == 0 { Vec::new() } else { data::events() };
        let rows = rows.into_iter().filter(|event| filter.action.is_none_or(|action| action.as_str() == event.action)).collect();
        Ok(Page { rows, next: after.is_none().then(|| "cursor".to_owned()) })
    }
}

#[async_trait]
impl Billing for Fake {
    async fn usage(&self, caller: &Caller, slug: &OrgSlug) -> Result<UsageView, AppError> {
        let org = self.org(caller, slug, Permission::ManageBilling)?;
        Ok(data::usage(org.workspaces > 0))
    }

    async fn save_contact(&self, caller: &Caller, slug: &OrgSlug, _: BillingContact) -> Result<(), AppError> {
        self.org(caller, slug, Permission::ManageBilling).map(drop)
    }
}

#[async_trait]
impl DomainInvites for Fake {
    async fn list(&self, caller: &Caller, slug: &OrgSlug) -> Result<Vec<DomainInviteRow>, AppError> {
        self.org(caller, slug, Permission::ManageMembers)?;
        Ok(data::domain_invites())
    }

    async fn add(&self, _: &Caller, _: &OrgSlug, _: &str, _: Role) -> Result<DomainName, AppError> {
        Err(AppError::field(Field::Domain, Reason::MailProvider))
    }

    async fn set_role(&self, _: &Caller, _: &OrgSlug, _: DomainInviteId, _: Role) -> Result<DomainName, AppError> {
        Err(AppError::NotFound)
    }

    async fn vouch(&self, _: &Caller, _: &OrgSlug, _: DomainInviteId) -> Result<DomainName, AppError> {
        Err(AppError::Conflict(Conflict::NoAddressThere))
    }

    async fn check(&self, _: &Caller, _: &OrgSlug, _: DomainInviteId) -> Result<(DomainName, bool), AppError> {
        Err(AppError::RateLimited(7))
    }

    async fn remove(&self, _: &Caller, _: &OrgSlug, _: DomainInviteId) -> Result<DomainName, AppError> {
        Err(AppError::NotFound)
    }

    async fn open(&self, caller: &Caller, slug: &OrgSlug) -> Result<JoinLink, AppError> {
        caller.user()?;
        match (self.role(), slug.as_str()) {
            (Some(_), _) => Ok(JoinLink::Inside(slug.clone())),
            (None, "acme") => Ok(JoinLink::Offer(data::join_offer())),
            (None, "left") => Err(AppError::Conflict(Conflict::WasRemoved)),
            (None, _) => Err(AppError::NotFound),
        }
    }

    async fn offers(&self, caller: &Caller) -> Result<Vec<JoinOffer>, AppError> {
        caller.user()?;
        Ok(if self.role().is_none() { vec![data::join_offer()] } else { Vec::new() })
    }

    async fn join(&self, _: &Caller, _: &OrgSlug) -> Result<OrgSlug, AppError> {
        Err(AppError::NotFound)
    }
}
