//! The e-mail addresses of a person: how one is proven, what it opens, and what must not get it.

use app::backend::addresses::AddressRow;
use app::domain::role::Role;
use app::error::{AppError, Conflict, Field};
use app::notice::Notice;
use chrono::TimeDelta;

use crate::support::{Answer, Message, PASSWORD, Person, TestApp};

const ROUNDS: usize = 8;
const WORK: &str = "ada@work.example";

async fn add(person: &Person, email: &str) -> Answer {
    person.post("/do/addresses/add", &[("email", email), ("current", PASSWORD)]).await
}

async fn change(person: &Person, form: &str, email: &str) -> Answer {
    person.post(&format!("/do/addresses/{form}"), &[("address", email)]).await
}

async fn confirm(person: &Person, link: &str) -> Answer {
    person.post("/do/addresses/confirm", &[("link", link)]).await
}

/// Adds an address; the secret of the link in the mail to it.
async fn claimed(app: &TestApp, person: &Person, email: &str) -> String {
    add(person, email).await.done();
    let mail = app.only_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (email, "Confirm this address for Buildkeep"));
    mail.link()
}

/// Adds an address and proves it.
async fn proven(app: &TestApp, person: &Person, email: &str) {
    let link = claimed(app, person, email).await;
    confirm(person, &link).await.done();
    app.mailbox().await;
}

async fn addresses(app: &TestApp, person: &Person) -> Vec<AddressRow> {
    app.backend().addresses.list(&person.caller().await).await.unwrap()
}

async fn shown(app: &TestApp, person: &Person) -> Vec<(String, bool, bool)> {
    let rows = addresses(app, person).await.into_iter();
    rows.map(|row| (row.email.into(), row.is_primary, row.confirmed_at.is_some())).collect()
}

