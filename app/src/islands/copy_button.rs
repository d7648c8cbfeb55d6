//! Copies the text of a neighbouring element; the text itself is not a prop, as props stand in the page.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos::wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;

use super::awake;

/// A button that copies the text of the element with the id `from`.
#[island]
pub fn CopyButton(
    /// Id of the element.
    from: String,
    /// What the button does, for those who do not see what it stands beside.
    label: String,
) -> impl IntoView {
    let awake = awake();
    let (copied, set_copied) = signal(false);
    let copy = move |_| {
        let Some(source) = document().get_element_by_id(&from) else { return };
        spawn_local(async move {
            set_copied.set(copy_text(&source).await);
        });
    };
    view! {
        <button type="button" class="copy" hidden=move || !awake.get() aria-label=label on:click=copy>
            {move || if copied.get() { "Copied" } else { "Copy" }}
        </button>
        <span class="sr-only" role="status">
            {move || if copied.get() { "Copied to the clipboard" } else { "" }}
        </span>
    }
}

/// Over plain HTTP browsers have no clipboard for scripts; there the older command on a selection works.
async fn copy_text(source: &web_sys::Element) -> bool {
    if window().is_secure_context() {
        let text = source.text_content().unwrap_or_default();
        return JsFuture::from(window().navigator().clipboard().write_text(&text)).await.is_ok();
    }
    let Ok(Some(selection)) = window().get_selection() else { return false };
    let selected = selection.select_all_children(source).is_ok();
    let page: web_sys::HtmlDocument = document().unchecked_into();
    selected && page.exec_command("copy").unwrap_or(false)
}
