//! What every form has to pass before anything is done: its origin, its size, its rate. And where it may lead.

use futures_util::future::join_all;
use reqwest::Method;
use reqwest::header::{ACCEPT, ORIGIN};

use crate::support::{Answer, Browser, Held, PASSWORD, TestApp};

const FORGOT: &str = "/do/accounts/forgot-password";

async fn rename(browser: &Browser, headers: &[(&'static str, &str)]) -> Answer {
    let mut request = browser.request(Method::POST, "/do/accounts/rename").form(&[("name", "Changed")]).header(ACCEPT, "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    browser.send(request).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_another_site_is_refused() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let own = app.url.as_str();
    for foreign in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("origin", "null"), ("sec-fetch-site", "cross-site")],
        &[("origin", "")],
        &[("origin", "http://127.0.0.1")],
        &[("origin", &format!("{own}.evil.example"))],
        &[("origin", own), ("sec-fetch-site", "cross-site")],
        &[("origin", own), ("sec-fetch-site", "same-site")],
        &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
        &[("referer", own)],
        &[],
    ] {
        let answer = rename(&ada, foreign).await;
        assert_eq!(answer.status, 403, "{foreign:?}");
        assert_eq!(ada.caller().await.user().unwrap().name.as_str(), "ada", "{foreign:?}");
    }
    rename(&ada, &[("origin", own), ("sec-fetch-site", "same-origin")]).await.done();
    // As it is sent where a proxy has set `Referrer-Policy: no-referrer`.
    rename(&ada, &[("origin", "null"), ("sec-fetch-site", "same-origin")]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_through_the_public_address_is_accepted() {
    let app = TestApp::start_with(|config| config.public_url = Some("http://build.example.com".to_owned())).await;
    let ada = app.person("ada").await;
    rename(&ada, &[("origin", "http://build.example.com")]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_not_sent_by_following_a_link() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for (path, _) in server_fn::axum::server_fn_paths() {
        let answer = ada.send(ada.request(Method::GET, &format!("{path}?name=Changed")).header(ORIGIN, &app.url)).await;
        assert!(matches!(answer.status, 404 | 405), "GET {path}: {}", answer.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_too_large_is_refused() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let large = "x".repeat(64 << 10);
    ada.post("/do/accounts/rename", &[("name", &large)]).await.refused(413, &app::error::AppError::TooLarge);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_finished_after_its_session_has_ended_is_refused() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let held = Held::form(&ada, "/do/accounts/rename", &[("name", "Changed")]).await;
    let elsewhere = app.browser();
    elsewhere.sign_in(&ada.email, PASSWORD).await.done();
    elsewhere.post("/do/sessions/end-others", &[]).await.done();
    let (status, answer) = held.finish().await;
    assert_eq!(status, 401, "{answer}");
    assert_eq!(elsewhere.caller().await.user().unwrap().name.as_str(), "ada");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_its_fields_is_refused() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.post("/do/accounts/rename", &[("nome", "x")]).await.refused(400, &app::error::AppError::BadForm);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_attempts_from_one_address_have_to_wait() {
    let app = TestApp::start_with(|config| config.sign_in_per_minute = 3).await;
    let browser = app.browser();
    for account in ["a", "b", "c"] {
        browser.post(FORGOT, &[("email", &format!("{account}@example.com"))]).await.done();
    }
    let refused = browser.post(FORGOT, &[("email", "d@example.com")]).await.is(429);
    let wait: u32 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    refused.refused(429, &app::error::AppError::RateLimited(wait));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_that_takes_a_password_or_sends_mail_is_counted() {
    for path in ["sign-in", "sign-up", "forgot-password", "choose-password", "change-password"] {
        let app = TestApp::start_with(|config| config.sign_in_per_minute = 1).await;
        let path = format!("/do/accounts/{path}");
        let first = app.browser().post(&path, &[]).await;
        assert_ne!(first.status, 429, "{path}");
        app.browser().post(&path, &[]).await.is(429);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_attempts_on_one_account_have_to_wait_from_any_address() {
    let app = TestApp::start_with(|config| {
        config.sign_in_per_minute = 3;
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let attempt = async |number: u8, email: &str| {
        let browser = app.browser();
        browser.send(browser.form(FORGOT, &[("email", email)]).header("x-forwarded-for", format!("10.0.0.{number}"))).await
    };
    let tried = join_all((0..100).map(|number| attempt(number, if number % 2 == 0 { "ada@example.com" } else { " ADA@example.com" })));
    let refused = tried.await.into_iter().filter(|answer| answer.status == 429).count();
    // Some come back within the seconds that this takes.
    assert!((1..=40).contains(&refused), "{refused}");
    attempt(101, "bob@example.com").await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_choose_the_address_that_it_is_counted_by() {
    let app = TestApp::start_with(|config| config.sign_in_per_minute = 1).await;
    let browser = app.browser();
    for (claimed, status) in [("10.0.0.1", 303), ("10.0.0.2", 429)] {
        browser.send(browser.form(FORGOT, &[("email", "a@example.com")]).header("x-forwarded-for", claimed)).await.is(status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn behind_a_trusted_proxy_the_last_hop_counts_and_never_what_the_client_says() {
    let app = TestApp::start_with(|config| {
        config.sign_in_per_minute = 1;
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await;
    let browser = app.browser();
    let attempt = async |forwarded: &str| {
        browser.send(browser.form(FORGOT, &[("email", "a@example.com")]).header("x-forwarded-for", forwarded)).await
    };
    attempt("6.6.6.1, 198.51.100.3:51234").await.is(303);
    for forwarded in
        ["6.6.6.2, 198.51.100.3:51235", "6.6.6.3, 198.51.100.3", "6.6.6.4,::ffff:198.51.100.3", "6.6.6.5, 198.51.100.3, 127.0.0.7"]
    {
        attempt(forwarded).await.is(429);
    }
    attempt("6.6.6.6, unknown").await.is(303);
    for forwarded in ["6.6.6.7, _hidden", "6.6.6.8, ", "6.6.6.9, nonsense"] {
        attempt(forwarded).await.is(429);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_on_but_never_off_the_site() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for (next, target) in [
        ("/o/acme/members?q=1", "/o/acme/members?q=1"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/do/accounts/sign-out", "/"),
        ("/\r\nSet-Cookie: a=b", "/"),
        ("/\u{b}", "/"),
        ("/%0b", "/"),
        ("/x/../sso/start", "/"),
        ("/é", "/%C3%A9"),
        ("/o/acme?q=a b", "/o/acme?q=a%20b"),
    ] {
        let answer = ada.post("/do/accounts/sign-in", &[("email", &ada.email), ("password", PASSWORD), ("next", next)]).await;
        assert_eq!(answer.done(), target, "{next:?}");
        let themed = ada.post("/do/accounts/choose-theme", &[("theme", "dark"), ("next", next)]).await;
        assert_eq!(themed.done(), target, "{next:?}");
    }
}
