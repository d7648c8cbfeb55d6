//! Changes the colours at once, and tells the server in the background.

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::{HtmlButtonElement, HtmlFormElement, UrlSearchParams};

/// Around the form with the three themes.
#[island]
pub fn ThemeSwitch(children: Children) -> impl IntoView {
    let switch = move |event: SubmitEvent| {
        // When the switch does not work, the form goes its usual way.
        if switch_now(&event).is_some() {
            event.prevent_default();
        }
    };
    view! { <div on:submit=switch>{children()}</div> }
}

fn switch_now(event: &SubmitEvent) -> Option<()> {
    let form: HtmlFormElement = event.target()?.dyn_into().ok()?;
    let chosen: HtmlButtonElement = event.submitter()?.dyn_into().ok()?;
    let theme = chosen.value();
    let body = UrlSearchParams::new().ok()?;
    body.append("theme", &theme);
    let sent = window().navigator().send_beacon_with_opt_url_search_params(&form.action(), Some(&body)).ok()?;
    if !sent {
        return None;
    }
    document().document_element()?.set_attribute("data-theme", &theme).ok()?;
    let buttons = document().query_selector_all("button[name=theme]").ok()?;
    for button in (0..buttons.length()).filter_map(|place| buttons.item(place)) {
        let button: HtmlButtonElement = button.unchecked_into();
        let pressed = (button.value() == theme).to_string();
        button.set_attribute("aria-pressed", &pressed).ok()?;
    }
    Some(())
}
