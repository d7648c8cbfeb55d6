//! Signing up, passwords, and the links that mails bring.

use app::error::{AppError, Field};
use chrono::TimeDelta;

use crate::support::{Answer, Browser, PASSWORD, TestApp};

const SIGN_UP: &str = "/do/accounts/sign-up";
const CHOOSE: &str = "/do/accounts/choose-password";
const FORGOT: &str = "/do/accounts/forgot-password";
const CHANGE: &str = "/do/accounts/change-password";

/// Zoe signs up and opens her mail; the secret of the link in it.
async fn zoe_signs_up(app: &TestApp, browser: &Browser) -> String {
    browser.post(SIGN_UP, &[("name", "Zoe"), ("email", "zoe@example.com")]).await.done();
    let mail = app.only_mail().await;
    assert_eq!((mail.to.as_str(), mail.subject.as_str()), ("zoe@example.com", "Choose your password for Buildkeep"));
    mail.link()
}

async fn choose(browser: &Browser, link: &str, password: &str) -> Answer {
    browser.post(CHOOSE, &[("link", link), ("password", password)]).await
}

/// What a stranger can see of an answer.
fn visible(answer: &Answer) -> (u16, String, String, Vec<String>) {
    let names = answer.headers.keys().map(ToString::to_string).filter(|name| name != "date").collect();
    (answer.status, answer.header("location").to_owned(), answer.text(), names)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_person_signs_up_chooses_a_password_and_is_signed_in() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let link = zoe_signs_up(&app, &browser).await;
    assert!(!browser.is_signed_in().await);
    assert_eq!(choose(&browser, &link, PASSWORD).await.done(), "/");
    assert!(browser.is_signed_in().await);
    assert_eq!(app.browser().sign_in("zoe@example.com", PASSWORD).await.done(), "/");
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_up_is_answered_alike_for_a_known_address() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let unknown = app.browser().post(SIGN_UP, &[("name", "Zoe"), ("email", "zoe@example.com")]).await;
    app.only_mail().await.link();
    let known = app.browser().post(SIGN_UP, &[("name", "Mallory"), ("email", &ada.email)]).await;
    assert_eq!(visible(&known), visible(&unknown));
    let mail = app.only_mail().await;
    assert_eq!(mail.to, ada.email);
    assert!(!mail.content.contains("link="), "somebody else's sign-up brings no link to choose a password: {mail:?}");
    assert_eq!(ada.caller().await.user().unwrap().name.as_str(), "ada", "nor does it change the name");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_answered_alike_for_an_unknown_address() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let known = app.browser().post(FORGOT, &[("email", &ada.email)]).await;
    app.only_mail().await.link();
    let unknown = app.browser().post(FORGOT, &[("email", "nobody@example.com")]).await;
    assert_eq!(visible(&known), visible(&unknown));
    assert!(app.mailbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_answered_like_an_unknown_address() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let wrong = app.browser().sign_in(&ada.email, "wrong horse battery").await;
    let unknown = app.browser().sign_in("nobody@example.com", PASSWORD).await;
    assert_eq!(visible(&wrong), visible(&unknown));
    wrong.refused(401, &AppError::WrongCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_known_in_any_spelling() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.browser().sign_in(" Ada@Example.COM ", PASSWORD).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_whose_mailbox_is_not_proven_cannot_sign_in() {
    let app = TestApp::start().await;
    zoe_signs_up(&app, &app.browser()).await;
    for password in ["", PASSWORD] {
        app.browser().sign_in("zoe@example.com", password).await.refused(401, &AppError::WrongCredentials);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_works_once() {
    let app = TestApp::start().await;
    let link = zoe_signs_up(&app, &app.browser()).await;
    choose(&app.browser(), &link, PASSWORD).await.done();
    let thief = app.browser();
    choose(&thief, &link, "another horse battery").await.refused(410, &AppError::LinkUnusable);
    assert!(!thief.is_signed_in().await);
    app.browser().sign_in("zoe@example.com", PASSWORD).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_uses_of_a_link_at_the_same_moment_one_counts() {
    let app = TestApp::start().await;
    let link = zoe_signs_up(&app, &app.browser()).await;
    let (one, other) = (app.browser(), app.browser());
    let (first, second) = tokio::join!(choose(&one, &link, PASSWORD), choose(&other, &link, "another horse battery"));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_to_confirm_an_address_works_for_a_day() {
    let app = TestApp::start().await;
    let link = zoe_signs_up(&app, &app.browser()).await;
    app.state.clock.advance(TimeDelta::hours(24));
    choose(&app.browser(), &link, PASSWORD).await.refused(410, &AppError::LinkUnusable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_a_new_password_works_for_two_hours() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.post(FORGOT, &[("email", &ada.email)]).await.done();
    let link = app.only_mail().await.link();
    app.state.clock.advance(TimeDelta::hours(2));
    choose(&app.browser(), &link, "another horse battery").await.refused(410, &AppError::LinkUnusable);
    app.browser().sign_in(&ada.email, PASSWORD).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_link_goes_on_working_until_one_is_used() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let older = zoe_signs_up(&app, &browser).await;
    let newer = zoe_signs_up(&app, &browser).await;
    choose(&browser, &older, PASSWORD).await.done();
    choose(&browser, &newer, PASSWORD).await.refused(410, &AppError::LinkUnusable);
    let mut links = Vec::new();
    for _ in 0..2 {
        browser.post(FORGOT, &[("email", "zoe@example.com")]).await.done();
        links.push(app.only_mail().await.link());
    }
    choose(&app.browser(), &links[0], "another horse battery").await.done();
    choose(&app.browser(), &links[1], "a third horse battery").await.refused(410, &AppError::LinkUnusable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_sent_twice_at_once_leads_in_both_times() {
    let app = TestApp::start().await;
    let link = zoe_signs_up(&app, &app.browser()).await;
    let (one, other) = (app.browser(), app.browser());
    let (first, second) = tokio::join!(choose(&one, &link, PASSWORD), choose(&other, &link, PASSWORD));
    first.done();
    second.done();
    assert!(other.is_signed_in().await || one.is_signed_in().await);
    app.state.clock.advance(TimeDelta::minutes(2));
    choose(&app.browser(), &link, PASSWORD).await.refused(410, &AppError::LinkUnusable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_works_no_more_says_so_before_a_password_is_typed() {
    let app = TestApp::start().await;
    let link = zoe_signs_up(&app, &app.browser()).await;
    let page = async |link: &str| app.browser().get(&format!("/choose-password?link={link}")).await;
    assert!(page(&link).await.is(200).text().contains("New password"));
    choose(&app.browser(), &link, PASSWORD).await.done();
    app.browser().post(FORGOT, &[("email", "zoe@example.com")]).await.done();
    let old = app.only_mail().await.link();
    app.state.clock.advance(TimeDelta::hours(2));
    for dead in [link.as_str(), &old, "", "bklnk_"] {
        let text = page(dead).await.is(410).text();
        assert!(!text.contains("New password") && text.contains("Ask for a new link") && text.contains("/forgot-password"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_counts_with_which_the_one_signed_up_whose_link_is_used() {
    let app = TestApp::start().await;
    let zoe = app.browser();
    let own = zoe_signs_up(&app, &zoe).await;
    let evil = [("name", "You won! see http://evil.example/x"), ("email", "zoe@example.com")];
    app.browser().post(SIGN_UP, &evil).await.done();
    let strangers = app.only_mail().await;
    assert!(!strangers.content.contains("won") && !strangers.content.contains("evil"), "{strangers:?}");
    // Whichever mail she opens, she sees the name and can change it.
    let page = zoe.get(&format!("/choose-password?link={}", strangers.link())).await.is(200).text();
    assert!(page.contains("value=\"You won! see http://evil.example/x\""), "{page}");
    let page = zoe.get(&format!("/choose-password?link={own}")).await.is(200).text();
    assert!(page.contains("value=\"Zoe\""), "{page}");
    choose(&zoe, &own, PASSWORD).await.done();
    assert_eq!(zoe.caller().await.user().unwrap().name.as_str(), "Zoe");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_person_may_correct_the_name_and_whoever_has_an_account_keeps_it() {
    let app = TestApp::start().await;
    let zoe = app.browser();
    let link = zoe_signs_up(&app, &zoe).await;
    zoe.post(CHOOSE, &[("link", &link), ("password", PASSWORD), ("name", "\u{202e}")]).await.refused_for(Field::Name);
    zoe.post(CHOOSE, &[("link", &link), ("password", PASSWORD), ("name", "Zoe Zebra")]).await.done();
    assert_eq!(zoe.caller().await.user().unwrap().name.as_str(), "Zoe Zebra");
    zoe.post(FORGOT, &[("email", "zoe@example.com")]).await.done();
    let form = [("link", app.only_mail().await.link()), ("password", "another horse battery".into()), ("name", "Somebody else".into())];
    let form = form.each_ref().map(|(name, value): &(&str, String)| (*name, value.as_str()));
    zoe.post(CHOOSE, &form).await.done();
    assert_eq!(zoe.caller().await.user().unwrap().name.as_str(), "Zoe Zebra");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_mailbox_is_flooded_and_all_its_links_work() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let unknown = app.browser().post(FORGOT, &[("email", "nobody@example.com")]).await;
    for number in 0..20 {
        let email = format!("ada+{number}@example.com");
        let (form, fields) = if number % 2 == 0 {
            (FORGOT, vec![("email", ada.email.as_str())])
        } else {
            (SIGN_UP, vec![("name", "Eve"), ("email", &email)])
        };
        let answer = app.browser().post(form, &fields).await;
        assert_eq!(visible(&answer), visible(&unknown), "whoever asks learns nothing");
    }
    let mails = app.mailbox().await;
    assert_eq!(mails.len(), 5, "{mails:?}");
    let link = mails.iter().find(|mail| mail.to == ada.email).unwrap().link();
    app.state.clock.advance(TimeDelta::hours(1));
    app.browser().post(FORGOT, &[("email", &ada.email)]).await.done();
    app.only_mail().await;
    choose(&app.browser(), &link, "another horse battery").await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_causes_few_mails_an_hour_and_others_go_on() {
    let app = TestApp::start_with(|config| {
        config.mails_per_hour = 3;
        config.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let ask = async |network: &str, number: usize| {
        let form = app.browser().form(FORGOT, &[("email", &format!("person-{number}@example.com"))]);
        app.browser().send(form.header("x-forwarded-for", network)).await
    };
    for number in 0..3 {
        ask("2001:db8:1:2::7", number).await.done();
    }
    let refused = ask("2001:db8:1:2::8", 3).await.is(429);
    assert!(matches!(serde_json::from_slice(&refused.body).unwrap(), AppError::RateLimited(1..=3600)), "{}", refused.text());
    ask("192.0.2.7", 4).await.done();
    app.state.clock.advance(TimeDelta::hours(1));
    ask("2001:db8:1:2::9", 5).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_link_opens_nothing() {
    let app = TestApp::start().await;
    let link = zoe_signs_up(&app, &app.browser()).await;
    let changed = link.replace(&link[10..11], if &link[10..11] == "x" { "y" } else { "x" });
    for wrong in ["", "bklnk_", &changed, &link[..link.len() - 1], &link.replace("bklnk_", "bkses_")] {
        choose(&app.browser(), wrong, PASSWORD).await.refused(410, &AppError::LinkUnusable);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_refused_does_not_use_up_the_link() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let link = zoe_signs_up(&app, &browser).await;
    for weak in ["short", "password123", "zoe@example.com", &"x".repeat(40)] {
        choose(&browser, &link, weak).await.refused_for(Field::Password);
    }
    choose(&browser, &link, PASSWORD).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_replaced_and_every_session_ends() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.browser().post(FORGOT, &[("email", &ada.email)]).await.done();
    let new = app.browser();
    choose(&new, &app.only_mail().await.link(), "another horse battery").await.done();
    assert!(new.is_signed_in().await);
    assert!(!ada.is_signed_in().await);
    app.browser().sign_in(&ada.email, PASSWORD).await.refused(401, &AppError::WrongCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_ends_all_other_sessions() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let laptop = app.browser();
    laptop.sign_in(&ada.email, PASSWORD).await.done();
    ada.post(CHANGE, &[("current", PASSWORD), ("password", "another horse battery")]).await.done();
    assert!(!laptop.is_signed_in().await);
    assert!(ada.is_signed_in().await);
    laptop.sign_in(&ada.email, PASSWORD).await.refused(401, &AppError::WrongCredentials);
    laptop.sign_in(&ada.email, "another horse battery").await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_password_ends_a_link_that_was_sent_before() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.browser().post(FORGOT, &[("email", &ada.email)]).await.done();
    let link = app.only_mail().await.link();
    ada.post(CHANGE, &[("current", PASSWORD), ("password", "another horse battery")]).await.done();
    choose(&app.browser(), &link, "a third horse battery").await.refused(410, &AppError::LinkUnusable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_changed_only_with_the_current_one() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.post(CHANGE, &[("current", "wrong horse battery"), ("password", "another horse battery")])
        .await
        .refused_for(Field::CurrentPassword);
    ada.post(CHANGE, &[("current", PASSWORD), ("password", "short")]).await.refused_for(Field::Password);
    app.browser().sign_in(&ada.email, PASSWORD).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_wrong_with_a_form_is_said_at_once() {
    let app = TestApp::start().await;
    let answer = app.browser().post(SIGN_UP, &[("name", " "), ("email", "zoe")]).await.is(422);
    let error: AppError = serde_json::from_slice(&answer.body).unwrap();
    assert!(error.reason_for(Field::Name).is_some() && error.reason_for(Field::Email).is_some(), "{error:?}");
    assert!(app.mailbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_chooses_another_name() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.post("/do/accounts/rename", &[("name", "Ada Lovelace")]).await.done();
    assert_eq!(ada.caller().await.user().unwrap().name.as_str(), "Ada Lovelace");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_that_cannot_be_sent_is_tried_again() {
    let app = TestApp::start().await;
    let folder = app.state.config.mail_dir();
    std::fs::remove_dir(&folder).unwrap();
    app.browser().post(SIGN_UP, &[("name", "Zoe"), ("email", "zoe@example.com")]).await.done();
    server::mail::queue::send_due(&app.state).await.unwrap();
    std::fs::create_dir(&folder).unwrap();
    assert!(app.mailbox().await.is_empty(), "not before its time");
    app.state.clock.advance(TimeDelta::minutes(2));
    app.only_mail().await.link();
    app.state.clock.advance(TimeDelta::days(2));
    assert!(app.mailbox().await.is_empty(), "nor twice");
}
