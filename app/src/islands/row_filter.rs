//! Hides the rows of a list that do not hold what is typed.

use js_sys::JsString;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use super::awake;

/// From this many rows on, a filter is worth its place.
pub const MANY: usize = 8;

/// A field that filters the children of the element with the id `rows`.
#[island]
pub fn RowFilter(
    /// Id of the element with the rows.
    rows: String,
    /// What the field does.
    label: String,
) -> impl IntoView {
    let awake = awake();
    let (left, set_left) = signal(None);
    let filter = move |event| set_left.set(show_only(&rows, &event_target_value(&event)));
    view! {
        <div class="filter" hidden=move || !awake.get()>
            <input class="input" type="search" placeholder=label.clone() aria-label=label on:input=filter/>
            <span class="hint" role="status">
                {move || left.get().map(|left: u32| format!("{left} shown"))}
            </span>
        </div>
    }
}

/// The text as it is compared, whatever its case and form. The browser knows these, so that no tables of letters travel.
fn compared(text: &str) -> String {
    JsString::from(text).normalize("NFKC").to_lower_case().into()
}

/// Returns how many rows are left, or nothing when all of them are.
fn show_only(rows: &str, words: &str) -> Option<u32> {
    let words = compared(words.trim());
    let rows = document().get_element_by_id(rows)?.children();
    let mut left = 0;
    for row in (0..rows.length()).filter_map(|place| rows.item(place)) {
        let fits = row.text_content().is_some_and(|text| compared(&text).contains(&words));
        left += u32::from(fits);
        row.unchecked_into::<HtmlElement>().set_hidden(!fits);
    }
    (!words.is_empty()).then_some(left)
}
