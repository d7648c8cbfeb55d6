//! Invites by e-mail: from the Admin's list of addresses to a member, and everything that must not get in.

mod closing;
mod races;

use std::time::Duration;

use app::backend::invites::InviteRow;
use app::backend::members::{JoinedBy, MemberRow};
use app::domain::ids::InviteId;
use app::domain::invite::{Delivery, InviteState, Outcome};
use app::domain::role::Role;
use app::error::{AppError, Conflict, Field};
use app::notice::Notice;
use chrono::TimeDelta;
use server::mail::queue;

use crate::support::smtp::MailServer;
use crate::support::{Answer, Browser, PASSWORD, Person, TestApp};

async fn invite(admin: &Person, addresses: &str) -> Answer {
    admin.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", addresses), ("role", "member")]).await
}

/// Invites one address; the secret of the link in its mail.
async fn invited(app: &TestApp, admin: &Person, address: &str) -> String {
    invite(admin, address).await.done();
    let mail = app.only_mail().await;
    assert_eq!(mail.to, address.to_lowercase());
    mail.link()
}

async fn join(browser: &Browser, link: &str, name: &str, password: &str) -> Answer {
    browser.post("/do/invites/join", &[("link", link), ("name", name), ("password", password)]).await
}

async fn accept(person: &Person, id: InviteId) -> Answer {
    person.post("/do/invites/accept", &[("invite", &id.to_string())]).await
}

async fn change(admin: &Person, form: &str, id: InviteId) -> Answer {
    admin.post(form, &[("org_slug", "acme"), ("invite", &id.to_string())]).await
}

async fn open_page(browser: &Browser, link: &str) -> Answer {
    browser.get(&format!("/invite?link={link}")).await
}

async fn invites(app: &TestApp) -> Vec<InviteRow> {
    app.backend().invites.list(&app.operator(), app.org(), false, None).await.unwrap().rows
}

