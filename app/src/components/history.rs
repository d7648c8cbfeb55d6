//! From a thing to what happened to it.

use leptos::prelude::*;

/// Leads to what the audit log says of a thing.
#[component]
pub fn HistoryLink(
    /// Where that is; `None` for whoever may not read it.
    path: Option<String>,
    /// The thing's name.
    of: String,
) -> impl IntoView {
    path.map(|path| {
        view! {
            <a class="button button-quiet" href=path aria-label=format!("History of {of}")>
                "History"
            </a>
        }
    })
}
