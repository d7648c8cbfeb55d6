//! Small labels for a state or a kind.

use leptos::prelude::*;

use crate::domain::access::{IdAccess, TokenAccess};
use crate::domain::role::Role;
use crate::domain::token::TokenState;
use crate::domain::visibility::Visibility;

/// How a chip is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Of more weight than plain.
    Accent,
    /// As it should be.
    Good,
    /// Worth a second look.
    Care,
    /// No longer works.
    Bad,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Self::Plain => "chip",
            Self::Accent => "chip chip-accent",
            Self::Good => "chip chip-good",
            Self::Care => "chip chip-care",
            Self::Bad => "chip chip-bad",
        }
    }
}

/// A small label.
#[component]
pub fn Chip(
    /// How it is coloured.
    tone: Tone,
    children: Children,
) -> impl IntoView {
    view! { <span class=tone.class()>{children()}</span> }
}

/// A member's role.
#[component]
pub fn RoleChip(
    /// The role.
    role: Role,
) -> impl IntoView {
    let tone = match role {
        Role::Admin => Tone::Accent,
        Role::Member => Tone::Plain,
    };
    view! { <Chip tone>{role.to_string()}</Chip> }
}

/// Says beside an organization's name that everybody can look at it. A private one is the usual case, and has no chip.
#[component]
pub fn PublicChip(
    /// Who may look at it.
    visibility: Visibility,
) -> impl IntoView {
    visibility.is_public().then(|| view! { <Chip tone=Tone::Good>"Public"</Chip> })
}

/// A token's access.
#[component]
pub fn AccessChip(
    /// The access.
    access: TokenAccess,
) -> impl IntoView {
    let tone = match access {
        TokenAccess::ReadOnly => Tone::Plain,
        TokenAccess::ReadWrite => Tone::Care,
    };
    view! { <Chip tone>{access.as_str()}</Chip> }
}

/// What the Nx Cloud id alone may do.
#[component]
pub fn IdAccessChip(
    /// The level.
    access: IdAccess,
) -> impl IntoView {
    let tone = match access {
        IdAccess::None => Tone::Good,
        IdAccess::ReadOnly => Tone::Plain,
        IdAccess::ReadWrite => Tone::Bad,
    };
    view! { <Chip tone>{access.as_str()}</Chip> }
}

/// What a token is now.
#[component]
pub fn StateChip(
    /// The state.
    state: TokenState,
) -> impl IntoView {
    let (tone, word) = match state {
        TokenState::Active => (Tone::Good, "Active"),
        TokenState::Expired => (Tone::Bad, "Expired"),
        TokenState::Revoked => (Tone::Bad, "Revoked"),
    };
    view! { <Chip tone>{word}</Chip> }
}
