//! A message with a secret is shown once, within minutes, and only in the session that asked for it.

use app::domain::access::TokenAccess::ReadOnly;
use app::notice::Notice;
use app::paths;
use chrono::TimeDelta;
use reqwest::Method;
use reqwest::header::{ACCEPT, COOKIE};

use crate::support::{Browser, PASSWORD, Person, TestApp, Workspace};

/// Asks for a token, and leaves it unseen: its value, the page that would show it, all cookies, and the message's alone.
async fn unseen_token(ada: &Person, workspace: &Workspace) -> (String, String, String, String) {
    ada.token(workspace, ReadOnly).await;
    let Some(Notice::TokenIssued(issued)) = ada.notice() else { panic!("{:?}", ada.notice()) };
    let cookies = ada.cookie_header();
    let message = cookies.split("; ").find(|cookie| cookie.starts_with("buildkeep-notice=")).unwrap().to_owned();
    (issued.secret.expose().to_owned(), paths::workspace_tokens(&workspace.org, workspace.id), cookies, message)
}

/// What a program reads that has copied these cookies.
async fn read_with(browser: &Browser, path: &str, cookies: &str) -> String {
    let request = browser.request(Method::GET, path).header(ACCEPT, "text/html").header(COOKIE, cookies);
    browser.send(request).await.text()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_is_shown_once_even_to_who_kept_the_cookie() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let (secret, page, cookies, _) = unseen_token(&ada, &workspace).await;
    let thief = app.browser();
    assert!(read_with(&thief, &page, &cookies).await.contains(&secret), "the first look shows it");
    for path in [page.as_str(), "/", "/account"] {
        assert!(!read_with(&thief, path, &cookies).await.contains(&secret), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_is_shown_in_no_other_session_not_even_of_the_same_person() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let (secret, page, cookies, message) = unseen_token(&ada, &workspace).await;
    let (other, nobody) = (app.browser(), app.browser());
    other.sign_in(&ada.email, PASSWORD).await.done();
    let eve = app.person("eve").await;
    for (browser, path) in [(&other, page.as_str()), (&*eve, "/"), (&nobody, "/sign-in")] {
        let copied = format!("{}; {message}", browser.cookie_header());
        assert!(!read_with(&app.browser(), path, copied.trim_start_matches("; ")).await.contains(&secret), "{path}");
    }
    assert!(read_with(&app.browser(), &page, &cookies).await.contains(&secret), "its own session still shows it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_is_shown_within_minutes_or_never() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let (secret, page, cookies, _) = unseen_token(&ada, &workspace).await;
    app.state.clock.advance(TimeDelta::minutes(6));
    assert!(!read_with(&app.browser(), &page, &cookies).await.contains(&secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_does_not_use_up_a_new_token() {
    let (_app, ada, workspace) = TestApp::with_workspace().await;
    let (secret, page, ..) = unseen_token(&ada, &workspace).await;
    ada.post("/do/accounts/rename", &[("name", "")]).await.is(422);
    assert!(ada.get(&page).await.text().contains(&secret));
    assert!(!ada.get(&page).await.text().contains(&secret));
}
