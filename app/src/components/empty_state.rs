//! What stands where there is nothing yet: it says what would be here and how to get it.

use icondata_core::Icon as Drawing;
use leptos::prelude::*;

use super::icon::Icon;

/// Nothing here yet, and the next step.
#[component]
pub fn EmptyState(
    /// A drawing of what is missing.
    icon: Drawing,
    /// What is not there.
    #[prop(into)]
    title: String,
    /// The next step.
    children: Children,
    /// 1 where it is all of the page, else 2.
    #[prop(default = 2)]
    level: u8,
) -> impl IntoView {
    let title = if level == 1 {
        view! { <h1 class="empty-title">{title}</h1> }.into_any()
    } else {
        view! { <h2 class="empty-title">{title}</h2> }.into_any()
    };
    view! {
        <div class="empty">
            <span class="empty-icon">
                <Icon of=icon/>
            </span>
            {title}
            <div class="empty-body">{children()}</div>
        </div>
    }
    .into_any()
}
