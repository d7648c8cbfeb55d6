//! Where a page stands, and the tabs that lead to its neighbours.

use leptos::prelude::*;

use crate::backend::orgs::OrgView;
use crate::backend::workspaces::WorkspaceView;
use crate::domain::permission::Permission;
use crate::paths;

/// Where a page stands.
#[derive(Debug, Clone)]
pub enum Place {
    /// Outside of every organization.
    Site,
    /// In the person's own account.
    Account(AccountTab),
    /// In an organization.
    Org(OrgView, OrgTab),
    /// In a workspace of an organization.
    Workspace(OrgView, WorkspaceView, WorkspaceTab),
}

impl Place {
    /// The organization that the page belongs to.
    pub const fn org(&self) -> Option<&OrgView> {
        match self {
            Self::Site | Self::Account(_) => None,
            Self::Org(org, _) | Self::Workspace(org, _, _) => Some(org),
        }
    }

    /// The names of what is around the page, the nearest first.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Site => Vec::new(),
            Self::Account(_) => vec!["Account".to_owned()],
            Self::Org(org, _) => vec![org.name.to_string()],
            Self::Workspace(org, workspace, _) => vec![workspace.name.to_string(), org.name.to_string()],
        }
    }

    fn tabs(&self) -> Vec<Tab> {
        match self {
            Self::Site => Vec::new(),
            Self::Account(current) => AccountTab::ALL
                .into_iter()
                .map(|tab| Tab { words: tab.words(), path: tab.path().to_owned(), current: tab == *current })
                .collect(),
            Self::Org(org, current) => OrgTab::ALL
                .into_iter()
                .filter(|tab| org.standing.grants(tab.permission()))
                .map(|tab| Tab { words: tab.words(), path: tab.path(org), current: tab == *current })
                .collect(),
            Self::Workspace(org, workspace, current) => WorkspaceTab::ALL
                .into_iter()
                .filter(|tab| org.standing.grants(tab.permission()))
                .map(|tab| Tab { words: tab.words(), path: tab.path(org, workspace), current: tab == *current })
                .collect(),
        }
    }
}

struct Tab {
    words: &'static str,
    path: String,
    current: bool,
}

/// The pages of the person's own account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountTab {
    /// Name and appearance.
    Profile,
    /// E-mail addresses.
    Addresses,
    /// How they sign in, and where they are signed in.
    Security,
    /// Their personal access tokens.
    Tokens,
    /// The organizations that they are in.
    Orgs,
    /// What is kept about them, and the end of the account.
    Data,
}

impl AccountTab {
    const ALL: [Self; 6] = [Self::Profile, Self::Addresses, Self::Security, Self::Tokens, Self::Orgs, Self::Data];

    /// The tab's words, also the heading of its page.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Profile => "Profile",
            Self::Addresses => "Addresses",
            Self::Security => "Sign-in",
            Self::Tokens => "Personal access tokens",
            Self::Orgs => "Organizations",
            Self::Data => "Data",
        }
    }

    const fn path(self) -> &'static str {
        match self {
            Self::Profile => paths::ACCOUNT,
            Self::Addresses => paths::ACCOUNT_ADDRESSES,
            Self::Security => paths::ACCOUNT_SECURITY,
            Self::Tokens => paths::ACCOUNT_TOKENS,
            Self::Orgs => paths::ACCOUNT_ORGS,
            Self::Data => paths::ACCOUNT_DATA,
        }
    }
}

/// The pages of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrgTab {
    /// Its workspaces.
    Workspaces,
    /// Runs of all of them.
    Runs,
    /// Its members.
    Members,
    /// What happened in it.
    Audit,
    /// Its plan, and what it uses.
    Usage,
    /// Its settings.
    Settings,
}

impl OrgTab {
    const ALL: [Self; 6] = [Self::Workspaces, Self::Runs, Self::Members, Self::Audit, Self::Usage, Self::Settings];

    const fn permission(self) -> Permission {
        match self {
            Self::Workspaces => Permission::ViewWorkspaces,
            Self::Runs => Permission::ViewRuns,
            Self::Members => Permission::ViewMembers,
            Self::Audit => Permission::ViewAudit,
            Self::Usage => Permission::ManageBilling,
            Self::Settings => Permission::EditOrg,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Workspaces => "Workspaces",
            Self::Runs => "Runs",
            Self::Members => "Members",
            Self::Audit => "Audit",
            Self::Usage => "Usage",
            Self::Settings => "Settings",
        }
    }

    fn path(self, org: &OrgView) -> String {
        match self {
            Self::Workspaces => paths::org(&org.slug),
            Self::Runs => paths::org_runs(&org.slug),
            Self::Members => paths::org_members(&org.slug),
            Self::Audit => paths::org_audit(&org.slug),
            Self::Usage => paths::org_usage(&org.slug),
            Self::Settings => paths::org_settings(&org.slug),
        }
    }
}

/// The pages of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkspaceTab {
    /// What its cache holds and did.
    Overview,
    /// Its runs.
    Runs,
    /// What is counted of them.
    Statistics,
    /// How to point nx at it.
    Connect,
    /// What its credentials may do: access levels and CI access tokens.
    Access,
    /// Its artifacts.
    Artifacts,
    /// Its settings.
    Settings,
}

impl WorkspaceTab {
    const ALL: [Self; 7] = [Self::Overview, Self::Runs, Self::Statistics, Self::Connect, Self::Access, Self::Artifacts, Self::Settings];

    const fn permission(self) -> Permission {
        match self {
            Self::Overview => Permission::ViewWorkspaces,
            Self::Runs | Self::Statistics => Permission::ViewRuns,
            Self::Connect | Self::Access => Permission::ConnectWorkspace,
            Self::Artifacts => Permission::ViewArtifacts,
            Self::Settings => Permission::EditWorkspace,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Runs => "Runs",
            Self::Statistics => "Statistics",
            Self::Connect => "Connect",
            Self::Access => "Access",
            Self::Artifacts => "Artifacts",
            Self::Settings => "Settings",
        }
    }

    fn path(self, org: &OrgView, workspace: &WorkspaceView) -> String {
        let (slug, id) = (&org.slug, workspace.id);
        match self {
            Self::Overview => paths::workspace(slug, id),
            Self::Runs => paths::workspace_runs(slug, id),
            Self::Statistics => paths::workspace_statistics(slug, id),
            Self::Connect => paths::workspace_connect(slug, id),
            Self::Access => paths::workspace_tokens(slug, id),
            Self::Artifacts => paths::workspace_artifacts(slug, id),
            Self::Settings => paths::workspace_settings(slug, id),
        }
    }
}

/// The tabs of the account, organization or workspace, with the current one marked.
#[component]
pub fn Tabs(
    /// Where the page stands.
    place: Place,
) -> impl IntoView {
    let label = match place {
        Place::Site => return ().into_any(),
        Place::Account(..) => "Account",
        Place::Org(..) => "Organization",
        Place::Workspace(..) => "Workspace",
    };
    let tab = |tab: Tab| {
        view! {
            <li>
                <a class="tab" href=tab.path aria-current=tab.current.then_some("page")>
                    {tab.words}
                </a>
            </li>
        }
    };
    view! {
        <nav class="tabs" aria-label=label>
            <ul class="tabs-list">{place.tabs().into_iter().map(tab).collect_view()}</ul>
        </nav>
    }
    .into_any()
}
