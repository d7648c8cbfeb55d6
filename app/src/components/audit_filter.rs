//! The filter of the audit log: a plain form whose fields become the address.

use leptos::prelude::*;

use super::form::SelectField;
use super::icon::Icon;
use crate::domain::audit::{Action, AuditFilter, ObjectKind};

/// By whom, what, to what and when; works as a plain link with a query.
#[component]
pub fn FilterForm(
    /// The list's address, without a query.
    path: String,
    /// What is asked for now.
    filter: AuditFilter,
) -> impl IntoView {
    let all = (!filter.is_empty()).then(|| {
        view! {
            <a class="button button-quiet" href=path.clone()>
                "Show all"
            </a>
        }
    });
    let offered = |(value, words): (&'static str, Option<&'static str>)| words.map(|words| (value.to_owned(), words.to_owned()));
    let any = || (String::new(), "Any".to_owned());
    let kinds = ObjectKind::ALL.map(|kind| (kind.as_str(), kind.choice()));
    let kinds = [any()].into_iter().chain(kinds.into_iter().filter_map(offered)).collect();
    let actions = Action::ALL.map(|action| (action.as_str(), action.choice()));
    let actions = [any()].into_iter().chain(actions.into_iter().filter_map(offered)).collect();
    let object = (!filter.object.is_empty()).then(|| {
        view! {
            <div class="field">
                <label class="label" for="object">
                    "Object's id"
                </label>
                <input class="input" id="object" name="object" value=filter.object.clone() autocomplete="off" spellcheck="false"/>
            </div>
        }
    });
    let day = |name: &'static str, label: &'static str, day: Option<chrono::NaiveDate>| {
        view! {
            <div class="field">
                <label class="label" for=name>
                    {label}
                </label>
                <input class="input" type="date" id=name name=name value=day.map(|day| day.to_string())/>
            </div>
        }
    };
    view! {
        <form class="filters" method="get" action=path role="search" aria-label="Filter events">
            <div class="field">
                <label class="label" for="actor">
                    "Who"
                </label>
                <input
                    class="input"
                    id="actor"
                    name="actor"
                    value=filter.actor.clone()
                    placeholder="Part of a name or address"
                    autocomplete="off"
                    spellcheck="false"
                />
            </div>
            <SelectField name="action" id="action" label="Action" choices=actions chosen=filter.action.map_or("", Action::as_str)/>
            <SelectField name="kind" id="kind" label="Kind of object" choices=kinds chosen=filter.kind.map_or("", ObjectKind::as_str)/>
            {object}
            {day("from", "From (UTC)", filter.from)}
            {day("to", "To (UTC)", filter.to)}
            <div class="filters-end">
                <button class="button">
                    <Icon of=icondata_lu::LuListFilter/>
                    "Filter"
                </button>
                {all}
            </div>
        </form>
    }
    .into_any()
}
