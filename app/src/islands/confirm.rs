//! Asks before something is done that cannot be undone. Without scripts the question opens in its place
//! (`<details>`); with them it is a modal dialog, the same elements in both cases.

use leptos::html::{Details, Dialog};
use leptos::prelude::*;

use super::awake;

/// A button that opens the question; the children are the question and the form.
#[island]
pub fn Confirm(
    /// The words on the button.
    label: String,
    /// The question.
    title: String,
    /// What follows from it, and the form.
    children: Children,
) -> impl IntoView {
    let awake = awake();
    let details = NodeRef::<Details>::new();
    let dialog = NodeRef::<Dialog>::new();
    let opened = move |_| {
        let (Some(details), Some(dialog)) = (details.get_untracked(), dialog.get_untracked()) else { return };
        if details.open() {
            // It is open, but not modal, as the page came from the server.
            dialog.close();
            if dialog.show_modal().is_err() {
                details.set_open(false);
            }
        }
    };
    let closed = move |_| {
        // `close()` above is followed by `show_modal()`, so only a dialog that stays shut closes the rest.
        if let (Some(details), Some(dialog)) = (details.get_untracked(), dialog.get_untracked())
            && !dialog.open()
        {
            details.set_open(false);
        }
    };
    let cancel = move |_| {
        if let Some(dialog) = dialog.get_untracked() {
            dialog.close();
        }
    };
    let name = title.clone();
    view! {
        <details class="confirm" node_ref=details on:toggle=opened>
            <summary class="button">{label}</summary>
            <dialog class="dialog" open=true node_ref=dialog on:close=closed aria-label=name>
                <h2 class="dialog-title">{title}</h2>
                {children()}
                <button type="button" class="button dialog-cancel" hidden=move || !awake.get() on:click=cancel>
                    "Cancel"
                </button>
            </dialog>
        </details>
    }
}
