//! How long tokens may live in an organization.

use leptos::prelude::*;

use crate::backend::orgs::OrgView;
use crate::components::form::{ActionForm, FormError, FormState, TextField};
use crate::components::section::Section;
use crate::domain::token::TokenPolicy;
use crate::error::Field;
use crate::request::request;
use crate::server_fns::token_policy::SetTokenPolicy;

/// The limits, with what follows from them.
#[component]
pub fn TokenPolicySection(org: OrgView, policy: TokenPolicy) -> impl IntoView {
    let action = ServerAction::<SetTokenPolicy>::new();
    let form = FormState::of(action, &request().draft);
    let days = |days: Option<u16>| days.map(|days| days.to_string()).unwrap_or_default();
    view! {
        <Section
            id="token-policy"
            title="Longest life of tokens"
            lead="Counted from the day on which a token was made. One that is older than you allow here stops working here as soon as you save. Empty is without limit."
        >
            <ActionForm action>
                <div class="form">
                    <FormError form=form.clone()/>
                    <input type="hidden" name="org_slug" value=org.slug.to_string()/>
                    <TextField
                        form=form.clone()
                        field=Field::CiTokenDays
                        name="ci_days"
                        label="CI access tokens"
                        unit="days"
                        optional=true
                        stored=days(policy.ci_days)
                        hint="Jobs with an older one are refused, also after a rotation. New ones get no longer life."
                    />
                    <TextField
                        form
                        field=Field::PersonalTokenDays
                        name="personal_days"
                        label="Personal access tokens"
                        unit="days"
                        optional=true
                        stored=days(policy.personal_days)
                        hint="Members with an older one count here as the nxCloudId alone, until they run nx login again."
                    />
                    <div class="form-end">
                        <button class="button button-primary">"Save"</button>
                    </div>
                </div>
            </ActionForm>
        </Section>
    }
    .into_any()
}
