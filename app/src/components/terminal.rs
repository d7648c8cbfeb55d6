//! Output of programs: lines with their numbers and colours.

use leptos::prelude::*;

use crate::terminal::{Line, Piece};

/// The lines of a log. Each has an address of its own, `#L7`.
#[component]
pub fn Terminal(
    /// What it is the output of, for those who do not see where it stands.
    label: String,
    /// The lines.
    lines: Vec<Line>,
    /// The number of the first one.
    first: u64,
) -> impl IntoView {
    let piece = |Piece { class, text }: Piece| {
        if class.is_empty() { text.into_any() } else { view! { <span class=class>{text}</span> }.into_any() }
    };
    let line = |(number, line): (u64, Line)| {
        let id = format!("L{number}");
        view! {
            <span class="log-line" id=id.clone()>
                <a class="log-number" href=format!("#{id}") tabindex="-1">
                    {number}
                </a>
                <span class="log-text">{line.into_iter().map(piece).collect_view()}</span>
            </span>
        }
    };
    view! {
        // Reachable by keyboard, as it may have to be scrolled sideways.
        <pre class="log" tabindex="0" role="region" aria-label=label>
            {(first..).zip(lines).map(line).collect_view()}
        </pre>
    }
    .into_any()
}
