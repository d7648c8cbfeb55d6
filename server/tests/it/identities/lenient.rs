//! What providers send beside what the standard says: what we do not use never stops a sign-in, what we use is checked.

use app::domain::identity::{Mismatch, SsoFailure};
use serde_json::{Value, json};

use super::{failed, link, server};
use crate::support::{PASSWORD, Provider, TestApp};

/// Whether the account signs in, in a browser of its own.
async fn signs_in(app: &TestApp, provider: &Provider, account: &str) -> bool {
    let browser = app.browser();
    browser.sso(provider, account, "/").await.is(302);
    browser.is_signed_in().await
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_that_are_not_used_never_stop_a_sign_in() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    for odd in [
        json!({ "address": "Main Street 1", "updated_at": "2026-11-29T00:00:00Z" }),
        json!({ "updated_at": "1796025058", "phone_number": 7, "phone_number_verified": "true" }),
        json!({ "zoneinfo": null, "locale": "de_DE", "picture": "none", "profile": {}, "birthdate": 0 }),
        json!({ "gender": null, "website": [], "given_name": { "de": "Zoe" }, "name": ["Zoe"] }),
        json!({ "auth_time": "now", "amr": "pwd", "acr": 0, "sid": null, "jti": 7, "https://acme.example/roles": [{ "id": null }] }),
        json!({ "aud": ["buildkeep"], "azp": null, "nbf": null, "hd": 7 }),
        json!({ "email": { "value": "zoe@example.com" }, "email_verified": "perhaps" }),
    ] {
        provider.sends("idToken", odd.clone()).await;
        provider.sends("userInfo", odd.clone()).await;
        assert!(signs_in(&app, &provider, "g-zoe").await, "{odd}");
    }
    assert_eq!(app.db_count("users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_clear_yes_vouches_for_an_address() {
    let (app, provider) = server().await;
    let kinds = [
        (json!("true"), true),
        (json!("True"), true),
        (json!(1), true),
        (json!("1"), true),
        (json!("false"), false),
        (json!(0), false),
        (json!("yes"), false),
        (json!(["true"]), false),
        (json!(""), false),
        (json!(null), false),
    ];
    for (n, (said, vouched_for)) in kinds.into_iter().enumerate() {
        let account = format!("g-{n}");
        provider.account(&account, &format!("{account}@example.com"), json!({})).await;
        provider.sends("idToken", json!({ "email_verified": said })).await;
        // Nothing at UserInfo either.
        provider.sends("userInfo", json!({ "email_verified": "(absent)" })).await;
        assert_eq!(signs_in(&app, &provider, &account).await, vouched_for, "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_id_token_leaves_out_user_info_tells_of_the_same_person() {
    let (app, provider) = server().await;
    provider.sends("idToken", json!({ "email": "(absent)", "email_verified": "(absent)", "name": "(absent)" })).await;
    provider.account("g-zoe", "zoe@example.com", json!({ "name": "Zoe Newcomer" })).await;
    let browser = app.browser();
    browser.sso(&provider, "g-zoe", "/").await.is(302);
    let caller = browser.caller().await;
    assert_eq!((caller.user().unwrap().name.as_str(), caller.user().unwrap().email.as_str()), ("Zoe Newcomer", "zoe@example.com"));

    provider.account("g-eve", "eve@example.com", json!({})).await;
    for sub in [json!("g-zoe"), json!("(absent)"), json!(7)] {
        provider.sends("userInfo", json!({ "sub": sub })).await;
        let browser = app.browser();
        browser.sso(&provider, "g-eve", "/").await.is(302);
        failed(&browser, SsoFailure::NotVerified(Mismatch::Content));
    }
    // UserInfo that fails stops nobody who is known.
    provider.mode("busy /me").await;
    assert!(signs_in(&app, &provider, "g-zoe").await);
    let browser = app.browser();
    browser.sso(&provider, "g-eve", "/").await.is(302);
    failed(&browser, SsoFailure::NoAddress);
    assert_eq!(app.db_count("users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_keys_and_tokens_may_hold_anything_beside_what_is_used() {
    let provider = Provider::start();
    let odd = json!({
        "userinfo_endpoint": "(absent)", "response_types_supported": "(absent)", "subject_types_supported": 7, "claims_supported": "email",
        "id_token_signing_alg_values_supported": ["RS256", "ML-DSA-65", 5], "tenant_region_scope": null, "op_policy_uri": "not an address",
        "token_endpoint_auth_methods_supported": null, "cloud_instance_name": "microsoftonline.com", "scopes_supported": null,
    });
    provider.sends("metadata", odd).await;
    let odd = json!({ "expires_in": "3600", "scope": ["openid"], "token_type": "BEARER", "refresh_token": { "value": 7 }, "ext_expires_in": null });
    provider.sends("tokens", odd).await;
    let (app, provider) = provider.with_server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    assert!(signs_in(&app, &provider, "g-zoe").await);
    provider.sends("tokens", json!({ "access_token": "(absent)", "token_type": "(absent)" })).await;
    provider.sends("idToken", json!({ "name": "(absent)" })).await;
    assert!(signs_in(&app, &provider, "g-zoe").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_changes_its_keys_is_asked_for_them() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    assert!(signs_in(&app, &provider, "g-zoe").await);
    provider.rotate_keys().await;
    assert!(signs_in(&app, &provider, "g-zoe").await);
    // One more signature that no key made is no reason to ask again at once.
    provider.mode("signature").await;
    let asked = provider.seen("jwks").await.len();
    for _ in 0..3 {
        assert!(!signs_in(&app, &provider, "g-zoe").await);
    }
    assert_eq!(provider.seen("jwks").await.len(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_beside_us_needs_the_word_of_the_provider_or_of_the_operator() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let named = |audiences: Value, party: &str| json!({ "aud": audiences, "azp": party });
    provider.sends("idToken", named(json!(["buildkeep", "sibling", "project"]), "buildkeep")).await;
    assert!(signs_in(&app, &provider, "g-zoe").await);
    for party in ["(absent)", "sibling"] {
        provider.sends("idToken", named(json!(["buildkeep", "sibling", "project"]), party)).await;
        let browser = app.browser();
        browser.sso(&provider, "g-zoe", "/").await.is(302);
        failed(&browser, SsoFailure::NotVerified(Mismatch::Audience));
        let page = browser.get("/sign-in").await.is(200).text();
        assert!(page.contains("audience") && page.contains("Continue with"), "{page}");
    }
    let mut config = app.state.config.clone();
    config.oidc_trusted_audiences = vec!["sibling".to_owned(), "project".to_owned()];
    let (_state, url) = app.another_server_with(config).await;
    let browser = app.browser_at(&url);
    browser.sso(&provider, "g-zoe", "/").await.is(302);
    assert!(browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_are_sent_as_the_provider_takes_them() {
    // The secret has characters that mean something in a header and in a form.
    for (name, method) in [("plain", "basic"), ("jumpcloud", "post")] {
        let (app, provider) = Provider::start_playing(name).with_server().await;
        provider.account("g-zoe", "zoe@example.com", json!({})).await;
        assert!(signs_in(&app, &provider, "g-zoe").await, "{name}");
        assert!(provider.seen("token").await.iter().all(|asked| asked["auth"] == method), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_later_sign_in_leaves_out_has_not_changed() {
    let (app, provider) = server().await;
    let ada = app.person("ada").await;
    provider.account("g-ada", &ada.email, json!({ "hd": "acme.com" })).await;
    link(&provider, &ada, "g-ada").await;
    for what in ["idToken", "userInfo"] {
        provider.sends(what, json!({ "email": "(absent)", "hd": "(absent)", "email_verified": "(absent)" })).await;
    }
    assert!(signs_in(&app, &provider, "g-ada").await);
    let page = ada.get("/account/security").await.is(200).text();
    assert!(page.contains("Belongs to acme.com.") && page.contains(&ada.email), "{page}");
    ada.sign_in(&ada.email, PASSWORD).await.done();
}
