//! Through a long list, part by part.

use leptos::prelude::*;

use super::icon::Icon;
use crate::paths;

/// Links to the first and to the next part of a list.
#[component]
pub fn Pager(
    /// The list's address, without a query.
    path: String,
    /// What is searched for; stays in the links.
    search: String,
    /// Whether this is a later part.
    later: bool,
    /// Where the next part starts.
    next: Option<String>,
) -> impl IntoView {
    let first = paths::list(&path, &search, None);
    let next = next.map(|after| paths::list(&path, &search, Some(&after)));
    view! { <PagerLinks first later next/> }
}

/// The same for lists with an address of their own making.
#[component]
pub fn PagerLinks(
    /// Address of the first part.
    first: String,
    /// Whether this is a later part.
    later: bool,
    /// Address of the next part.
    next: Option<String>,
) -> impl IntoView {
    (later || next.is_some()).then(|| {
        view! {
            <nav class="pager" aria-label="Pages of the list">
                {later.then(|| view! { <a class="button" href=first>"First page"</a> })}
                {next
                    .map(|next| {
                        view! {
                            <a class="button" href=next rel="next">
                                "Next page"
                                <Icon of=icondata_lu::LuChevronRight/>
                            </a>
                        }
                    })}
            </nav>
        }
    })
}

/// Searches a list; works as a plain link with a query.
#[component]
pub fn SearchForm(
    /// The list's address, without a query.
    path: String,
    /// What is searched for now.
    search: String,
    /// What is searched.
    label: &'static str,
    /// What to type.
    placeholder: &'static str,
) -> impl IntoView {
    let all = (!search.is_empty()).then(|| {
        view! {
            <a class="button button-quiet" href=path.clone()>
                "Show all"
            </a>
        }
    });
    view! {
        <form class="search" method="get" action=path role="search">
            <input class="input" type="search" name="q" value=search placeholder=placeholder aria-label=label/>
            <button class="button">
                <Icon of=icondata_lu::LuSearch/>
                "Search"
            </button>
            {all}
        </form>
    }
    .into_any()
}
