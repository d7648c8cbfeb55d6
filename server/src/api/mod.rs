//! The HTTP API for command-line clients, and downloads: thin, like server functions. It never looks at cookies; who asks
//! for a download, `auth::actor` has found out.

pub mod audit;
pub mod cache;
pub mod health;
pub mod sso;
