//! The way to the OpenID provider, as a link: see `server::api::sso` for why it is no form.

use leptos::prelude::*;

use super::icon::Icon;
use crate::domain::identity::SignInProblem;
use crate::paths;
use crate::request::request;

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
    /// Whether it stands in a line with words.
    #[prop(optional)]
    in_line: bool,
) -> impl IntoView {
    let class = match (primary, in_line) {
        (true, _) => "button button-primary button-wide",
        (false, false) => "button button-wide",
        (false, true) => "button",
    };
    view! {
        <a class=class href=paths::sso_then(&next, domain.as_deref()) rel="nofollow">
            <Icon of=icondata_lu::LuLogIn/>
            {format!("Continue with {provider}")}
        </a>
    }
}

/// In place of a button that would be refused: why the person's sign-in is not enough, and the way to the one that is.
#[component]
pub fn SignInFirst(
    /// What is wrong with it.
    problem: SignInProblem,
    /// Where to go on afterwards.
    #[prop(into)]
    next: String,
    /// The domain to suggest there.
    #[prop(default = None)]
    domain: Option<String>,
    /// Whether it stands in a list, below words of its own.
    #[prop(optional)]
    in_line: bool,
) -> impl IntoView {
    let provider = request().site.provider.clone();
    let link = provider.map(|provider| view! { <ProviderLink provider next domain primary=!in_line in_line/> });
    let why = if in_line {
        view! { <p class="hint">{problem.to_string()}</p> }.into_any()
    } else {
        view! {
            <div class="alert alert-care" role="status">
                <p>{problem.to_string()}</p>
            </div>
        }
        .into_any()
    };
    view! {
        {why}
        {link}
    }
}

/// What stands between the provider and a form for a password.
#[component]
pub fn Or() -> impl IntoView {
    view! { <p class="or">"or with a password"</p> }
}
