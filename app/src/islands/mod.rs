//! The few pieces that become WebAssembly. Each one adds comfort to a page that works without it, and shows
//! itself only once it is awake.

pub mod confirm;
pub mod copy_button;
pub mod live;
pub mod reload;
pub mod row_filter;
pub mod run_keys;
pub mod slug_suggestion;
pub mod theme_switch;

use leptos::prelude::*;

/// False on the server and until the island has woken up.
fn awake() -> ReadSignal<bool> {
    let (awake, set_awake) = signal(false);
    Effect::new(move |_| set_awake.set(true));
    awake
}
