//! Who must not get a workspace, and what must not get into one.

use std::collections::BTreeSet;

use app::domain::connection::GIVEN_OUT_WITHIN;
use app::error::AppError;
use app::paths;
use chrono::TimeDelta;
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use super::{claim, link, machine, nx, nx_connect};
use crate::support::TestApp;

/// The id is in a public repository. Somebody else who runs `nx connect` there must not become its owner, or they would
/// feed the cache of all who build it.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_finds_the_id_later_gets_no_link_that_claims_the_workspace() {
    let app = TestApp::start().await;
    let eve = app.person("eve").await;
    let org = eve.found("evil").await;
    let (id, owners) = nx_connect(&app, "web").await;
    let found = link(&app, Some(&id)).await;
    let page = eve.get(&paths::connect(&found)).await.is(200).text();
    assert!(page.contains("cannot claim") && !page.contains("thrown away"), "{page}");
    let target = claim(&eve, &found, &org, "web").await.done();
    let own = target.split('/').nth(4).unwrap().parse().unwrap();
    let own = crate::support::Workspace { org: org.clone(), id: own };
    assert_ne!(eve.nx_cloud_id(&own).await, id, "eve has another workspace");

    let ada = app.person("ada").await;
    let acme = ada.found("acme").await;
    claim(&ada, &owners, &acme, "web").await.done();
}

