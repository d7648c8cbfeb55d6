//! Several ways to the provider in one browser, and pages that are loaded again.

use app::domain::identity::SsoFailure;
use serde_json::json;

use super::{failed, server};

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_begin_a_sign_in_each_end_their_own() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    for order in [[0, 1], [1, 0]] {
        let browser = app.browser();
        let mut backs = Vec::new();
        for next in ["/orgs/new", "/account"] {
            let there = browser.begin_sso(next).await.is(302).header("location").to_owned();
            backs.push((provider.pass(&there, "g-zoe").await, next));
        }
        for tab in order {
            let (back, next) = &backs[tab];
            assert_eq!(browser.get(back).await.is(302).header("location"), *next);
            assert!(browser.is_signed_in().await);
        }
        assert_eq!(browser.notice(), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_is_loaded_again_goes_on_or_offers_to_try_again() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let browser = app.browser();
    let there = browser.begin_sso("/orgs/new").await.is(302).header("location").to_owned();
    let back = provider.pass(&there, "g-zoe").await;
    for _ in 0..3 {
        assert_eq!(browser.get(&back).await.is(302).header("location"), "/orgs/new");
        assert_eq!(browser.notice(), None);
    }
    assert_eq!(provider.seen("token").await.len(), 1, "a code is exchanged once");
    // Days later, when the browser opens its tabs again.
    assert_eq!(browser.get("/sso/callback?state=long-forgotten&code=x").await.is(302).header("location"), "/");
    assert_eq!(browser.notice(), None);

    browser.post("/do/accounts/sign-out", &[]).await.done();
    assert_eq!(browser.get(&back).await.is(302).header("location"), "/sign-in?next=%2Forgs%2Fnew");
    failed(&browser, SsoFailure::NotBegun);
    let page = browser.get("/sign-in?next=%2Forgs%2Fnew").await.is(200).text();
    assert!(page.contains("Try again.") && page.contains("/sso/start?next=%2Forgs%2Fnew"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_begins_without_end_keeps_the_newest_only() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let browser = app.browser();
    let mut ways = Vec::new();
    for _ in 0..12 {
        ways.push(browser.begin_sso("/").await.is(302).header("location").to_owned());
        app.state.clock.advance(chrono::TimeDelta::seconds(1));
    }
    let kept = browser.cookie_header().matches("-sso-").count();
    assert!(kept <= 5 && browser.cookie_header().len() < 4096, "{kept}");
    browser.get(&provider.pass(&ways[0], "g-zoe").await).await.is(302);
    failed(&browser, SsoFailure::NotBegun);
    browser.get(&provider.pass(&ways[11], "g-zoe").await).await.is(302);
    assert!(browser.is_signed_in().await);

    // A way back that fits into no cookie is not worth a sign-in that fails.
    let long = format!("/o/{}", "x".repeat(4000));
    let other = app.browser();
    assert_eq!(other.sso(&provider, "g-zoe", &long).await.is(302).header("location"), "/");
}
