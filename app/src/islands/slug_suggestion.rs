//! Fills in the address of a new organization from its name, until the person types one.

use leptos::ev::Event;
use leptos::prelude::*;
use leptos::wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use crate::domain::names::OrgSlug;

/// Around a form with the fields `name` and `slug`.
#[island]
pub fn SlugSuggestion(children: Children) -> impl IntoView {
    let (typed, set_typed) = signal(false);
    let input = move |event: Event| {
        let Some(field) = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok()) else { return };
        if field.name() == "slug" {
            set_typed.set(!field.value().is_empty());
        } else if field.name() == "name" && !typed.get_untracked() {
            let slug = document().get_element_by_id("slug").and_then(|slug| slug.dyn_into::<HtmlInputElement>().ok());
            if let Some(slug) = slug {
                slug.set_value(&OrgSlug::suggest(&field.value()));
            }
        }
    };
    view! { <div on:input=input>{children()}</div> }
}
