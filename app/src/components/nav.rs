//! Finding the way: the path in the header, the menus, the tabs.

use leptos::form::ActionForm;
use leptos::prelude::*;

use super::icon::Icon;
use crate::backend::orgs::OrgView;
use crate::backend::workspaces::WorkspaceView;
use crate::domain::permission::Permission;
use crate::paths;
use crate::request::SignedIn;
use crate::server_fns::accounts::SignOut;

/// Where a page stands.
#[derive(Debug, Clone)]
pub enum Place {
    /// Outside of every organization.
    Site,
    /// In an organization.
    Org(OrgView, OrgTab),
    /// In a workspace of an organization.
    Workspace(OrgView, WorkspaceView, WorkspaceTab),
}

impl Place {
    /// The organization that the page belongs to.
    pub const fn org(&self) -> Option<&OrgView> {
        match self {
            Self::Site => None,
            Self::Org(org, _) | Self::Workspace(org, _, _) => Some(org),
        }
    }

    /// The names of what is around the page, the nearest first.
    pub fn names(&self) -> Vec<String> {
        match self {
            Self::Site => Vec::new(),
            Self::Org(org, _) => vec![org.name.to_string()],
            Self::Workspace(org, workspace, _) => vec![workspace.name.to_string(), org.name.to_string()],
        }
    }

    fn tabs(&self) -> Vec<Tab> {
        match self {
            Self::Site => Vec::new(),
            Self::Org(org, current) => OrgTab::ALL
                .into_iter()
                .filter(|tab| org.role.grants(tab.permission()))
                .map(|tab| Tab { words: tab.words(), path: tab.path(org), current: tab == *current })
                .collect(),
            Self::Workspace(org, workspace, current) => WorkspaceTab::ALL
                .into_iter()
                .filter(|tab| org.role.grants(tab.permission()))
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

/// The pages of an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrgTab {
    /// Its workspaces.
    Workspaces,
    /// Its members.
    Members,
    /// Its settings.
    Settings,
}

impl OrgTab {
    const ALL: [Self; 3] = [Self::Workspaces, Self::Members, Self::Settings];

    const fn permission(self) -> Permission {
        match self {
            Self::Workspaces => Permission::ViewWorkspaces,
            Self::Members => Permission::ViewMembers,
            Self::Settings => Permission::EditOrg,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Workspaces => "Workspaces",
            Self::Members => "Members",
            Self::Settings => "Settings",
        }
    }

    fn path(self, org: &OrgView) -> String {
        match self {
            Self::Workspaces => paths::org(&org.slug),
            Self::Members => paths::org_members(&org.slug),
            Self::Settings => paths::org_settings(&org.slug),
        }
    }
}

/// The pages of a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkspaceTab {
    /// What its cache holds and did.
    Overview,
    /// How to point nx at it.
    Connect,
    /// Its CI access tokens.
    Tokens,
    /// Its artifacts.
    Artifacts,
    /// Its settings.
    Settings,
}

impl WorkspaceTab {
    const ALL: [Self; 5] = [Self::Overview, Self::Connect, Self::Tokens, Self::Artifacts, Self::Settings];

    const fn permission(self) -> Permission {
        match self {
            Self::Overview | Self::Connect => Permission::ViewWorkspaces,
            Self::Tokens => Permission::ManageTokens,
            Self::Artifacts => Permission::ViewArtifacts,
            Self::Settings => Permission::EditWorkspace,
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Connect => "Connect",
            Self::Tokens => "CI access tokens",
            Self::Artifacts => "Artifacts",
            Self::Settings => "Settings",
        }
    }

    fn path(self, org: &OrgView, workspace: &WorkspaceView) -> String {
        let (slug, id) = (&org.slug, workspace.id);
        match self {
            Self::Overview => paths::workspace(slug, id),
            Self::Connect => paths::workspace_connect(slug, id),
            Self::Tokens => paths::workspace_tokens(slug, id),
            Self::Artifacts => paths::workspace_artifacts(slug, id),
            Self::Settings => paths::workspace_settings(slug, id),
        }
    }
}

/// The tabs of the organization or workspace, with the current one marked.
#[component]
pub fn Tabs(
    /// Where the page stands.
    place: Place,
) -> impl IntoView {
    let label = match place {
        Place::Site => return ().into_any(),
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

/// From the start page down to the organization and workspace; the organization opens the list of all.
#[component]
pub fn Trail(
    /// Where the page stands.
    place: Place,
    /// All organizations of the person.
    orgs: Vec<OrgView>,
) -> impl IntoView {
    let workspace = match &place {
        Place::Site | Place::Org(..) => None,
        Place::Workspace(org, workspace, _) => Some((paths::workspace(&org.slug, workspace.id), workspace.name.to_string())),
    };
    view! {
        <div class="trail">
            <OrgMenu current=place.org().cloned() orgs/>
            {workspace
                .map(|(path, name)| {
                    view! {
                        <span class="trail-slash" aria-hidden="true">
                            "/"
                        </span>
                        <a class="trail-link" href=path>
                            {name}
                        </a>
                    }
                })}
        </div>
    }
    .into_any()
}

/// Switches between organizations.
#[component]
fn OrgMenu(current: Option<OrgView>, orgs: Vec<OrgView>) -> impl IntoView {
    let here = current.as_ref().map(|org| org.slug.clone());
    let name = current.map_or_else(|| "Organizations".to_owned(), |org| org.name.to_string());
    let entry = move |org: OrgView| {
        let current = here.as_ref() == Some(&org.slug);
        view! {
            <li>
                <a class="menu-item" href=paths::org(&org.slug) aria-current=current.then_some("true")>
                    <span class="truncate">{org.name.to_string()}</span>
                    {current.then(|| view! { <Icon of=icondata_lu::LuCheck/> })}
                </a>
            </li>
        }
    };
    view! {
        <span class="trail-slash" aria-hidden="true">
            "/"
        </span>
        <details class="menu" name="header-menu">
            <summary class="menu-button">
                <span class="truncate">{name}</span>
                <Icon of=icondata_lu::LuChevronsUpDown/>
            </summary>
            <div class="menu-panel">
                <ul>{orgs.into_iter().map(entry).collect_view()}</ul>
                <a class="menu-item menu-item-apart" href=paths::NEW_ORG>
                    <Icon of=icondata_lu::LuPlus/>
                    "New organization"
                </a>
            </div>
        </details>
    }
    .into_any()
}

/// The person's own menu.
#[component]
pub fn UserMenu(
    /// The person.
    user: SignedIn,
) -> impl IntoView {
    let initial = user.name.as_str().chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let sign_out = ServerAction::<SignOut>::new();
    view! {
        <details class="menu menu-right" name="header-menu">
            <summary class="avatar" aria-label="Your account">
                <span aria-hidden="true">{initial}</span>
            </summary>
            <div class="menu-panel">
                <div class="menu-head">
                    <strong class="truncate">{user.name.to_string()}</strong>
                    <span class="truncate muted">{user.email.to_string()}</span>
                </div>
                <a class="menu-item" href=paths::ACCOUNT>
                    <Icon of=icondata_lu::LuUser/>
                    "Account"
                </a>
                <a class="menu-item" href=paths::ACCESS_MATRIX>
                    <Icon of=icondata_lu::LuShieldCheck/>
                    "Who may do what"
                </a>
                <ActionForm action=sign_out>
                    <button class="menu-item menu-item-apart">
                        <Icon of=icondata_lu::LuLogOut/>
                        "Sign out"
                    </button>
                </ActionForm>
            </div>
        </details>
    }
    .into_any()
}
