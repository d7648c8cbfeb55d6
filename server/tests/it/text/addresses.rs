//! E-mail addresses: one form for each mailbox, and none for two.

use app::domain::identity::SsoFailure;
use app::domain::invite::Outcome;
use app::domain::names::Reason;
use app::error::{AppError, Field};
use app::notice::Notice;
use serde_json::json;

use crate::cli::run;
use crate::support::{Answer, PASSWORD, Person, Provider, TestApp};

/// Addresses that become `mike@example.com` for whoever maps before they check.
const LOOK_ALIKES: [&str; 6] = [
    "mi\u{212a}e@example.com",
    "mi\u{ad}ke@example.com",
    "mike@e\u{ad}xample.com",
    "mike@\u{ff45}xample.com",
    "mike@example\u{3002}com",
    "mike@example.com\u{200b}",
];
const IN_DNS: &str = "ada@xn--mnchen-3ya.de";

async fn invite(admin: &Person, addresses: &str) -> Answer {
    admin.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", addresses), ("role", "admin")]).await
}

async fn outcomes(admin: &Person, addresses: &str) -> Vec<(String, Outcome)> {
    invite(admin, addresses).await.done();
    admin.results().await.into_iter().map(|result| (result.line, result.outcome)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_what_is_anothers_by_a_letter_that_looks_like_it() {
    let (app, provider) = Provider::start().with_server().await;
    let (app, ada) = app.and_org("acme").await;
    invite(&ada, "mike@example.com").await.done();
    app.only_mail().await;
    for (number, address) in LOOK_ALIKES.into_iter().enumerate() {
        let account = format!("g-{number}");
        provider.account(&account, address, json!({ "name": "Mallory" })).await;
        let mallory = app.browser();
        mallory.sso(&provider, &account, "/").await.is(302);
        assert_eq!(mallory.notice(), Some(Notice::SsoFailed(SsoFailure::NoAddress)), "{address:?}");
        assert!(!mallory.is_signed_in().await);
    }
    assert_eq!(app.db_count("users").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_refuses_an_address_that_would_become_another() {
    let (app, ada) = TestApp::with_org("acme").await;
    app.person("mike").await;
    for address in LOOK_ALIKES {
        let browser = app.browser();
        browser.post("/do/accounts/sign-up", &[("name", "Mallory"), ("email", address)]).await.refused_for(Field::Email);
        browser.post("/do/accounts/forgot-password", &[("email", address)]).await.refused_for(Field::Email);
        browser.sign_in(address, PASSWORD).await.refused(401, &AppError::WrongCredentials);
        ada.post("/do/addresses/add", &[("email", address), ("current", PASSWORD)]).await.refused_for(Field::Email);
        let results = outcomes(&ada, address).await;
        assert!(matches!(results[0].1, Outcome::Invalid(Reason::NotAscii | Reason::NotAnEmail)), "{results:?}");
        let create = ["admin", "user", "create", "--email", address, "--password-stdin"];
        assert_eq!(run(&app, &create, PASSWORD).await.status.code(), Some(2), "{address:?}");
    }
    assert!(app.mailbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_international_domain_is_one_domain_everywhere() {
    let (app, ada) = TestApp::with_org("acme").await;
    let anne = app.browser();
    anne.post("/do/accounts/sign-up", &[("name", "Änne"), ("email", " Ada@M\u{fc}nchen.DE ")]).await.done();
    let mail = app.only_mail().await;
    assert_eq!(mail.to, IN_DNS);
    anne.post("/do/accounts/choose-password", &[("link", &mail.link()), ("password", PASSWORD)]).await.done();
    for typed in ["ada@münchen.de", "ada@mu\u{308}nchen.de", IN_DNS, "ADA@XN--MNCHEN-3YA.DE"] {
        app.browser().sign_in(typed, PASSWORD).await.done();
        app.browser().post("/do/accounts/forgot-password", &[("email", typed)]).await.done();
        assert_eq!(app.mailbox().await.len(), 1, "{typed}");
    }
    assert!(anne.get("/account/addresses").await.is(200).text().contains(IN_DNS));

    // An invite, however its Admin types it, is for the same mailbox; the list shows what was checked.
    invite(&ada, "Änne <ada@münchen.de>").await.done();
    assert_eq!(app.only_mail().await.to, IN_DNS);
    assert!(ada.get("/o/acme/invites").await.text().contains(IN_DNS));
    assert!(anne.get("/").await.text().contains("Join acme"));
    let add = ["admin", "member", "add", "--org", "acme", "--email", "ada@münchen.de", "--role", "member"];
    assert!(run(&app, &add, "").await.status.success());
    for search in ["ada@münchen.de", "@mu\u{308}nchen.de", "MÜNCHEN.DE", "mnchen"] {
        let found = app.backend().members.list(&app.operator(), app.org(), search, None).await.unwrap().rows;
        assert_eq!(found.len(), 1, "{search}");
    }
    let contact = [("org_slug", "acme"), ("name", "Acme"), ("email", "office@münchen.de"), ("address", "Straße 1")];
    ada.post("/do/billing/save-contact", &contact).await.done();
    assert!(ada.get("/o/acme/usage").await.text().contains("office@xn--mnchen-3ya.de"));
    ada.post("/do/addresses/add", &[("email", "ada@bücher.example"), ("current", PASSWORD)]).await.done();
    assert_eq!(app.only_mail().await.to, "ada@xn--bcher-kva.example");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_may_write_an_international_domain_either_way() {
    let (app, provider) = Provider::start().with_server().await;
    for (account, address) in [("one", "zoe@münchen.de"), ("two", "zoe@xn--mnchen-3ya.de")] {
        provider.account(account, address, json!({})).await;
    }
    let browser = app.browser();
    browser.sso(&provider, "one", "/").await.is(302);
    assert_eq!(browser.caller().await.user().unwrap().email.as_str(), "zoe@xn--mnchen-3ya.de");
    let other = app.browser();
    other.sso(&provider, "two", "/").await.is(302);
    assert_eq!(other.notice(), Some(Notice::SsoFailed(SsoFailure::KnownAddress)));
}

#[tokio::test(flavor = "multi_thread")]
async fn dots_and_plus_signs_make_other_mailboxes() {
    let app = TestApp::start().await;
    for address in ["adalovelace@example.com", "ada.lovelace@example.com", "ada.lovelace+nx@example.com"] {
        app.person_at(address).await;
    }
    assert_eq!(app.db_count("users").await, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_invite_box_reads_lists_as_mail_programs_write_them() {
    let (app, ada) = TestApp::with_org("acme").await;
    let list = "\"Bob, B.\" <bob@example.com>;\r\nDoe, Carl <carl@example.com>,\tdora@example.com\n'eve@example.com'.\n\
                mailto:fred@example.com (the boss, \"Fred\"); BOB@example.com\nno address\n";
    let results = outcomes(&ada, list).await;
    let sent = |line: &str| (line.to_owned(), Outcome::Invited);
    assert_eq!(
        results,
        [
            sent("\"Bob, B.\" <bob@example.com>"),
            sent("Doe, Carl <carl@example.com>"),
            sent("dora@example.com"),
            sent("'eve@example.com'."),
            sent("mailto:fred@example.com (the boss, \"Fred\")"),
            ("no address".to_owned(), Outcome::Invalid(Reason::NotAnEmail)),
        ]
    );
    assert_eq!(app.mailbox().await.len(), 5);
    let results = outcomes(&ada, "\u{202e}evil <x>").await;
    assert_eq!(results[0].0, "\u{fffd}evil <x>", "what is shown again does not turn the page around");
}
