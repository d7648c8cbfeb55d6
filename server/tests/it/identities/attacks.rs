//! What must never get in: sign-ins that were begun elsewhere, and ID tokens that do not hold.

use app::domain::identity::{Mismatch, SsoFailure};
use reqwest::Method;
use serde_json::json;

use super::{failed, server};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_another_browser_asked_for_signs_nobody_in() {
    let (app, provider) = server().await;
    provider.account("g-mallory", "mallory@example.com", json!({})).await;
    let (mallory, victim) = (app.browser(), app.browser());
    let there = mallory.begin_sso("/").await.is(302).header("location").to_owned();
    let back = provider.pass(&there, "g-mallory").await;

    // The link of mallory's sign-in, opened in a browser that began nothing, or began something else.
    victim.get(&back).await.is(302);
    failed(&victim, SsoFailure::NotBegun);
    victim.begin_sso("/").await.is(302);
    victim.get(&back).await.is(302);
    failed(&victim, SsoFailure::NotBegun);
    assert!(!victim.is_signed_in().await);
    assert_eq!(app.db_count("users").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_and_not_for_ever() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let browser = app.browser();
    let there = browser.begin_sso("/").await.is(302).header("location").to_owned();
    let back = provider.pass(&there, "g-zoe").await;
    app.state.clock.advance(chrono::TimeDelta::minutes(16));
    browser.get(&back).await.is(302);
    failed(&browser, SsoFailure::NotBegun);

    let there = browser.begin_sso("/").await.is(302).header("location").to_owned();
    let back = provider.pass(&there, "g-zoe").await;
    browser.get(&back).await.is(302);
    assert!(browser.is_signed_in().await);
    browser.post("/do/accounts/sign-out", &[]).await.done();
    browser.get(&back).await.is(302);
    failed(&browser, SsoFailure::NotBegun);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_cannot_link_an_account_of_its_choice() {
    let (app, provider) = server().await;
    let ada = app.person("ada").await;
    for site in ["cross-site", "same-site", "none"] {
        let request = ada.request(Method::GET, "/sso/start?next=/account/security").header("sec-fetch-site", site);
        assert_eq!(ada.send(request).await.is(302).header("location"), "/account/security");
    }
    assert_eq!(ada.get("/sso/start?next=//evil.example").await.is(302).header("location"), "/");

    // Whoever signs out, or in as somebody else, in the middle links nothing.
    provider.account("g-ada", "ada@elsewhere.example", json!({})).await;
    let there = ada.begin_sso("/account/security").await.is(302).header("location").to_owned();
    let back = provider.pass(&there, "g-ada").await;
    ada.post("/do/accounts/sign-out", &[]).await.done();
    let bob = app.person("bob").await;
    ada.sign_in(&bob.email, crate::support::PASSWORD).await.done();
    let mut answer = ada.get(&back).await.is(302);
    if provider.is_there(answer.header("location")) {
        let back = provider.pass(answer.header("location"), "g-ada").await;
        answer = ada.get(&back).await.is(302);
    }
    assert_eq!(answer.header("location"), "/account/security");
    failed(&ada, SsoFailure::SessionEnded);
    assert_eq!(app.db_count("identities").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_token_with_anything_wrong_signs_nobody_in() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    // Some providers list what must not be taken.
    provider.sends("metadata", json!({ "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"] })).await;
    for (wrong, mismatch) in [
        ("signature", Mismatch::Key),
        ("unsigned", Mismatch::Key),
        ("secret", Mismatch::Key),
        ("confused", Mismatch::Key),
        ("audience", Mismatch::Audience),
        ("issuer", Mismatch::Issuer),
        ("nonce", Mismatch::Content),
        ("expired", Mismatch::Clock),
        ("early", Mismatch::Clock),
    ] {
        let browser = app.browser();
        provider.mode(wrong).await;
        assert_eq!(browser.sso(&provider, "g-zoe", "/").await.is(302).header("location"), "/sign-in?next=%2F", "{wrong}");
        failed(&browser, SsoFailure::NotVerified(mismatch));
        assert!(!browser.is_signed_in().await, "{wrong}");
    }
    assert_eq!(app.db_count("users").await, 0);
    provider.mode("well").await;
    let browser = app.browser();
    browser.sso(&provider, "g-zoe", "/").await.is(302);
    assert!(browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_the_name_of_another_provider_is_not_taken() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let browser = app.browser();
    let there = browser.begin_sso("/").await.is(302).header("location").to_owned();
    let back = provider.pass(&there, "g-zoe").await;
    let (answer, _) = back.split_once("&iss=").expect("the provider says who it is");
    browser.get(&format!("{answer}&iss=https%3A%2F%2Fevil.example")).await.is(302);
    failed(&browser, SsoFailure::NotVerified(Mismatch::Issuer));
}
