//! Set-up and check-up of a workspace.

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use app::domain::role::Role;
use app::error::Field;
use app::notice::{IssuedToken, Notice};
use app::paths;
use chrono::TimeDelta;
use serde_json::json;

use super::{claim, machine, nx_connect};
use crate::support::archive::archive;
use crate::support::run::{Nx, new_key, run_start, send_json, with};
use crate::support::{Answer, Ci, Person, TestApp, Workspace};

async fn apply(person: &Person, workspace: &Workspace, set_up: &str, id: &str) -> Answer {
    person.post_about(workspace, "/do/set-up/apply", &[("set_up", set_up), ("id_access", id)]).await
}

fn issued(person: &Person) -> Vec<IssuedToken> {
    match person.notice() {
        Some(Notice::SetUpApplied(tokens)) => tokens,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_recommended_set_up_closes_the_id_and_makes_what_is_missing_once() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let id = ada.nx_cloud_id(&workspace).await;
    let anonymous = machine(&app, &id);
    assert_eq!(anonymous.get("1").await, 404);
    apply(&ada, &workspace, "main-writes", "none").await.done();
    let tokens = issued(&ada);
    assert_eq!(tokens.iter().map(|token| token.access).collect::<Vec<_>>(), [ReadWrite, ReadOnly]);
    let ci = |token: &IssuedToken| Ci::new(&app.url, token.id, token.secret.expose().to_owned());
    ci(&tokens[0]).put("1", archive(b"built")).await.is(200);
    ci(&tokens[1]).put("2", archive(b"built")).await.is(403);
    ci(&tokens[1]).get("1").await.is(200);
    assert_eq!(anonymous.get("1").await, 404, "the id alone finds nothing, at once");

    let path = format!("{}?setup=main-writes&anonymous=none", paths::workspace_set_up(&workspace.org, workspace.id));
    let page = ada.get(&path).await.is(200).text();
    for token in &tokens {
        assert!(page.contains(token.secret.expose()), "shown once");
    }
    let page = ada.get(&path).await.is(200).text();
    assert!(page.contains("Nothing would change") && !page.contains(tokens[0].secret.expose()));
    apply(&ada, &workspace, "main-writes", "read-only").await.done();
    assert_eq!(issued(&ada), []);
    assert_eq!(anonymous.get("1").await, 200);
    let log = ada.get(&paths::org_audit(app.org())).await.is(200).text();
    assert!(log.contains("as “Only the main branch stores”: the nxCloudId alone from read-only to none"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_works_no_more_is_missing() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let old = ada.token(&workspace, ReadWrite).await;
    apply(&ada, &workspace, "ci-writes", "none").await.done();
    assert_eq!(issued(&ada), []);
    ada.revoke(&workspace, &old).await;
    apply(&ada, &workspace, "ci-writes", "none").await.done();
    assert_eq!(issued(&ada).len(), 1);
    assert_eq!(app.db_count("ci_tokens").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_offered_can_be_set_up() {
    let (_app, ada, workspace) = TestApp::with_workspace().await;
    for (set_up, id) in [("main-writes", "read-write"), ("everything", "none"), ("", "")] {
        apply(&ada, &workspace, set_up, id).await.refused_for(Field::SetUp);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_up_finds_what_is_so_and_nothing_else() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let bob = app.member("bob", Role::Member).await;
    let path = paths::workspace_check_up(&workspace.org, workspace.id);
    bob.get(&path).await.is(403);
    let page = async || ada.get(&path).await.is(200).text();
    assert!(page().await.contains("Everyone who knows the nxCloudId can read"));
    apply(&ada, &workspace, "main-writes", "none").await.done();
    assert!(page().await.contains("Nothing to mend"));

    ada.token_for(&workspace, ReadOnly, "never").await;
    assert!(page().await.contains("never expires"));
    apply(&ada, &workspace, "members-write", "none").await.done();
    assert!(page().await.contains("The machines of all members can store"));
    app.state.clock.advance(TimeDelta::days(91));
    ada.sign_in(&ada.email, crate::support::PASSWORD).await.done();
    let later = page().await;
    assert!(later.contains("Nobody uses the token “ci”"), "{later}");
    assert!(!later.contains("Nobody uses the token “CI, main branch”"), "it expired: {later}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_check_up_finds_what_runs_have_shown() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let path = paths::workspace_check_up(&workspace.org, workspace.id);
    let page = async || ada.get(&path).await.is(200).text();
    apply(&ada, &workspace, "main-writes", "none").await.done();
    let ci: Vec<_> = issued(&ada).iter().map(|token| Ci::new(&app.url, token.id, token.secret.expose().to_owned())).collect();
    let [writer, reader] = ci.as_slice() else { panic!("{}", ci.len()) };
    let pull_request = json!({ "pull_request": "7", "encrypted": true, "credential_source": "environment" });
    Nx::start_as(&app, reader, &pull_request).await;
    Nx::start_as(&app, writer, &json!({ "encrypted": true })).await;
    assert!(page().await.contains("Nothing to mend"), "pull requests read, the main branch stores");

    Nx::start_as(&app, writer, &pull_request).await;
    let found = page().await;
    assert!(found.contains("Pull requests store with the token “CI, main branch”") && found.contains("Danger"), "{found}");
    assert!(!found.contains("stands in nx.json"), "{found}");
    Nx::start_as(&app, reader, &json!({ "credential_source": "nx_json" })).await;
    let found = page().await;
    assert!(found.contains("stands in nx.json") && !found.contains("“CI, main branch” stands"), "{found}");

    // Those of another workspace say nothing of this one.
    let sister = ada.workspace(&workspace.org, "api").await;
    let other = ada.token(&sister, ReadWrite).await;
    let there = paths::workspace_check_up(&sister.org, sister.id);
    assert!(!ada.get(&there).await.is(200).text().contains("encryption key"), "nothing runs there");
    Nx::start_as(&app, &other, &json!({ "credential_source": "nx_json" })).await;
    let found = ada.get(&there).await.is(200).text();
    assert!(found.contains("No run uses an encryption key") && found.contains("The token “ci” stands in nx.json"), "{found}");
    assert!(!found.contains("Pull requests store"), "{found}");

    // What was mended is not found any more: a token that works no more, and what is long ago.
    ada.revoke(&workspace, reader).await;
    assert!(!page().await.contains("stands in nx.json"));
    app.state.clock.advance(TimeDelta::days(31));
    ada.sign_in(&ada.email, crate::support::PASSWORD).await.done();
    let found = page().await;
    assert!(!found.contains("Pull requests store") && !found.contains("encryption key"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_says_only_what_is_known_of_where_its_token_was() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadOnly).await;
    for source in ["environment", "file", "nx_json", "login"] {
        Nx::start_as(&app, &ci, &json!({ "credential_source": source })).await;
    }
    Nx::start(&app, &ci).await;
    assert_eq!(app.db_count("runs WHERE credential_source IS NOT NULL").await, 4);
    let other = with(run_start(&app, &new_key()), &json!({ "credential_source": "a wall" }));
    send_json(&ci, "/api/v1/runs", &[], other.to_string()).await.is(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_workspace_says_that_the_id_reads() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (_, code) = nx_connect(&app, "web").await;
    let target = claim(&ada, &code, app.org(), "web").await.done();
    let page = ada.get(&format!("{target}/check-up")).await.is(200).text();
    assert!(page.contains("can read") && !page.contains("can store"), "{page}");
}
