//! The chain of events: nobody alters it unnoticed, whatever goes on at the same time.

use app::domain::role::Role;
use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use serde_json::{Value, json};
use server::services::retention;

use crate::audit::{events, read_page, rename, with_five_events};
use crate::cli::run;
use crate::support::{PASSWORD, TestApp};

/// What `buildkeep audit verify` says of the only organization, and whether it ended well.
pub async fn verdict(app: &TestApp) -> (bool, Value) {
    let output = run(app, &["--json", "audit", "verify"], "").await;
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["intact"], output.status.success());
    assert_eq!(said["chains"].as_array().unwrap().len(), 1);
    (output.status.success(), said["chains"][0].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_chain_holds_after_all_that_people_do_and_after_the_organization_is_gone() {
    let (app, ada) = with_five_events().await;
    app.member("bob", Role::Member).await;
    let (intact, chain) = verdict(&app).await;
    assert!(intact, "{chain}");
    assert_eq!((&chain["address"], &chain["first"], &chain["last"]), (&json!("acme"), &json!(1), &json!(6)));
    ada.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", "Five")]).await.done();
    let (intact, chain) = verdict(&app).await;
    assert!(intact, "{chain}");
    assert_eq!((&chain["address"], &chain["last"]), (&Value::Null, &json!(7)));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_link_that_somebody_tampered_with_is_named() {
    let (app, _) = with_five_events().await;
    app.db_execute("CREATE TABLE kept_events AS SELECT * FROM audit_events").await;
    app.db_execute("CREATE TABLE kept_heads AS SELECT * FROM audit_heads").await;
    // An account's event is turned into one of the organization that was never written there.
    let forged = "UPDATE audit_events SET at = (SELECT max(at) FROM kept_events), \
        org_id = (SELECT org_id FROM kept_events WHERE seq = 1) WHERE action = 'signed-in'";
    for (fault, place, tampering) in [
        ("changed", json!(3), &["UPDATE audit_events SET actor_name = 'eve' WHERE seq = 3"][..]),
        ("changed", json!(3), &["UPDATE audit_events SET details = NULL WHERE seq = 3"]),
        ("changed", json!(3), &["UPDATE audit_events SET at = (SELECT at FROM kept_events WHERE seq = 2) WHERE seq = 3"]),
        ("changed", json!(1), &["UPDATE audit_events SET hash = (SELECT hash FROM kept_events WHERE seq = 4) WHERE seq = 1"]),
        ("missing", json!(3), &["DELETE FROM audit_events WHERE seq = 3"]),
        ("missing", json!(1), &["DELETE FROM audit_events WHERE seq <= 2"]),
        ("missing", json!(5), &["DELETE FROM audit_events WHERE seq = 5"]),
        ("missing", json!(1), &["DELETE FROM audit_events WHERE org_id IS NOT NULL"]),
        ("missing", json!(3), &["UPDATE audit_events SET seq = NULL WHERE seq = 3"]),
        (
            "reordered",
            json!(2),
            &[
                "UPDATE audit_events SET seq = 9 WHERE seq = 2",
                "UPDATE audit_events SET seq = 2 WHERE seq = 4",
                "UPDATE audit_events SET seq = 4 WHERE seq = 9",
            ],
        ),
        (
            "changed",
            json!(3),
            &[
                "DELETE FROM audit_events WHERE seq = 3",
                "UPDATE audit_events SET seq = 3 WHERE seq = 4",
                "UPDATE audit_events SET seq = 4 WHERE seq = 5",
                "UPDATE audit_heads SET seq = 4",
            ],
        ),
        ("head", json!(4), &["DELETE FROM audit_events WHERE seq = 5", "UPDATE audit_heads SET seq = 4"]),
        ("head", json!(4), &["UPDATE audit_heads SET seq = 4"]),
        ("head", Value::Null, &["DELETE FROM audit_heads"]),
        ("outside", Value::Null, &[forged]),
    ] {
        for sql in tampering {
            app.db_execute(sql).await;
        }
        let (intact, chain) = verdict(&app).await;
        assert!(!intact, "{tampering:?}");
        assert_eq!((chain["broken"]["fault"].as_str(), &chain["broken"]["sequence"]), (Some(fault), &place), "{tampering:?}: {chain}");
        for table in ["events", "heads"] {
            app.db_execute(&format!("DELETE FROM audit_{table}")).await;
            app.db_execute(&format!("INSERT INTO audit_{table} SELECT * FROM kept_{table}")).await;
        }
        assert!(verdict(&app).await.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_from_before_the_chain_is_kept_and_shown_and_breaks_nothing() {
    let (app, ada) = with_five_events().await;
    let old = "UPDATE audit_events SET at = '2020-01-01T00:00:00+00:00', org_id = (SELECT org_id FROM audit_events WHERE seq = 1) \
        WHERE action = 'signed-in'";
    app.db_execute(old).await;
    assert!(verdict(&app).await.0);
    let (sentences, _) = read_page(&ada, "/o/acme/audit?to=2020-12-31").await;
    assert_eq!(sentences, ["Somebody signed in as ada"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_grows_and_loses_its_beginning_meanwhile_verifies() {
    let app = TestApp::start_with(|config| config.audit_days = Some(30)).await;
    let (app, ada) = app.and_org("acme").await;
    for number in 0..20 {
        rename(&ada, &format!("old {number}")).await;
    }
    app.state.clock.advance(TimeDelta::days(31));
    ada.sign_in(&ada.email, PASSWORD).await.done();
    let growing = async {
        for number in 0..20 {
            rename(&ada, &format!("new {number}")).await;
        }
    };
    let shrinking = async { retention::trim_audit(&app.state).await.unwrap() };
    let ((), trimmed, (meanwhile, chain)) = tokio::join!(growing, shrinking, verdict(&app));
    assert!(meanwhile, "{chain}");
    // The organization's first events, and what came before it.
    assert_eq!(trimmed, 21 + 2);
    assert_eq!(verdict(&app).await.1["last"], 41);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_names_the_broken_link_in_a_sentence() {
    let (app, _) = with_five_events().await;
    app.db_execute("UPDATE audit_events SET object_name = 'x' WHERE seq = 2").await;
    let output = run(&app, &["audit", "verify", "--org", "acme"], "").await;
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(said.starts_with("BROKEN   acme: event 2 (evt_") && said.trim_end().ends_with("it is not what was written here"), "{said}");
    let unknown = run(&app, &["audit", "verify", "--org", "zoo"], "").await;
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("there is no organization zoo"));
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_at_the_same_time_on_two_servers_make_one_chain() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (_, url) = app.another_server().await;
    let elsewhere = app.browser_at(&url);
    elsewhere.take_session_cookie(&ada.session_cookie().unwrap());
    let changes = (0..20).map(|number| {
        let browser = if number % 2 == 0 { &elsewhere } else { &*ada };
        let name = format!("workspace {number}");
        async move { browser.post("/do/workspaces/create", &[("org_slug", "acme"), ("name", &name)]).await.done() }
    });
    join_all(changes).await;
    let (intact, chain) = verdict(&app).await;
    assert!(intact, "{chain}");
    assert_eq!(chain["last"], 21);
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_json_can_be_checked_by_whoever_has_them() {
    let (app, ada) = with_five_events().await;
    app.member("bob", Role::Member).await;
    let answer = ada.get("/o/acme/audit.ndjson").await.is(200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let mut lines: Vec<Value> = answer.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    lines.reverse();
    assert_eq!(lines.iter().map(|line| line["sequence"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 2, 3, 4, 5, 6, 7]);
    let mut before = vec![0; 32];
    for line in lines {
        let at: DateTime<Utc> = line["time"].as_str().unwrap().parse().unwrap();
        let content = json!([
            line["organization"],
            line["sequence"],
            line["event"],
            at.timestamp_micros(),
            line["actor"]["kind"],
            line["actor"]["id"],
            line["actor"]["name"],
            line["action"],
            line["object"]["kind"],
            line["object"]["id"],
            line["object"]["name"],
            line["details"],
            line["address"],
            line["request"],
        ]);
        before = digest(&SHA256, &[&before[..], content.to_string().as_bytes()].concat()).as_ref().to_vec();
        assert_eq!(line["hash"], hex::encode(&before), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_shortens_the_chain_and_leaves_it_whole() {
    let app = TestApp::start_with(|config| config.audit_days = Some(30)).await;
    let (app, ada) = app.and_org("acme").await;
    rename(&ada, "Old").await;
    app.state.clock.advance(TimeDelta::days(31));
    ada.sign_in(&ada.email, PASSWORD).await.done();
    rename(&ada, "New").await;
    // Two of the organization, and ada's account and first session before it.
    assert_eq!(retention::trim_audit(&app.state).await.unwrap(), 4);
    assert_eq!(events(&app).await, ["anonymous: signed-in account ada", "ada: renamed org Old"]);
    let (intact, chain) = verdict(&app).await;
    assert!(intact, "{chain}");
    assert_eq!((&chain["first"], &chain["last"]), (&json!(3), &json!(3)));
    assert_eq!(retention::trim_audit(&app.state).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_does_not_remove_the_traces_of_tampering() {
    let app = TestApp::start_with(|config| config.audit_days = Some(30)).await;
    let (app, ada) = app.and_org("acme").await;
    for name in ["Two", "Three"] {
        rename(&ada, name).await;
    }
    app.db_execute("UPDATE audit_events SET actor_name = 'eve' WHERE seq = 2").await;
    app.state.clock.advance(TimeDelta::days(31));
    retention::trim_audit(&app.state).await.unwrap();
    let (intact, chain) = verdict(&app).await;
    assert!(!intact);
    assert_eq!((&chain["first"], &chain["broken"]["sequence"], &chain["broken"]["fault"]), (&json!(2), &json!(2), &json!("changed")));
}
