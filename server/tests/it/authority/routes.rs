//! Every route of clients that writes, begun with each kind of credential, and finished when that gives it no more.

use std::collections::BTreeSet;

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use app::domain::role::Role;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::TimeDelta;
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use server::router::plain_routes;

use crate::support::archive::archive;
use crate::support::run::{Nx, new_key, run_start};
use crate::support::{Ci, Held, PASSWORD, Person, TestApp, Workspace, metrics};

/// Secret of a CI execution.
const EXECUTION: &str = "3333333333333333333333333333333333333333333333333333333333333333";

/// What writes and takes a credential.
const WRITING: [&str; 7] = [
    "PUT /v1/cache/{hash}",
    "PUT //v1/cache/{hash}",
    "PUT /w/{nxCloudId}/v1/cache/{hash}",
    "PUT /api/v1/artifacts/{hash}",
    "POST /api/v1/runs",
    "POST /api/v1/runs/{run}/report",
    "POST /api/v1/runs/{run}/end",
];

/// What only reads behind its body: it is refused all the same.
const READING: [&str; 1] = ["POST /api/v1/artifacts/lookup"];

/// Whatever else takes a body: asked without a credential, or by Nx Console (see below).
const OTHERS: [&str; 12] = [
    "POST /nx-cloud/v2/create-org-and-workspace",
    "POST /nx-cloud/create-org-and-workspace",
    "POST /nx-cloud/onboarding",
    "POST /nx-cloud/is-workspace-claimed",
    "POST /nx-cloud/stats",
    "POST /nx-cloud/nx-console/ci-pipeline-executions",
    "POST /nx-cloud/nx-console/ci-pipeline-executions/terminal-outputs",
    "POST /nx-cloud/mcp-context/pipeline-executions/search",
    "POST /nx-cloud/mcp-context/runs/search",
    "POST /nx-cloud/mcp-context/tasks/search",
    "POST /nx-cloud/mcp-context/tasks/details",
    // The token is what it takes back.
    "DELETE /api/v1/personal-access-token",
];

/// Terminals that have no credential yet.
const LOGINS: [&str; 2] = ["POST /api/v1/logins", "POST /api/v1/logins/token"];

#[test]
fn every_route_that_takes_a_body_is_known_here() {
    let routes = plain_routes(metrics());
    let writes = routes.iter().flat_map(|route| route.methods.iter().map(move |method| format!("{method} {}", route.path)));
    let there: BTreeSet<_> = writes.filter(|route| !route.starts_with("GET ")).collect();
    let known = WRITING.iter().chain(&READING).chain(&OTHERS).chain(&LOGINS).map(|route| (*route).to_owned()).collect();
    assert_eq!(there, known);
}

/// A workspace in which tokens of all kinds may write, and perhaps its id alone, and bob, a Member.
struct Team {
    app: TestApp,
    ada: Person,
    bob: Person,
    workspace: Workspace,
    id: String,
    writer: Ci,
    reader: Ci,
    /// Bob's.
    personal: Ci,
}

impl Team {
    async fn new(id_access: &str) -> Self {
        let (app, ada, workspace) = TestApp::with_workspace().await;
        let bob = app.member("bob", Role::Member).await;
        ada.post_about(&workspace, "/do/access-levels/set-id", &[("access", id_access)]).await.done();
        ada.post_about(&workspace, "/do/access-levels/set-personal", &[("access", "read-write")]).await.done();
        let writer = ada.token(&workspace, ReadWrite).await;
        Self {
            reader: ada.token(&workspace, ReadOnly).await,
            personal: writer.with(&bob.personal_token("laptop", "90d").await),
            id: ada.nx_cloud_id(&workspace).await,
            app,
            ada,
            bob,
            workspace,
            writer,
        }
    }

    fn request(&self, ci: &Ci, method: Method, path: &str) -> RequestBuilder {
        let request = ci.request(method, path);
        // A token of CI knows its workspace.
        if ci.secret.starts_with("bkci_") { request } else { request.header("Nx-Cloud-Id", &self.id) }
    }