async fn only_invite(app: &TestApp) -> InviteRow {
    let mut all = invites(app).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

async fn member(app: &TestApp, email: &str) -> Option<MemberRow> {
    let rows = app.backend().members.list(&app.operator(), app.org(), "", None).await.unwrap().rows;
    rows.into_iter().find(|row| row.email.as_str() == email)
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_is_in_two_clicks_after_opening_the_mail() {
    let (app, ada) = TestApp::with_org("acme").await;
    let link = invited(&app, &ada, "bob@example.com").await;
    let browser = app.browser();
    let page = open_page(&browser, &link).await.is(200).text();
    assert!(page.contains("Create the account and join acme") && page.contains("bob@example.com"), "{page}");

    join(&browser, &link, "", PASSWORD).await.refused_for(Field::Name);
    join(&browser, &link, "Bob", "short").await.refused_for(Field::Password);
    assert_eq!(join(&browser, &link, "Bob", PASSWORD).await.done(), "/o/acme");
    browser.get("/o/acme").await.is(200);
    let bob = member(&app, "bob@example.com").await.unwrap();
    assert_eq!((bob.role, bob.joined_by, bob.name.as_str()), (Role::Member, JoinedBy::Invite, "Bob"));
    app.browser().sign_in("bob@example.com", PASSWORD).await.done();
    assert_eq!(only_invite(&app).await.state, InviteState::Accepted);
    let log = ada.get("/o/acme/audit").await.text();
    assert!(log.contains("invited bob@example.com as Member") && log.contains("joined as Member, invited by ada"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_with_an_account_comes_in_with_its_password() {
    let (app, ada) = TestApp::with_org("acme").await;
    app.person("bob").await;
    let link = invited(&app, &ada, "bob@example.com").await;
    let browser = app.browser();
    assert!(open_page(&browser, &link).await.text().contains("Sign in and join acme"));
    let wrong = browser.post("/do/invites/join", &[("link", &link), ("password", "not the password")]).await;
    wrong.refused(401, &AppError::WrongCredentials);
    browser.post("/do/invites/join", &[("link", &link), ("password", PASSWORD)]).await.done();
    browser.get("/o/acme").await.is(200);
    assert_eq!(member(&app, "bob@example.com").await.unwrap().name.as_str(), "bob", "the account keeps its name");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_with_the_address_accepts_with_one_click() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.person("bob").await;
    let link = invited(&app, &ada, "Bob@Example.com").await;
    assert!(bob.get("/").await.text().contains("Join acme"), "the start page offers it");
    assert!(open_page(&bob, &link).await.text().contains("Join acme"));
    assert_eq!(accept(&bob, only_invite(&app).await.id).await.done(), "/o/acme");
    assert_eq!(bob.notice(), Some(Notice::OrgJoined));
    assert!(!bob.get("/").await.text().contains("invites you to"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_is_for_its_address_alone() {
    let (app, ada) = TestApp::with_org("acme").await;
    let mallory = app.person("mallory").await;
    let link = invited(&app, &ada, "bob@example.com").await;
    let page = open_page(&mallory, &link).await.is(200).text();
    assert!(page.contains("You are signed in as mallory@example.com, and this invite is for bob@example.com"), "{page}");
    accept(&mallory, only_invite(&app).await.id).await.refused(404, &AppError::NotFound);
    assert!(!mallory.get("/").await.text().contains("Join acme"));
    mallory.get("/o/acme").await.is(404);

    let target = mallory.post("/do/invites/switch", &[("link", &link)]).await.done();
    assert_eq!(target, format!("/invite?link={link}"));
    assert!(mallory.get(&target).await.text().contains("Create the account and join acme"), "signed out, and on the way");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once_and_twice_for_the_same_person() {
    let (app, ada) = TestApp::with_org("acme").await;
    let link = invited(&app, &ada, "bob@example.com").await;
    join(&app.browser(), &link, "Bob", PASSWORD).await.done();
    join(&app.browser(), &link, "Bob", PASSWORD).await.done();
    join(&app.browser(), &link, "Eve", "another password of mine").await.refused(401, &AppError::WrongCredentials);
    assert_eq!(member(&app, "bob@example.com").await.unwrap().name.as_str(), "Bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_an_accepted_invite_leads_into_the_organization_and_nobody_else() {
    let (app, ada) = TestApp::with_org("acme").await;
    let link = invited(&app, &ada, "bob@example.com").await;
    let bob = app.browser();
    join(&bob, &link, "Bob", PASSWORD).await.done();
    assert_eq!(open_page(&bob, &link).await.is(302).header("location"), "/o/acme");
    assert_eq!(open_page(&app.browser(), &link).await.is(302).header("location"), "/sign-in?next=%2Fo%2Facme");
    let mallory = app.person("mallory").await;
    let page = open_page(&mallory, &link).await.is(410).text();
    assert!(!page.contains("password") && page.contains("ask whoever invited you"), "{page}");
    let id = member(&app, "bob@example.com").await.unwrap().user.to_string();
    ada.post("/do/members/remove", &[("org_slug", "acme"), ("member", &id)]).await.done();
    open_page(&bob, &link).await.is(410);
    open_page(&app.browser(), &link).await.is(410);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_that_is_accepted_twice_at_once_leads_in_both_times() {
    for round in 0..4 {
        let (app, ada) = TestApp::with_org("acme").await;
        let link = invited(&app, &ada, "bob@example.com").await;
        let (one, other) = (app.browser(), app.browser());
        let (first, second) = tokio::join!(join(&one, &link, "Bob", PASSWORD), join(&other, &link, "Bob", PASSWORD));
        assert_eq!((first.done(), second.done()), ("/o/acme".to_owned(), "/o/acme".to_owned()), "round {round}");
        one.get("/o/acme").await.is(200);
        other.get("/o/acme").await.is(200);
        assert_eq!(app.db_count("members").await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_does_not_come_back_by_the_old_link() {
    let (app, ada) = TestApp::with_org("acme").await;
    let link = invited(&app, &ada, "bob@example.com").await;
    join(&app.browser(), &link, "Bob", PASSWORD).await.done();
    let bob = member(&app, "bob@example.com").await.unwrap();
    ada.post("/do/members/remove", &[("org_slug", "acme"), ("member", &bob.user.to_string())]).await.done();
    join(&app.browser(), &link, "Bob", PASSWORD).await.refused(410, &AppError::LinkUnusable);
    assert!(member(&app, "bob@example.com").await.is_none());
    // An Admin can invite them again, of course.
    let again = invited(&app, &ada, "bob@example.com").await;
    join(&app.browser(), &again, "Bob", PASSWORD).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_does_not_come_in_by_an_invite_that_was_still_open() {
    let (app, ada) = TestApp::with_org("acme").await;
    let link = invited(&app, &ada, "bob@example.com").await;
    let bob = app.member("bob", Role::Member).await;
    ada.post("/do/members/remove", &[("org_slug", "acme"), ("member", &bob.id.to_string())]).await.done();
    accept(&bob, only_invite(&app).await.id).await.refused(410, &AppError::LinkUnusable);
    open_page(&bob, &link).await.is(410);
    // Nor does it tell whether a password fits.
    for password in [PASSWORD, "not the password"] {
        join(&app.browser(), &link, "Bob", password).await.refused(410, &AppError::LinkUnusable);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_seven_days_a_link_is_dead_until_the_invite_is_sent_again() {
    let (app, ada) = TestApp::with_org("acme").await;
    let old = invited(&app, &ada, "bob@example.com").await;
    app.state.clock.advance(TimeDelta::days(7));
    open_page(&app.browser(), &old).await.is(410);
    join(&app.browser(), &old, "Bob", PASSWORD).await.refused(410, &AppError::LinkUnusable);
    let invite = only_invite(&app).await;
    assert_eq!(invite.state, InviteState::Expired);

    ada.sign_in(&ada.email, PASSWORD).await.done();
    change(&ada, "/do/invites/resend", invite.id).await.done();
    let new = app.only_mail().await.link();
    open_page(&app.browser(), &old).await.is(410);
    join(&app.browser(), &new, "Bob", PASSWORD).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn sending_again_kills_the_old_links_and_takes_the_old_mail_out_of_the_queue() {
    let (app, ada) = TestApp::with_org("acme").await;
    invite(&ada, "bob@example.com").await.done();
    let id = only_invite(&app).await.id;
    change(&ada, "/do/invites/resend", id).await.refused(409, &AppError::Conflict(Conflict::JustSent));
    change(&ada, "/do/invites/link", id).await.done();
    let Some(Notice::InviteLink(copied)) = ada.notice() else { panic!("the next page shows the link") };
    app.state.clock.advance(TimeDelta::minutes(2));
    change(&ada, "/do/invites/resend", id).await.done();

    let mail = app.only_mail().await;
    open_page(&app.browser(), copied.secret.expose()).await.is(410);
    open_page(&app.browser(), &mail.link()).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_invite_opens_nothing_and_is_not_even_sent() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.person("bob").await;
    let link = invited(&app, &ada, "bob@example.com").await;
    let id = only_invite(&app).await.id;
    change(&ada, "/do/invites/revoke", id).await.done();
    open_page(&app.browser(), &link).await.is(410);
    accept(&bob, id).await.refused(410, &AppError::LinkUnusable);
    for form in ["/do/invites/revoke", "/do/invites/resend", "/do/invites/link"] {
        change(&ada, form, id).await.refused(409, &AppError::Conflict(Conflict::InviteClosed));
    }

    invite(&ada, "carol@example.com").await.done();
    let carol = invites(&app).await.into_iter().find(|row| row.email.as_str() == "carol@example.com").unwrap();
    change(&ada, "/do/invites/revoke", carol.id).await.done();
    assert!(app.mailbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_says_for_each_line_what_happened() {
    let (app, ada) = TestApp::with_org("acme").await;
    invited(&app, &ada, "bob@example.com").await;
    invited(&app, &ada, "old@example.com").await;
    app.db_execute("UPDATE invites SET expires_at = created_at WHERE email = 'old@example.com'").await;
    let list = "Ada <ada@example.com>\nbob@example.com\nold@example.com\nnew@example.com, new@example.com\nnot an address";
    invite(&ada, list).await.done();

    let results = ada.results().await;
    let outcomes: Vec<_> = results.iter().map(|result| (result.line.as_str(), result.outcome)).collect();
    assert!(
        matches!(
            outcomes[..4],
            [
                ("Ada <ada@example.com>", Outcome::AlreadyMember),
                ("bob@example.com", Outcome::AlreadyInvited),
                ("old@example.com", Outcome::Renewed),
                ("new@example.com", Outcome::Invited),
            ]
        ),
        "{outcomes:?}"
    );
    assert!(matches!(outcomes[4..], [("not an address", Outcome::Invalid(_))]), "{outcomes:?}");
    let mut to: Vec<_> = app.mailbox().await.into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["new@example.com", "old@example.com"]);

    let page = ada.get("/o/acme/invites").await.is(200).text();
    assert!(page.contains("2 invites are on their way") && page.contains("Already a member"), "{page}");
    assert!(!ada.get("/o/acme/invites").await.text().contains("Already a member"), "shown once");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_are_invited_at_once_and_one_more_is_too_many() {
    let (app, ada) = TestApp::with_org("acme").await;
    let list = |count: usize| (0..count).map(|n| format!("person-{n}@example.com")).collect::<Vec<_>>().join("\n");
    invite(&ada, &list(201)).await.refused_for(Field::Addresses);
    assert!(invites(&app).await.is_empty());
    invite(&ada, &list(200)).await.done();
    assert_eq!(app.mailbox().await.len(), 200);
    let first = app.backend().invites.list(&app.operator(), app.org(), true, None).await.unwrap();
    assert_eq!(first.rows.len(), 100);
    let rest = app.backend().invites.list(&app.operator(), app.org(), true, first.next.as_deref()).await.unwrap();
    assert_eq!((rest.rows.len(), rest.next), (100, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_flooded_with_invites() {
    let (app, ada) = TestApp::with_org("acme").await;
    // Whether sent again, or revoked and sent anew: five mails a day and address.
    for _ in 0..2 {
        invited(&app, &ada, "bob@example.com").await;
        let id = invites(&app).await[0].id;
        app.state.clock.advance(TimeDelta::minutes(2));
        change(&ada, "/do/invites/resend", id).await.done();
        change(&ada, "/do/invites/revoke", id).await.done();
        app.mailbox().await;
    }
    invited(&app, &ada, "bob@example.com").await;
    app.state.clock.advance(TimeDelta::minutes(2));
    let id = invites(&app).await[0].id;
    change(&ada, "/do/invites/resend", id).await.refused(409, &AppError::Conflict(Conflict::TooManyMailsToOne));
    change(&ada, "/do/invites/revoke", id).await.done();
    invite(&ada, "bob@example.com").await.done();
    assert_eq!(ada.results().await[0].outcome, Outcome::TooOften);
    assert!(app.mailbox().await.is_empty());
    app.state.clock.advance(TimeDelta::days(1));
    invited(&app, &ada, "bob@example.com").await;

    app.db_execute("UPDATE invites SET sends = 2000 WHERE revoked_at IS NULL").await;
    invite(&ada, "carol@example.com").await.refused(409, &AppError::Conflict(Conflict::TooManyMails));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_organizations_founded_and_deleted_again_send_no_more_than_one() {
    let app = TestApp::start().await;
    let mallory = app.person("mallory").await;
    let mut arrived = 0;
    for number in 0..7 {
        let slug = mallory.found(&format!("spam-{number}")).await;
        for _ in 0..4 {
            let form = [("org_slug", slug.as_str()), ("addresses", "victim@example.com"), ("role", "member")];
            mallory.post("/do/invites/create", &form).await.done();
            arrived += app.mailbox().await.len();
            for invite in app.backend().invites.list(&app.operator(), &slug, true, None).await.unwrap().rows {
                mallory.post("/do/invites/revoke", &[("org_slug", slug.as_str()), ("invite", &invite.id.to_string())]).await.done();
            }
        }
        mallory.post("/do/orgs/delete", &[("org_slug", slug.as_str()), ("confirmation", slug.as_str())]).await.done();
    }
    assert_eq!(arrived, 20);
    assert_eq!(mallory.results().await[0].outcome, Outcome::TooOften);

    // To each other address one mail, but to many of them.
    app.db_execute("UPDATE quotas SET used = 1995 WHERE subject LIKE 'invites by %'").await;
    let fresh = async |count: usize| {
        let slug = mallory.found(&format!("fresh-{count}")).await;
        let list = (0..count).map(|n| format!("person-{n}@example.com")).collect::<Vec<_>>().join("\n");
        mallory.post("/do/invites/create", &[("org_slug", slug.as_str()), ("addresses", &list), ("role", "member")]).await
    };
    fresh(6).await.refused(409, &AppError::Conflict(Conflict::TooManyMailsOfOne));
    assert!(app.mailbox().await.is_empty());
    fresh(5).await.done();
    fresh(1).await.refused(409, &AppError::Conflict(Conflict::TooManyMailsOfOne));
    assert_eq!(app.mailbox().await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_have_lost_their_purpose_are_not_sent() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.person("bob").await;
    invite(&ada, "bob@example.com, carol@example.com").await.done();
    let his = invites(&app).await.into_iter().find(|row| row.email.as_str() == "bob@example.com").unwrap();
    accept(&bob, his.id).await.done();
    assert_eq!(app.only_mail().await.to, "carol@example.com");

    invite(&ada, "dave@example.com").await.done();
    ada.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", "acme")]).await.done();
    assert!(app.mailbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copied_link_proves_nothing_about_the_mailbox() {
    let (app, ada) = TestApp::with_org("acme").await;
    app.person("known").await;
    invite(&ada, "known@example.com, unknown@example.com").await.done();
    app.mailbox().await;
    let mut pages = Vec::new();
    for row in invites(&app).await {
        change(&ada, "/do/invites/link", row.id).await.done();
        let Some(Notice::InviteLink(issued)) = ada.notice() else { panic!("the next page shows the link") };
        let link = issued.secret.expose();
        // Otherwise an Admin could make an account in anybody's name.
        join(&app.browser(), link, "Somebody", PASSWORD).await.refused(410, &AppError::LinkUnusable);
        pages.push(open_page(&app.browser(), link).await.is(200).text().replace(row.email.as_str(), "").replace(link, ""));
    }
    let visible = |page: &str| scraper::Html::parse_document(page).root_element().text().collect::<String>();
    assert_eq!(visible(&pages[0]), visible(&pages[1]), "nor does it tell whether the address has an account");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_of_the_mailbox_takes_over_an_account_that_somebody_else_began() {
    let (app, ada) = TestApp::with_org("acme").await;
    let mallory = app.browser();
    mallory.post("/do/accounts/sign-up", &[("name", "Mallory"), ("email", "bob@example.com")]).await.done();
    let begun = app.only_mail().await.link();
    let link = invited(&app, &ada, "bob@example.com").await;
    join(&app.browser(), &link, "Bob", PASSWORD).await.done();
    let choose = mallory.post("/do/accounts/choose-password", &[("link", &begun), ("password", "a password of Mallory")]).await;
    choose.refused(410, &AppError::LinkUnusable);
    assert_eq!(member(&app, "bob@example.com").await.unwrap().name.as_str(), "Bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_does_not_arrive_is_told_of() {
    let (app, ada) = TestApp::with_org("acme").await;
    invite(&ada, "bob@example.com").await.done();
    assert_eq!(only_invite(&app).await.delivery, Delivery::Queued);
    app.db_execute("UPDATE mails SET attempts = 1, last_error = '451 try later'").await;
    assert!(matches!(only_invite(&app).await.delivery, Delivery::Delayed { why, .. } if why == "451 try later"));
    app.db_execute("UPDATE mails SET given_up_at = created_at, last_error = '550 no such mailbox'").await;
    assert_eq!(only_invite(&app).await.delivery, Delivery::Failed { why: "550 no such mailbox".to_owned() });
    let page = ada.get("/o/acme/invites").await.text();
    assert!(page.contains("Mail failed") && page.contains("550 no such mailbox"));

    app.state.clock.advance(TimeDelta::minutes(2));
    change(&ada, "/do/invites/resend", only_invite(&app).await.id).await.done();
    app.only_mail().await;
    assert_eq!(only_invite(&app).await.delivery, Delivery::Sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_mail_server_is_down_the_invite_waits_and_in_the_end_says_so() {
    // A port that nobody listens on any more.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let app = TestApp::start_with(|config| config.smtp_url = Some(format!("smtp://{closed}"))).await;
    let (app, ada) = app.and_org("acme").await;
    invite(&ada, "bob@example.com").await.done();
    for attempt in 1..=8 {
        assert_eq!(queue::send_due(&app.state).await.unwrap(), 1, "attempt {attempt}");
        assert_eq!(queue::send_due(&app.state).await.unwrap(), 0, "not again at once");
        let Delivery::Delayed { why, next } = only_invite(&app).await.delivery else { panic!("attempt {attempt}") };
        assert!(why.to_lowercase().contains("connect"), "{why}");
        app.state.clock.advance(next - app.state.clock.now());
    }
    queue::send_due(&app.state).await.unwrap();
    assert!(matches!(only_invite(&app).await.delivery, Delivery::Failed { .. }));
    // Meanwhile the link can be handed over.
    change(&ada, "/do/invites/link", only_invite(&app).await.id).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_says_nothing_more_holds_up_no_other_mail() {
    let server = MailServer::start().await;
    let app = TestApp::start_with(|config| config.smtp_url = Some(server.url.clone())).await;
    let (app, ada) = app.and_org("acme").await;
    app.state.mailer.set_send_time(Duration::from_millis(300));
    let silent = (0..6).map(|n| format!("silent-{n}@example.com")).collect::<Vec<_>>().join(", ");
    invite(&ada, &format!("{silent}, bob@example.com, carol@example.com")).await.done();
    assert_eq!(queue::send_due(&app.state).await.unwrap(), 8);
    let mut taken = server.taken();
    taken.sort();
    assert_eq!(taken, ["bob@example.com", "carol@example.com"]);
    for row in invites(&app).await {
        match row.delivery {
            Delivery::Sent => assert!(!row.email.as_str().starts_with("silent")),
            Delivery::Delayed { why, .. } => assert_eq!(why, "the mail server has stopped answering"),
            other => panic!("{other:?}"),
        }
    }
    let page = ada.get("/o/acme/invites").await.text();
    assert!(page.contains("Mail delayed") && page.contains("the mail server has stopped answering"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_does_not_even_greet_is_given_up_for_now() {
    // It accepts the connection, as the kernel does, and nobody answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let app = TestApp::start_with(|config| config.smtp_url = Some(url)).await;
    let (app, ada) = app.and_org("acme").await;
    app.state.mailer.set_send_time(Duration::from_millis(300));
    invite(&ada, "bob@example.com").await.done();
    queue::send_due(&app.state).await.unwrap();
    assert!(matches!(only_invite(&app).await.delivery, Delivery::Delayed { why, .. } if why == "the mail server has stopped answering"));
    change(&ada, "/do/invites/link", only_invite(&app).await.id).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_that_refuses_tls_gets_no_mail() {
    let server = MailServer::start().await;
    for url in [format!("{}?tls=required", server.url), server.url.replace("smtp://", "smtps://")] {
        let app = TestApp::start_with(|config| config.smtp_url = Some(url)).await;
        let (app, ada) = app.and_org("acme").await;
        app.state.mailer.set_send_time(Duration::from_secs(5));
        invite(&ada, "bob@example.com").await.done();
        queue::send_due(&app.state).await.unwrap();
        let Delivery::Delayed { why, .. } = only_invite(&app).await.delivery else { panic!("it was sent") };
        assert!(ada.get("/o/acme/invites").await.text().contains("Mail delayed"), "{why}");
    }
    assert!(server.taken().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_quoted_in_the_mail_and_never_becomes_markup_or_a_link() {
    let (app, ada) = TestApp::with_org("acme").await;
    let form = [
        ("org_slug", "acme"),
        ("addresses", "bob@example.com"),
        ("role", "admin"),
        ("message", "Hi Bob,\r\n<img src=x> http://evil.example/x"),
    ];
    ada.post("/do/invites/create", &form).await.done();
    let mail = app.only_mail().await;
    assert_eq!(mail.subject, "ada invites you to acme on Buildkeep");
    assert!(mail.content.contains("\r\n> <img src=x> http: //evil. example/x\r\n"), "{}", mail.content);
    assert!(mail.content.contains("ada (ada@example.com) invites you"), "who it was stands there: {}", mail.content);
    assert_eq!(only_invite(&app).await.role, Role::Admin);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_link_is_answered_like_one_that_is_used_up() {
    let app = TestApp::start().await;
    let unknown = "bkinv_0000000000000000000000000000000000000";
    for link in ["", "x", unknown, "bklnk_000000000000000000000000000"] {
        open_page(&app.browser(), link).await.is(410);
        join(&app.browser(), link, "Bob", PASSWORD).await.refused(410, &AppError::LinkUnusable);
    }
}
