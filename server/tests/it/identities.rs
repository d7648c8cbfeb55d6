//! Signing in through an OpenID provider: a real one. What an organization can ask of it stands in `rule`, what must
//! never get in in `attacks`; how providers differ in `lenient` and `family`.

mod attacks;
mod family;
mod illness;
mod lasting;
mod lenient;
mod rule;
mod tabs;

use app::domain::identity::SsoFailure;
use app::error::{AppError, Conflict, Field};
use app::notice::Notice;
use serde_json::json;

use crate::support::{Browser, PASSWORD, Person, Provider, TestApp};

async fn server() -> (TestApp, Provider) {
    Provider::start().with_server().await
}

/// The reason that the next page shows.
#[track_caller]
fn failed(browser: &Browser, failure: SsoFailure) {
    assert_eq!(browser.notice(), Some(Notice::SsoFailed(failure)));
}

/// Links a person with an account at the provider that has the same name.
async fn link(provider: &Provider, person: &Person, account: &str) {
    assert_eq!(person.sso(provider, account, "/account/security").await.is(302).header("location"), "/account/link");
    let email = person.get("/account/link").await.is(200).text();
    assert!(email.contains("will open your account here."), "{email}");
    assert_eq!(person.post("/do/identities/link", &[("current", PASSWORD)]).await.done(), "/account/security");
    assert_eq!(person.notice(), Some(Notice::Linked));
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_gets_an_account_and_finds_it_again() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "Zoe@Example.com", json!({ "name": "Zoe Newcomer" })).await;
    let browser = app.browser();
    assert_eq!(browser.sso(&provider, "g-zoe", "/orgs/new").await.is(302).header("location"), "/orgs/new");
    let first = browser.caller().await;
    let user = first.user().unwrap();
    assert_eq!((user.name.as_str(), user.email.as_str()), ("Zoe Newcomer", "zoe@example.com"));

    // Known by issuer and subject from now on, whatever the address says.
    provider.change("g-zoe", json!({ "email": "zoe@elsewhere.example" })).await;
    let again = app.browser();
    again.sso(&provider, "g-zoe", "/").await.is(302);
    assert_eq!(again.caller().await.user().unwrap().id, user.id);
    assert_eq!(app.db_count("users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_known_address_is_never_linked_silently() {
    let (app, provider) = server().await;
    let ada = app.person("ada").await;
    provider.account("g-ada", &ada.email, json!({})).await;
    let browser = app.browser();
    assert_eq!(browser.sso(&provider, "g-ada", "/o/acme").await.is(302).header("location"), "/sign-in?next=%2Fo%2Facme");
    failed(&browser, SsoFailure::KnownAddress);
    assert!(!browser.is_signed_in().await);

    // With her session she links it, and can sign in with it.
    let before = ada.session_cookie();
    link(&provider, &ada, "g-ada").await;
    assert_ne!(ada.session_cookie(), before, "a session that opens more has a new secret");
    let browser = app.browser();
    browser.sso(&provider, "g-ada", "/").await.is(302);
    assert_eq!(browser.caller().await.user().unwrap().id, ada.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_mailbox_nobody_proved_belongs_to_whom_the_provider_vouches_for() {
    let (app, provider) = server().await;
    app.browser().post("/do/accounts/sign-up", &[("name", "Mallory"), ("email", "zoe@example.com")]).await.done();
    let link = app.only_mail().await.link();
    provider.account("g-zoe", "zoe@example.com", json!({ "name": "Zoe" })).await;
    let browser = app.browser();
    browser.sso(&provider, "g-zoe", "/").await.is(302);
    assert_eq!(browser.caller().await.user().unwrap().name.as_str(), "Zoe");
    let form = [("link", link.as_str()), ("password", "a password of mallory's")];
    app.browser().post("/do/accounts/choose-password", &form).await.refused(410, &AppError::LinkUnusable);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_provider_has_not_verified_makes_no_account() {
    let (app, provider) = server().await;
    provider.account("g-eve", "ada@example.com", json!({ "email_verified": false })).await;
    provider.account("g-nobody", "", json!({ "email": null })).await;
    for account in ["g-eve", "g-nobody"] {
        let browser = app.browser();
        browser.sso(&provider, account, "/").await.is(302);
        failed(&browser, SsoFailure::NoAddress);
        assert!(!browser.is_signed_in().await);
    }
    assert_eq!((app.db_count("users").await, app.db_count("identities").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_account_there_belongs_to_one_person_here_and_the_other_way_round() {
    let (app, provider) = server().await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    provider.account("g-one", "one@example.com", json!({})).await;
    provider.account("g-two", "two@example.com", json!({})).await;
    link(&provider, &ada, "g-one").await;
    bob.sso(&provider, "g-one", "/account/security").await.is(302);
    failed(&bob, SsoFailure::OtherPerson);
    ada.sso(&provider, "g-two", "/account/security").await.is(302);
    failed(&ada, SsoFailure::OtherIdentity);
    assert_eq!(app.db_count("identities").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_removed_unless_it_is_the_last_way_in() {
    let (app, provider) = server().await;
    let ada = app.person("ada").await;
    ada.post("/do/identities/unlink", &[]).await.refused(404, &AppError::NotFound);
    provider.account("g-ada", &ada.email, json!({})).await;
    link(&provider, &ada, "g-ada").await;
    let opened_by_it = app.browser();
    opened_by_it.sso(&provider, "g-ada", "/").await.is(302);
    app.mailbox().await;
    ada.post("/do/identities/unlink", &[]).await.done();
    assert_eq!(app.only_mail().await.subject, "A way to sign in was removed from your account");
    assert!(!opened_by_it.is_signed_in().await, "what the account had opened is shut with it");
    assert_eq!(app.db_count("identities").await, 0);
    let browser = app.browser();
    browser.sso(&provider, "g-ada", "/").await.is(302);
    failed(&browser, SsoFailure::KnownAddress);
    browser.sign_in(&ada.email, PASSWORD).await.done();

    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let zoe = app.browser();
    zoe.sso(&provider, "g-zoe", "/").await.is(302);
    zoe.post("/do/identities/unlink", &[]).await.refused(409, &AppError::Conflict(Conflict::LastWayIn));
    let page = zoe.get("/account/security").await.is(200).text();
    assert!(page.contains("This is your only way to sign in."), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_their_mind_or_meets_a_provider_that_is_down_reads_why() {
    let (app, provider) = server().await;
    let browser = app.browser();
    let there = browser.begin_sso("/").await.is(302).header("location").to_owned();
    browser.get(&provider.refuse(&there).await).await.is(302);
    failed(&browser, SsoFailure::Denied);
    let page = browser.get("/sign-in").await.is(200).text();
    assert!(page.contains("The provider did not sign you in."), "{page}");

    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let there = browser.begin_sso("/").await.is(302).header("location").to_owned();
    let back = provider.pass(&there, "g-zoe").await;
    provider.mode("down").await;
    browser.get(&back).await.is(302);
    failed(&browser, SsoFailure::Unreachable);
    assert!(!browser.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_a_provider_offers_none() {
    let app = TestApp::start().await;
    app.browser().begin_sso("/").await.is(404);
    app.browser().get("/sso/callback?state=x&code=y").await.is(404);
    let page = app.browser().get("/sign-in").await.is(200).text();
    assert!(!page.contains("Continue with"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_who_comes_twice_at_once_is_one_person() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let browsers = [app.browser(), app.browser(), app.browser()];
    let both = browsers.each_ref().map(|browser| browser.sso(&provider, "g-zoe", "/orgs/new"));
    for answer in futures_util::future::join_all(both).await {
        assert_eq!(answer.is(302).header("location"), "/orgs/new");
    }
    assert_eq!((app.db_count("users").await, app.db_count("identities").await), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_session_links_nothing_without_the_password_and_the_owner_is_told() {
    let (app, provider) = server().await;
    let ada = app.person("ada").await;
    provider.account("g-mallory", "mallory@example.org", json!({})).await;
    let thief = app.browser();
    thief.take_session_cookie(&ada.session_cookie().unwrap());
    assert_eq!(thief.sso(&provider, "g-mallory", "/").await.is(302).header("location"), "/account/link");
    thief.post("/do/identities/link", &[("current", "a guess")]).await.refused_for(Field::CurrentPassword);
    thief.post("/do/identities/link", &[]).await.refused_for(Field::CurrentPassword);
    assert_eq!(app.db_count("identities").await, 0);
    // What waits, waits in this session only, and not for long.
    let other = app.browser();
    other.sign_in(&ada.email, PASSWORD).await.done();
    other.post("/do/identities/link", &[("current", PASSWORD)]).await.refused(410, &AppError::LinkUnusable);
    app.state.clock.advance(chrono::TimeDelta::minutes(11));
    thief.post("/do/identities/link", &[("current", PASSWORD)]).await.refused(410, &AppError::LinkUnusable);

    provider.account("g-ada", "ada@gmail.com", json!({})).await;
    link(&provider, &ada, "g-ada").await;
    let mail = app.only_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("ada@example.com", "A way to sign in was added to your account"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_was_ended_does_not_come_back_through_the_provider() {
    let (app, provider) = server().await;
    let ada = app.person("ada").await;
    provider.account("g-ada", &ada.email, json!({})).await;
    link(&provider, &ada, "g-ada").await;
    let thief = app.browser();
    thief.sign_in(&ada.email, PASSWORD).await.done();
    let there = thief.begin_sso("/").await.is(302).header("location").to_owned();
    let back = provider.pass(&there, "g-ada").await;
    ada.post("/do/sessions/end-others", &[]).await.done();
    thief.get(&back).await.is(302);
    assert!(!thief.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_password_signs_in_again_before_giving_the_account_away() {
    let (app, provider) = server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let zoe = app.browser();
    zoe.sso(&provider, "g-zoe", "/").await.is(302);
    app.state.clock.advance(chrono::TimeDelta::minutes(11));
    let form = [("email", "mallory@example.org"), ("current", "")];
    zoe.post("/do/addresses/add", &form).await.refused(409, &AppError::Conflict(Conflict::SignInAgain));
    zoe.post("/do/accounts/delete", &[("confirmation", "zoe@example.com"), ("current", "")])
        .await
        .refused(409, &AppError::Conflict(Conflict::SignInAgain));
    let again = app.browser();
    again.sso(&provider, "g-zoe", "/").await.is(302);
    again.post("/do/addresses/add", &form).await.done();
}
