//! Create an organization.

use leptos::prelude::*;

use super::frame::Frame;
use super::problem;
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::page_header::PageHeader;
use crate::error::{AppError, Conflict, Field};
use crate::islands::slug_suggestion::SlugSuggestion;
use crate::paths;
use crate::request::request;
use crate::server_fns::orgs::CreateOrg;

/// Name and address of a new organization.
#[component]
pub fn NewOrgPage() -> impl IntoView {
    let request = request();
    if let Err(error) = request.caller.user() {
        return problem::problem(error);
    }
    if !request.site.everyone_creates_orgs {
        return problem::problem(AppError::Conflict(Conflict::OrgsByOperator));
    }
    let action = ServerAction::<CreateOrg>::new();
    let form = FormState::of(action, &request.draft);
    view! {
        <Frame title="New organization" narrow=true>
            <PageHeader title="New organization" lead="It holds your team's workspaces. You become its only member and its Admin."/>
            <SlugSuggestion>
                <ActionForm action>
                    <div class="form">
                        <FormError form=form.clone()/>
                        <TextField form=form.clone() field=Field::Name name="name" label="Name" hint="Such as Acme GmbH."/>
                        <TextField
                            form
                            field=Field::Slug
                            name="slug"
                            label="Address"
                            before=format!("{}{}", request.site.public_url, paths::ORG_PREFIX)
                            hint="Lower-case letters, digits and single hyphens. You can change it later; the old one will lead to the new one."
                        />
                        <button class="button button-primary button-wide">"Create the organization"</button>
                    </div>
                </ActionForm>
            </SlugSuggestion>
            <p class="aside">
                <a href=paths::HOME>"Back to your organizations"</a>
            </p>
        </Frame>
    }
    .into_any()
}
