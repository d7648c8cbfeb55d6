//! What the tests stand on: a running server, the actors that talk to it, its mail, its files.

mod answer;
mod app;
pub mod archive;
mod browser;
mod ci;
mod database;
mod dns;
mod held;
mod logs;
mod mailbox;
mod provider;
pub mod raw;
pub mod run;
pub mod smtp;
mod terminal;

pub use answer::Answer;
pub use app::{PASSWORD, TestApp, files, metrics};
pub use browser::{Browser, Person, Workspace};
pub use ci::Ci;
pub use database::EmptyDatabase;
pub use dns::DnsServer;
pub use held::Held;
pub use logs::written as log_lines;
pub use mailbox::Message;
pub use provider::Provider;
pub use terminal::Terminal;

use std::time::Duration;

use reqwest::{Client, ClientBuilder};

/// Far longer than anything that works takes; only a test that fails gets here.
pub const LONG: Duration = Duration::from_mins(1);

/// A client that talks to the server alone. It shares its TLS with the server, which has to choose one.
fn http_client() -> ClientBuilder {
    server::oidc::choose_tls();
    Client::builder().no_proxy()
}

/// Asks again and again until it is so.
pub async fn until(what: &str, is_so: impl AsyncFn() -> bool) {
    let asking = async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LONG, asking).await.unwrap_or_else(|_| panic!("it never came that {what}"));
}
