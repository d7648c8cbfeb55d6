//! How runs and tasks are shown: their state, where results came from, how long they took.

use leptos::prelude::*;

use super::chip::{Chip, Tone};
use crate::backend::runs::RunView;
use crate::domain::run::{CacheStatus, RunStatus, TaskCounts, TaskStatus};
use crate::domain::time::{count, duration};

/// How a run is.
#[component]
pub fn RunChip(
    /// The state.
    status: RunStatus,
) -> impl IntoView {
    let tone = match status {
        RunStatus::Running => Tone::Accent,
        RunStatus::Success => Tone::Good,
        RunStatus::Failure => Tone::Bad,
        RunStatus::Cancelled => Tone::Care,
    };
    view! { <Chip tone>{status.title()}</Chip> }
}

/// How a task is.
#[component]
pub fn TaskChip(
    /// The state.
    status: TaskStatus,
) -> impl IntoView {
    let tone = match status {
        TaskStatus::Running => Tone::Accent,
        TaskStatus::Success => Tone::Good,
        TaskStatus::Failure => Tone::Bad,
        TaskStatus::Skipped => Tone::Plain,
        TaskStatus::Stopped => Tone::Care,
    };
    view! { <Chip tone>{status.title()}</Chip> }
}

/// Where a task's result came from, in a few words.
pub fn cache_words(cache: Option<CacheStatus>, cacheable: bool) -> &'static str {
    match cache {
        Some(CacheStatus::Miss) if !cacheable => "Not cached",
        Some(CacheStatus::Miss) => "Miss",
        Some(hit) => hit.title(),
        None => "–",
    }
}

/// How long a run took, or takes by now.
pub fn run_duration(run: &RunView, now: chrono::DateTime<chrono::Utc>) -> String {
    duration(run.duration_ms(now))
}

/// Where the results of a run came from, as a bar with its numbers.
#[component]
pub fn HitBar(
    /// The tasks.
    counts: TaskCounts,
) -> impl IntoView {
    let all = counts.cacheable();
    if all == 0 {
        return ().into_any();
    }
    let parts =
        [("hit-local", "local", counts.local_hits), ("hit-remote", "remote", counts.remote_hits), ("hit-miss", "missed", counts.misses)];
    let label = format!("Hits and misses: {}", parts.map(|(_, name, part)| format!("{part} {name}")).join(", "));
    // Thousandths, so that the parts end where the bar ends.
    let share = |part: u32| u64::from(part) * 1000 / u64::from(all);
    let percent = |thousandths: u64| format!("{}.{}%", thousandths / 10, thousandths % 10);
    let mut begin = 0;
    let bars = parts.map(|(class, _, part)| {
        let from = begin;
        begin += part;
        view! { <rect class=class x=percent(share(from)) y="0" width=percent(share(begin) - share(from)) height="100%"></rect> }
    });
    let names = parts.map(|(class, name, part)| {
        view! {
            <li class=format!("hit-name {class}")>{format!("{} {name}", count(u64::from(part)))}</li>
        }
    });
    view! {
        <div class="hits">
            <svg class="hit-bar" role="img" aria-label=label width="100%" height="8">
                {bars.collect_view()}
            </svg>
            <ul class="hit-names">{names.collect_view()}</ul>
        </div>
    }
    .into_any()
}
