//! Loads the page again after a while, as long as something goes on.

use std::time::Duration;

use leptos::prelude::*;

/// Reloads after so many seconds.
#[island]
pub fn Reload(
    /// How many.
    seconds: u32,
) -> impl IntoView {
    Effect::new(move |_| {
        set_timeout(
            || {
                // A page that cannot be loaded again stays as it is; the link beside it still works.
                let _ = window().location().reload();
            },
            Duration::from_secs(u64::from(seconds)),
        );
    });
}