/// To whom these mails went, with their subjects.
fn sent(mails: Vec<Message>) -> Vec<(String, String)> {
    let mut sent: Vec<_> = mails.into_iter().map(|mail| (mail.to, mail.subject)).collect();
    sent.sort();
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_added_proven_and_made_primary() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    assert_eq!(shown(&app, &ada).await, [("ada@example.com".to_owned(), true, true)]);

    let link = claimed(&app, &ada, WORK).await;
    assert_eq!(ada.notice(), Some(Notice::AddressMailSent(WORK.to_owned())));
    let page = ada.get(&format!("/confirm-address?link={link}")).await.is(200).text();
    assert!(page.contains("Add ada@work.example to the account of ada (ada@example.com)?"), "{page}");
    assert!(!shown(&app, &ada).await[1].2, "opening the page changes nothing");
    change(&ada, "make-primary", WORK).await.refused(409, &AppError::Conflict(Conflict::AddressNotConfirmed));
    app.browser().sign_in(WORK, PASSWORD).await.refused(401, &AppError::WrongCredentials);

    assert_eq!(confirm(&ada, &link).await.done(), "/account/addresses");
    assert_eq!(sent(app.mailbox().await), [("ada@example.com".to_owned(), "An address was added to your account".to_owned())]);
    app.browser().sign_in(WORK, PASSWORD).await.done();

    change(&ada, "make-primary", WORK).await.done();
    let told = "Your account has another primary address".to_owned();
    assert_eq!(sent(app.mailbox().await), [("ada@example.com".to_owned(), told.clone()), (WORK.to_owned(), told)]);
    assert_eq!(shown(&app, &ada).await, [(WORK.to_owned(), true, true), ("ada@example.com".to_owned(), false, true)]);
    assert_eq!(ada.caller().await.user().unwrap().email.as_str(), WORK);
    app.browser().sign_in("ada@example.com", PASSWORD).await.done();

    change(&ada, "remove", WORK).await.refused(409, &AppError::Conflict(Conflict::PrimaryAddress));
    change(&ada, "remove", "ada@example.com").await.done();
    assert_eq!(app.mailbox().await.len(), 2, "the primary address and the removed one are told");
    app.browser().sign_in("ada@example.com", PASSWORD).await.refused(401, &AppError::WrongCredentials);
    let eve = app.browser();
    eve.post("/do/accounts/sign-up", &[("name", "Eve"), ("email", "ada@example.com")]).await.done();
    assert_eq!(app.only_mail().await.subject, "Choose your password for Buildkeep", "whoever has the mailbox may have it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opened_by_anybody_else_gives_no_mailbox_away() {
    let app = TestApp::start().await;
    // Mallory claims the address of somebody without an account, and of bob.
    let (mallory, bob) = (app.person("mallory").await, app.person("bob").await);
    let link = claimed(&app, &mallory, "victim@example.com").await;
    let path = format!("/confirm-address?link={link}");
    let signed_out = app.browser().get(&path).await.is(302);
    assert!(signed_out.header("location").starts_with("/sign-in?next="), "{:?}", signed_out.headers);
    app.browser().post("/do/addresses/confirm", &[("link", &link)]).await.refused(401, &AppError::Unauthenticated);
    let page = bob.get(&path).await.is(200).text();
    assert!(page.contains("this link was asked for by another account") && !page.contains("/do/addresses/confirm"), "{page}");
    confirm(&bob, &link).await.refused(410, &AppError::LinkUnusable);
    assert_eq!(shown(&app, &bob).await.len(), 1);
    assert!(!shown(&app, &mallory).await[1].2);
    // The same account in another browser may.
    let phone = app.browser();
    phone.sign_in(&mallory.email, PASSWORD).await.done();
    assert!(phone.get(&path).await.is(200).text().contains("to the account of mallory (mallory@example.com)?"));
}

#[tokio::test(flavor = "multi_thread")]
async fn claiming_an_address_tells_not_whether_it_has_an_account() {
    let app = TestApp::start().await;
    let (mallory, bob) = (app.person("mallory").await, app.person("bob").await);
    let known = add(&mallory, &bob.email).await;
    let known_notice = mallory.notice();
    let mail = app.only_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), (bob.email.as_str(), "Somebody wants to add your address to their account"));
    assert!(!mail.content.contains("link="), "{mail:?}");
    let unknown = add(&mallory, "nobody@example.com").await;
    assert_eq!((known.status, known.header("location")), (unknown.status, unknown.header("location")));
    assert_eq!(known_notice, Some(Notice::AddressMailSent(bob.email.clone())));
    assert_eq!(mallory.notice(), Some(Notice::AddressMailSent("nobody@example.com".to_owned())));
    app.only_mail().await.link();
    let visible = async |email: &str| {
        let page = mallory.get("/account/addresses").await.text();
        let document = scraper::Html::parse_document(&page);
        let row = scraper::Selector::parse("tbody tr").unwrap();
        let rows = document.select(&row).map(|row| row.text().collect::<String>());
        rows.filter(|text| text.contains(email)).collect::<String>().replace(email, "")
    };
    assert_eq!(visible(&bob.email).await, visible("nobody@example.com").await);
    for email in [bob.email.as_str(), "nobody@example.com"] {
        change(&mallory, "resend", email).await.done();
        change(&mallory, "make-primary", email).await.refused(409, &AppError::Conflict(Conflict::AddressNotConfirmed));
    }
    bob.sign_in(&bob.email, PASSWORD).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_in_nobodys_way() {
    let app = TestApp::start().await;
    let mallory = app.person("mallory").await;
    let stolen = claimed(&app, &mallory, "zoe@example.com").await;
    // The owner signs up, or adds it to another account.
    let zoe = app.browser();
    zoe.post("/do/accounts/sign-up", &[("name", "Zoe"), ("email", "zoe@example.com")]).await.done();
    let link = app.only_mail().await.link();
    zoe.post("/do/accounts/choose-password", &[("link", &link), ("password", PASSWORD)]).await.done();
    confirm(&mallory, &stolen).await.refused(409, &AppError::Conflict(Conflict::AddressTaken));

    let stolen = claimed(&app, &mallory, WORK).await;
    let ada = app.person("ada").await;
    proven(&app, &ada, WORK).await;
    confirm(&mallory, &stolen).await.refused(409, &AppError::Conflict(Conflict::AddressTaken));
    change(&mallory, "resend", WORK).await.done();
    assert_eq!(app.only_mail().await.subject, "Somebody wants to add your address to their account");
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_signed_up_with_it_and_never_opened_the_mail_is_not_in_the_way() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let eve = app.browser();
    eve.post("/do/accounts/sign-up", &[("name", "Eve"), ("email", WORK)]).await.done();
    let begun = app.only_mail().await.link();
    proven(&app, &ada, WORK).await;
    change(&ada, "make-primary", WORK).await.done();
    let choose = eve.post("/do/accounts/choose-password", &[("link", &begun), ("password", "a password of Eve")]).await;
    choose.refused(410, &AppError::LinkUnusable);
}

