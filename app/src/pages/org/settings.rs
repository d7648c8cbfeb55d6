//! Name, address, rules and end of an organization.

use leptos::prelude::*;

use super::token_policy::TokenPolicySection;
use super::visibility::VisibilitySection;
use crate::backend::orgs::OrgView;
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::nav::{OrgTab, Place};
use crate::components::page_header::PageHeader;
use crate::components::section::{DangerZone, Section};
use crate::domain::permission::Permission;
use crate::domain::time::count;
use crate::error::Field;
use crate::pages::frame::Frame;
use crate::pages::{loaded, org_slug, require};
use crate::paths;
use crate::request::request;
use crate::server_fns::orgs::{ChangeOrgSlug, DeleteOrg, RenameOrg};

/// Settings of an organization; Admins only.
#[component]
pub fn SettingsPage() -> impl IntoView {
    let (request, slug) = (request(), org_slug());
    let load = async move {
        let org = request.backend.orgs.open(&request.caller, &slug?).await?;
        require(&request.caller, org.standing, Permission::EditOrg)?;
        let policy = request.backend.token_policy.policy(&request.caller, &org.slug).await?;
        Ok((org, policy))
    };
    loaded(load, |(org, policy)| {
        view! {
            <Frame title="Settings" place=Place::Org(org.clone(), OrgTab::Settings)>
                <PageHeader title="Settings"/>
                <Name org=org.clone()/>
                <Address org=org.clone()/>
                <SignIn org=org.clone()/>
                <TokenPolicySection org=org.clone() policy/>
                {org.standing.grants(Permission::ChangeVisibility).then(|| view! { <VisibilitySection org=org.clone()/> })}
                {org.standing.grants(Permission::DeleteOrg).then(|| view! { <Deletion org/> })}
            </Frame>
        }
    })
}

#[component]
fn Name(org: OrgView) -> impl IntoView {
    let action = ServerAction::<RenameOrg>::new();
    let form = FormState::of(action, &request().draft);
    view! {
        <Section id="rename" title="Name">
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                    <TextField form field=Field::Name name="name" label="Name of the organization" stored=org.name.to_string()/>
                    <div class="form-end">
                        <button class="button button-primary">"Save"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
}

#[component]
fn Address(org: OrgView) -> impl IntoView {
    let request = request();
    let action = ServerAction::<ChangeOrgSlug>::new();
    let form = FormState::of(action, &request.draft);
    view! {
        <Section id="address" title="Address" lead="The old address will lead to the new one, so that links go on working. Tokens and nx are not affected.">
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                    <TextField
                        form
                        field=Field::Slug
                        name="slug"
                        label="Address of the organization"
                        stored=org.slug.to_string()
                        before=format!("{}{}", request.site.public_url, paths::ORG_PREFIX)
                        hint="Lower-case letters, digits and single hyphens."
                    />
                    <div class="form-end">
                        <button class="button button-primary">"Change the address"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
}

#[component]
fn SignIn(org: OrgView) -> impl IntoView {
    view! {
        <Section id="sign-in" title="Sign-in" lead="Whether a password is enough to open this organization.">
            <p>
                <a class="button" href=paths::org_sign_in(&org.slug)>
                    "How members sign in"
                </a>
            </p>
        </Section>
    }
}

#[component]
fn Deletion(org: OrgView) -> impl IntoView {
    let action = ServerAction::<DeleteOrg>::new();
    let form = FormState::of(action, &request().draft);
    let workspaces = if org.workspaces == 1 { "its workspace".to_owned() } else { format!("its {} workspaces", count(org.workspaces)) };
    view! {
        <DangerZone
            title="Delete the organization"
            lead=format!("Deletes “{}” for good: {workspaces} with all artifacts and CI access tokens, and all memberships. Builds that use a token of it fail until it is taken out of their environment.", org.name)
        >
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                    <TextField form field=Field::Confirmation name="confirmation" label=format!("Type “{}” to confirm", org.name)/>
                    <div class="form-end">
                        <button class="button button-danger">"Delete the organization"</button>
                    </div>
                </div>
            </ActionForm>
        </DangerZone>
    }
}
