//! Headers that protect people in a browser, on every kind of answer.

use app::domain::access::TokenAccess::ReadWrite;
use reqwest::Method;
use scraper::{Html, Selector};

use crate::support::archive::archive;
use crate::support::{Answer, TestApp};

const PAGES: [&str; 4] = ["/", "/sign-in", "/sign-up", "/no/such/page"];

/// One answer of each kind.
async fn answers() -> Vec<(&'static str, Answer)> {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let stored = ci.put("1", archive(b"built")).await;
    let nobody = app.browser();
    vec![
        ("page", nobody.get("/sign-in").await),
        ("page of a person", ada.get("/").await),
        ("no page", nobody.get("/no/such/page").await),
        ("redirect", nobody.get("/account").await),
        ("form", ada.post("/do/accounts/choose-theme", &[("theme", "dark")]).await),
        ("refused form", ada.post("/do/accounts/rename", &[("name", "")]).await),
        ("foreign form", nobody.send(nobody.request(Method::POST, "/do/accounts/rename")).await),
        ("stored", stored),
        ("hit", ci.get("1").await),
        ("miss", ci.get("2").await),
        ("wrong token", ci.with("").get("1").await),
        ("health", nobody.get("/healthz").await),
        ("metrics", nobody.get("/metrics").await),
        ("no file", nobody.get("/pkg/none/buildkeep.js").await),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_carries_the_headers_that_protect() {
    for (kind, answer) in answers().await {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("strict-transport-security", ""),
        ] {
            assert_eq!(answer.header(name), value, "{kind}: {name}");
        }
        assert_eq!(answer.headers.get_all("content-security-policy").iter().count(), 1, "{kind}");
        let policy = answer.header("content-security-policy");
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{kind}: {part} in {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'") && !policy.contains('*'), "{kind}: {policy}");
        assert_eq!(answer.header("server"), "", "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_browsers_are_told_to_insist_on_it() {
    let app = TestApp::start_with(|config| config.public_url = Some("https://build.example.com".to_owned())).await;
    for path in ["/sign-in", "/healthz", "/v1/cache/1"] {
        let value = app.browser().get(path).await.header("strict-transport-security").to_owned();
        assert_eq!(value, "max-age=31536000", "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_on_a_page_needs_more_than_its_policy_allows() {
    let app = TestApp::start().await;
    for path in PAGES {
        let answer = app.browser().get(path).await;
        let nonce = nonce_of(&answer);
        let page = Html::parse_document(&answer.text());
        let all = |selector: &str| page.select(&Selector::parse(selector).unwrap()).collect::<Vec<_>>();
        for script in all("script") {
            let local = script.attr("src").is_some_and(|source| source.starts_with('/') && !source.starts_with("//"));
            assert!(local || script.attr("nonce") == Some(&nonce), "{path}: {}", script.html());
        }
        for forbidden in ["style", "[style]", "base", "iframe", "object", "[onclick]", "[onload]", "[onsubmit]"] {
            assert!(all(forbidden).is_empty(), "{path}: {forbidden}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_has_a_nonce_of_its_own() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let (one, other) = (nonce_of(&browser.get("/sign-in").await), nonce_of(&browser.get("/sign-in").await));
    assert!(one.len() >= 16, "{one}");
    assert_ne!(one, other);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nonce_of_a_page_stands_where_browsers_hide_it_and_nowhere_else() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let routes = leptos_axum::generate_route_list(app::App);
    let filled = |path: &str| path.replace("{slug}", workspace.org.as_str()).replace("{workspace}", &workspace.id.to_string());
    for path in routes.iter().map(|route| filled(route.path())).chain(["/no/such/page".to_owned()]) {
        for browser in [&*ada, &app.browser()] {
            let answer = browser.get(&path).await;
            if answer.status == 302 {
                continue;
            }
            let (nonce, text) = (nonce_of(&answer), answer.text());
            let (everywhere, hidden) = (text.matches(&nonce).count(), text.matches(&format!("nonce=\"{nonce}\"")).count());
            assert!(hidden > 0 && everywhere == hidden, "{path}: {everywhere} times, hidden {hidden} times");
        }
    }
}

fn nonce_of(answer: &Answer) -> String {
    let policy = answer.header("content-security-policy");
    let (_, rest) = policy.split_once("script-src 'self' 'nonce-").unwrap_or_else(|| panic!("no nonce in {policy}"));
    rest.split('\'').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_from_person_to_person_is_not_kept_by_anybody() {
    let (app, ada) = TestApp::with_org("acme").await;
    for path in ["/", "/account", "/o/acme", "/no/such/page"] {
        assert_eq!(ada.get(path).await.header("cache-control"), "no-store", "{path}");
    }
    assert_eq!(app.browser().get("/sign-in").await.header("cache-control"), "no-store");
    assert_eq!(ada.post("/do/accounts/rename", &[("name", "")]).await.header("cache-control"), "no-store");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_differs_from_credential_to_credential_is_not_kept_by_anybody() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let nobody = app.browser();
    let answers = [
        ("stored", ci.put("1", archive(b"built")).await),
        ("hit", ci.get("1").await),
        ("miss", ci.get("2").await),
        ("wrong token", ci.with("").get("1").await),
        ("whoami", nobody.get("/api/v1/whoami").await),
        ("wrong method", nobody.send(nobody.request(Method::DELETE, "/api/v1/whoami")).await),
        ("health", nobody.get("/healthz").await),
    ];
    for (kind, answer) in answers {
        assert_eq!(answer.header("cache-control"), "no-store", "{kind}");
        assert!(answer.headers.get_all("vary").iter().any(|vary| vary == "authorization"), "{kind}");
    }
    let page = ada.get("/").await;
    assert!(page.headers.get_all("vary").iter().any(|vary| vary == "cookie"), "{page:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_same_for_everybody_is_kept() {
    let app = TestApp::start().await;
    let client = server::client_bundle::version();
    for path in ["/robots.txt", &format!("/nx-cloud/client/{client}/client.tar.gz")] {
        assert!(app.browser().get(path).await.is(200).header("cache-control").starts_with("public, max-age="), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_the_cache_api_set_no_cookie() {
    for (kind, answer) in answers().await {
        if ["stored", "hit", "miss", "wrong token", "health", "metrics"].contains(&kind) {
            assert_eq!(answer.header("set-cookie"), "", "{kind}");
        }
    }
}
