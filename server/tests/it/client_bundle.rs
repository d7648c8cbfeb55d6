//! How nx gets its client: never an error, whatever it sends.

use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue, USER_AGENT};
use serde_json::{Value, json};

use crate::support::{Answer, Browser, TestApp};

fn verdict(answer: Answer) -> Value {
    assert!(answer.header("content-type").starts_with("application/json"), "{:?}", answer.headers);
    serde_json::from_slice(&answer.is(200).body).unwrap()
}

async fn verify(browser: &Browser, query: &str) -> Value {
    verdict(browser.send(browser.request(Method::GET, &format!("/nx-cloud/client/verify{query}"))).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn nx_is_told_what_to_download_until_it_has_exactly_that() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let client = app.state.site.client.clone();
    let facts: Value = serde_json::from_str(include_str!("../../../target/client/client.json")).unwrap();
    let (version, hash) = (facts["version"].as_str().unwrap(), facts["contentHash"].as_str().unwrap());

    let first = verify(&browser, "").await;
    assert_eq!(first, json!({ "valid": false, "url": format!("/nx-cloud/client/{version}/client.tar.gz"), "version": version }));
    assert_eq!(
        verify(&browser, &format!("?version={version}&contentHash={hash}")).await,
        json!({ "valid": true, "url": null, "version": null })
    );
    let tampered =
        [format!("?version={version}"), format!("?version={version}&contentHash=00"), format!("?version=2000.1.1&contentHash={hash}")];
    for query in tampered {
        assert_eq!(verify(&browser, &query).await, first, "{query}");
    }

    let answer = browser.send(browser.request(Method::GET, first["url"].as_str().unwrap()).header("accept-encoding", "gzip")).await.is(200);
    assert_eq!(answer.header("content-length"), client.bytes.to_string());
    assert_eq!(answer.header("content-encoding"), "", "it is compressed already");
    assert!(answer.header("cache-control").contains("immutable"));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &answer.body);
    assert_eq!(hex::encode(digest.as_ref()), client.sha256);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_nx_that_says_nothing_when_its_download_is_cut_gets_one_packet_and_all_else_by_its_own_client() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let version = app.state.site.client.version.clone();
    // nx 17 to 22, and those that reject a download that is cut.
    for (agent, file) in [("axios/1.6.0", "start"), ("axios/1.21.1", "start"), ("node", "client"), ("undici", "client"), ("", "client")] {
        // `header` would add a second one to that of browsers.
        let own = HeaderMap::from_iter([(USER_AGENT, HeaderValue::from_static(agent))]);
        let request = browser.request(Method::GET, "/nx-cloud/client/verify").headers(own);
        assert_eq!(verdict(browser.send(request).await)["url"], format!("/nx-cloud/client/{version}/{file}.tar.gz"), "{agent}");
    }
    let start = browser.get(&app::paths::client_start(&version)).await.is(200);
    assert_eq!(start.header("content-length"), start.body.len().to_string());
    assert!(start.body.len() <= 1_400);
    let program = browser.get(&format!("/nx-cloud/client/{version}/client.js")).await.is(200);
    assert_eq!(program.body, include_bytes!("../../../target/client/client.js").as_slice());
    assert_eq!(program.header("content-length"), program.body.len().to_string(), "what is cut can be told from what is whole");
    // What another version asks for is not here: it must not take this for its own.
    browser.get("/nx-cloud/client/2099.1.1/client.js").await.is(404);
    browser.get("/nx-cloud/client/2099.1.1/start.tar.gz").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_to_verify_it_answers() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for query in
        ["?version=", "?version=a&version=b", "?%ff=%ff&version=%ff", "?contentHash[]=1", "?", &format!("?version={}", "9".repeat(5000))]
    {
        assert_eq!(verify(&browser, query).await["valid"], false, "{query}");
    }
    for token in ["", "Bearer bkci_wrong", "bkci_wrong", "\u{7f}"] {
        let request = browser.request(Method::GET, "/nx-cloud/client/verify");
        let value = reqwest::header::HeaderValue::from_bytes(token.as_bytes());
        let request = match value {
            Ok(value) => request.header("authorization", value),
            Err(_) => request,
        };
        verdict(browser.send(request).await);
    }
    let head = browser.send(browser.request(Method::HEAD, "/nx-cloud/client/verify")).await.is(200);
    assert!(head.body.is_empty());
    let version = &app.state.site.client.version;
    let head = browser.send(browser.request(Method::HEAD, &app::paths::client_bundle(version))).await.is(200);
    assert_eq!(head.header("content-length"), app.state.site.client.bytes.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_a_version_behind_still_gives_a_client() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let answer = browser.get("/nx-cloud/client/2099.1.1/client.tar.gz").await.is(200);
    assert_eq!(answer.body.len() as u64, app.state.site.client.bytes);
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn verify_needs_no_database() {
    let app = TestApp::start().await;
    app.db_break().await;
    verify(&app.browser(), "").await;
}
