//! How long an organization lets tokens live: asked for when one is made, and again whenever one is used.

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use app::domain::names::Reason;
use app::domain::token::TokenState;
use app::error::{AppError, Field};
use chrono::TimeDelta;
use server::auth::credential::{Checked, Presented};
use server::wire::whoami::Notice;

use crate::audit::events;
use crate::support::archive::archive;
use crate::support::{PASSWORD, Person, Terminal, TestApp};

async fn set(admin: &Person, ci: &str, personal: &str) {
    let form = [("org_slug", "acme"), ("ci_days", ci), ("personal_days", personal)];
    admin.post("/do/token-policy/set", &form).await.done();
}

/// Sessions do not live as long as tokens.
async fn days_later(app: &TestApp, admin: &Person, days: i64) {
    app.state.clock.advance(TimeDelta::days(days));
    admin.sign_in(&admin.email, PASSWORD).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ci_token_that_would_live_too_long_is_not_made() {
    let (_app, ada, workspace) = TestApp::with_workspace().await;
    set(&ada, "30", "").await;
    for expires in ["31d", "never"] {
        let form = [("name", "ci"), ("access", "read-only"), ("expires", expires)];
        let why = AppError::field(Field::Expires, Reason::LongerThanAllowed(30));
        ada.post_about(&workspace, "/do/ci-tokens/create", &form).await.refused(422, &why);
    }
    ada.token_for(&workspace, ReadOnly, "30d").await.get("1").await.is(404);
    let page = ada.get(&format!("/o/acme/w/{}/tokens", workspace.id)).await.is(200).text();
    assert!(page.contains("The organization allows at most 30 days.") && !page.contains("value=\"never\""), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ci_token_that_is_older_than_allowed_stops_at_the_next_request() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let old = ada.token_for(&workspace, ReadOnly, "never").await;
    days_later(&app, &ada, 20).await;
    let young = ada.token_for(&workspace, ReadOnly, "never").await;
    let rotated = ada.rotate(&workspace, &old, "24").await;
    for token in [&old, &rotated, &young] {
        token.get("1").await.is(404);
    }
    set(&ada, "10", "").await;
    for token in [&old, &rotated] {
        token.get("1").await.is(401);
    }
    young.get("1").await.is(404);
    let states: Vec<_> = app.backend().ci_tokens.list(&app.operator(), &workspace.org, workspace.id).await.unwrap();
    assert_eq!(states.iter().map(|row| row.state).collect::<Vec<_>>(), [TokenState::Active, TokenState::Expired]);
    // By the clock alone, also while it is remembered.
    days_later(&app, &ada, 10).await;
    young.get("1").await.is(401);
    set(&ada, "", "").await;
    for token in [&rotated, &young] {
        token.get("1").await.is(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_personal_token_that_is_older_than_allowed_counts_as_the_id_alone_there_and_says_why() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    ada.token(&workspace, ReadWrite).await.put("1", archive(b"built")).await.is(200);
    ada.post_about(&workspace, "/do/access-levels/set-id", &[("access", "none")]).await.done();
    let nx_cloud_id = ada.nx_cloud_id(&workspace).await;
    let terminal = Terminal::new(&app.url, &nx_cloud_id);
    let old = terminal.with(&ada.personal_token("laptop", "never").await);
    days_later(&app, &ada, 8).await;
    assert_eq!(old.get("1").await, 200);
    set(&ada, "", "8").await;
    assert_eq!(old.get("1").await, 404);
    let presented = Presented { token: old.token.as_deref(), nx_cloud_id: Some(&nx_cloud_id) };
    let Checked::Good(credential) = app.state.credentials.check(&app.state, &presented).await.unwrap() else {
        panic!("it counts as the id")
    };
    assert_eq!(credential.living().notice, Some(Notice::TooOld));
    let new = terminal.with(&ada.personal_token("laptop", "never").await);
    assert_eq!(new.get("1").await, 200);
    // Another organization of the same person has no limit.
    let zoo = ada.workspace(&ada.found("zoo").await, "web").await;
    ada.token(&zoo, ReadWrite).await.put("1", archive(b"built")).await.is(200);
    ada.post_about(&zoo, "/do/access-levels/set-id", &[("access", "none")]).await.done();
    let there = Terminal::new(&app.url, &ada.nx_cloud_id(&zoo).await).with(old.token.as_deref().unwrap());
    assert_eq!(there.get("1").await, 200);
    days_later(&app, &ada, 8).await;
    assert_eq!(new.get("1").await, 404, "by the clock alone");
    assert!(ada.get("/account/tokens").await.is(200).text().contains("acme: at most 8 days after it was made"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_is_checked_and_a_change_is_audited() {
    let (app, ada, _workspace) = TestApp::with_workspace().await;
    for (ci, personal, field) in [("0", "", Field::CiTokenDays), ("x", "1", Field::CiTokenDays), ("", "3651", Field::PersonalTokenDays)] {
        let form = [("org_slug", "acme"), ("ci_days", ci), ("personal_days", personal)];
        ada.post("/do/token-policy/set", &form).await.refused_for(field);
    }
    let before = events(&app).await.len();
    set(&ada, "90", "").await;
    set(&ada, "90", "").await;
    assert_eq!(events(&app).await[before..], ["ada: token-policy-changed org acme"]);
    let log = ada.get("/o/acme/audit").await.is(200).text();
    assert!(log.contains("to 90 days (CI) and any time (personal)"), "{log}");
    assert!(ada.get("/o/acme/settings").await.is(200).text().contains("value=\"90\""));
}