#[tokio::test(flavor = "multi_thread")]
async fn adding_takes_the_password_and_a_wrong_one_is_audited() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.post("/do/addresses/add", &[("email", WORK), ("current", "wrong horse battery")]).await.refused_for(Field::CurrentPassword);
    ada.post("/do/addresses/add", &[("email", WORK)]).await.refused_for(Field::CurrentPassword);
    assert!(app.mailbox().await.is_empty());
    let last = crate::audit::events(&app).await.pop().unwrap();
    assert_eq!(last, "ada: password-refused account ada");
    app.db_execute("UPDATE users SET password_hash = NULL").await;
    ada.post("/do/addresses/add", &[("email", WORK)]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_and_what_is_too_much_is_refused() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    add(&ada, " Ada@Example.com ").await.refused_for(Field::Email);
    add(&ada, "not an address").await.refused_for(Field::Email);
    for number in 1..10 {
        add(&ada, &format!("ada-{number}@example.com")).await.done();
    }
    add(&ada, "ada-10@example.com").await.refused(409, &AppError::Conflict(Conflict::TooMany));
    add(&ada, "ada-1@example.com").await.refused_for(Field::Email);
    for form in ["resend", "remove", "make-primary"] {
        change(&ada, form, "unknown@example.com").await.refused(404, &AppError::NotFound);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_flooded_with_mails_to_confirm() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let flooded = AppError::Conflict(Conflict::TooManyAddressMails);
    // Whoever causes them, and however: five a day and mailbox.
    claimed(&app, &ada, WORK).await;
    for _ in 0..2 {
        change(&ada, "resend", WORK).await.done();
        change(&ada, "remove", WORK).await.done();
        add(&ada, WORK).await.done();
    }
    change(&ada, "resend", WORK).await.refused(409, &flooded);
    add(&bob, WORK).await.refused(409, &flooded);
    assert_eq!(app.mailbox().await.len(), 4);
    app.state.clock.advance(TimeDelta::days(1));
    bob.sign_in(&bob.email, PASSWORD).await.done();
    add(&bob, WORK).await.done();
    // And twenty a day and person.
    for number in 0..19 {
        add(&bob, &format!("person-{number}@example.com")).await.done();
        change(&bob, "remove", &format!("person-{number}@example.com")).await.done();
    }
    add(&bob, "one-more@example.com").await.refused(409, &flooded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_lives_for_a_day_and_a_new_password_ends_it() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let first = claimed(&app, &ada, WORK).await;
    app.state.clock.advance(TimeDelta::days(1));
    confirm(&ada, &first).await.refused(410, &AppError::LinkUnusable);
    app.browser().get(&format!("/confirm-address?link={first}")).await.is(410);
    change(&ada, "resend", WORK).await.done();
    let third = app.only_mail().await.link();
    ada.post("/do/accounts/change-password", &[("current", PASSWORD), ("password", "another horse battery")]).await.done();
    confirm(&ada, &third).await.refused(410, &AppError::LinkUnusable);
    for wrong in ["", "bkadr_", "bklnk_000000000000000000000000000000000"] {
        confirm(&ada, wrong).await.refused(410, &AppError::LinkUnusable);
        ada.get(&format!("/confirm-address?link={wrong}")).await.is(410);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_link_goes_on_working_and_twice_is_once() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let first = claimed(&app, &ada, WORK).await;
    change(&ada, "resend", WORK).await.done();
    let second = app.only_mail().await.link();
    let page = format!("/confirm-address?link={first}");
    assert_eq!(app.browser().get(&page).await.is(302).header("location"), format!("/sign-in?next={}", app::paths::percent_encode(&page)));
    let (one, other) = tokio::join!(confirm(&ada, &first), confirm(&ada, &second));
    one.done();
    other.done();
    assert_eq!(ada.get(&page).await.is(302).header("location"), "/account/addresses");
    assert_eq!(app.mailbox().await.len(), 1, "its owner is told once");
    change(&ada, "remove", WORK).await.done();
    ada.get(&page).await.is(410);
    confirm(&ada, &second).await.refused(410, &AppError::LinkUnusable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_nobody_proves_is_forgotten() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    proven(&app, &ada, WORK).await;
    claimed(&app, &ada, "other@example.com").await;
    app.state.clock.advance(TimeDelta::days(8));
    let workers = server::workers::Workers::start(&app.state);
    crate::support::until("the claim is forgotten", async || app.db_count("addresses").await == 2).await;
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_proven_address_counts_for_passwords_sign_up_and_invites() {
    let (app, boss) = TestApp::start().await.and_org("acme").await;
    let bob = app.person("bob").await;
    proven(&app, &bob, "bob@work.example").await;

    app.browser().post("/do/accounts/forgot-password", &[("email", "bob@work.example")]).await.done();
    let mail = app.only_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("bob@work.example", "Choose a new password for Buildkeep"));
    app.browser().post("/do/accounts/sign-up", &[("name", "Bob"), ("email", "bob@work.example")]).await.done();
    let mail = app.only_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("bob@work.example", "You have an account at Buildkeep"));

    let invite = async |email: &str| {
        let form = [("org_slug", "acme"), ("addresses", email), ("role", "member")];
        boss.post("/do/invites/create", &form).await.done();
    };
    invite("bob@work.example").await;
    let link = app.only_mail().await.link();
    assert!(bob.get("/").await.text().contains("Join acme"), "it waits for him");
    let page = bob.get(&format!("/invite?link={link}")).await.is(200).text();
    assert!(page.contains("Join acme") && !page.contains("You are signed in as"), "{page}");
    let waiting = app.backend().invites.waiting(&bob.caller().await).await.unwrap();
    bob.post("/do/invites/accept", &[("invite", &waiting[0].id.to_string())]).await.done();
    invite("bob@work.example").await;
    assert_eq!(boss.results().await[0].outcome, app::domain::invite::Outcome::AlreadyMember);
    // Taken out, he does not come back by an invite to another address of his.
    boss.post("/do/members/remove", &[("org_slug", "acme"), ("member", &bob.id.to_string())]).await.done();
    invite("bob@work.example").await;
    app.add_member(app.org(), &bob, Role::Member).await;
    assert!(app.backend().invites.waiting(&bob.caller().await).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_removed_opens_nothing_any_more() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    proven(&app, &ada, WORK).await;
    app.browser().post("/do/accounts/forgot-password", &[("email", WORK)]).await.done();
    let link = app.only_mail().await.link();
    change(&ada, "remove", WORK).await.done();
    let choose = app.browser().post("/do/accounts/choose-password", &[("link", &link), ("password", "a password of Eve")]).await;
    choose.refused(410, &AppError::LinkUnusable);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_prove_one_address_at_the_same_instant_one_gets_it() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    for round in 0..ROUNDS {
        let shared = format!("shared-{round}@example.com");
        let links = [claimed(&app, &ada, &shared).await, claimed(&app, &bob, &shared).await];
        let answers: [Answer; 2] = tokio::join!(confirm(&ada, &links[0]), confirm(&bob, &links[1])).into();
        let mut statuses = answers.each_ref().map(|answer| answer.status);
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409], "round {round}");
        let winner = if answers[0].status == 303 { &ada } else { &bob };
        assert!(shown(&app, winner).await.contains(&(shared.clone(), false, true)), "round {round}");
        for person in [&ada, &bob] {
            change(person, "remove", &shared).await.done();
        }
        app.mailbox().await;
        app.db_execute("DELETE FROM quotas").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn removed_and_made_primary_at_the_same_instant_it_is_one_or_the_other() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for round in 0..ROUNDS {
        let email = format!("ada-{round}@example.com");
        proven(&app, &ada, &email).await;
        let (removed, made) = tokio::join!(change(&ada, "remove", &email), change(&ada, "make-primary", &email));
        match (removed.status, made.status) {
            (303, 404) => assert!(!shown(&app, &ada).await.iter().any(|row| row.0 == email), "round {round}"),
            (409, 303) => {
                assert_eq!(shown(&app, &ada).await[0], (email.clone(), true, true), "round {round}");
                change(&ada, "make-primary", "ada@example.com").await.done();
                change(&ada, "remove", &email).await.done();
            }
            other => panic!("round {round}: {other:?}"),
        }
        app.mailbox().await;
        app.db_execute("DELETE FROM quotas").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn proven_while_somebody_signs_up_with_it_there_is_one_owner() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for round in 0..ROUNDS {
        let email = format!("ada-{round}@example.com");
        let link = claimed(&app, &ada, &email).await;
        let eve = app.browser();
        let form = [("name", "Eve"), ("email", email.as_str())];
        let (confirmed, signed_up) = tokio::join!(confirm(&ada, &link), eve.post("/do/accounts/sign-up", &form));
        assert_eq!((confirmed.status, signed_up.status), (303, 303), "round {round}");
        for mail in app.mailbox().await.into_iter().filter(|mail| mail.content.contains("/choose-password?link=")) {
            let choose = eve.post("/do/accounts/choose-password", &[("link", &mail.link()), ("password", "a password of Eve")]).await;
            assert!([409, 410].contains(&choose.status), "round {round}: {}", choose.status);
        }
        change(&ada, "make-primary", &email).await.done();
        change(&ada, "make-primary", "ada@example.com").await.done();
        change(&ada, "remove", &email).await.done();
        app.mailbox().await;
        app.db_execute("DELETE FROM quotas").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_password_chooses_one_by_a_link() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    assert!(ada.get("/account/security").await.text().contains("Current password"));
    app.db_execute("UPDATE users SET password_hash = NULL").await;
    let page = ada.get("/account/security").await.text();
    assert!(page.contains("Your account has no password") && !page.contains("Current password"), "{page}");
    ada.post("/do/accounts/change-password", &[("current", ""), ("password", "another horse battery")])
        .await
        .refused_for(Field::CurrentPassword);
    ada.post("/do/accounts/send-password-link", &[]).await.done();
    let mail = app.only_mail().await;
    assert_eq!(mail.to, ada.email);
    ada.post("/do/accounts/choose-password", &[("link", &mail.link()), ("password", PASSWORD)]).await.done();
    app.browser().sign_in(&ada.email, PASSWORD).await.done();
}
