//! Several invites for one person: what becomes of the others when they come in, and when they are removed.

use app::domain::invite::{InviteState, RESEND_PAUSE};
use app::domain::role::Role;
use app::error::{AppError, Conflict};
use server::plans::PlanSettings;

use super::{accept, change, invite, invites, join, open_page};
use crate::support::{PASSWORD, Person, TestApp};

const SECOND: &str = "bob@work.example";

/// Ada's organization `acme`, and bob, who has two addresses.
async fn with_bob(app: TestApp) -> (TestApp, Person, Person) {
    let (app, ada) = app.and_org("acme").await;
    let bob = app.person("bob").await;
    app.add_address(&bob, SECOND).await;
    app.mailbox().await;
    (app, ada, bob)
}

async fn state_of(app: &TestApp, email: &str) -> InviteState {
    invites(app).await.into_iter().find(|row| row.email.as_str() == email).expect("an invite").state
}

async fn remove(admin: &Person, member: &Person) {
    admin.post("/do/members/remove", &[("org_slug", "acme"), ("member", &member.id.to_string())]).await.done();
}

const CLOSED: &str = "revoked the invite for bob@work.example, because bob is in";

#[tokio::test(flavor = "multi_thread")]
async fn accepting_one_closes_the_others_into_the_same_organization() {
    let (app, ada, bob) = with_bob(TestApp::start().await).await;
    invite(&ada, &format!("bob@example.com\n{SECOND}\ncarol@example.com")).await.done();
    ada.found("other").await;
    ada.post("/do/invites/create", &[("org_slug", "other"), ("addresses", SECOND), ("role", "member")]).await.done();
    app.mailbox().await;
    let rows = invites(&app).await;
    let id = |email: &str| rows.iter().find(|row| row.email.as_str() == email).unwrap().id;

    accept(&bob, id("bob@example.com")).await.done();
    assert_eq!(state_of(&app, "bob@example.com").await, InviteState::Accepted);
    assert_eq!(state_of(&app, SECOND).await, InviteState::Revoked);
    assert_eq!(state_of(&app, "carol@example.com").await, InviteState::Pending);
    let start = bob.get("/").await.text();
    assert!(start.contains("Join other") && !start.contains("Join acme"), "{start}");
    let log = ada.get("/o/acme/audit").await.text();
    assert!(log.contains(CLOSED), "{log}");
    // Twice is once, and removed is removed.
    accept(&bob, id("bob@example.com")).await.done();
    remove(&ada, &bob).await;
    accept(&bob, id(SECOND)).await.refused(410, &AppError::LinkUnusable);
}

#[tokio::test(flavor = "multi_thread")]
async fn coming_in_by_the_link_closes_them_too() {
    let (app, ada, _bob) = with_bob(TestApp::start().await).await;
    invite(&ada, SECOND).await.done();
    let other = app.only_mail().await.link();
    invite(&ada, "bob@example.com").await.done();
    let link = app.only_mail().await.link();
    join(&app.browser(), &link, "", PASSWORD).await.done();
    assert_eq!(state_of(&app, SECOND).await, InviteState::Revoked);
    join(&app.browser(), &other, "", PASSWORD).await.refused(410, &AppError::LinkUnusable);
    assert!(ada.get("/o/acme/audit").await.text().contains(CLOSED));
}

#[tokio::test(flavor = "multi_thread")]
async fn joining_by_domain_closes_them_and_calls_back_their_mail() {
    let (app, ada, bob) = with_bob(TestApp::start().await).await;
    ada.post("/do/domain-invites/add", &[("org_slug", "acme"), ("domain", "example.com"), ("role", "member")]).await.done();
    invite(&ada, &format!("bob@example.com\n{SECOND}")).await.done();
    bob.post("/do/domain-invites/join", &[("org_slug", "acme")]).await.done();
    assert!(app.mailbox().await.is_empty(), "they are in already");
    for email in ["bob@example.com", SECOND] {
        assert_eq!(state_of(&app, email).await, InviteState::Revoked);
    }
    assert!(ada.get("/o/acme/audit").await.text().contains(CLOSED));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_invite_gives_its_place_in_the_plan_back() {
    let plan = PlanSettings {
        name: "Small".to_owned(),
        members: Some(3),
        workspaces: None,
        artifact_gib: None,
        transfer_gib_month: None,
        runs_month: None,
    };
    let (app, ada, bob) = with_bob(TestApp::start_with(|config| config.plans = vec![plan]).await).await;
    invite(&ada, &format!("bob@example.com\n{SECOND}")).await.done();
    assert_eq!(invite(&ada, "carol@example.com").await.status, 409, "three places: ada and two invites");
    accept(&bob, invites(&app).await[0].id).await.done();
    invite(&ada, "carol@example.com").await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_needs_an_invite_from_after_that_whatever_the_address() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.person("bob").await;
    invite(&ada, &format!("bob@example.com\n{SECOND}")).await.done();
    let mails = app.mailbox().await;
    let link = mails.iter().find(|mail| mail.to == SECOND).unwrap().link();
    let rows = invites(&app).await;
    let id = |email: &str| rows.iter().find(|row| row.email.as_str() == email).unwrap().id;
    accept(&bob, id("bob@example.com")).await.done();
    assert_eq!(state_of(&app, SECOND).await, InviteState::Pending, "nobody knows yet that it is his");
    remove(&ada, &bob).await;

    app.add_address(&bob, SECOND).await;
    let removed = AppError::Conflict(Conflict::WasRemoved);
    accept(&bob, id(SECOND)).await.refused(409, &removed);
    join(&app.browser(), &link, "", PASSWORD).await.refused(409, &removed);
    assert!(open_page(&bob, &link).await.is(409).text().contains("Ask one of its Admins for a new invite"));
    assert!(!bob.get("/").await.text().contains("Join acme"));
    bob.get("/o/acme").await.is(404);

    // Sent again, it is the decision of an Admin who knew of the removal.
    app.state.clock.advance(RESEND_PAUSE);
    change(&ada, "/do/invites/resend", id(SECOND)).await.done();
    assert!(bob.get("/").await.text().contains("Join acme"));
    accept(&bob, id(SECOND)).await.done();
    bob.get("/o/acme").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_account_at_the_same_mailbox_is_the_one_who_was_removed() {
    let (app, ada) = TestApp::with_org("acme").await;
    invite(&ada, "bob+new@example.com").await.done();
    let link = app.only_mail().await.link();
    let bob = app.person("bob").await;
    app.add_member(app.org(), &bob, Role::Member).await;
    remove(&ada, &bob).await;
    let refused = join(&app.browser(), &link, "Bob", "another password of mine").await;
    refused.refused(409, &AppError::Conflict(Conflict::WasRemoved));
    assert_eq!(app.db_count("users").await, 2, "no account was left behind");
}
