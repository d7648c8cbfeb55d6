//! Organizations that ask for the provider, and how their members lose them.

use app::domain::identity::{SignInProblem, SignInRule};
use app::domain::role::Role;
use app::error::{AppError, Conflict};
use chrono::TimeDelta;
use serde_json::json;
use server::services::identities::checking::check_due;
use server::state::State;

use super::{link, server};
use crate::support::{Answer, PASSWORD, Person, Provider, TestApp};

/// Ada's organization `acme` asks for the provider, and she has linked; bob is a member with a password.
async fn asking() -> (TestApp, Provider, Person, Person) {
    let (app, provider) = server().await;
    let (app, ada) = app.and_org("acme").await;
    let bob = app.member("bob", Role::Member).await;
    for (account, person) in [("g-ada", &ada), ("g-bob", &bob)] {
        provider.account(account, &person.email, json!({ "hd": "acme.com" })).await;
    }
    link(&provider, &ada, "g-ada").await;
    require(&ada, "").await.done();
    (app, provider, ada, bob)
}

pub(super) async fn require(admin: &Person, domains: &str) -> Answer {
    admin.post("/do/identities/set-rule", &[("org_slug", "acme"), ("provider_only", "true"), ("domains", domains)]).await
}

/// Whether a person is kept out, and why: in pages and in forms alike.
pub(super) async fn kept_out(person: &Person, why: SignInProblem) {
    let page = person.get("/o/acme").await.is(403).text();
    assert!(page.contains(&why.to_string().replace('\'', "&#x27;")), "{page}");
    assert!(page.contains("/sso/start?next=%2Fo%2Facme"), "the page leads to the provider: {page}");
    let form = [("org_slug", "acme"), ("name", "api")];
    person.post("/do/workspaces/create", &form).await.refused(403, &AppError::SignIn(why));
}

