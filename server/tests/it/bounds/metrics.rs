//! What is counted, and who may see it.

use reqwest::Method;

use crate::support::TestApp;

const TOKEN: &str = "a token that only the operator knows";

#[tokio::test(flavor = "multi_thread")]
async fn methods_that_a_client_makes_up_are_one() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for n in 0..50 {
        let method = Method::from_bytes(format!("MADEUP{n}").as_bytes()).unwrap();
        for path in ["/healthz", "/v1/cache/1", "/sign-in", "/nowhere"] {
            browser.send(browser.request(method.clone(), path)).await;
        }
    }
    let text = browser.get("/metrics").await.is(200).text();
    assert!(!text.contains("MADEUP"), "{text}");
    assert!(text.contains("unknown"));
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_a_client_makes_up_are_no_series() {
    let app = TestApp::start().await;
    for path in ["/made-up-1", "/o/made-up-2", "/v1/cache/made-up-3", "/w/made-up-4/v1/cache/made-up-5", "/pkg/made-up-6/made-up-7"] {
        app.browser().get(path).await;
    }
    let text = app.browser().get("/metrics").await.is(200).text();
    assert!(!text.contains("made-up"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_setting_the_counts_are_for_this_machine_alone() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.get("/metrics").await.is(200);
    for (name, value) in [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=203.0.113.9"), ("via", "1.1 proxy"), ("x-real-ip", "::1")]
    {
        let refused = browser.send(browser.request(Method::GET, "/metrics").header(name, value)).await.is(403);
        assert!(refused.text().contains("metrics_token") && !refused.text().contains("buildkeep_"), "{}", refused.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_token_the_counts_are_for_whoever_has_it() {
    let app = TestApp::start_with(|config| config.metrics_token = Some(TOKEN.to_owned())).await;
    let browser = app.browser();
    let ask = |token: &str| browser.request(Method::GET, "/metrics").header("authorization", token.to_owned());
    assert_eq!(browser.get("/metrics").await.is(401).header("www-authenticate"), "Bearer");
    for wrong in ["Bearer", "Bearer ", "Bearer wrong", TOKEN, &format!("Basic {TOKEN}"), &format!("Bearer {TOKEN}x")] {
        let refused = browser.send(ask(wrong)).await.is(401);
        assert!(!refused.text().contains("buildkeep_") && !refused.text().contains(TOKEN));
    }
    for right in [format!("Bearer {TOKEN}"), format!("bearer {TOKEN}")] {
        assert!(browser.send(ask(&right)).await.is(200).text().contains("buildkeep_http_seconds"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_listener_of_their_own_the_counts_are_nowhere_else() {
    let app = TestApp::start_with(|config| config.metrics_listen = Some(([127, 0, 0, 1], 9).into())).await;
    let refused = app.browser().get("/metrics").await.is(404);
    assert!(!refused.text().contains("buildkeep_"), "{}", refused.text());
}
