//! Wakes the islands of `app` in the browser.

// Without a use of `app` its island exports would be dropped (leptos issue 2083).
extern crate app;

/// Called once by the script that loads the WebAssembly.
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    leptos::mount::hydrate_islands();
}
