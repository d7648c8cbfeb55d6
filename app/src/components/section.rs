//! Parts of a page with a heading.

use leptos::prelude::*;

/// A part of a page in a box of its own.
#[component]
pub fn Section(
    /// Id of the heading, unique on the page.
    id: &'static str,
    /// The heading.
    #[prop(into)]
    title: String,
    /// What the part is for, in a sentence.
    #[prop(optional, into)]
    lead: String,
    /// The content.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card" aria-labelledby=id>
            <div class="card-head">
                <h2 class="card-title" id=id>
                    {title}
                </h2>
                {(!lead.is_empty()).then(|| view! { <p class="card-lead">{lead}</p> })}
            </div>
            <div class="card-body">{children()}</div>
        </section>
    }
    .into_any()
}

/// The end of a settings page: what cannot be undone.
#[component]
pub fn DangerZone(
    /// The heading.
    #[prop(into)]
    title: String,
    /// What is lost, in a sentence.
    #[prop(into)]
    lead: String,
    /// The form.
    children: Children,
) -> impl IntoView {
    view! {
        <section class="card card-danger" aria-labelledby="danger">
            <div class="card-head">
                <h2 class="card-title" id="danger">
                    {title}
                </h2>
                <p class="card-lead">{lead}</p>
            </div>
            <div class="card-body">{children()}</div>
        </section>
    }
    .into_any()
}
