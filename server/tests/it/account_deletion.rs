//! The end of an account: what goes, what stays, and that every organization keeps an Admin.

use app::domain::role::Role;
use app::error::{AppError, Conflict, Field};

use crate::audit::{events, read_page};
use crate::audit_chain::verdict;
use crate::cli::run;
use crate::support::{Answer, PASSWORD, Person, TestApp};

const ROUNDS: usize = 8;

async fn delete(person: &Person) -> Answer {
    person.post("/do/accounts/delete", &[("confirmation", &person.email), ("current", PASSWORD)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_ends_with_everything_that_is_the_persons_own() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    let other = app.browser();
    other.sign_in(&bob.email, PASSWORD).await.done();
    bob.post("/do/addresses/add", &[("email", "bob@work.example"), ("current", PASSWORD)]).await.done();
    let link = app.only_mail().await.link();
    bob.post("/do/accounts/forgot-password", &[("email", &bob.email)]).await.done();
    let password_link = app.only_mail().await.link();
    let invite = [("org_slug", "acme"), ("addresses", "carol@example.com"), ("role", "member")];
    bob.post("/do/invites/create", &invite).await.done();
    app.mailbox().await;

    assert_eq!(delete(&bob).await.done(), "/");
    let mail = app.only_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (bob.email.as_str(), "Your account is deleted"));
    assert!(!bob.is_signed_in().await && !other.is_signed_in().await);
    app.browser().sign_in(&bob.email, PASSWORD).await.refused(401, &AppError::WrongCredentials);
    bob.post("/do/addresses/confirm", &[("link", &link)]).await.refused(401, &AppError::Unauthenticated);
    let choose = bob.post("/do/accounts/choose-password", &[("link", &password_link), ("password", PASSWORD)]).await;
    choose.refused(410, &AppError::LinkUnusable);
    for (table, rows) in [("users", 1), ("addresses", 1), ("members", 1), ("sessions", 1), ("mail_links", 0), ("invites", 1)] {
        assert_eq!(app.db_count(table).await, rows, "{table}");
    }
    let (log, _) = read_page(&ada, "/o/acme/audit?kind=member").await;
    assert_eq!(log[0], "bob left the organization by deleting their account");
    assert!(events(&app).await.contains(&"bob: deleted account bob".to_owned()));
    assert!(verdict(&app).await.0);
    // The address is free again, and nothing of the old account comes back.
    let again = app.person("bob").await;
    again.get("/o/acme").await.is(404);
    assert_ne!(again.id, bob.id);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_takes_the_address_and_the_password() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let form = "/do/accounts/delete";
    ada.post(form, &[("confirmation", "delete"), ("current", PASSWORD)]).await.refused_for(Field::Confirmation);
    ada.post(form, &[("confirmation", &ada.email), ("current", "wrong horse battery")]).await.refused_for(Field::CurrentPassword);
    ada.post(form, &[("confirmation", &ada.email)]).await.refused_for(Field::CurrentPassword);
    assert!(ada.is_signed_in().await);
    app.db_execute("UPDATE users SET password_hash = NULL").await;
    ada.post(form, &[("confirmation", " ADA@example.com ")]).await.done();
    assert_eq!(app.db_count("users").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_admin_is_told_what_stands_in_the_way() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Member).await;
    ada.found("alone").await;
    delete(&ada).await.refused(409, &AppError::Conflict(Conflict::LastAdminSomewhere));
    assert!(ada.is_signed_in().await);
    for page in ["/account/data", "/account/organizations"] {
        let page = ada.get(page).await.is(200).text();
        for part in ["/o/acme/members", "/o/acme/settings", "/o/alone/settings", "You are its last Admin", "You are its only member"] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains("Leave…") && !page.contains("Delete your account</button>"), "{page}");
    }
    assert!(bob.get("/account/organizations").await.text().contains("Leave…"));
    let left = bob.post("/do/members/leave", &[("org_slug", "acme"), ("next", "/account/organizations")]).await;
    assert_eq!(left.done(), "/account/organizations");
    app.add_member(app.org(), &bob, Role::Admin).await;
    ada.post("/do/orgs/delete", &[("org_slug", "alone"), ("confirmation", "alone")]).await.done();
    delete(&ada).await.done();
    bob.get("/o/acme").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_to_an_address_of_theirs_does_not_bring_them_back_into_what_they_left() {
    let (app, ada) = TestApp::with_org("acme").await;
    let invite = async |org: &str| {
        ada.post("/do/invites/create", &[("org_slug", org), ("addresses", "bob@example.com"), ("role", "member")]).await.done();
    };
    ada.found("other").await;
    invite("acme").await;
    invite("other").await;
    let bob = app.member("bob", Role::Member).await;
    delete(&bob).await.done();
    let bob = app.person("bob").await;
    let waiting = app.backend().invites.waiting(&bob.caller().await).await.unwrap();
    assert_eq!(waiting.iter().map(|invite| invite.org.as_str()).collect::<Vec<_>>(), ["other"], "that one was sent to the mailbox");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_last_admins_who_delete_their_accounts_at_the_same_instant_leave_one() {
    let app = TestApp::start().await;
    for round in 0..ROUNDS {
        // In two organizations, so that each could wait for the other.
        let (ada, bob) = (app.person(&format!("ada-{round}")).await, app.person(&format!("bob-{round}")).await);
        for (founder, other, slug) in [(&ada, &bob, format!("one-{round}")), (&bob, &ada, format!("two-{round}"))] {
            let org = founder.found(&slug).await;
            app.add_member(&org, other, Role::Admin).await;
        }
        let answers: [Answer; 2] = tokio::join!(delete(&ada), delete(&bob)).into();
        let mut statuses = answers.each_ref().map(|answer| answer.status);
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409], "round {round}");
        let left = if answers[0].status == 303 { &bob } else { &ada };
        for slug in [format!("/o/one-{round}/settings"), format!("/o/two-{round}/settings")] {
            left.get(&slug).await.is(200);
        }
    }
    assert!(run(&app, &["audit", "verify"], "").await.status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_who_goes_while_the_other_leaves_steps_down_or_is_removed_leaves_one() {
    let app = TestApp::start().await;
    for round in 0..ROUNDS {
        let (ada, bob) = (app.person(&format!("ada-{round}")).await, app.person(&format!("bob-{round}")).await);
        let org = ada.found(&format!("org-{round}")).await;
        app.add_member(&org, &bob, Role::Admin).await;
        let about = |person: &Person| [("org_slug", org.to_string()), ("member", person.id.to_string()), ("role", "member".to_owned())];
        let (form, whom) = [("leave", &ada), ("set-role", &ada), ("remove", &bob), ("set-role", &bob)][round % 4];
        let fields = about(whom);
        let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
        let path = format!("/do/members/{form}");
        let (changed, deleted) = tokio::join!(ada.post(&path, &fields), delete(&bob));
        for answer in [&changed, &deleted] {
            assert!([303, 404, 409].contains(&answer.status), "round {round}: {}", answer.text());
        }
        let rows = app.backend().members.list(&app.operator(), &org, "", None).await.unwrap().rows;
        assert!(rows.iter().any(|row| row.role == Role::Admin), "round {round}: {rows:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_while_they_come_into_an_organization_they_are_in_none() {
    let (app, ada) = TestApp::with_org("acme").await;
    for round in 0..ROUNDS {
        let bob = app.person(&format!("bob-{round}")).await;
        bob.found(&format!("home-{round}")).await;
        bob.post("/do/orgs/delete", &[("org_slug", &format!("home-{round}")), ("confirmation", &format!("home-{round}"))]).await.done();
        let form = [("org_slug", "acme"), ("addresses", bob.email.as_str()), ("role", "member")];
        ada.post("/do/invites/create", &form).await.done();
        let waiting = app.backend().invites.waiting(&bob.caller().await).await.unwrap();
        let id = waiting[0].id.to_string();
        let form = [("invite", id.as_str())];
        let (joined, deleted) = tokio::join!(bob.post("/do/invites/accept", &form), delete(&bob));
        assert_eq!(deleted.status, 303, "round {round}: {}", deleted.text());
        assert!([303, 401, 404].contains(&joined.status), "round {round}: {} {}", joined.status, joined.text());
        assert_eq!(app.db_count("members").await, 1, "round {round}");
    }
    assert!(run(&app, &["audit", "verify"], "").await.status.success());
}
