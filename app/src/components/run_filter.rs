//! The filters of runs and of their tasks: plain forms whose fields become the address.

use leptos::prelude::*;

use super::form::SelectField;
use super::icon::Icon;
use crate::domain::run::{CredentialKind, Origin, RunStatus, TaskStatus};
use crate::domain::run_filter::{CacheFilter, RunFilter, TaskFilter, TaskOrder};

fn any() -> (String, String) {
    (String::new(), "Any".to_owned())
}

fn choice(value: &str, words: &str) -> (String, String) {
    (value.to_owned(), words.to_owned())
}

/// A field that is found as a whole.
fn whole(name: &'static str, label: &'static str, value: &str, placeholder: &'static str) -> impl IntoView + use<> {
    view! {
        <div class="field">
            <label class="label" for=name>
                {label}
            </label>
            <input class="input" id=name name=name value=value.to_owned() placeholder=placeholder autocomplete="off" spellcheck="false"/>
        </div>
    }
}

#[component]
fn FilterEnd(path: String, shows_all: bool) -> impl IntoView {
    view! {
        <div class="filters-end">
            <button class="button">
                <Icon of=icondata_lu::LuListFilter/>
                "Filter"
            </button>
            {(!shows_all)
                .then(|| {
                    view! {
                        <a class="button button-quiet" href=path>
                            "Show all"
                        </a>
                    }
                })}
        </div>
    }
}

/// Which runs; works as a plain link with a query.
#[component]
pub fn RunFilterForm(
    /// The list's address, without a query.
    path: String,
    /// What is asked for now.
    filter: RunFilter,
    /// Whether it is the list of one workspace, which can be asked for tasks.
    in_workspace: bool,
    /// Whether the reader may ask for authors.
    by_author: bool,
) -> impl IntoView {
    let shows_all = filter.is_empty();
    let action = path.clone();
    let statuses = RunStatus::ALL.iter().map(|status| choice(status.as_str(), status.title()));
    let origins = Origin::ALL.iter().map(|origin| choice(origin.as_str(), origin.title()));
    let kinds = CredentialKind::ALL.iter().map(|kind| choice(kind.as_str(), kind.title()));
    let with_any = |choices: Vec<(String, String)>| [vec![any()], choices].concat();
    // What few ask for is behind a line, and open when it is asked for.
    let is_open = [&filter.author, &filter.command, &filter.execution, &filter.task, &filter.hash].into_iter().any(|text| !text.is_empty());
    let of_tasks = in_workspace.then(|| {
        view! {
            {whole("task", "Task", &filter.task, "shop:build:production")}
            {whole("hash", "Hash of a task", &filter.hash, "")}
        }
    });
    view! {
        <form class="filter-form" method="get" action=action role="search" aria-label="Filter runs">
            <div class="filters">
                {whole("branch", "Branch", &filter.branch, "main")}
                <SelectField name="status" id="status" label="Status" choices=with_any(statuses.collect()) chosen=filter.status.map_or("", RunStatus::as_str)/>
                <SelectField name="origin" id="origin" label="CI or local" choices=with_any(origins.collect()) chosen=filter.origin.map_or("", Origin::as_str)/>
                <SelectField
                    name="credential"
                    id="credential"
                    label="Credential"
                    choices=with_any(kinds.collect())
                    chosen=filter.credential.map_or("", CredentialKind::as_str)
                />
                <FilterEnd path shows_all/>
            </div>
            <details class="disclosure" open=is_open>
                <summary>"More filters"</summary>
                <div class="filters">
                    {by_author.then(|| whole("author", "Author", &filter.author, "Ada Lovelace"))}
                    {whole("command", "Command", &filter.command, "nx run-many -t build")}
                    {whole("execution", "CI execution", &filter.execution, "")}
                    {of_tasks}
                </div>
                <p class="hint">"Names are stored encrypted, so that they are found as a whole only: write them exactly as the run says them."</p>
            </details>
        </form>
    }
    .into_any()
}

/// Which tasks of a run, and in which order.
#[component]
pub fn TaskFilterForm(
    /// The list's address, without a query.
    path: String,
    /// What is asked for now.
    filter: TaskFilter,
) -> impl IntoView {
    let shows_all = filter.is_empty();
    let action = path.clone();
    let statuses = [vec![any()], TaskStatus::ALL.iter().map(|status| choice(status.as_str(), status.title())).collect()].concat();
    let caches = [vec![any()], CacheFilter::ALL.map(|cache| choice(cache.as_str(), cache.title())).to_vec()].concat();
    let orders = TaskOrder::ALL.map(|order| choice(order.as_str(), order.title())).to_vec();
    view! {
        <form class="filters" method="get" action=action role="search" aria-label="Filter tasks">
            {whole("q", "Task", &filter.search, "Part of its name")}
            <SelectField name="status" id="status" label="Status" choices=statuses chosen=filter.status.map_or("", TaskStatus::as_str)/>
            <SelectField name="cache" id="cache" label="Cache" choices=caches chosen=filter.cache.map_or("", CacheFilter::as_str)/>
            <SelectField name="order" id="order" label="Order" choices=orders chosen=filter.order.as_str()/>
            <FilterEnd path shows_all/>
        </form>
    }
    .into_any()
}
