//! Attack: ask for files that lie in the folder where the server was started.

use crate::support::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn no_file_of_the_servers_folder_is_served() {
    let app = TestApp::start().await;
    assert!(std::path::Path::new("Cargo.toml").is_file(), "the attack needs something to find");
    for path in ["/Cargo.toml", "/./Cargo.toml", "/src/main.rs", "/src/../Cargo.toml", "/%2e%2e/Cargo.toml", "/pkg/../Cargo.toml"] {
        let answer = app.browser().get(path).await;
        assert_eq!(answer.status, 404, "{path}");
    }
}