/// nx 19 and 20 create the workspace and never ask for its link: nobody else may have it either.
#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_nx_never_asked_for_cannot_be_had_later() {
    let app = TestApp::start().await;
    let eve = app.person("eve").await;
    let asked = json!({ "workspaceName": "web" });
    let created: Value = serde_json::from_slice(&nx(&app, "v2/create-org-and-workspace", &asked).await.is(200).body).unwrap();
    app.state.clock.advance(GIVEN_OUT_WITHIN + TimeDelta::seconds(1));
    let code = link(&app, created["nxCloudId"].as_str()).await;
    assert!(eve.get(&paths::connect(&code)).await.is(200).text().contains("cannot claim"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_ask_at_once_one_gets_the_link() {
    let app = TestApp::start().await;
    let asked = json!({ "workspaceName": "web" });
    let created: Value = serde_json::from_slice(&nx(&app, "v2/create-org-and-workspace", &asked).await.is(200).body).unwrap();
    let codes = join_all((0..8).map(|_| link(&app, created["nxCloudId"].as_str()))).await;
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 8);
    assert_eq!(app.db_count("connections WHERE workspace_id IS NOT NULL").await, 1);
    assert_eq!(app.db_count("connections").await, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_use_one_link_at_once_do_not_both_get_the_workspace() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    let (acme, evil) = (ada.found("acme").await, eve.found("evil").await);
    let (id, code) = nx_connect(&app, "web").await;
    let answers = futures_util::join!(claim(&ada, &code, &acme, "web"), claim(&eve, &code, &evil, "web"));
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
    assert_eq!(app.db_count(&format!("workspaces WHERE nx_cloud_id = '{id}'")).await, 1);
    assert_eq!(app.db_count("audit_events WHERE action = 'claimed'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_stored_before_the_claim_is_ever_served_after_it() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (other, url) = app.another_server().await;
    let (id, code) = nx_connect(&app, "web").await;
    let machine = machine(&app, &id);
    assert_eq!(machine.put("1").await, 200);
    // The other server remembers where it lies.
    let there = async || reqwest::get(format!("{url}/w/{id}/v1/cache/1")).await.unwrap().status().as_u16();
    assert_eq!(there().await, 200);
    claim(&ada, &code, app.org(), "web").await.done();
    assert_eq!(app.db_count("artifacts").await, 0);
    assert_eq!(machine.get("1").await, 404);
    other.epoch.watch(&other.db).await.unwrap();
    assert_eq!(there().await, 404);
    assert_eq!(app.db_count("workspaces WHERE artifact_count <> 0 OR artifact_bytes <> 0").await, 0);
}

/// As an upload at the moment of the claim would leave it: named afterwards, with the bytes of before.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_comes_in_late_does_not_open() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (id, code) = nx_connect(&app, "web").await;
    assert_eq!(machine(&app, &id).put("1").await, 200);
    app.db_execute("CREATE TABLE late AS SELECT * FROM artifacts").await;
    let blob = app.blobs().into_iter().next().unwrap();
    let bytes = std::fs::read(&blob).unwrap();
    claim(&ada, &code, app.org(), "web").await.done();
    crate::support::until("the bytes are gone", async || app.blobs().is_empty()).await;
    std::fs::write(&blob, bytes).unwrap();
    app.db_execute("INSERT INTO artifacts SELECT * FROM late").await;
    assert_eq!(machine(&app, &id).get("1").await, 404);
    assert_eq!(app.db_count("artifacts").await, 0, "it is taken for damaged, and gives its key back");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_written_into_nx_json_by_an_old_nx() {
    let app = TestApp::start().await;
    let answer = nx(&app, "create-org-and-workspace", &json!({ "workspaceName": "web" })).await.is(200);
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(body["message"].as_str().unwrap().contains("nx 19.7") && body.get("token").is_none(), "{body}");
    assert_eq!(app.db_count("workspaces").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn junk_is_taken_calmly() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let huge = "x".repeat(1 << 19);
    let deep = "[".repeat(5000);
    for path in ["v2/create-org-and-workspace", "create-org-and-workspace", "onboarding", "is-workspace-claimed", "stats"] {
        for body in ["", "null", "[]", "{", "\u{0}", r#"{"workspaceName":1,"accessToken":{},"nxCloudId":[]}"#, &huge, &deep] {
            let request = browser.request(Method::POST, &format!("/nx-cloud/{path}")).body(body.to_owned());
            let answer = browser.send(request).await;
            assert!(matches!(answer.status, 200 | 204), "{path}: {}", answer.status);
        }
        browser.get(&format!("/nx-cloud/{path}")).await.is(405);
    }
    let named = json!({ "workspaceName": "a\u{202e}b", "installationSource": huge });
    nx(&app, "v2/create-org-and-workspace", &named).await.is(200);
    for name in ["<script>alert(1)</script>", &"ä".repeat(80), "../../etc"] {
        nx(&app, "onboarding", &json!({ "selectedRepositoryName": name })).await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_name_is_shown_as_text() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let answer = nx(&app, "onboarding", &json!({ "selectedRepositoryName": "<img src=x onerror=alert(1)>" })).await.is(200);
    let code: String = serde_json::from_slice(&answer.body).unwrap();
    let page = ada.get(&paths::connect(&code)).await.is(200).text();
    assert!(!page.contains("<img src=x"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_network_creates_so_many_a_day_and_all_together_so_many() {
    let app = TestApp::start_with(|config| config.unclaimed_workspaces = 22).await;
    let create = async || {
        let answer = nx(&app, "v2/create-org-and-workspace", &json!({ "workspaceName": "web" })).await.is(200);
        serde_json::from_slice::<Value>(&answer.body).unwrap()
    };
    for _ in 0..20 {
        assert!(create().await.get("nxCloudId").is_some());
    }
    let refused = create().await;
    assert!(refused["message"].as_str().unwrap().contains("your network today"), "{refused}");
    app.db_execute("DELETE FROM quotas").await;
    for _ in 0..2 {
        assert!(create().await.get("nxCloudId").is_some());
    }
    let full = create().await;
    assert!(full["message"].as_str().unwrap().contains("nobody has claimed"), "{full}");
    assert_eq!(app.db_count("workspaces").await, 22);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_asks_too_often_waits() {
    let app = TestApp::start().await;
    let mut refused = None;
    for _ in 0..80 {
        let answer = nx(&app, "is-workspace-claimed", &json!({})).await.is(200);
        if answer.text().contains("message") {
            refused = Some(answer.text());
            break;
        }
    }
    assert!(refused.expect("80 requests in a moment are too many").contains("Wait"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_may_allow_no_workspace_without_an_account() {
    let app = TestApp::start_with(|config| config.unclaimed_workspaces = 0).await;
    let answer = nx(&app, "v2/create-org-and-workspace", &json!({ "workspaceName": "web" })).await.is(200);
    assert!(answer.text().contains("only for people who are signed in"), "{}", answer.text());
    assert_eq!(app.db_count("orgs").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_code_is_stored_only_as_its_hash() {
    let app = TestApp::start().await;
    let (_, code) = nx_connect(&app, "web").await;
    let ada = app.person("ada").await;
    ada.found("acme").await;
    ada.post("/do/connections/accept", &[("code", &code), ("org_slug", "acme"), ("workspace", "")]).await.is(422);
    let files = crate::support::files(&app.state.config.data_dir);
    for file in files {
        let bytes = std::fs::read(&file).unwrap();
        assert!(!bytes.windows(code.len()).any(|window| window == code.as_bytes()), "{}", file.display());
    }
    claim(&ada, "", &"acme".parse().unwrap(), "web").await.refused(410, &AppError::LinkUnusable);
}
