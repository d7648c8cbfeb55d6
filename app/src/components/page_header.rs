//! The heading of a page.

use leptos::prelude::*;

/// A page's heading, a line below it and, as children, what can be done here.
#[component]
pub fn PageHeader(
    /// The heading.
    #[prop(into)]
    title: String,
    /// What the page is for, in a sentence.
    #[prop(optional, into)]
    lead: String,
    /// Links and buttons at the side.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="page-header">
            <div class="min-w-0">
                <h1 class="page-title">{title}</h1>
                {(!lead.is_empty()).then(|| view! { <p class="page-lead">{lead}</p> })}
            </div>
            {children.map(|children| view! { <div class="page-actions">{children()}</div> })}
        </div>
    }
    .into_any()
}
