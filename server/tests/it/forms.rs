//! What every form has to pass before anything is done: its origin, its size, its rate. And where it may lead.

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
    let answer = ada.post("/do/accounts/rename", &[("name", &large)]).await.is(413);
    assert!(answer.text().contains("too large"), "{}", answer.text());
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
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(refused.text().contains(&format!("Wait {wait} seconds")), "{}", refused.text());
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
    for number in 0..10 {
        attempt(number, "ada@example.com").await.done();
    }
    attempt(10, " ADA@example.com").await.is(429);
    attempt(10, "bob@example.com").await.done();
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
    ] {
        let answer = ada.post("/do/accounts/sign-in", &[("email", &ada.email), ("password", PASSWORD), ("next", next)]).await;
        assert_eq!(answer.done(), target, "{next:?}");
        let themed = ada.post("/do/accounts/choose-theme", &[("theme", "dark"), ("next", next)]).await;
        assert_eq!(themed.done(), target, "{next:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_leads_back_to_its_page_with_the_reason() {
    let app = TestApp::start().await;
    let answer = app
        .browser()
        .submit("/sign-in?next=%2Fo%2Facme", "/do/accounts/sign-in", &[("email", "a@example.com"), ("password", "x")])
        .await
        .is(303);
    let target = answer.header("location");
    assert!(target.starts_with("/sign-in?"), "{target}");
    assert!(target.contains("next=%2Fo%2Facme") && target.contains("__err="), "{target}");
    assert!(!target.contains("example.com"), "nothing that was typed stands in an address: {target}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_leads_back_to_a_page_of_ours_whatever_the_referer_says() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for referer in ["https://evil.example/phish", "https://evil.example//evil.example", "nonsense"] {
        let request = browser.request(Method::POST, "/do/accounts/sign-in").form(&[("email", "a@example.com"), ("password", "x")]);
        let answer = browser.send(request.header(ORIGIN, &app.url).header(ACCEPT, "text/html").header("referer", referer)).await.is(303);
        let target = answer.header("location");
        assert!(target.starts_with('/') && !target.starts_with("//"), "{referer}: {target}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_is_kept_for_the_page_but_never_a_password() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.submit("/sign-in", "/do/accounts/sign-in", &[("email", "zoe@example.com"), ("password", "my secret phrase")]).await.is(303);
    let cookies = browser.cookie_header();
    assert!(cookies.contains("zoe%2540example.com") || cookies.contains("zoe%40example.com"), "{cookies}");
    assert!(!cookies.contains("secret"), "{cookies}");
}
