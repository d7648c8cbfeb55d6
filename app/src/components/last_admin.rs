//! What the last Admin of an organization has to do before they can go.

use leptos::prelude::*;

use crate::backend::orgs::OrgView;
use crate::paths;

/// The sentence, with links to where it is done.
#[component]
pub fn LastAdmin(
    /// The organization.
    org: OrgView,
) -> impl IntoView {
    if org.kept_out.is_some() {
        return view! {
            <span class="hint">
                "You are its last Admin. To go, " <a href=paths::org(&org.slug)>"sign in in another way"</a>
                ", and make somebody else an Admin there or delete it."
            </span>
        }
        .into_any();
    }
    let deletion = view! { <a href=paths::org_settings(&org.slug)>{format!("delete {}", org.name)}</a> };
    if org.members == 1 {
        return view! { <span class="hint">"You are its only member. To go, " {deletion} "."</span> }.into_any();
    }
    view! {
        <span class="hint">
            "You are its last Admin. To go, " <a href=paths::org_members(&org.slug)>"make somebody else an Admin"</a> ", or " {deletion} "."
        </span>
    }
    .into_any()
}
