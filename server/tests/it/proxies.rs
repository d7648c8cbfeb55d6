//! What the operator is told of proxies that are not configured.

use app::paths;
use reqwest::Method;

use crate::support::{TestApp, log_lines};

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_nobody_named_is_told_of_without_a_word_of_the_client() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for number in 0..3 {
        let request = browser.request(Method::GET, paths::SIGN_IN).header("x-forwarded-for", format!("said-by-a-client-{number}"));
        browser.send(request).await.is(200);
    }
    let logged = log_lines();
    let told = logged.lines().find(|line| line.contains("`trusted_proxies` does not name")).expect("a warning");
    assert!(told.contains("WARN") && told.contains("peer=127.0.0.1"), "{told}");
    assert!(!logged.contains("said-by-a-client"), "a client wrote into the log");
}
