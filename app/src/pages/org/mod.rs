//! Pages of an organization.

pub mod members;
pub mod overview;
pub mod settings;
