//! Signed-in browsers: how long, how many, and how they end.

use app::error::AppError;
use chrono::TimeDelta;
use sea_orm::ConnectionTrait as _;

use crate::support::{Browser, PASSWORD, Person, TestApp};

const END: &str = "/do/sessions/end";
const END_OTHERS: &str = "/do/sessions/end-others";

async fn second_browser(app: &TestApp, person: &Person) -> Browser {
    let browser = app.browser();
    browser.sign_in(&person.email, PASSWORD).await.done();
    browser
}

async fn id_of(browser: &Browser) -> String {
    browser.caller().await.user().unwrap().session.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_uses_ends_after_a_week() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.state.clock.advance(TimeDelta::days(7) - TimeDelta::minutes(1));
    let idle = second_browser(&app, &ada).await;
    assert!(ada.is_signed_in().await, "used just in time");
    app.state.clock.advance(TimeDelta::days(7));
    assert!(!ada.is_signed_in().await);
    assert!(!idle.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_thirty_days_however_much_it_is_used() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for day in (5..30).step_by(5) {
        app.state.clock.advance(TimeDelta::days(5));
        assert!(ada.is_signed_in().await, "day {day}");
    }
    app.state.clock.advance(TimeDelta::days(5));
    assert!(!ada.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_ends_the_session_on_the_server_too() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let copied = ada.session_cookie().unwrap();
    assert_eq!(ada.post("/do/accounts/sign-out", &[]).await.done(), "/sign-in");
    assert_eq!(ada.session_cookie(), None);
    let thief = app.browser();
    thief.take_session_cookie(&copied);
    assert!(!thief.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_begins_a_session_under_a_new_secret() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let first = ada.session_cookie().unwrap();
    ada.sign_in(&ada.email, PASSWORD).await.done();
    assert_ne!(ada.session_cookie().unwrap(), first);
    let thief = app.browser();
    thief.take_session_cookie(&first);
    assert!(!thief.is_signed_in().await, "the one before has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_secret_that_somebody_planted_is_not_adopted() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let (victim, planted) = (app.browser(), "AAAAAAAAAAAAAAAAAAAAAA");
    victim.take_session_cookie(planted);
    victim.sign_in("ada@example.com", PASSWORD).await.done();
    assert_ne!(victim.session_cookie().unwrap(), planted);
    let thief = app.browser();
    thief.take_session_cookie(planted);
    assert!(!thief.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_their_sessions_with_browser_and_address() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    app.person("bob").await;
    app.state.clock.advance(TimeDelta::hours(1));
    second_browser(&app, &ada).await;
    let listed = app.backend().sessions.list(&ada.caller().await).await.unwrap();
    assert_eq!(listed.iter().map(|row| row.current).collect::<Vec<_>>(), [false, true], "the last used first, and only ada's");
    for row in listed {
        assert_eq!((row.device.as_str(), row.address.as_str()), ("Firefox on Linux", "127.0.0.1"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_ends_one_of_their_sessions() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let (lost, other) = (second_browser(&app, &ada).await, second_browser(&app, &ada).await);
    ada.post(END, &[("session", &id_of(&lost).await)]).await.done();
    assert!(!lost.is_signed_in().await);
    assert!(ada.is_signed_in().await && other.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_ends_all_their_other_sessions() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (lost, other) = (second_browser(&app, &ada).await, second_browser(&app, &ada).await);
    ada.post(END_OTHERS, &[]).await.done();
    assert!(!lost.is_signed_in().await && !other.is_signed_in().await);
    assert!(ada.is_signed_in().await && bob.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_ends_the_session_of_somebody_else() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    eve.post(END, &[("session", &id_of(&ada).await)]).await.refused(404, &AppError::NotFound);
    assert!(ada.is_signed_in().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ended_session_does_not_come_back_through_requests_under_way() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for _ in 0..5 {
        let lost = second_browser(&app, &ada).await;
        let session = id_of(&lost).await;
        // From now on the next request of any browser notes its use, which writes the session.
        app.state.clock.advance(TimeDelta::minutes(6));
        let form = [("session", session.as_str())];
        let (ended, ..) =
            tokio::join!(ada.post(END, &form), lost.is_signed_in(), lost.is_signed_in(), lost.is_signed_in(), lost.is_signed_in());
        ended.done();
        assert!(!lost.is_signed_in().await);
        assert_eq!(app.backend().sessions.list(&ada.caller().await).await.unwrap().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_whose_time_is_over_are_forgotten() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let now = app.state.clock.now();
    server::store::sessions::delete_expired(app.state.db.write(), now + TimeDelta::days(6)).await.unwrap();
    assert_eq!(rows_of_sessions(&app).await, 1);
    server::store::sessions::delete_expired(app.state.db.write(), now + TimeDelta::days(8)).await.unwrap();
    assert_eq!(rows_of_sessions(&app).await, 0);
}

async fn rows_of_sessions(app: &TestApp) -> i64 {
    let db = app.state.db.read();
    let count = sea_orm::Statement::from_string(db.get_database_backend(), "SELECT count(*) FROM sessions");
    db.query_one_raw(count).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_cookie_is_out_of_reach_of_scripts_and_other_sites() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let cookie = set_cookie(&app.browser().sign_in("ada@example.com", PASSWORD).await.headers, "buildkeep=");
    for attribute in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
        assert!(cookie.contains(attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Domain="), "{cookie}");
}

#[tokio::test(flavor = "multi_thread")]
async fn over_tls_all_cookies_are_bound_to_it_and_to_the_host() {
    let app = TestApp::start_with(|config| config.public_url = Some("https://build.example.com".to_owned())).await;
    let browser = app.browser();
    browser.post("/do/accounts/sign-up", &[("name", "Zoe"), ("email", "zoe@example.com")]).await.done();
    let mail = app.only_mail().await;
    assert!(mail.content.contains("https://build.example.com/choose-password?link="), "{mail:?}");
    let answer = browser.post("/do/accounts/choose-password", &[("link", &mail.link()), ("password", PASSWORD)]).await;
    for name in ["__Host-buildkeep=", "__Host-buildkeep-notice="] {
        let cookie = set_cookie(&answer.headers, name);
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
            assert!(cookie.contains(attribute), "{attribute} in {cookie}");
        }
        assert!(!cookie.contains("Domain="), "{cookie}");
    }
    answer.done();
}

fn set_cookie(headers: &reqwest::header::HeaderMap, start: &str) -> String {
    let mut cookies = headers.get_all("set-cookie").iter().map(|value| value.to_str().unwrap());
    cookies.find(|cookie| cookie.starts_with(start)).unwrap_or_else(|| panic!("{start} in {headers:?}")).to_owned()
}
