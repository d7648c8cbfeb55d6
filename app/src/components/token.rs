//! What lists of tokens say of each: whether it works, when it was used last, when it ends.

use chrono::{DateTime, TimeDelta, Utc};
use leptos::prelude::*;

use super::chip::{Chip, StateChip, Tone};
use super::when::When;
use crate::domain::time::absolute;
use crate::domain::token::TokenState;
use crate::request::request;

/// A token that ends within so many days is marked, so that it is replaced in time.
const SOON_DAYS: i64 = 7;

/// The cells “Status”, “Last used” and “Expires”.
#[component]
pub fn TokenCells(
    /// Whether it works.
    state: TokenState,
    /// When, and from which address.
    last_used: Option<(DateTime<Utc>, String)>,
    /// When it ends; without one, never.
    expires_at: Option<DateTime<Utc>>,
) -> impl IntoView {
    let now = request().now;
    let soon = state == TokenState::Active && expires_at.is_some_and(|end| end - now < TimeDelta::days(SOON_DAYS));
    let state_chip =
        if soon { view! { <Chip tone=Tone::Care>"Expires soon"</Chip> }.into_any() } else { view! { <StateChip state/> }.into_any() };
    let moment = |at: DateTime<Utc>, note: String| {
        view! {
            <When at now/>
            <span class="row-note row-exact">{note}</span>
        }
        .into_any()
    };
    let last_used = match last_used {
        Some((at, from)) => moment(at, from),
        None => "never".into_any(),
    };
    let expires = match expires_at {
        // It has ended already.
        _ if state == TokenState::Revoked => "–".into_any(),
        Some(at) => moment(at, absolute(at)),
        None => "never".into_any(),
    };
    view! {
        <td data-label="Status">{state_chip}</td>
        <td data-label="Last used">
            <span>{last_used}</span>
        </td>
        <td data-label="Expires">
            <span>{expires}</span>
        </td>
    }
}
