//! Buildkeep's server.
//!
//! | room | holds |
//! |---|---|
//! | `auth` | who asks and what they may do; the gate that hands out scopes |
//! | `services` | use cases: gate, rules, store, audit and mail in one transaction |
//! | `store` | the database: one file per noun, rows known only inside |
//! | `api` | HTTP for command-line clients |
//! | `oidc` | talk with the OpenID provider |
//! | `mail` | messages, the queue, sending |
//! | `blob`, `seal`, `transfer` | artifacts: where bytes lie, how they are encrypted, how they stream |
//! | `dns` | what DNS says |
//! | `proxies`, `public_url` | what stands in front of the server, and how it is reached |
//! | `client_bundle` | the program that nx downloads |
//! | `cli` | the `buildkeep` command |
//!
//! `router` joins all routes, `state` holds what lives as long as the process, `workers` what goes on beside requests.

pub mod admission;
pub mod api;
mod assets;
pub mod auth;
pub mod blob;
pub mod bounds;
pub mod cli;
pub mod client_bundle;
pub mod clock;
pub mod config;
pub mod crowd;
pub mod disk;
pub mod dns;
pub mod error;
pub mod keys;
pub mod mail;
pub mod network;
pub mod oidc;
pub mod pace;
pub mod places;
pub mod plans;
pub mod private_files;
pub mod proxies;
pub mod public_url;
pub mod router;
pub mod seal;
pub mod serve;
pub mod services;
pub mod state;
pub mod store;
pub mod telemetry;
pub mod transfer;
pub mod usage;
pub mod wire;
pub mod workers;