    /// Begins everything that this credential may write.
    async fn begin(&self, ci: &Ci) -> Vec<(&'static str, Held)> {
        let nx = Nx::start(&self.app, &self.writer).await;
        let body = archive(b"built");
        let sha256 = format!("sha-256=:{}:", BASE64_STANDARD.encode(digest(&SHA256, &body)));
        let report =
            json!({ "tasks": [nx.ran(0, "app:build", 5, &json!({}))], "logs": [{ "task": 0, "attempt": 1, "piece": 0, "text": "out" }] });
        let end = json!({ "ended_at": self.app.state.clock.now(), "status": "success" });
        let mut held = Vec::new();
        for route in WRITING.into_iter().chain(READING) {
            let (method, path) = route.split_once(' ').unwrap();
            let is_for_ci = ["PUT /v1/cache/{hash}", "PUT //v1/cache/{hash}"].contains(&route);
            let is_shared = is_for_ci || route.starts_with("PUT /w/");
            if is_for_ci && !ci.secret.starts_with("bkci_") || is_shared && ci.secret == self.reader.secret {
                // Not theirs in the first place.
                continue;
            }
            let hash = held.len().to_string();
            let path = path.replace("{hash}", &hash).replace("{nxCloudId}", &self.id).replace("{run}", &nx.id.to_string());
            let request = self.request(ci, method.parse().unwrap(), &path).header("Buildkeep-Run-Key", &nx.key);
            let request = request.header("Buildkeep-Execution", EXECUTION).header("Content-Digest", &sha256);
            let body = match route {
                "POST /api/v1/runs" => run_start(&self.app, &new_key()).to_string().into_bytes(),
                "POST /api/v1/runs/{run}/report" => report.to_string().into_bytes(),
                "POST /api/v1/runs/{run}/end" => end.to_string().into_bytes(),
                "POST /api/v1/artifacts/lookup" => json!({ "hashes": ["1"] }).to_string().into_bytes(),
                _ => body.clone(),
            };
            held.push((route, Held::open(request.body(body)).await));
        }
        held
    }

    async fn post(&self, path: &str, more: &[(&str, &str)]) {
        self.ada.post_about(&self.workspace, path, more).await.done();
    }
}

/// Begins everything, takes something away, and sends the rest: all of it is refused, and nothing is kept.
async fn refused_after(credential: fn(&Team) -> Ci, take: impl AsyncFn(&Team)) {
    refused_where("none", credential, take).await;
}

/// The same where the id alone gives this.
async fn refused_where(id_access: &str, credential: fn(&Team) -> Ci, take: impl AsyncFn(&Team)) {
    let team = Team::new(id_access).await;
    let held = team.begin(&credential(&team)).await;
    assert!(held.len() >= 5);
    take(&team).await;
    refused(&team, held).await;
}

