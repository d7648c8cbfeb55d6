//! The pages of the signed-in person's own account.

pub mod addresses;
pub mod data;
pub mod link;
pub mod orgs;
pub mod personal_tokens;
pub mod profile;
pub mod security;