pub(super) async fn check_all(state: &std::sync::Arc<State>) {
    state.clock.advance(TimeDelta::minutes(15));
    check_due(state).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_shows_first_that_the_rule_can_be_met_and_others_meet_it_at_their_next_click() {
    let (app, provider) = server().await;
    let (app, ada) = app.and_org("acme").await;
    let bob = app.member("bob", Role::Member).await;
    require(&ada, "").await.refused(403, &AppError::SignIn(SignInProblem::NotProven));
    let page = ada.get("/o/acme/sign-in?preview=1&domains=").await.is(200).text();
    assert!(page.contains("2 members cannot get in") && page.contains("bob@example.com"), "{page}");
    assert!(page.contains("This would keep you out"), "{page}");

    provider.account("g-ada", &ada.email, json!({ "hd": "acme.com" })).await;
    link(&provider, &ada, "g-ada").await;
    require(&ada, "other.com").await.refused(403, &AppError::SignIn(SignInProblem::OtherDomain));
    bob.get("/o/acme").await.is(200);
    require(&ada, "Acme.com").await.done();
    ada.get("/o/acme").await.is(200);
    kept_out(&bob, SignInProblem::NotProven).await;

    // Linking is one click away, and leads back.
    provider.account("g-bob", "bob@elsewhere.example", json!({})).await;
    assert_eq!(bob.sso(&provider, "g-bob", "/o/acme").await.is(302).header("location"), "/account/link");
    assert_eq!(bob.post("/do/identities/link", &[("current", PASSWORD)]).await.done(), "/o/acme");
    kept_out(&bob, SignInProblem::OtherDomain).await;
    provider.change("g-bob", json!({ "hd": "acme.com" })).await;
    bob.sso(&provider, "g-bob", "/o/acme").await.is(302);
    bob.get("/o/acme").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_opens_nothing_there_and_everything_else() {
    let (app, provider, ada, bob) = asking().await;
    let own = bob.found("bobs").await;
    link(&provider, &bob, "g-bob").await;
    bob.get("/o/acme").await.is(200);
    // The same person in another browser, with the password.
    let other = app.browser();
    other.sign_in(&bob.email, PASSWORD).await.done();
    other.get("/o/acme").await.is(403);
    other.get(&format!("/o/{own}")).await.is(200);
    other.get("/").await.is(200);
    // A member who is not an Admin does not even see the rule.
    bob.get("/o/acme/sign-in").await.is(403);
    // Whoever is kept out can still leave.
    other.post("/do/members/leave", &[("org_slug", "acme")]).await.done();
    other.get("/o/acme").await.is(404);
    ada.get("/o/acme").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_provider_has_shut_out_loses_the_organization_within_one_check_and_nothing_else() {
    let (app, provider, ada, bob) = asking().await;
    bob.found("bobs").await;
    link(&provider, &bob, "g-bob").await;
    check_all(&app.state).await;
    bob.get("/o/acme").await.is(200);

    provider.change("g-bob", json!({ "disabled": true })).await;
    check_all(&app.state).await;
    kept_out(&bob, SignInProblem::Ended).await;
    bob.get("/o/bobs").await.is(200);
    ada.get("/o/acme").await.is(200);
    let log = ada.get("/o/acme/audit.ndjson").await.is(200).text();
    assert_eq!(log.matches("\"provider-refused\"").count(), 1, "{log}");
    let page = ada.get("/o/acme/audit").await.is(200).text();
    assert!(page.contains("does not confirm their account any more"), "{page}");

    // Once the account works again, its owner signs in with it.
    provider.change("g-bob", json!({ "disabled": false })).await;
    bob.sso(&provider, "g-bob", "/o/acme").await.is(302);
    bob.get("/o/acme").await.is(200);
    check_all(&app.state).await;
    bob.get("/o/acme").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_moves_to_another_domain_ends() {
    let (app, provider, _ada, bob) = asking().await;
    link(&provider, &bob, "g-bob").await;
    provider.change("g-bob", json!({ "hd": "elsewhere.com" })).await;
    check_all(&app.state).await;
    kept_out(&bob, SignInProblem::Ended).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_a_no_of_the_provider_shuts_anybody_out() {
    let provider = Provider::start_playing("keycloak");
    let (app, provider) = provider.with_server().await;
    let (app, ada) = app.and_org("acme").await;
    provider.account("g-ada", &ada.email, json!({ "hd": "acme.com" })).await;
    link(&provider, &ada, "g-ada").await;
    require(&ada, "acme.com").await.done();
    let (absent, none) = ("(absent)", json!({}));
    // What is missing in a later token has not changed, and what does not hold says nothing about the account.
    for (refreshed, tokens, mode) in [
        (json!({ "hd": absent, "email": absent, "email_verified": false, "name": absent }), none.clone(), "well"),
        (json!({ "hd": ["elsewhere.com"], "email": 7, "address": "x", "nonce": "other", "at_hash": absent }), none.clone(), "well"),
        (json!({ "hd": "ACME.com", "aud": ["buildkeep"], "azp": absent }), none.clone(), "well"),
        (json!({ "sub": "somebody-else", "hd": "elsewhere.com" }), none.clone(), "well"),
        (none.clone(), none.clone(), "audience"),
        (none.clone(), none.clone(), "expired"),
        (none.clone(), none.clone(), "signature"),
        (none.clone(), json!({ "refresh_token": absent, "expires_in": "x", "token_type": 7 }), "well"),
        (none.clone(), json!({ "id_token": absent, "access_token": absent }), "well"),
        (none.clone(), json!({ "id_token": absent, "access_token": "not-one-of-theirs" }), "well"),
        (none.clone(), json!({ "id_token": 7, "access_token": absent }), "busy /me"),
        (none.clone(), json!({ "error": "invalid_client", "id_token": absent, "access_token": absent }), "well"),
        (none.clone(), json!({ "error": "interaction_required", "id_token": absent, "access_token": absent }), "well"),
        (none.clone(), none.clone(), "down"),
        (none.clone(), none.clone(), "busy"),
        (none.clone(), none.clone(), "limited"),
        (none.clone(), none.clone(), "html"),
        (none.clone(), none.clone(), "hanging /token"),
    ] {
        provider.sends("refreshed", json!({ "hd": "acme.com", "sub": "g-ada" })).await;
        provider.sends("refreshed", refreshed.clone()).await;
        provider.sends("tokens", tokens.clone()).await;
        provider.mode(mode).await;
        check_all(&app.state).await;
        assert_eq!(ada.get("/o/acme").await.status, 200, "{refreshed} {tokens} {mode}");
    }
    provider.mode("well").await;
    provider.change("g-ada", json!({ "disabled": true })).await;
    check_all(&app.state).await;
    kept_out(&ada, SignInProblem::Ended).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_down_shuts_nobody_out_until_the_grace_is_over() {
    let (app, provider, ada, _bob) = asking().await;
    provider.mode("down").await;
    check_all(&app.state).await;
    ada.get("/o/acme").await.is(200);
    app.state.clock.advance(TimeDelta::hours(23));
    check_all(&app.state).await;
    ada.get("/o/acme").await.is(200);
    app.state.clock.advance(TimeDelta::hours(1));
    check_all(&app.state).await;
    kept_out(&ada, SignInProblem::Unconfirmed).await;
    // It comes back, and so does she, without a click.
    provider.mode("well").await;
    check_all(&app.state).await;
    ada.get("/o/acme").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_was_down_for_long_trusts_nobody_before_it_has_asked() {
    let (app, _provider, ada, _bob) = asking().await;
    app.state.clock.advance(TimeDelta::hours(25));
    kept_out(&ada, SignInProblem::Unconfirmed).await;
    check_due(&app.state).await.unwrap();
    ada.get("/o/acme").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_servers_one_asks() {
    let (app, provider, ada, bob) = asking().await;
    link(&provider, &bob, "g-bob").await;
    let (second, _) = app.another_server().await;
    for _ in 0..3 {
        app.state.clock.advance(TimeDelta::minutes(15));
        second.clock.advance(TimeDelta::minutes(15));
        // The provider gives a new refresh token each time, and ends the account when an old one is used again.
        let (one, other) = tokio::join!(check_due(&app.state), check_due(&second));
        one.unwrap();
        other.unwrap();
    }
    ada.get("/o/acme").await.is(200);
    bob.get("/o/acme").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_members_of_organizations_that_ask_are_checked() {
    let (app, provider) = server().await;
    let (app, ada) = app.and_org("acme").await;
    provider.account("g-ada", &ada.email, json!({})).await;
    link(&provider, &ada, "g-ada").await;
    app.state.clock.advance(TimeDelta::minutes(15));
    assert_eq!(check_due(&app.state).await.unwrap(), 0);
    require(&ada, "").await.done();
    assert_eq!(check_due(&app.state).await.unwrap(), 1);
    assert_eq!(check_due(&app.state).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_an_organization_asks_for_stays_so_that_nobody_swaps_it_for_another() {
    let (app, provider, ada, bob) = asking().await;
    link(&provider, &bob, "g-bob").await;
    provider.change("g-bob", json!({ "disabled": true })).await;
    check_all(&app.state).await;
    // Shut out by the company, with an account of his own at hand.
    provider.account("g-private", "bob@gmail.com", json!({})).await;
    bob.post("/do/identities/unlink", &[]).await.refused(409, &AppError::Conflict(Conflict::LinkRequired));
    bob.sso(&provider, "g-private", "/o/acme").await.is(302);
    kept_out(&bob, SignInProblem::Ended).await;
    let log = ada.get("/o/acme/audit.ndjson").await.is(200).text();
    assert!(log.contains("\"linked\""), "Admins see who links: {log}");
    bob.post("/do/members/leave", &[("org_slug", "acme")]).await.done();
    bob.post("/do/identities/unlink", &[]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_last_admin_who_is_kept_out_learns_no_more_than_that() {
    let (app, _provider, ada, bob) = asking().await;
    // The same person with the password alone, when she is its only member: one of the counts that she is not told.
    bob.post("/do/members/leave", &[("org_slug", "acme")]).await.done();
    let other = app.browser();
    other.sign_in(&ada.email, PASSWORD).await.done();
    for page in ["/account/data", "/account/organizations"] {
        assert!(ada.get(page).await.is(200).text().contains("You are its only member"));
        let page = other.get(page).await.is(200).text();
        assert!(page.contains("You are its last Admin") && page.contains("sign in in another way"), "{page}");
        assert!(!page.contains("its only member"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_breaks_the_glass() {
    let (app, provider, ada, bob) = asking().await;
    provider.mode("down").await;
    app.state.clock.advance(TimeDelta::hours(25));
    kept_out(&ada, SignInProblem::Unconfirmed).await;
    let output = crate::cli::run(&app, &["admin", "org", "require-google", "--org", "acme", "off"], "").await;
    assert!(output.status.success(), "{output:?}");
    ada.get("/o/acme").await.is(200);
    bob.get("/o/acme").await.is(200);
    let rule = app.backend().identities.rule(&app.operator(), app.org()).await.unwrap();
    assert_eq!(rule, SignInRule::default());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_asks_for_the_provider_is_not_accepted_with_a_password() {
    let (app, provider) = server().await;
    let (app, ada) = app.and_org("acme").await;
    let form = [("org_slug", "acme"), ("addresses", "zoe@example.com"), ("role", "member"), ("requires_provider", "true")];
    ada.post("/do/invites/create", &form).await.done();
    let link = app.only_mail().await.link();
    let browser = app.browser();
    let page = browser.get(&format!("/invite?link={link}")).await.is(200).text();
    assert!(page.contains("Continue with") && !page.contains("type=\"password\""), "{page}");
    let join = [("link", link.as_str()), ("name", "Zoe"), ("password", "a phrase of zoe's own")];
    browser.post("/do/invites/join", &join).await.refused(403, &AppError::SignIn(SignInProblem::NotProven));
    assert_eq!(app.db_count("users").await, 1);

    // Signed in with a password she is not let in either; with the provider she is.
    let zoe = app.person("zoe").await;
    let start = zoe.get("/").await.is(200).text();
    assert!(start.contains("A password is not enough.") && !start.contains("invites/accept"), "{start}");
    let id = app.backend().invites.waiting(&zoe.caller().await).await.unwrap()[0].id.to_string();
    let accept = [("invite", id.as_str())];
    zoe.post("/do/invites/accept", &accept).await.refused(403, &AppError::SignIn(SignInProblem::NotProven));
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    super::link(&provider, &zoe, "g-zoe").await;
    zoe.post("/do/invites/accept", &accept).await.done();
    zoe.get("/o/acme").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_asks_for_the_provider_asks_the_invited_too() {
    let (app, provider, ada, _bob) = asking().await;
    require(&ada, "acme.com").await.done();
    app.mailbox().await;
    ada.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", "zoe@example.com"), ("role", "member")]).await.done();
    let link = app.only_mail().await.link();
    let join = [("link", link.as_str()), ("name", "Zoe"), ("password", "a phrase of zoe's own")];
    app.browser().post("/do/invites/join", &join).await.refused(403, &AppError::SignIn(SignInProblem::NotProven));
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let zoe = app.browser();
    zoe.sso(&provider, "g-zoe", "/").await.is(302);
    let id = app.backend().invites.waiting(&zoe.caller().await).await.unwrap()[0].id.to_string();
    zoe.post("/do/invites/accept", &[("invite", &id)]).await.refused(403, &AppError::SignIn(SignInProblem::OtherDomain));
    provider.change("g-zoe", json!({ "hd": "acme.com" })).await;
    zoe.sso(&provider, "g-zoe", "/").await.is(302);
    zoe.post("/do/invites/accept", &[("invite", &id)]).await.done();
    zoe.get("/o/acme").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_provider_was_taken_out_of_the_configuration_opens_nothing_with_it() {
    let (app, _provider, ada, _bob) = asking().await;
    let mut config = app.state.config.clone();
    (config.oidc_client_id, config.oidc_client_secret) = (None, None);
    let (_state, url) = app.another_server_with(config).await;
    let browser = app.browser_at(&url);
    browser.take_session_cookie(&ada.session_cookie().unwrap());
    browser.get("/").await.is(200);
    browser.get("/o/acme").await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_public_organization_whoever_is_kept_out_sees_what_everybody_sees() {
    let (_app, _provider, ada, bob) = asking().await;
    assert!(bob.get("/").await.is(200).text().contains("Sign in in another way to open it."));
    ada.post("/do/orgs/change-visibility", &[("org_slug", "acme"), ("change", "make-public"), ("typed_name", "acme")]).await.done();
    let page = bob.get("/o/acme").await.is(200).text();
    assert!(page.contains("A password is not enough.") && page.contains("/sso/start"), "{page}");
    let members = bob.get("/o/acme/members").await.is(200).text();
    assert!(!members.contains(&ada.email), "{members}");
    bob.get("/o/acme/audit").await.is(403);
    let form = [("org_slug", "acme"), ("name", "api")];
    bob.post("/do/workspaces/create", &form).await.refused(403, &AppError::SignIn(SignInProblem::NotProven));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_by_domain_has_to_sign_in_as_the_others_do() {
    let (app, provider, ada, _bob) = asking().await;
    ada.post("/do/domain-invites/add", &[("org_slug", "acme"), ("domain", "example.com"), ("role", "member")]).await.done();
    app.db_execute("UPDATE domain_invites SET proven_at = added_at").await;
    let zoe = app.person("zoe").await;
    for (page, next) in [("/", "next=%2F\""), ("/join/acme", "next=%2Fjoin%2Facme\"")] {
        let page = zoe.get(page).await.is(200).text();
        assert!(page.contains("A password is not enough.") && page.contains(&format!("/sso/start?{next}")), "{page}");
        assert!(!page.contains("domain-invites/join"), "no button that would be refused: {page}");
    }
    let form = [("org_slug", "acme")];
    zoe.post("/do/domain-invites/join", &form).await.refused(403, &AppError::SignIn(SignInProblem::NotProven));
    zoe.get("/o/acme").await.is(404);
    provider.account("g-zoe", &zoe.email, json!({})).await;
    link(&provider, &zoe, "g-zoe").await;
    for page in ["/", "/join/acme"] {
        assert!(zoe.get(page).await.is(200).text().contains("domain-invites/join"));
    }
    zoe.post("/do/domain-invites/join", &form).await.done();
    zoe.get("/o/acme").await.is(200);
}
