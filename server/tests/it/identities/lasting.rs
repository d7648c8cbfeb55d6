//! Lasting permission to ask about an account: asked for where something hangs on it, and done without where there is none.

use app::domain::identity::SignInProblem;
use chrono::TimeDelta;
use serde_json::json;
use server::services::identities::checking::check_due;

use super::rule::{check_all, kept_out, require};
use super::{link, server};
use crate::support::{Provider, TestApp};

/// The prompts of all trips to the provider so far.
async fn prompts(provider: &Provider) -> Vec<Option<String>> {
    provider.seen("authorization").await.iter().map(|asked| asked["prompt"].as_str().map(ToOwned::to_owned)).collect()
}

async fn without_refresh_tokens() -> (TestApp, Provider) {
    Provider::start_playing("jumpcloud").with_server().await
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_hangs_on_it_a_sign_in_is_one_trip() {
    for (app, provider) in [server().await, without_refresh_tokens().await] {
        provider.account("g-zoe", "zoe@example.com", json!({})).await;
        for trips in 1..4 {
            let browser = app.browser();
            browser.sso(&provider, "g-zoe", "/").await.is(302);
            assert!(browser.is_signed_in().await);
            assert_eq!(prompts(&provider).await, vec![None; trips]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_refuses_lasting_permission_is_signed_in_and_goes_on() {
    let (app, provider) = server().await;
    let (app, ada) = app.and_org("acme").await;
    provider.account("g-ada", &ada.email, json!({})).await;
    link(&provider, &ada, "g-ada").await;
    require(&ada, "").await.done();
    // As if it had been given none when it was linked.
    app.db_execute("UPDATE identities SET refresh_token = NULL").await;
    let browser = app.browser();
    let there = browser.begin_sso("/o/acme").await.is(302).header("location").to_owned();
    let answer = browser.get(&provider.pass(&there, "g-ada").await).await.is(302);
    assert!(answer.header("location").contains("prompt=consent"), "{}", answer.header("location"));
    assert!(browser.is_signed_in().await);
    let back = provider.refuse(answer.header("location")).await;
    assert_eq!(browser.get(&back).await.is(302).header("location"), "/o/acme");
    assert_eq!(browser.notice(), None);
    browser.get("/o/acme").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_gives_none_is_not_asked_again() {
    let (app, provider) = without_refresh_tokens().await;
    let (app, ada) = app.and_org("acme").await;
    provider.account("g-ada", &ada.email, json!({})).await;
    link(&provider, &ada, "g-ada").await;
    require(&ada, "").await.done();
    let before = prompts(&provider).await;
    assert_eq!(before, [Some("consent".to_owned())], "the one who links is asked in the same trip");
    for _ in 0..2 {
        let browser = app.browser();
        assert_eq!(browser.sso(&provider, "g-ada", "/o/acme").await.is(302).header("location"), "/o/acme");
        browser.get("/o/acme").await.is(200);
    }
    assert_eq!(prompts(&provider).await[1..], [None, None]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_forbids_to_ask_is_gone_to_again_without_asking() {
    let (app, provider) = Provider::start_playing("authelia").with_server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    for trips in [2, 3] {
        let browser = app.browser();
        assert_eq!(browser.sso(&provider, "g-zoe", "/orgs/new").await.is(302).header("location"), "/orgs/new");
        assert!(browser.is_signed_in().await);
        assert_eq!(provider.seen("authorization").await.len(), trips);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_lasting_permission_an_account_counts_for_a_bounded_time_after_each_sign_in() {
    let (app, provider) = without_refresh_tokens().await;
    let (app, ada) = app.and_org("acme").await;
    provider.account("g-ada", &ada.email, json!({})).await;
    link(&provider, &ada, "g-ada").await;
    require(&ada, "").await.done();
    app.state.clock.advance(TimeDelta::hours(23));
    assert_eq!(check_due(&app.state).await.unwrap(), 0);
    ada.get("/o/acme").await.is(200);
    app.state.clock.advance(TimeDelta::minutes(61));
    kept_out(&ada, SignInProblem::Unconfirmed).await;
    ada.sso(&provider, "g-ada", "/o/acme").await.is(302);
    ada.get("/o/acme").await.is(200);

    // Whoever loses the account there is out within that time, and does not come back.
    provider.change("g-ada", json!({ "disabled": true })).await;
    check_all(&app.state).await;
    ada.sso(&provider, "g-ada", "/o/acme").await.is(302);
    app.state.clock.advance(TimeDelta::hours(24));
    kept_out(&ada, SignInProblem::Unconfirmed).await;
}
