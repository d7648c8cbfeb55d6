//! The part of the settings about who may look at an organization.

use leptos::prelude::*;

use crate::backend::orgs::OrgView;
use crate::components::chip::{Chip, PublicChip, Tone};
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::section::Section;
use crate::domain::visibility::{Visibility, VisibilityChange, VisitorLogs};
use crate::error::Field;
use crate::islands::confirm::Confirm;
use crate::request::request;
use crate::server_fns::orgs::{ChangeOrgVisibility, SetVisitorLogs};

/// What everybody sees of a public organization, what may hurt first.
const SHOWN: [&str; 5] = [
    "All runs, past ones too: commands, branches, commits and their messages, names of authors and machines, tasks with their options and inputs, and links to CI.",
    "Statistics of tasks and projects.",
    "Workspaces: names, sizes, hit rates and how long they keep artifacts.",
    "Which artifacts are stored: hash, size, when, and how often they were read. Their content stays behind tokens.",
    "The organization's name and address, the names and roles of its members, and since when they are in.",
];

/// The one thing that an Admin can keep to members.
const LOGS: &str = "Complete task logs: everything that tasks print, including any secrets.";

/// What visitors never see.
const HIDDEN: &str = "Not shown: e-mail addresses, invites, CI access tokens and their names, Nx Cloud ids, the audit log, settings.";

#[component]
fn Shown(logs: VisitorLogs) -> impl IntoView {
    view! {
        <ul class="bullets">
            {logs.are_shown().then(|| view! { <li><strong>{LOGS}</strong></li> })}
            {SHOWN.into_iter().map(|words| view! { <li>{words}</li> }).collect_view()}
        </ul>
    }
}

/// The switch between private and public, and the one for search engines.
#[component]
pub fn VisibilitySection(
    /// The organization.
    org: OrgView,
) -> impl IntoView {
    let action = ServerAction::<ChangeOrgVisibility>::new();
    let form = FormState::of(action, &request().draft);
    let switches = match org.visibility {
        Visibility::Private => view! { <Publishing org action form=form.clone()/> }.into_any(),
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
fn Publishing(org: OrgView, action: ServerAction<ChangeOrgVisibility>, form: FormState) -> impl IntoView {
    let title = format!("Make {} public?", org.name);
    let label = format!("Type “{}” to make it public", org.name);
    view! {
        <div class="switch">
            <p>
                <Chip tone=Tone::Plain>"Private"</Chip>
                " Only its members can look at it. For everybody else it does not exist."
            </p>
            <Confirm label="Make public…".to_owned() title>
                <p>"Everybody who can reach this server then sees, with an account or without:"</p>
                <Shown logs=VisitorLogs::Shown/>
                <p>{HIDDEN}</p>
                <ActionForm action>
                    <div class="form">
                        <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                        <input type="hidden" name="change" value=VisibilityChange::MakePublic.as_str()/>
                        <label class="choice">
                            <input type="checkbox" name="hide_logs" value="true" checked=form.value("hide_logs", "") == "true"/>
                            <span>
                                <span class="choice-title">"Keep task logs to members"</span>
                                <span class="hint">"Visitors see that tasks ran and how they ended, and not what they printed. It can be changed later."</span>
                            </span>
                        </label>
                        <TextField form field=Field::Confirmation name="typed_name" label/>
                        <button class="button button-danger">"Make public"</button>
                    </div>
                </ActionForm>
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
        <details class="disclosure" open=!org.visitors_accepted>
            <summary>"What visitors see"</summary>
            <Shown logs=org.visitor_logs/>
            <p class="hint">{HIDDEN}</p>
        </details>
        <hr class="rule"/>
        <Logs org=org.clone()/>
        <hr class="rule"/>
        <div class="switch">
            <p>{state}</p>
            <Change org action change words/>
        </div>
    }
    .into_any()
}

/// Whether visitors read task logs. Until an Admin has chosen, both answers are offered.
#[component]
fn Logs(org: OrgView) -> impl IntoView {
    let action = ServerAction::<SetVisitorLogs>::new();
    let form = FormState::of(action, &request().draft);
    let state = if org.visitor_logs.are_shown() { "Visitors read task logs." } else { "Only members read task logs." };
    let choice = |logs: VisitorLogs, words: &'static str| {
        let offered = logs != org.visitor_logs || !org.visitors_accepted;
        let slug = org.slug.to_string();
        offered.then(move || {
            view! {
                <ActionForm action>
                    <input type="hidden" name="org_slug" value=slug/>
                    <input type="hidden" name="logs" value=logs.as_str()/>
                    <button class="button">{words}</button>
                </ActionForm>
            }
        })
    };
    view! {
        <FormError form/>
        <div class="switch">
            <p>{state}</p>
            <div class="action-row">
                {choice(VisitorLogs::Hidden, "Keep task logs to members")} {choice(VisitorLogs::Shown, "Let visitors read task logs")}
            </div>
        </div>
    }
    .into_any()
}
