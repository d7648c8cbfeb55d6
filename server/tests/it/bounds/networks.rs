//! Limits count networks: whoever has many addresses has no more than others.

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;
use server::network::WIDE;

use super::{behind_a_proxy, from};
use crate::support::{Answer, TestApp};

async fn login(app: &TestApp, address: &str) -> Answer {
    let browser = app.browser();
    let body = json!({ "device": "laptop" }).to_string();
    browser.send(from(browser.request(Method::POST, "/api/v1/logins").body(body), address)).await
}

async fn sign_in(app: &TestApp, address: &str, email: &str) -> u16 {
    let browser = app.browser();
    let form = browser.form("/do/accounts/sign-in", &[("email", email), ("password", "not the right one")]);
    browser.send(from(form, address)).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_ins_from_one_network_are_counted_together() {
    let app = TestApp::start_with(|config| {
        behind_a_proxy(config);
        config.sign_in_per_minute = 5;
    })
    .await;
    let mut taken = 0;
    for n in 0..15 {
        let status = sign_in(&app, &format!("2001:db8:1:2::{n:x}"), &format!("somebody{n}@example.com")).await;
        taken += u32::from(status != 429);
    }
    assert_eq!(taken, 5);
    assert_eq!(sign_in(&app, "2001:db8:9:2::1", "else@example.com").await, 401, "another network is not held");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_networks_of_one_customer_are_counted_together_too() {
    let app = TestApp::start_with(behind_a_proxy).await;
    let browser = app.browser();
    let ask = async |n: u32| {
        let request = browser.request(Method::POST, "/nx-cloud/is-workspace-claimed").body("{}");
        let answer = browser.send(from(request, &format!("2001:db8:1:{n:x}::1"))).await.is(200);
        u32::from(!answer.text().contains("Wait"))
    };
    let taken: Vec<u32> = futures_util::stream::iter(0..1000).map(ask).buffer_unordered(20).collect().await;
    let taken: u32 = taken.into_iter().sum();
    // Some come back within the seconds that this takes.
    assert!((60 * WIDE..900).contains(&taken), "{taken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_that_cannot_be_read_are_one_network() {
    let app = TestApp::start_with(|config| {
        behind_a_proxy(config);
        config.sign_in_per_minute = 5;
    })
    .await;
    let tried = join_all((0..20).map(|n| {
        let (app, address) = (&app, ["unknown", "_hidden", "999.1.1.1", "-"][n % 4]);
        async move { sign_in(app, address, &format!("somebody{n}@example.com")).await }
    }));
    assert_eq!(tried.await.into_iter().filter(|status| *status != 429).count(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn terminals_of_one_network_are_counted_together() {
    let app = TestApp::start_with(behind_a_proxy).await;
    let begun = join_all((0..70).map(|n| {
        let app = &app;
        async move { login(app, &format!("2001:db8:1:2::{n:x}")).await.status }
    }));
    assert_eq!(begun.await.into_iter().filter(|status| *status == 200).count(), 60);
    login(&app, "203.0.113.9").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_terminals_makes_room_for_others() {
    let app = TestApp::start_with(|config| {
        behind_a_proxy(config);
        config.bounds.waiting_logins = 30;
    })
    .await;
    for n in 0..3 {
        for _ in 0..10 {
            login(&app, &format!("198.51.100.{n}")).await.is(200);
        }
    }
    for n in 0..6 {
        login(&app, &format!("203.0.113.{n}")).await.is(200);
    }
    assert_eq!(app.db_count("logins").await, 30);
    for n in 0..6 {
        assert_eq!(app.db_count(&format!("logins WHERE network = '203.0.113.{n}'")).await, 1, "none of those who have one is sent away");
    }
}
