//! The whole journey with each of the common providers, as `end2end/provider/profiles.mjs` plays them: signing up, linking, being asked
//! for by an organization, and losing the account.

use app::domain::identity::{SignInProblem, SsoFailure};
use app::domain::role::Role;
use chrono::TimeDelta;
use serde_json::json;

use super::rule::{check_all, kept_out, require};
use super::{failed, link};
use crate::support::{PASSWORD, Provider, TestApp};

/// How a provider differs in what can be seen from outside.
struct Kind {
    name: &'static str,
    /// Whether it lets us ask about accounts.
    lasting: bool,
    /// Whether it tells a hosted domain.
    hosted: bool,
}

macro_rules! family {
    ($($name:ident: lasting $lasting:literal, hosted $hosted:literal;)*) => {
        $(#[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            journey(&Kind { name: stringify!($name), lasting: $lasting, hosted: $hosted }).await;
        })*
    };
}

family! {
    plain: lasting true, hosted false;
    google: lasting true, hosted true;
    auth0: lasting true, hosted false;
    okta: lasting true, hosted false;
    entra: lasting true, hosted false;
    keycloak: lasting true, hosted false;
    authentik: lasting true, hosted false;
    authelia: lasting false, hosted false;
    zitadel: lasting true, hosted false;
    jumpcloud: lasting false, hosted false;
}

async fn journey(kind: &Kind) {
    let (app, provider) = Provider::of_family(kind.name).with_server().await;
    signs_up(&app, &provider).await;
    let (app, ada) = app.and_org("acme").await;
    let bob = app.member("bob", Role::Member).await;
    let domain = if kind.hosted { json!({ "hd": "acme.com" }) } else { json!({}) };
    for (account, person) in [("g-ada", &ada), ("g-bob", &bob)] {
        provider.account(account, &person.email, domain.clone()).await;
    }

    // A known address is not enough: its owner links it, with the password.
    let browser = app.browser();
    browser.sso(&provider, "g-ada", "/").await.is(302);
    failed(&browser, SsoFailure::KnownAddress);
    link(&provider, &ada, "g-ada").await;

    // Required, it keeps a password out; the account opens.
    require(&ada, if kind.hosted { "acme.com" } else { "" }).await.done();
    kept_out(&bob, SignInProblem::NotProven).await;
    link(&provider, &bob, "g-bob").await;
    bob.get("/o/acme").await.is(200);
    let browser = app.browser();
    assert_eq!(browser.sso(&provider, "g-bob", "/o/acme").await.is(302).header("location"), "/o/acme");
    browser.get("/o/acme").await.is(200);

    // The provider's troubles shut nobody out, nor do new keys.
    for illness in ["down", "busy", "limited", "html"] {
        provider.mode(illness).await;
        check_all(&app.state).await;
        assert_eq!(bob.get("/o/acme").await.status, 200, "{illness}");
    }
    provider.mode("well").await;
    provider.rotate_keys().await;
    check_all(&app.state).await;
    bob.get("/o/acme").await.is(200);

    loses(kind, &app, &provider, (&ada, &bob)).await;
}

async fn signs_up(app: &TestApp, provider: &Provider) {
    provider.account("g-zoe", "zoe@example.com", json!({ "name": "Zoe Newcomer" })).await;
    for _ in 0..2 {
        let browser = app.browser();
        assert_eq!(browser.sso(provider, "g-zoe", "/orgs/new").await.is(302).header("location"), "/orgs/new");
        let caller = browser.caller().await;
        assert_eq!((caller.user().unwrap().name.as_str(), caller.user().unwrap().email.as_str()), ("Zoe Newcomer", "zoe@example.com"));
    }
    assert!(provider.seen("authorization").await.iter().all(|asked| asked["prompt"].is_null()), "nothing requires consent");
    // An address that nobody has verified opens nothing.
    for (account, change) in [("g-eve", json!({ "email_verified": false })), ("g-mallory", json!({ "email": null }))] {
        provider.account(account, "eve@example.com", change).await;
        let browser = app.browser();
        browser.sso(provider, account, "/").await.is(302);
        failed(&browser, SsoFailure::NoAddress);
    }
    assert_eq!(app.db_count("users").await, 1);
}

async fn loses(kind: &Kind, app: &TestApp, provider: &Provider, (ada, bob): (&crate::support::Person, &crate::support::Person)) {
    let laptop = app.browser();
    laptop.sign_in(&bob.email, PASSWORD).await.done();
    provider.change("g-bob", json!({ "disabled": true })).await;
    check_all(&app.state).await;
    let why = if kind.lasting {
        SignInProblem::Ended
    } else {
        // Nobody can ask: what counts is the last sign-in, and it counts for a day.
        bob.get("/o/acme").await.is(200);
        app.state.clock.advance(TimeDelta::hours(24));
        SignInProblem::Unconfirmed
    };
    kept_out(bob, why).await;
    bob.sso(provider, "g-bob", "/o/acme").await.is(302);
    kept_out(bob, why).await;
    // The rest of what is his stays open, and so does the organization for whoever still has an account.
    bob.get("/account").await.is(200);
    laptop.get("/").await.is(200);
    if !kind.lasting {
        ada.sso(provider, "g-ada", "/o/acme").await.is(302);
    }
    ada.get("/o/acme").await.is(200);
}
