//! Where the links of `nx connect` lead: opening one changes nothing, its form does.

use leptos::prelude::*;
use leptos_router::hooks::use_params_map;

use super::frame::Frame;
use super::loaded;
use crate::backend::connections::{ConnectionView, Offer};
use crate::backend::orgs::OrgView;
use crate::components::form::{ActionForm, FormError, FormState, SelectField, TextField};
use crate::components::page_header::PageHeader;
use crate::components::section::Section;
use crate::domain::connection::{LINK_DAYS, UNCLAIMED_DAYS};
use crate::domain::permission::Permission;
use crate::domain::secret::PlainSecret;
use crate::error::{Conflict, Field};
use crate::islands::slug_suggestion::SlugSuggestion;
use crate::paths;
use crate::request::request;
use crate::server_fns::connections::{AcceptConnection, AcceptConnectionIntoNew};

/// Bring a workspace into an organization.
#[component]
pub fn ConnectionPage() -> impl IntoView {
    let request = request();
    let code = use_params_map().get_untracked().get("code").unwrap_or_default();
    // Before anything is known about the link: the same for every code.
    if request.caller.user().is_err() {
        return view! { <SignInFirst code/> }.into_any();
    }
    let secret = PlainSecret::new(code.clone());
    let opened = async move {
        let view = request.backend.connections.open(&request.caller, &secret).await?;
        let mut orgs = request.backend.orgs.list(&request.caller).await?;
        orgs.retain(|org| org.kept_out.is_none() && org.standing.grants(Permission::CreateWorkspace));
        Ok((view, orgs))
    };
    loaded(opened, |(view, orgs)| {
        let (title, lead) = match view.offer {
            Offer::Claim => (
                "Claim the workspace",
                format!("It is nobody's yet: whoever knows its nxCloudId reads and stores in it, and it is deleted {UNCLAIMED_DAYS} days after nx created it."),
            ),
            Offer::Create { .. } => ("Connect the workspace", "It gets a place in one of your organizations, and an nxCloudId for nx.json.".to_owned()),
        };
        view! {
            <Frame title>
                <PageHeader title lead/>
                <WhatFollows offer=view.offer/>
                {(!orgs.is_empty()).then(|| view! { <Existing code=code.clone() view=view.clone() orgs=orgs.clone()/> })}
                <New code view first=orgs.is_empty()/>
            </Frame>
        }
    })
    .into_any()
}

#[component]
fn SignInFirst(code: String) -> impl IntoView {
    let lead = format!("Sign in, to say which organization the workspace belongs to. The link works for {LINK_DAYS} days.");
    view! {
        <Frame title="Connect a workspace" narrow=true>
            <PageHeader title="Connect a workspace" lead/>
            <div class="form">
                <a class="button button-primary button-wide" href=paths::sign_in_then(&paths::connect(&code))>
                    "I have an account: sign in"
                </a>
                <a class="button button-wide" href=paths::sign_up_then(&paths::connect(&code))>
                    "I am new: sign up"
                </a>
            </div>
            <p class="aside">"After signing up and confirming your address, you come back here."</p>
        </Frame>
    }
}

/// What changes for those who use the workspace.
#[component]
fn WhatFollows(offer: Offer) -> impl IntoView {
    match offer {
        Offer::Claim => view! {
            <Section id="follows" title="What follows">
                <ul class="bullets">
                    <li>"Your nx.json stays as it is."</li>
                    <li>"The nxCloudId alone only reads from then on. To store, CI takes a token; who else reads and stores, you choose under Access."</li>
                    <li>"Artifacts that were stored so far are thrown away: nobody vouches for them. nx builds them again."</li>
                </ul>
            </Section>
        }
        .into_any(),
        Offer::Create { names_other: true } => view! {
            <Section id="follows" title="What follows">
                <p>
                    "Your nx.json names a workspace that this link cannot claim: it belongs to somebody, or another link for it was given out before. This link creates a new one, whose id you put in its place."
                </p>
            </Section>
        }
        .into_any(),
        Offer::Create { names_other: false } => view! {
            <Section id="follows" title="What follows">
                <p>"The next page shows two lines for nx.json. Commit them, and nx uses the workspace. If nx connect has put an nxCloudId there already, replace it."</p>
            </Section>
        }
        .into_any(),
    }
}

fn button(offer: Offer) -> &'static str {
    match offer {
        Offer::Claim => "Claim the workspace",
        Offer::Create { .. } => "Create the workspace",
    }
}

#[component]
fn Existing(code: String, view: ConnectionView, orgs: Vec<OrgView>) -> impl IntoView {
    let action = ServerAction::<AcceptConnection>::new();
    let form = FormState::of(action, &request().draft);
    let stored = view.name.map(String::from).unwrap_or_default();
    let chosen = form.value("org_slug", orgs.first().map_or("", |org| org.slug.as_str()));
    let choices = orgs.into_iter().map(|org| (org.slug.to_string(), org.name.to_string())).collect();
    view! {
        <Section id="existing" title="Into an organization of yours" lead="Those in which you are an Admin.">
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="code" value=code/>
                    <SelectField name="org_slug" id="org_slug" label="Organization" choices chosen/>
                    <TextField form field=Field::Workspace name="workspace" label="Name of the workspace" stored hint="Usually the name of the repository."/>
                    <div class="form-end">
                        <button class="button button-primary">{button(view.offer)}</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
    .into_any()
}

#[component]
fn New(code: String, view: ConnectionView, first: bool) -> impl IntoView {
    let request = request();
    if !request.site.everyone_creates_orgs {
        // Without one of their own they would look for a way that is not there.
        return first.then(|| view! { <p class="alert alert-care">{Conflict::OrgsByOperator.to_string()}</p> }).into_any();
    }
    let action = ServerAction::<AcceptConnectionIntoNew>::new();
    let form = FormState::of(action, &request.draft);
    let stored = view.name.map(String::from).unwrap_or_default();
    let lead = if first { "It holds your team's workspaces. You become its Admin." } else { "You become its Admin." };
    let class = if first { "button button-primary" } else { "button" };
    view! {
        <Section id="new" title="Into a new organization" lead>
            <SlugSuggestion>
                <ActionForm action>
                    <div class="form">
                        <FormError form=form.clone()/>
                        <input type="hidden" name="code" value=code/>
                        <TextField form=form.clone() field=Field::Name name="name" label="Name of the organization" hint="Such as Acme GmbH."/>
                        <TextField
                            form=form.clone()
                            field=Field::Slug
                            name="slug"
                            label="Address"
                            before=format!("{}{}", request.site.public_url, paths::ORG_PREFIX)
                            hint="Lower-case letters, digits and single hyphens."
                        />
                        <TextField form field=Field::Workspace name="first_workspace" label="Name of its first workspace" stored/>
                        <div class="form-end">
                            <button class=class>{button(view.offer)}</button>
                        </div>
                    </div>
                </ActionForm>
            </SlugSuggestion>
        </Section>
    }
    .into_any()
}
