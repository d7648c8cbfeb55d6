//! The account at the OpenID provider that a person has linked.

use leptos::prelude::*;

use super::chip::{Chip, Tone};
use super::form::{ActionForm, FormError, FormState};
use super::provider::ProviderLink;
use super::section::Section;
use super::when::When;
use crate::backend::identities::{IdentityView, WaysIn};
use crate::domain::identity::Standing;
use crate::islands::confirm::Confirm;
use crate::paths;
use crate::request::request;
use crate::server_fns::identities::Unlink;

/// The linked account, and how to link one or remove it.
#[component]
pub fn Identity(
    /// How people call the provider.
    provider: String,
    /// How the person can sign in.
    ways: WaysIn,
) -> impl IntoView {
    let lead = format!("Sign in here with an account at {provider}. Some organizations ask for it.");
    let content = match ways.identity {
        None => view! { <ProviderLink provider=provider.clone() next=paths::ACCOUNT_SECURITY/> }.into_any(),
        Some(identity) => view! { <Linked provider=provider.clone() identity password=ways.password/> }.into_any(),
    };
    view! {
        <Section id="identity" title=provider lead>
            {content}
        </Section>
    }
}

#[component]
fn Linked(provider: String, identity: IdentityView, password: bool) -> impl IntoView {
    let now = request().now;
    let action = ServerAction::<Unlink>::new();
    let form = FormState::of(action, &request().draft);
    let (tone, words) = match identity.standing {
        Standing::Living => (Tone::Good, "Works"),
        Standing::Ended => (Tone::Bad, "Ended"),
        Standing::Unconfirmed => (Tone::Care, "Sign in again to confirm"),
    };
    let address = identity.email.unwrap_or_else(|| format!("An account at {provider}"));
    let domain = identity.hosted_domain.map(|domain| format!("Belongs to {domain}. "));
    let again =
        (identity.standing != Standing::Living).then(|| view! { <ProviderLink provider=provider.clone() next=paths::ACCOUNT_SECURITY/> });
    let removal = if password {
        view! {
            <Confirm label="Remove…".to_owned() title=format!("Remove the link with {provider}?")>
                <p>{format!("Organizations that ask for {provider} do not open any more. You sign in with your password.")}</p>
                <ActionForm action>
                    <button class="button button-danger">"Remove the link"</button>
                </ActionForm>
            </Confirm>
        }
        .into_any()
    } else {
        view! { <p class="hint">"This is your only way to sign in. Set a password before you remove it."</p> }.into_any()
    };
    view! {
        <FormError form/>
        <p>
            <span class="row-title">{address}</span>
            " "
            <Chip tone>{words}</Chip>
        </p>
        <p class="muted">{domain} "Linked " <When at=identity.linked_at now/> ", last confirmed " <When at=identity.confirmed_at now/> "."</p>
        {again}
        {removal}
    }
    .into_any()
}
