//! Icons of the Lucide set, drawn in the colour of the text around them.

use icondata_core::Icon as Drawing;
use leptos::prelude::*;

/// An icon beside words that say the same: hidden from screen readers.
#[component]
pub fn Icon(
    /// The drawing, such as `icondata_lu::LuCheck`.
    of: Drawing,
) -> impl IntoView {
    view! {
        <svg
            class="icon"
            width="16"
            height="16"
            viewBox="0 0 24 24"
            fill="none"
            stroke="currentColor"
            stroke-width="2"
            stroke-linecap="round"
            stroke-linejoin="round"
            aria-hidden="true"
            inner_html=of.data
        ></svg>
    }
}
