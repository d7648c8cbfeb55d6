//! The web side of Buildkeep: the pure domain, the pages that show it, the forms that change it.
//!
//! | room | holds |
//! |---|---|
//! | `domain` | rules as plain values and functions |
//! | `backend` | what pages may ask of the server: one trait per noun |
//! | `server_fns` | form targets: parse, call one service, redirect |
//! | `pages` | one file per page: load, lay out |
//! | `components` | pieces of pages without loading |
//! | `islands` | the few pieces that become WebAssembly |
//!
//! `app` knows nothing of databases and HTTP servers; `server` implements `backend` and renders `App`.

pub mod backend;
#[expect(clippy::needless_pass_by_value, reason = "a component owns its arguments, whether it keeps or only shows them")]
pub mod components;
pub mod domain;
pub mod error;
pub mod http;
#[expect(missing_docs, reason = "the macro makes a public struct of each island's arguments")]
pub mod islands;
pub mod notice;
#[expect(clippy::needless_pass_by_value, reason = "a component owns its arguments, whether it keeps or only shows them")]
pub mod pages;
pub mod paths;
pub mod request;
pub mod routes;
#[expect(missing_docs, reason = "the macro makes a public struct of each function's arguments")]
#[cfg_attr(target_family = "wasm", expect(unused_imports, reason = "the macro drops the bodies where there is no server"))]
#[cfg_attr(not(target_family = "wasm"), expect(clippy::unused_async, reason = "a server function is async even if it waits for nothing"))]
pub mod server_fns;
pub mod shell;
pub mod terminal;

pub use routes::App;
pub use shell::{refusal, shell};
