//! The part of the settings about who may look at an organization.

use leptos::prelude::*;

use crate::backend::orgs::OrgView;
use crate::components::chip::{Chip, PublicChip, Tone};
use crate::components::form::{ActionForm, FormError, FormState};
use crate::components::section::Section;
use crate::domain::visibility::{Visibility, VisibilityChange};
use crate::islands::confirm::Confirm;
use crate::request::request;
use crate::server_fns::orgs::ChangeOrgVisibility;

/// What everybody sees of a public organization.
const SHOWN: [&str; 4] = [
    "Its name and address.",
    "Its workspaces: names, sizes, hit rates and how long they keep artifacts.",
    "Which artifacts are stored: hash, size, when, and how often they were read. Their content stays behind tokens.",
    "The names and roles of its members, and since when they are in.",
];

/// What they do not see.
const HIDDEN: &str = "Not shown: e-mail addresses, invites, CI access tokens and their names, Nx Cloud ids, the audit log, settings.";

/// The switch between private and public, and the one for search engines.
#[component]
pub fn VisibilitySection(
    /// The organization.
    org: OrgView,
) -> impl IntoView {
    let action = ServerAction::<ChangeOrgVisibility>::new();
    let form = FormState::of(action, &request().draft);
    let switches = match org.visibility {
        Visibility::Private => view! { <Publishing org action/> }.into_any(),
        Visibility::Public | Visibility::Listed => view! { <Public org action/> }.into_any(),
    };
    view! {
        <Section id="visibility" title="Visibility" lead="Who can look at the organization. To change something, one always has to be an Admin.">
            <FormError form/>
            {switches}
        </Section>
    }
}

/// One turn of a switch.
#[component]
fn Change(
    org: OrgView,
    action: ServerAction<ChangeOrgVisibility>,
    change: VisibilityChange,
    words: &'static str,
    #[prop(default = "button")] class: &'static str,
) -> impl IntoView {
    view! {
        <ActionForm action>
            <input type="hidden" name="org_slug" value=org.slug.to_string()/>
            <input type="hidden" name="change" value=change.as_str()/>
            <button class=class>{words}</button>
        </ActionForm>
    }
}

#[component]
fn Publishing(org: OrgView, action: ServerAction<ChangeOrgVisibility>) -> impl IntoView {
    let title = format!("Make {} public?", org.name);
    view! {
        <div class="switch">
            <p>
                <Chip tone=Tone::Plain>"Private"</Chip>
                " Only its members can look at it. For everybody else it does not exist."
            </p>
            <Confirm label="Make public…".to_owned() title>
                <p>"Everybody who can reach this server then sees, with an account or without:"</p>
                <ul class="bullets">{SHOWN.into_iter().map(|words| view! { <li>{words}</li> }).collect_view()}</ul>
                <p>{HIDDEN}</p>
                <Change org action change=VisibilityChange::MakePublic words="Make public" class="button button-danger"/>
            </Confirm>
        </div>
    }
    .into_any()
}

#[component]
fn Public(org: OrgView, action: ServerAction<ChangeOrgVisibility>) -> impl IntoView {
    let visibility = org.visibility;
    let (change, words, state) = if visibility.is_listed() {
        (VisibilityChange::Unlist, "Keep search engines away", "Search engines may list what visitors see.")
    } else {
        (VisibilityChange::List, "Let search engines list it", "Search engines are told to leave the organization out.")
    };
    view! {
        <div class="switch">
            <p>
                <PublicChip visibility/>
                " Everybody can look at it, with an account or without. Going private takes effect at once."
            </p>
            <Change org=org.clone() action change=VisibilityChange::MakePrivate words="Make private"/>
        </div>
        <details class="disclosure">
            <summary>"What visitors see"</summary>
            <ul class="bullets">{SHOWN.into_iter().map(|words| view! { <li>{words}</li> }).collect_view()}</ul>
            <p class="hint">{HIDDEN}</p>
        </details>
        <hr class="rule"/>
        <div class="switch">
            <p>{state}</p>
            <Change org action change words/>
        </div>
    }
    .into_any()
}
