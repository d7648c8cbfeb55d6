//! Pages of an organization.

pub mod audit;
pub mod domain_invites;
pub mod invites;
pub mod members;
pub mod overview;
pub mod runs;
pub mod settings;
pub mod sign_in;
mod token_policy;
pub mod usage;
mod visibility;
