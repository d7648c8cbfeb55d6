//! Keeps a page fresh while something on it goes on, and lets be whoever reads, types or selects there.

use std::time::Duration;

use leptos::prelude::*;

/// Loads the page again every so many seconds.
#[island]
pub fn Live(
    /// How many.
    seconds: u32,
) -> impl IntoView {
    Effect::new(move |_| watch(seconds));
}

fn watch(seconds: u32) {
    set_timeout(
        move || {
            if is_in_use() {
                watch(seconds);
            } else {
                // A page that cannot be loaded again stays as it is; the link beside it still works.
                let _ = window().location().reload();
            }
        },
        Duration::from_secs(u64::from(seconds)),
    );
}

/// Whether loading the page again would take something away.
fn is_in_use() -> bool {
    let typing = document().active_element().is_some_and(|element| ["INPUT", "SELECT", "TEXTAREA"].contains(&element.tag_name().as_str()));
    let selected = window().get_selection().ok().flatten().is_some_and(|selection| !selection.is_collapsed());
    typing || selected || document().hidden()
}
