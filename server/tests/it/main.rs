//! Everything that can be seen from outside the server, in one binary: forms, the cache API, workers, the command line.
//!
//! Each test has a server of its own on a free port, with a fresh database: SQLite, or PostgreSQL when
//! `BUILDKEEP_TEST_POSTGRES_URL` names a cluster. Time is moved with `app.state.clock`.

#![cfg(test)]

mod access_levels;
mod account_deletion;
mod account_export;
mod accounts;
mod addresses;
mod artifacts;
mod at_rest;
mod audit;
mod audit_chain;
mod authority;
mod authz;
mod billing;
mod bounds;
mod cache_api;
mod cache_faults;
mod ci_tokens;
mod cli;
mod client_api;
mod client_bundle;
mod connections;
mod domain_invites;
mod files;
mod forms;
mod headers;
mod health;
mod identities;
mod imports;
mod invites;
mod logins;
mod mail;
mod matrix;
mod members;
mod migrations;
mod notices;
mod nx_console;
mod old_data;
mod orgs;
mod personal_tokens;
mod process;
mod proxies;
mod public_orgs;
mod redirects;
mod refused_forms;
mod runs;
mod sessions;
mod sign_up;
mod support;
mod text;
mod token_policy;
mod workers;
mod workspaces;
