//! The way to the OpenID provider, as a link: see `server::api::sso` for why it is no form.

use leptos::prelude::*;

use super::icon::Icon;
use crate::paths;

/// A button that leads to the provider, and back to `next`.
#[component]
pub fn ProviderLink(
    /// How people call the provider.
    provider: String,
    /// Where to go on afterwards.
    #[prop(into)]
    next: String,
    /// The domain to suggest there.
    #[prop(default = None)]
    domain: Option<String>,
    /// Whether it is the main thing to do on the page.
    #[prop(optional)]
    primary: bool,
) -> impl IntoView {
    let class = if primary { "button button-primary button-wide" } else { "button button-wide" };
    view! {
        <a class=class href=paths::sso_then(&next, domain.as_deref()) rel="nofollow">
            <Icon of=icondata_lu::LuLogIn/>
            {format!("Continue with {provider}")}
        </a>
    }
}

/// What stands between the provider and a form for a password.
#[component]
pub fn Or() -> impl IntoView {
    view! { <p class="or">"or with a password"</p> }
}
