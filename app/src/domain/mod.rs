//! The rules of Buildkeep, as plain values and functions: no I/O, no async, no clock, no framework.
//!
//! Both the server and the browser part compile this, so that a page hides exactly what the server refuses.

pub mod access;
pub mod address;
pub mod artifact;
pub mod audit;
pub mod cache_setup;
pub mod ci_file;
pub mod connection;
pub mod domain_invite;
pub mod finding;
pub mod histogram;
pub mod identity;
pub mod ids;
pub mod invite;
pub mod login;
pub mod mailbox_list;
pub mod member;
pub mod names;
pub mod password;
pub mod permission;
pub mod plan;
pub mod quoted;
pub mod retention;
pub mod role;
pub mod run;
pub mod run_filter;
pub mod secret;
pub mod set_up;
pub mod sign_up;
pub mod standing;
pub mod statistics;
pub mod text;
pub mod time;
pub mod timeline;
pub mod token;
pub mod visibility;
