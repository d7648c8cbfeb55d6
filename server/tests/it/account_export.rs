//! Everything that is kept about a person, for themselves.

use app::domain::role::Role;
use serde_json::Value;

use crate::support::{PASSWORD, Person, TestApp};

const EXPORT: &str = "/account/export.json";

async fn export(person: &Person) -> Value {
    let answer = person.get(EXPORT).await.is(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.header("content-disposition").starts_with("attachment; filename=\"buildkeep-account-"), "{:?}", answer.headers);
    serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.text()))
}

fn actions(export: &Value) -> Vec<(&str, bool)> {
    let events = export["events"].as_array().unwrap();
    events.iter().map(|event| (event["action"].as_str().unwrap(), event["by_you"].as_bool().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_takes_all_that_is_kept_about_them_and_nothing_of_others() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    bob.post("/do/addresses/add", &[("email", "bob@work.example"), ("current", PASSWORD)]).await.done();
    bob.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", "carol@example.com"), ("role", "member")]).await.done();
    ada.found("other").await;
    ada.post("/do/invites/create", &[("org_slug", "other"), ("addresses", "bob@example.com"), ("role", "member")]).await.done();
    ada.post("/do/members/set-role", &[("org_slug", "acme"), ("member", &bob.id.to_string()), ("role", "member")]).await.done();
    app.browser().sign_in(&bob.email, "wrong horse battery").await.is(401);

    let export = export(&bob).await;
    assert_eq!(export["profile"]["name"], "bob");
    assert_eq!(export["profile"]["has_password"], true);
    assert!(export["profile"]["created_at"].is_string());
    assert_eq!(export["addresses"][0]["address"], "bob@example.com");
    assert_eq!(export["addresses"][1]["confirmed_at"], Value::Null);
    assert_eq!(export["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(export["memberships"][0]["organization"]["address"], "acme");
    assert_eq!(export["memberships"][0]["role"], "member");
    assert_eq!(export["invites_waiting"][0]["organization"], "other");
    assert_eq!(export["invites_sent"].as_array().unwrap().len(), 1);
    assert_eq!(export["invites_sent"][0]["address"], "carol@example.com");
    assert_eq!(
        actions(&export),
        [
            ("address-added", true),
            ("exported", true),
            ("created", false),
            ("signed-in", false),
            ("sign-in-failed", false),
            ("invited", true),
            ("joined", false),
            ("role-changed", false),
        ]
    );
    let changed = &export["events"][7];
    assert_eq!((&changed["details"]["after"], &changed["address"]), (&Value::from("member"), &Value::Null));
    let text = export.to_string();
    for foreign in ["ada@example.com", &ada.id.to_string(), "password_hash", "$argon2", "bkadr_", "secret"] {
        assert!(!text.contains(foreign), "{foreign} in {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_organization_is_called_now_is_not_told_to_who_left_it() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    bob.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", "carol@example.com"), ("role", "member")]).await.done();
    assert_eq!(export(&bob).await["invites_sent"][0]["organization"], "acme");
    bob.post("/do/members/leave", &[("org_slug", "acme")]).await.done();
    ada.post("/do/orgs/rename", &[("org_slug", "acme"), ("name", "Secret Venture")]).await.done();
    let export = export(&bob).await;
    assert_eq!(export["invites_sent"][0]["address"], "carol@example.com", "what they sent is theirs");
    assert_eq!(export["invites_sent"][0]["organization"], Value::Null);
    assert!(!export.to_string().contains("Secret Venture"), "{export}");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_for_the_signed_in_person_and_not_all_the_time() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    assert_eq!(app.browser().get(EXPORT).await.is(302).header("location"), "/sign-in?next=%2Faccount%2Fdata");
    for _ in 0..5 {
        export(&ada).await;
    }
    assert!(ada.get(EXPORT).await.is(429).text().contains("Too many attempts. Wait "));
    app.state.clock.advance(chrono::TimeDelta::hours(1));
    export(&ada).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_holds_more_than_is_read_at_once() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (numbers, id) = if app.state.db.kind() == "PostgreSQL" {
        ("SELECT generate_series AS n FROM generate_series(1, 2500)", "gen_random_uuid()")
    } else {
        ("WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 2500) SELECT n FROM count", "randomblob(16)")
    };
    app.db_execute(&format!("CREATE TABLE numbers AS {numbers}")).await;
    ada.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", "zoe@example.com"), ("role", "member")]).await.done();
    app.db_execute(&format!(
        "INSERT INTO audit_events SELECT {id}, org_id, actor_kind, actor_id, actor_name, action, object_kind, object_id, object_name, \
         details, address, incident, at, n + 1000, hash FROM audit_events, numbers WHERE seq = 1"
    ))
    .await;
    let name = if app.state.db.kind() == "PostgreSQL" { "('p' || n || '@example.com')" } else { "'p' || n || '@example.com'" };
    app.db_execute(&format!(
        "INSERT INTO invites (id, org_id, email, role, invited_by, invited_by_id, created_at, sent_at, sends, expires_at) \
         SELECT {id}, org_id, {name}, role, invited_by, invited_by_id, created_at, sent_at, sends, expires_at FROM invites, numbers"
    ))
    .await;
    let export = export(&ada).await;
    assert_eq!(export["invites_sent"].as_array().unwrap().len(), 2501);
    let created = actions(&export).into_iter().filter(|(action, own)| *action == "created" && *own).count();
    assert_eq!(created, 2501);
}
