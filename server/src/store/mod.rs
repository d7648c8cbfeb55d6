//! The database. Functions on an organization's tables take the scope that `auth::access` hands out, so that
//! forgetting the gate does not compile; the few that cross organizations stand in `unscoped`.

pub mod access_levels;
pub mod addresses;
pub mod artifacts;
pub mod audit;
pub mod billing;
pub mod ci_tokens;
pub mod connections;
pub mod db;
pub mod domain_invites;
mod entities;
pub mod identities;
pub mod invites;
pub mod known_networks;
pub mod logins;
pub mod mails;
pub mod members;
mod named;
pub mod orgs;
pub mod personal_tokens;
pub mod quotas;
pub mod runs;
pub mod sessions;
pub mod statistics;
pub mod unclaimed;
pub mod unscoped;
pub mod usage;
pub mod users;
pub mod workspaces;
