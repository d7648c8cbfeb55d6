//! The menus of the header: which organization, and the person's own.

use leptos::prelude::*;

use super::chip::PublicChip;
use super::form::ActionForm;
use super::icon::Icon;
use super::nav::Place;
use crate::backend::orgs::OrgView;
use crate::paths;
use crate::request::{SignedIn, request};
use crate::server_fns::accounts::SignOut;

/// From the start page down to the organization and workspace; the organization opens the list of all.
#[component]
pub fn Trail(
    /// Where the page stands.
    place: Place,
    /// All organizations of the person.
    orgs: Vec<OrgView>,
) -> impl IntoView {
    view! {
        <div class="trail">
            <OrgMenu current=place.org().cloned() orgs/>
            <TrailEnd place/>
        </div>
    }
    .into_any()
}

/// The same for somebody without an account, who has no organizations.
#[component]
pub fn VisitorTrail(
    /// Where the page stands.
    place: Place,
) -> impl IntoView {
    let org = place.org().cloned();
    view! {
        <div class="trail">
            {org
                .map(|org| {
                    view! {
                        <span class="trail-slash" aria-hidden="true">
                            "/"
                        </span>
                        <a class="trail-link" href=paths::org(&org.slug)>
                            {org.name.to_string()}
                        </a>
                    }
                })} <TrailEnd place/>
        </div>
    }
    .into_any()
}

/// What follows on the organization's name.
#[component]
fn TrailEnd(place: Place) -> impl IntoView {
    let visibility = place.org().map(|org| org.visibility);
    let workspace = match &place {
        Place::Site | Place::Account(_) | Place::Org(..) => None,
        Place::Workspace(org, workspace, _) => Some((paths::workspace(&org.slug, workspace.id), workspace.name.to_string())),
    };
    view! {
        {visibility.map(|visibility| view! { <PublicChip visibility/> })}
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
    }
    .into_any()
}

/// Switches between organizations.
#[component]
fn OrgMenu(current: Option<OrgView>, orgs: Vec<OrgView>) -> impl IntoView {
    let here = current.as_ref().map(|org| org.slug.clone());
    let name = current.map_or_else(|| "Organizations".to_owned(), |org| org.name.to_string());
    let new_org = request().site.everyone_creates_orgs.then(|| {
        view! {
            <a class="menu-item menu-item-apart" href=paths::NEW_ORG>
                <Icon of=icondata_lu::LuPlus/>
                "New organization"
            </a>
        }
    });
    let entry = move |org: OrgView| {
        let current = here.as_ref() == Some(&org.slug);
        view! {
            <li>
                <a class="menu-item" href=paths::org(&org.slug) aria-current=current.then_some("true")>
                    <span class="truncate">{org.name.to_string()}</span>
                    <PublicChip visibility=org.visibility/>
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
                {new_org}
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
