//! `nx login`: a terminal shows a code, its owner confirms it in a browser, and only the terminal gets the token.

use app::domain::access::TokenAccess::ReadWrite;
use app::domain::role::Role;
use app::error::{AppError, Conflict, Field};
use app::notice::Notice;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::at_rest::tables;
use crate::audit::events;
use crate::support::archive::archive;
use crate::support::{Answer, Person, Terminal, TestApp};

async fn confirm(person: &Person, code: &str) -> Answer {
    person.post("/do/logins/confirm", &[("code", code), ("expires", "30d")]).await
}

async fn refuse(person: &Person, code: &str) -> Answer {
    person.post("/do/logins/refuse", &[("code", code)]).await
}

fn over() -> AppError {
    AppError::Conflict(Conflict::LoginOver)
}

fn status(answer: &Value) -> &str {
    answer["status"].as_str().unwrap()
}

/// A server with bob, and a terminal of his.
async fn server() -> (TestApp, Person, Terminal) {
    let app = TestApp::start().await;
    let bob = app.person("bob").await;
    let terminal = Terminal::new(&app.url, &"0".repeat(24));
    (app, bob, terminal)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_confirms_and_the_terminal_gets_a_token_that_works() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let bob = app.member("bob", Role::Member).await;
    ada.token(&workspace, ReadWrite).await.put("1", archive(b"built")).await.is(200);
    ada.post_about(&workspace, "/do/access-levels/set-id", &[("access", "none")]).await.done();
    let terminal = Terminal::new(&app.url, &ada.nx_cloud_id(&workspace).await);
    let begun = terminal.begin("laptop (nx 22)").await.is(200);
    assert_eq!(begun.header("cache-control"), "no-store");
    let begun = begun.json();
    assert_eq!((&begun["expires_in"], &begun["interval"]), (&json!(600), &json!(5)));
    let (device, code) = (begun["device_code"].as_str().unwrap(), begun["user_code"].as_str().unwrap());
    let page = begun["verification_uri_complete"].as_str().unwrap().strip_prefix(&app.state.site.public_url).unwrap();
    assert_eq!(page, format!("/login/device?code={code}"));
    assert_eq!(status(&terminal.poll(device).await), "authorization_pending");

    let sign_in = app.browser().get(page).await.is(302);
    assert_eq!(sign_in.header("location"), format!("/sign-in?next=%2Flogin%2Fdevice%3Fcode%3D{code}"));
    let shown = bob.get(page).await.is(200).text();
    for words in [code, "laptop (nx 22)", "127.0.0.1", "bob@example.com", "Confirm only what you have started yourself"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    assert_eq!(confirm(&bob, code).await.done(), "/account/tokens");
    assert_eq!(bob.notice(), Some(Notice::LoginConfirmed("laptop (nx 22)".to_owned())));

    let granted = terminal.poll(device).await;
    assert_eq!((status(&granted), &granted["person"]), ("granted", &json!("bob@example.com")));
    let logged_in = terminal.with(granted["token"].as_str().unwrap());
    assert_eq!((terminal.get("1").await, logged_in.get("1").await), (404, 200));
    let list = app.backend().personal_tokens.list(&bob.caller().await).await.unwrap().tokens;
    assert_eq!((list.len(), list[0].name.as_str()), (1, "laptop (nx 22)"));
    let days = list[0].expires_at.unwrap() - list[0].created_at;
    assert!(days > TimeDelta::days(29) && days <= TimeDelta::days(30), "{days}");
    assert!(events(&app).await.contains(&"bob: login-confirmed personal-token laptop (nx 22)".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_handed_out_once_also_when_two_ask_at_once() {
    let (app, bob, terminal) = server().await;
    for _ in 0..5 {
        let (device, code) = terminal.login("laptop").await;
        confirm(&bob, &code).await.done();
        let answers = futures_util::future::join_all((0..4).map(|_| terminal.poll(&device))).await;
        let mut states: Vec<_> = answers.iter().map(status).collect();
        states.sort_unstable();
        assert_eq!(states, ["expired_token", "expired_token", "expired_token", "granted"]);
        assert_eq!(status(&terminal.poll(&device).await), "expired_token", "a replay gets nothing");
        confirm(&bob, &code).await.refused(409, &over());
    }
    assert_eq!(app.db_count("personal_tokens").await, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_login_ends_there() {
    let (app, bob, terminal) = server().await;
    let (device, code) = terminal.login("laptop").await;
    assert_eq!(refuse(&bob, &code).await.done(), "/account/tokens");
    assert_eq!(status(&terminal.poll(&device).await), "access_denied");
    confirm(&bob, &code).await.refused(409, &over());
    assert_eq!(status(&terminal.poll(&device).await), "access_denied");
    assert_eq!(app.db_count("personal_tokens").await, 0);
    assert_eq!(events(&app).await.last().map(String::as_str), Some("bob: login-refused personal-token laptop"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_waits_for_ten_minutes() {
    let (app, bob, terminal) = server().await;
    let (late_device, late) = terminal.login("late").await;
    let (confirmed_device, confirmed) = terminal.login("confirmed, never fetched").await;
    confirm(&bob, &confirmed).await.done();
    app.state.clock.advance(TimeDelta::minutes(10));
    confirm(&bob, &late).await.refused(409, &over());
    for device in [late_device, confirmed_device] {
        assert_eq!(status(&terminal.poll(&device).await), "expired_token");
    }
    assert_eq!(app.db_count("personal_tokens").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_too_often_is_slowed_down() {
    let (app, bob, terminal) = server().await;
    let (device, code) = terminal.login("laptop").await;
    assert_eq!(status(&terminal.poll(&device).await), "authorization_pending");
    assert_eq!(status(&terminal.poll(&device).await), "slow_down");
    app.state.clock.advance(TimeDelta::seconds(8));
    assert_eq!(status(&terminal.poll(&device).await), "slow_down", "ten seconds are to lie in between now");
    app.state.clock.advance(TimeDelta::seconds(20));
    assert_eq!(status(&terminal.poll(&device).await), "authorization_pending");
    confirm(&bob, &code).await.done();
    assert_eq!(status(&terminal.poll(&device).await), "granted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_that_one_person_has_answered_is_no_longer_there_for_another() {
    let (app, bob, terminal) = server().await;
    let eve = app.person("eve").await;
    let (device, code) = terminal.login("laptop").await;
    // Both have the page open.
    eve.get(&format!("/login/device?code={code}")).await.is(200);
    let answers = futures_util::future::join(confirm(&bob, &code), confirm(&eve, &code)).await;
    let (mut done, mut refused) = (0, 0);
    for answer in [&answers.0, &answers.1] {
        match answer.status {
            303 => done += 1,
            409 => refused += 1,
            other => panic!("{other}: {}", answer.text()),
        }
    }
    assert_eq!((done, refused), (1, 1));
    let first = if answers.0.status == 303 { "bob@example.com" } else { "eve@example.com" };
    refuse(if first.starts_with("bob") { &eve } else { &bob }, &code).await.refused(409, &over());
    assert_eq!(terminal.poll(&device).await["person"], first);
    assert!(!eve.get(&format!("/login/device?code={code}")).await.text().contains("Log in this terminal"));
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_cannot_be_guessed_in_numbers_and_pages_count_like_forms() {
    let (app, bob, terminal) = server().await;
    let eve = app.person("eve").await;
    let (device, code) = terminal.login("laptop").await;
    let guesses: Vec<_> = (0..20).map(|n| format!("BBBB-{}", ["BBBB", "CCCC", "DDDD", "FFFF", "GGGG"][n % 5])).collect();
    let asking = guesses.iter().enumerate().map(async |(n, guess)| match n % 3 {
        0 => eve.get(&format!("/login/device?code={guess}")).await.status,
        1 => confirm(&eve, guess).await.status,
        _ => refuse(&eve, guess).await.status,
    });
    let answers = futures_util::future::join_all(asking).await;
    assert!(answers.iter().all(|status| matches!(status, 200 | 409)), "{answers:?}");
    // From now on even the right one is no use to her.
    confirm(&eve, &code).await.is(429);
    assert!(eve.get(&format!("/login/device?code={code}")).await.text().contains("Too many attempts"));
    confirm(&bob, &code).await.done();
    assert_eq!(terminal.poll(&device).await["person"], "bob@example.com");
    app.state.clock.advance(TimeDelta::hours(1));
    let (_, another) = terminal.login("hers").await;
    confirm(&eve, &another).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn right_codes_are_not_counted() {
    let (_app, bob, terminal) = server().await;
    let (_, code) = terminal.login("laptop").await;
    for _ in 0..25 {
        assert!(bob.get(&format!("/login/device?code={code}")).await.is(200).text().contains("Log in this terminal?"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_site_confirms_nothing() {
    let (_app, bob, terminal) = server().await;
    let (device, code) = terminal.login("laptop").await;
    for path in ["/do/logins/confirm", "/do/logins/refuse"] {
        let forged = bob.request(reqwest::Method::POST, path).form(&[("code", code.as_str()), ("expires", "never")]);
        bob.send(forged.header("origin", "https://evil.example").header("sec-fetch-site", "cross-site")).await.is(403);
        // A link does nothing.
        bob.get(&format!("{path}?code={code}&expires=never")).await;
    }
    assert_eq!(status(&terminal.poll(&device).await), "authorization_pending");
    let page = bob.get(&format!("/login/device?code={code}")).await.is(200);
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_secret_nor_code_nor_token_is_stored() {
    let (app, bob, terminal) = server().await;
    let (device, code) = terminal.login("laptop").await;
    confirm(&bob, &code).await.done();
    let before = tables(&app).await;
    assert!(before.contains("laptop"), "the tables are read");
    let token = terminal.poll(&device).await["token"].as_str().unwrap().to_owned();
    let after = tables(&app).await;
    for secret in [&device, &code, &code.replace('-', ""), &token] {
        assert!(!before.contains(secret.as_str()) && !after.contains(secret.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_read_as_people_type_it_and_nonsense_is_refused() {
    let (_app, bob, terminal) = server().await;
    let (device, code) = terminal.login("laptop").await;
    for bad in ["", "BCDF", "AEIO-UAEI", "1234-5678"] {
        confirm(&bob, bad).await.refused_for(Field::LoginCode);
    }
    bob.post("/do/logins/confirm", &[("code", &code), ("expires", "forever")]).await.refused_for(Field::Expires);
    confirm(&bob, &code.replace('-', " ").to_lowercase()).await.done();
    assert_eq!(status(&terminal.poll(&device).await), "granted");
    for unknown in ["", "bkdev_nonsense", &device.replace("bkdev_", "bkpat_")] {
        assert_eq!(status(&terminal.poll(unknown).await), "expired_token");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stranger_sends_is_bounded() {
    let (_app, bob, terminal) = server().await;
    for bad in ["", "two\nlines", &"x".repeat(101), "\u{202e}gnp"] {
        terminal.begin(bad).await.is(422);
    }
    let long = "x".repeat(100);
    let (_, code) = terminal.login(&long).await;
    assert!(bob.get(&format!("/login/device?code={code}")).await.is(200).text().contains(&"x".repeat(80)));
    let large = terminal.request(reqwest::Method::POST, "/api/v1/logins").body("x".repeat(10_000));
    terminal.send(large).await.is(413);
    let mut answers = Vec::new();
    for _ in 0..62 {
        answers.push(terminal.begin("laptop").await);
    }
    let refused = answers.iter().find(|answer| answer.status != 200).expect("too many from one address");
    assert_eq!(refused.status, 429);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() <= 3600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_who_is_gone_logs_nothing_in() {
    let (app, bob, terminal) = server().await;
    let (device, code) = terminal.login("laptop").await;
    confirm(&bob, &code).await.done();
    bob.post("/do/accounts/delete", &[("confirmation", &bob.email), ("current", crate::support::PASSWORD)]).await.done();
    assert_eq!(status(&terminal.poll(&device).await), "expired_token");
    assert_eq!(app.db_count("logins").await, 0);
}
