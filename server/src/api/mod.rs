//! The HTTP API for command-line clients: thin, like server functions. It never looks at cookies.

pub mod cache;
pub mod health;
