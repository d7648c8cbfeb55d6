//! Providers that are down, slow, or not what the settings say: everybody waits their own bounded time and is told what is wrong.

use std::sync::Arc;

use app::domain::identity::{Mismatch, SsoFailure};
use futures_util::future::join_all;
use serde_json::json;
use server::config::Config;

use super::{failed, server};
use crate::support::{Browser, LONG, Provider, TestApp};

#[tokio::test(flavor = "multi_thread")]
async fn people_wait_side_by_side_for_a_provider_that_hangs() {
    let (app, provider) = server().await;
    provider.mode("hanging").await;
    // One behind the other they would wait longer than that.
    let browsers: Vec<Browser> = (0..10).map(|_| app.browser()).collect();
    let waiting = join_all(browsers.iter().map(|browser| browser.begin_sso("/")));
    let answers = tokio::time::timeout(LONG, waiting).await.expect("each waits their own time");
    for (browser, answer) in browsers.iter().zip(answers) {
        assert_eq!(answer.is(302).header("location"), "/sign-in?next=%2F");
        failed(browser, SsoFailure::TooSlow);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waits_for_somebody_else_who_waits_for_the_provider() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let browser = app.browser();
    let there = browser.begin_sso("/").await.is(302).header("location").to_owned();
    let back = provider.pass(&there, "g-zoe").await;
    provider.mode("hanging /token").await;
    let browser = Arc::new(browser);
    let waiting = tokio::spawn({
        let browser = browser.clone();
        async move { browser.get(&back).await.is(302) }
    });
    crate::support::until("the provider is asked", async || !provider.seen("hanging").await.is_empty()).await;
    let other = app.browser();
    assert!(provider.is_there(other.begin_sso("/").await.is(302).header("location")));
    assert!(!waiting.is_finished());
    waiting.await.unwrap();
    failed(&browser, SsoFailure::TooSlow);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_say_what_is_wrong() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    for (illness, failure) in [
        ("down /token", SsoFailure::Unreachable),
        ("busy /token", SsoFailure::Failing),
        ("limited /token", SsoFailure::Failing),
        ("html /token", SsoFailure::Failing),
        ("signature", SsoFailure::NotVerified(Mismatch::Key)),
    ] {
        provider.mode(illness).await;
        let browser = app.browser();
        browser.sso(&provider, "g-zoe", "/").await.is(302);
        failed(&browser, failure);
    }
    provider.mode("well").await;
    for (change, failure) in [
        (json!({ "error": "invalid_client", "id_token": "(absent)", "access_token": "(absent)" }), SsoFailure::SetUp),
        (json!({ "error": "server_error", "id_token": "(absent)", "access_token": "(absent)" }), SsoFailure::Failing),
        (json!({ "error": "(absent)", "id_token": "(absent)", "access_token": "x" }), SsoFailure::NotVerified(Mismatch::Content)),
        (json!({ "id_token": ["x"] }), SsoFailure::NotVerified(Mismatch::Content)),
        (json!({ "id_token": "x.y" }), SsoFailure::NotVerified(Mismatch::Key)),
    ] {
        provider.sends("tokens", change).await;
        let browser = app.browser();
        browser.sso(&provider, "g-zoe", "/").await.is(302);
        failed(&browser, failure);
    }
    assert_eq!(app.db_count("users").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_errors_of_a_provider_are_told_apart() {
    let (app, _provider) = server().await;
    for (error, failure) in [
        ("access_denied", SsoFailure::Denied),
        ("login_required", SsoFailure::Denied),
        ("temporarily_unavailable", SsoFailure::Failing),
        ("unauthorized_client", SsoFailure::SetUp),
        ("made_up&error_description=%0Awords", SsoFailure::SetUp),
        ("", SsoFailure::Denied),
    ] {
        let browser = app.browser();
        let there = browser.begin_sso("/").await.is(302).header("location").to_owned();
        let (_, state) = there.split_once("state=").unwrap();
        let state = state.split('&').next().unwrap();
        browser.get(&format!("/sso/callback?state={state}&error={error}")).await.is(302);
        failed(&browser, failure);
    }
}

/// What a person is told on a server with these settings, and what the operator reads in the findings of the doctor.
async fn set_up(provider: &Provider, change: impl FnOnce(&mut Config)) -> (SsoFailure, String) {
    let app = TestApp::start_with(|config| {
        provider.configure(config);
        change(config);
    })
    .await;
    let browser = app.browser();
    browser.begin_sso("/").await.is(302);
    let Some(app::notice::Notice::SsoFailed(failure)) = browser.notice() else { panic!("it works") };
    let doctor = crate::cli::run(&app, &["doctor"], "").await;
    (failure, String::from_utf8(doctor.stderr).unwrap() + &String::from_utf8(doctor.stdout).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_do_not_fit_are_told_letter_by_letter() {
    let provider = Provider::start();
    let (failure, doctor) = set_up(&provider, |config| config.oidc_issuer.push('/')).await;
    assert_eq!(failure, SsoFailure::NotVerified(Mismatch::Issuer));
    assert!(doctor.contains("PROBLEM  sign-in provider") && doctor.contains("without a slash at its end"), "{doctor}");

    let (failure, doctor) = set_up(&provider, |config| config.oidc_issuer.push_str("/realms/none")).await;
    assert_eq!(failure, SsoFailure::SetUp);
    assert!(doctor.contains("there is no OpenID provider at `oidc_issuer`"), "{doctor}");

    let nobody = "http://127.0.0.1:9";
    let (failure, doctor) = set_up(&provider, |config| nobody.clone_into(&mut config.oidc_issuer)).await;
    assert_eq!(failure, SsoFailure::Unreachable);
    assert!(doctor.contains("cannot be reached"), "{doctor}");

    provider.sends("metadata", json!({ "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0" })).await;
    let (failure, doctor) = set_up(&provider, |_| {}).await;
    assert_eq!(failure, SsoFailure::NotVerified(Mismatch::Issuer));
    assert!(doctor.contains("set it to that of your tenant"), "{doctor}");

    provider.sends("metadata", json!({ "issuer": provider.issuer, "token_endpoint": "(absent)" })).await;
    let (failure, doctor) = set_up(&provider, |_| {}).await;
    assert_eq!(failure, SsoFailure::SetUp);
    assert!(doctor.contains("`token_endpoint`"), "{doctor}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_what_the_provider_does_without() {
    let provider = Provider::start();
    provider.sends("metadata", json!({ "userinfo_endpoint": "(absent)", "scopes_supported": ["openid"] })).await;
    let (app, _provider) = provider.with_server().await;
    let doctor = crate::cli::run(&app, &["doctor"], "").await;
    let found = String::from_utf8(doctor.stderr).unwrap() + &String::from_utf8(doctor.stdout).unwrap();
    assert!(
        found.contains("ok       sign-in provider") && found.contains("userinfo_endpoint") && found.contains("oidc_grace_hours"),
        "{found}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_is_no_fault_of_the_person() {
    let provider = Provider::start();
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let app = TestApp::start_with(|config| {
        provider.configure(config);
        config.oidc_client_secret = Some("another".to_owned());
    })
    .await;
    let browser = app.browser();
    browser.sso(&provider, "g-zoe", "/").await.is(302);
    failed(&browser, SsoFailure::SetUp);
}
