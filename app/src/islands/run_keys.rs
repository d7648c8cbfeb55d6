//! Keys for those who look through a run: j and k to the next and previous task, f to the next failure.

use leptos::ev::{KeyboardEvent, keydown};
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::awake;

/// Listens for the keys, and says which there are: on a list of tasks all of them, on a task the last one. Links of tasks carry `data-task`, those of failed ones `data-failed`; a
/// link with `data-next-failure` is followed.
#[island]
pub fn RunKeys(
    /// Whether the page lists tasks.
    list: bool,
) -> impl IntoView {
    let awake = awake();
    Effect::new(move |_| {
        let listener = window_event_listener(keydown, |event| {
            if !is_typing(&event) && act(&event.key()) {
                event.prevent_default();
            }
        });
        on_cleanup(move || listener.remove());
    });
    view! {
        <p class="hint" hidden=move || !awake.get()>
            {list.then(|| view! { "Keys: " <kbd>"j"</kbd> " and " <kbd>"k"</kbd> " for the next and the previous task, " })}
            {(!list).then_some("Key: ")}
            <kbd>"f"</kbd>
            " for the next failure."
        </p>
    }
}

fn is_typing(event: &KeyboardEvent) -> bool {
    let in_field =
        document().active_element().is_some_and(|element| ["INPUT", "SELECT", "TEXTAREA"].contains(&element.tag_name().as_str()));
    in_field || event.ctrl_key() || event.meta_key() || event.alt_key()
}

/// Whether the key did anything.
fn act(key: &str) -> bool {
    match key {
        "j" => step("[data-task]", true),
        "k" => step("[data-task]", false),
        "f" => {
            let link = document().query_selector("[data-next-failure]").ok().flatten();
            match link.and_then(|link| link.dyn_into::<HtmlElement>().ok()) {
                Some(link) => {
                    link.click();
                    true
                }
                None => step("[data-failed]", true),
            }
        }
        _ => false,
    }
}

/// Moves the focus to the next or previous of these, from wherever it is.
fn step(selector: &str, forward: bool) -> bool {
    let Ok(found) = document().query_selector_all(selector) else { return false };
    let all: Vec<HtmlElement> = (0..found.length()).filter_map(|place| found.item(place)?.dyn_into().ok()).collect();
    let focused = document().active_element();
    let here = all.iter().position(|one| focused.as_ref() == Some(one.as_ref()));
    let next = match (here, forward) {
        (Some(here), true) => here + 1,
        (Some(here), false) => here.wrapping_sub(1),
        (None, true) => 0,
        (None, false) => all.len().wrapping_sub(1),
    };
    all.get(next).is_some_and(|element| element.focus().is_ok())
}
