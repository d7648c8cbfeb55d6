//! Numbers with their names.

use leptos::prelude::*;

/// One number of a row of numbers; stands in a `<dl class="stats">`.
#[component]
pub fn Stat(
    /// What is counted.
    #[prop(into)]
    label: String,
    /// The number, ready to read.
    #[prop(into)]
    value: String,
    /// A line below it.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="stat">
            <dt class="stat-label">{label}</dt>
            <dd class="stat-value">{value}</dd>
            {children.map(|children| view! { <dd class="stat-note">{children()}</dd> })}
        </div>
    }
    .into_any()
}

/// How much of a limit is used, as a bar.
#[component]
pub fn Bar(
    /// What the bar shows, for those who do not see it.
    #[prop(into)]
    label: String,
    /// The part, in percent.
    percent: u64,
) -> impl IntoView {
    let percent = percent.min(100);
    view! {
        <progress class="bar" max="100" value=percent.to_string() aria-label=label>
            {percent}
            " %"
        </progress>
    }
}
