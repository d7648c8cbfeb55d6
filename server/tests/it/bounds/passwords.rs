//! Passwords that somebody tries for others, and the owner who comes with the right one.

use futures_util::future::join_all;

use super::{behind_a_proxy, from};
use crate::support::{PASSWORD, Person, TestApp};

const HOME: &str = "203.0.113.9";

async fn server() -> (TestApp, Person) {
    let app = TestApp::start_with(|config| {
        behind_a_proxy(config);
        config.sign_in_per_minute = 20;
    })
    .await;
    let ada = app.person("ada").await;
    (app, ada)
}

async fn sign_in(app: &TestApp, address: &str, password: &str) -> u16 {
    let browser = app.browser();
    let form = browser.form("/do/accounts/sign-in", &[("email", "Ada@example.com"), ("password", password)]);
    browser.send(from(form, address)).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_from_elsewhere_do_not_keep_the_owner_out() {
    let (app, _) = server().await;
    let mut refused = 0;
    for _ in 0..40 {
        refused += u32::from(sign_in(&app, "198.51.100.1", "wrong").await == 429);
    }
    // Some come back within the seconds that this takes.
    assert!(refused > 0, "{refused}");
    assert_eq!(sign_in(&app, HOME, PASSWORD).await, 303);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_a_network_that_the_owner_has_used_no_crowd_keeps_them_out() {
    let (app, _) = server().await;
    assert_eq!(sign_in(&app, HOME, PASSWORD).await, 303);
    // At once, as every second lets another one through.
    for network in 0..12 {
        let address = format!("198.51.100.{network}");
        join_all((0..10).map(|_| sign_in(&app, &address, "wrong"))).await;
    }
    assert_eq!(sign_in(&app, "192.0.2.77", PASSWORD).await, 429, "all networks together are held");
    assert_eq!(sign_in(&app, HOME, PASSWORD).await, 303);
    let (_, url) = app.another_server().await;
    let elsewhere = app.browser_at(&url);
    let form = elsewhere.form("/do/accounts/sign-in", &[("email", "ada@example.com"), ("password", PASSWORD)]);
    elsewhere.send(from(form, HOME)).await.is(303);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_makes_no_network_known() {
    let (app, _) = server().await;
    let before = app.db_count("known_networks").await;
    sign_in(&app, "198.51.100.1", "wrong").await;
    assert_eq!(app.db_count("known_networks").await, before);
    sign_in(&app, HOME, PASSWORD).await;
    assert_eq!(app.db_count("known_networks").await, before + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_at_the_sign_in_page_is_refused_and_does_not_make_others_wait() {
    let (app, _) = server().await;
    assert_eq!(sign_in(&app, HOME, PASSWORD).await, 303);
    let crowd = join_all((0..60).map(|n| {
        let app = &app;
        async move { sign_in(app, &format!("2001:db8:1:{:x}::{n:x}", n % 8), "wrong").await }
    }));
    let (crowd, owner) = futures_util::join!(crowd, sign_in(&app, HOME, PASSWORD));
    assert!(crowd.contains(&429));
    assert_eq!(owner, 303);
}
