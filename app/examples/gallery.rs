//! Every page with made-up data and without a server behind it, to look at and to work on its style:
//! `cargo run -p app --features ssr --example gallery`, then <http://127.0.0.1:7300/o/acme>.
//! Build the site first (`cargo leptos build`); the style is taken from `target/site`.

#[path = "../tests/support/mod.rs"]
mod support;

use std::error::Error;

use support::Persona;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let site = std::env::args().nth(1).unwrap_or_else(|| "target/site".to_owned());
    let router = support::router(support::options(&site), Persona::Admin);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:7300").await?;
    Ok(axum::serve(listener, router).await?)
}
