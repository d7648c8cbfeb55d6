//! Text to be copied: commands, environment lines, ids.

use leptos::prelude::*;

use crate::islands::copy_button::CopyButton;

/// Lines to put into a file or a terminal.
#[component]
pub fn CodeBlock(
    /// Id of the text, unique on the page.
    #[prop(into)]
    id: String,
    /// Where the lines belong.
    #[prop(into)]
    caption: String,
    /// The lines.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let label = format!("Copy: {caption}");
    view! {
        <figure class="code">
            <figcaption class="code-caption">
                <span>{caption}</span>
                <CopyButton from=id.clone() label/>
            </figcaption>
            // Reachable by keyboard, as it may have to be scrolled sideways.
            <pre class="code-text" id=id tabindex="0">
                {text}
            </pre>
        </figure>
    }
    .into_any()
}

/// A short value in a line of its own.
#[component]
pub fn CodeLine(
    /// Id of the text, unique on the page.
    #[prop(into)]
    id: String,
    /// What the value is, for the copy button.
    #[prop(into)]
    what: String,
    /// The value.
    #[prop(into)]
    text: String,
) -> impl IntoView {
    let label = format!("Copy: {what}");
    view! {
        <span class="code-line">
            <code id=id.clone()>{text}</code>
            <CopyButton from=id label/>
        </span>
    }
    .into_any()
}
