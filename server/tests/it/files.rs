//! Attack: ask for files that lie in the folder where the server was started.

use crate::support::TestApp;
use crate::support::raw::Raw;

#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_the_servers_folder_is_served() {
    let app = TestApp::start().await;
    assert!(std::path::Path::new("Cargo.toml").is_file(), "the attack needs something to find");
    // Byte by byte: a proper client would resolve the dots itself.
    for path in [
        "/Cargo.toml",
        "//Cargo.toml",
        "/./Cargo.toml",
        "/src/main.rs",
        "/src/../Cargo.toml",
        "/../server/Cargo.toml",
        "/%2e%2e/server/Cargo.toml",
        "/pkg/../Cargo.toml",
        "/pkg/none/../../Cargo.toml",
        "/pkg/none/..%2f..%2fCargo.toml",
    ] {
        let mut attacker = Raw::connect(&app.url).await;
        attacker.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await;
        let answer = attacker.answer().await;
        assert!(answer.starts_with("HTTP/1.1 404"), "{path}: {answer}");
        assert!(!answer.contains("[package]"), "{path}: {answer}");
    }
}
