//! Moments.

use chrono::{DateTime, SecondsFormat, Utc};
use leptos::prelude::*;

use crate::domain::time::{absolute, relative};

/// A moment as distance from now; the exact one (UTC) is behind it.
#[component]
pub fn When(
    /// The moment.
    at: DateTime<Utc>,
    /// The moment of the request.
    now: DateTime<Utc>,
) -> impl IntoView {
    view! {
        <time datetime=at.to_rfc3339_opts(SecondsFormat::Secs, true) title=absolute(at)>
            {relative(at, now)}
        </time>
    }
}