async fn refused(team: &Team, held: Vec<(&'static str, Held)>) {
    let before = team.app.rows().await;
    for (route, held) in held {
        let (status, answer) = held.finish().await;
        // A run that is not recorded is started all the same.
        let is_left_alone = route == "POST /api/v1/runs" && status == 200 && !answer.contains("\"run\":");
        assert!(is_left_alone || [401, 403, 404].contains(&status), "{route}: {answer}");
    }
    assert_eq!(team.app.rows().await, before);
    assert_eq!(team.app.blobs().len(), 0, "their bytes are gone too");
}

fn writer(team: &Team) -> Ci {
    team.writer.clone()
}

fn reader(team: &Team) -> Ci {
    team.reader.clone()
}

fn personal(team: &Team) -> Ci {
    team.personal.clone()
}

fn id_alone(team: &Team) -> Ci {
    team.writer.with("")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_was_taken_from_is_done() {
    let team = Team::new("read-write").await;
    for ci in [writer, reader, personal, id_alone] {
        let ci = ci(&team);
        let held = team.begin(&ci).await;
        // What is taken from others is not taken from these.
        let other = team.ada.token(&team.workspace, ReadWrite).await;
        team.ada.revoke(&team.workspace, &other).await;
        for (route, held) in held {
            let (status, answer) = held.finish().await;
            assert!([200, 201, 204].contains(&status), "{route}: {answer}");
        }
        team.app.db_execute("DELETE FROM artifacts").await;
        team.app.state.found.invalidate_all();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_of_ci_finishes_nothing() {
    refused_after(writer, async |team| team.ada.revoke(&team.workspace, &team.writer).await).await;
    refused_after(reader, async |team| team.ada.revoke(&team.workspace, &team.reader).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_token_of_ci_finishes_nothing_with_its_old_value() {
    refused_after(writer, async |team| {
        team.ada.rotate(&team.workspace, &team.writer, "0").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_meanwhile_finishes_nothing() {
    refused_after(writer, async |team| team.app.state.clock.advance(TimeDelta::days(90))).await;
    refused_after(personal, async |team| team.app.state.clock.advance(TimeDelta::days(90))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_older_than_its_organization_lets_them_be_finishes_nothing() {
    let shorter = async |team: &Team| {
        team.app.state.clock.advance(TimeDelta::days(8));
        team.ada.sign_in(&team.ada.email, PASSWORD).await.done();
        team.post("/do/token-policy/set", &[("ci_days", "7"), ("personal_days", "7")]).await;
    };
    refused_after(writer, shorter).await;
    refused_after(personal, shorter).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_personal_token_finishes_nothing() {
    refused_after(personal, async |team| {
        let own = team.app.backend().personal_tokens.list(&team.bob.caller().await).await.unwrap();
        team.bob.post("/do/personal-tokens/revoke", &[("token", &own.tokens[0].id.to_string())]).await.done();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_personal_token_of_a_member_who_was_removed_finishes_nothing() {
    refused_after(personal, async |team| {
        let form = [("org_slug", team.workspace.org.as_str()), ("member", &team.bob.id.to_string())];
        team.ada.post("/do/members/remove", &form).await.done();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_personal_token_of_an_account_that_was_deleted_finishes_nothing() {
    refused_after(personal, async |team| {
        let form = [("confirmation", team.bob.email.as_str()), ("current", PASSWORD)];
        team.bob.post("/do/accounts/delete", &form).await.done();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_personal_token_of_somebody_whom_the_sign_in_rule_keeps_out_finishes_nothing() {
    refused_after(personal, async |team| {
        team.app.db_execute("UPDATE orgs SET requires_provider = TRUE").await;
        team.app.db_execute("UPDATE access_epoch SET epoch = epoch + 1").await;
        team.app.state.access_changed();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_id_alone_finishes_nothing_when_its_level_is_none() {
    refused_where("read-write", id_alone, async |team| team.post("/do/access-levels/set-id", &[("access", "none")]).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_finished_in_a_workspace_that_was_deleted() {
    for credential in [writer, reader, personal, id_alone] {
        refused_where("read-write", credential, async |team| team.post("/do/workspaces/delete", &[("confirmation", "web")]).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_finished_in_an_organization_that_was_deleted() {
    for credential in [writer, personal] {
        refused_after(credential, async |team| team.post("/do/orgs/delete", &[("confirmation", "acme")]).await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_artifact_is_stored_when_the_level_is_set_to_reading() {
    for (credential, path) in [(personal as fn(&Team) -> Ci, "/do/access-levels/set-personal"), (id_alone, "/do/access-levels/set-id")] {
        let team = Team::new("read-write").await;
        let held = team.begin(&credential(&team)).await;
        team.post(path, &[("access", "read-only")]).await;
        let artifacts: Vec<_> = held.into_iter().filter(|(route, _)| route.starts_with("PUT ")).collect();
        assert!(!artifacts.is_empty());
        refused(&team, artifacts).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_takes_away_as_well() {
    let team = Team::new("none").await;
    // What only reads goes on for less than a second.
    let held = team.begin(&team.writer).await.into_iter().filter(|(route, _)| WRITING.contains(route)).collect();
    let (_other, url) = team.app.another_server().await;
    let ada = team.app.browser_at(&url);
    ada.sign_in(&team.ada.email, PASSWORD).await.done();
    let (workspace, token) = (team.workspace.id.to_string(), team.writer.id.to_string());
    ada.post("/do/ci-tokens/revoke", &team.workspace.form(&workspace, &[("token", &token)])).await.done();
    refused(&team, held).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_of_nx_console_is_not_answered_when_the_token_is_revoked_behind_it() {
    let team = Team::new("none").await;
    let asked = OTHERS.into_iter().filter(|route| route.contains("/nx-console/") || route.contains("/mcp-context/"));
    let mut held = Vec::new();
    for route in asked {
        let (method, path) = route.split_once(' ').unwrap();
        let request = team.request(&team.personal, method.parse().unwrap(), path).body(r#"{ "taskId": "app:build", "linkId": "unknown" }"#);
        held.push((route, Held::open(request).await));
    }
    assert_eq!(held.len(), 6);
    let form = [("org_slug", team.workspace.org.as_str()), ("member", &team.bob.id.to_string())];
    team.ada.post("/do/members/remove", &form).await.done();
    for (route, held) in held {
        let (status, answer) = held.finish().await;
        assert_eq!(status, 401, "{route}: {answer}");
    }
}
