//! Every address that leads nowhere.

use leptos::prelude::*;

use super::problem::problem;
use crate::error::AppError;

/// There is no such page.
#[component]
pub fn NotFound() -> impl IntoView {
    problem(AppError::NotFound)
}
