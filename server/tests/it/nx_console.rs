//! What Nx Console and its MCP server ask: who sees what, under attack, and in the shapes that they read.

use std::io::Read as _;

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use app::domain::role::Role;
use app::domain::visibility::VisibilityChange;
use chrono::TimeDelta;
use flate2::read::GzDecoder;
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use server::services::runs::nx_console::opened_log;

use crate::support::run::Nx;
use crate::support::{Answer, Ci, Person, Terminal, TestApp, Workspace};

const RECENT: &str = "/nx-cloud/nx-console/ci-pipeline-executions";
const LOGS: &str = "/nx-cloud/nx-console/ci-pipeline-executions/terminal-outputs";
const EXECUTIONS: &str = "/nx-cloud/mcp-context/pipeline-executions/search";
const RUNS: &str = "/nx-cloud/mcp-context/runs/search";
const TASKS: &str = "/nx-cloud/mcp-context/tasks/search";
const NO_PERSON: &[(&str, &str)] = &[];

/// An editor on somebody's machine: it sends what it finds.
struct Editor {
    terminal: Terminal,
    headers: Vec<(&'static str, String)>,
}

impl Editor {
    fn new(app: &TestApp, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { terminal: Terminal::new(&app.url, ""), headers }
    }

    async fn send(&self, method: Method, path: &str, body: String) -> Answer {
        let request = self.terminal.request(method, path).header("content-type", "application/json").body(body);
        self.terminal.send(self.headers.iter().fold(request, |request, (name, value)| request.header(*name, value))).await
    }

    async fn ask(&self, path: &str, question: &Value) -> Answer {
        self.send(Method::POST, path, question.to_string()).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, String::new()).await
    }

    /// The execution that the editor shows for a branch.
    async fn recent(&self, branch: &str) -> Value {
        self.ask(RECENT, &json!({ "branches": [branch] })).await.is(200).json()["ciPipelineExecutions"][0].clone()
    }

    async fn log(&self, task: &str, run: &str) -> Answer {
        self.ask(LOGS, &json!({ "taskId": task, "linkId": run, "executionId": run })).await
    }
}

struct World {
    app: TestApp,
    ada: Person,
    workspace: Workspace,
    ci: Ci,
    bob: Person,
    id: String,
    personal: String,
}

impl World {
    async fn new() -> Self {
        let (app, ada, workspace) = TestApp::with_workspace().await;
        let ci = ada.token(&workspace, ReadOnly).await;
        let bob = app.member("bob", Role::Member).await;
        let (id, personal) = (ada.nx_cloud_id(&workspace).await, bob.personal_token("laptop", "90d").await);
        Self { app, ada, workspace, ci, bob, id, personal }
    }

    /// The editor of a member.
    fn editor(&self) -> Editor {
        Editor::new(&self.app, &[("nx-cloud-id", &self.id), ("nx-cloud-personal-access-token", &self.personal)])
    }

    /// The editor of whoever has this token.
    fn with(&self, token: &str) -> Editor {
        Editor::new(&self.app, &[("nx-cloud-id", &self.id), ("nx-cloud-personal-access-token", token)])
    }

    /// A run of a CI execution.
    async fn run(&self, execution: &str, more: &Value) -> Nx<'_> {
        let ci = json!({ "ci": { "provider": "github", "execution_id": execution } });
        Nx::start_as(&self.app, &self.ci, &crate::support::run::with(ci, more)).await
    }

    /// One that has failed, with a log.
    async fn failed_run(&self) -> Nx<'_> {
        let nx = self.run("gh-1", &json!({})).await;
        nx.tasks(&[nx.ran(0, "app:test", 40, &json!({ "status": "failure", "code": 1 })), nx.ran(1, "lib:build", 10, &json!({}))]).await;
        nx.log(0, 0, "\u{1b}[31mexpected 1\n").await;
        nx.log(0, 1, "got 2\n").await;
        nx.end("failure").await.is(204);
        nx
    }

    async fn turn(&self, change: VisibilityChange) {
        let form = [("org_slug", "acme"), ("change", change.as_str()), ("typed_name", "acme")];
        self.ada.post("/do/orgs/change-visibility", &form).await.done();
    }

    async fn remove_bob(&self) {
        self.ada.post("/do/members/remove", &[("org_slug", "acme"), ("member", &self.bob.id.to_string())]).await.done();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_shows_the_newest_execution_of_each_branch() {
    let world = World::new().await;
    let old = world.run("gh-0", &json!({})).await;
    old.end("success").await.is(204);
    let failed = world.failed_run().await;
    let windows = json!({ "provider": "github", "execution_id": "gh-1", "execution_env": "windows" });
    let other = world.run("gh-1", &json!({ "ci": windows, "command": "nx run-many -t lint" })).await;
    world.run("gh-2", &json!({ "branch": "feature" })).await;
    Nx::start_as(&world.app, &world.ci, &json!({ "branch": "local" })).await;

    let asked = json!({ "branches": ["main", "feature", "main", "local", "unknown"] });
    let answer = world.editor().ask(RECENT, &asked).await.is(200).json();
    let all = answer["ciPipelineExecutions"].as_array().unwrap();
    assert_eq!(all.iter().map(|one| one["branch"].as_str().unwrap()).collect::<Vec<_>>(), ["feature", "main"]);
    assert_eq!(answer["workspaceUrl"], format!("{}/o/acme/w/{}", world.app.state.site.public_url, world.workspace.id));

    let main = &all[1];
    assert_eq!((&main["status"], &main["completedAt"], &main["commitUrl"]), (&json!("IN_PROGRESS"), &Value::Null, &Value::Null));
    assert_eq!((&main["commitTitle"], &main["author"]), (&json!("Fix the frobnicator"), &json!("Grace Hopper <grace@example.com>")));
    let groups: Vec<_> = main["runGroups"].as_array().unwrap().iter().map(|group| (&group["ciExecutionEnv"], &group["status"])).collect();
    assert_eq!(groups, [(&json!(""), &json!("FAILED")), (&json!("windows"), &json!("IN_PROGRESS"))]);
    let run = &main["runGroups"][0]["runs"][0];
    assert_eq!((&run["linkId"], &run["status"]), (&json!(failed.id.to_string()), &json!("FAILED")));
    assert_eq!((&run["failedTasks"], &run["numFailedTasks"], &run["numTasks"]), (&json!(["app:test"]), &json!(1), &json!(2)));
    assert!(run["runUrl"].as_str().unwrap().ends_with(&format!("/runs/{}", failed.id)), "what its MCP server takes apart: {run}");
    // Its page shows the runs of this execution.
    let page = main["cipeUrl"].as_str().unwrap().strip_prefix(&world.app.state.site.public_url).unwrap().to_owned();
    let page = world.bob.get(&page).await.is(200).text();
    assert!(page.contains(&other.id.to_string()) && !page.contains(&old.id.to_string()), "{page}");

    other.end("success").await.is(204);
    assert_eq!(world.editor().recent("main").await["status"], "FAILED");
}

#[tokio::test(flavor = "multi_thread")]
async fn success_is_told_when_no_further_command_comes() {
    let world = World::new().await;
    world.run("gh-1", &json!({})).await.end("success").await.is(204);
    assert_eq!(world.editor().recent("main").await["status"], "IN_PROGRESS", "the editor tells its person once only");
    world.app.state.clock.advance(TimeDelta::minutes(3));
    let main = world.editor().recent("main").await;
    assert_eq!(main["status"], "SUCCEEDED");
    assert!(main["completedAt"].as_i64().unwrap() >= main["createdAt"].as_i64().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_are_found_page_by_page_and_each_once() {
    let world = World::new().await;
    for number in 0..5 {
        for _ in 0..3 {
            let branch = if number % 2 == 0 { "main" } else { "other" };
            world.run(&format!("gh-{number}"), &json!({ "branch": branch })).await.end("failure").await.is(204);
        }
    }
    let editor = world.editor();
    let pages = async |asked: Value| {
        let (mut found, mut asked) = (Vec::new(), asked);
        loop {
            let page = editor.ask(EXECUTIONS, &asked).await.is(200).json();
            found.extend(page["items"].as_array().unwrap().iter().map(|one| one["ciExecutionId"].as_str().unwrap().to_owned()));
            match page["nextPageToken"].as_str() {
                Some(next) => asked["pageToken"] = json!(next),
                None => return found,
            }
        }
    };
    assert_eq!(pages(json!({ "limit": 2 })).await, ["gh-4", "gh-3", "gh-2", "gh-1", "gh-0"]);
    assert_eq!(pages(json!({ "branches": ["other"] })).await, ["gh-3", "gh-1"]);
    assert_eq!(pages(json!({ "branches": ["other", "main"], "limit": 100 })).await.len(), 5);
    assert_eq!(pages(json!({ "statuses": ["SUCCEEDED"] })).await, [""; 0]);
    assert_eq!(pages(json!({ "vcsTitleContains": "FROB", "statuses": ["FAILED"] })).await.len(), 5);
    let now = world.app.state.clock.now();
    assert_eq!(pages(json!({ "minCreatedAt": now + TimeDelta::minutes(1) })).await, [""; 0]);
    assert_eq!(pages(json!({ "maxCreatedAt": now - TimeDelta::days(1) })).await, [""; 0]);
    assert_eq!(pages(json!({ "minCreatedAt": now - TimeDelta::days(1), "maxCreatedAt": now + TimeDelta::days(1) })).await.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_leads_to_its_runs_and_a_run_to_its_tasks() {
    let world = World::new().await;
    let failed = world.failed_run().await;
    world.run("gh-2", &json!({ "branch": "other" })).await;
    let editor = world.editor();
    let id = editor.recent("main").await["ciPipelineExecutionId"].as_str().unwrap().to_owned();
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric()), "it goes into an address as it is: {id}");
    let execution = editor.get(&format!("/nx-cloud/mcp-context/pipeline-executions/{id}")).await.is(200).json();
    assert_eq!((&execution["ciExecutionId"], &execution["vcsContext"]["ref"]), (&json!("gh-1"), &json!("main")));
    assert_eq!((&execution["status"], &execution["runGroups"][0]["commandCount"]), (&json!("FAILED"), &json!(1)));

    let found = editor.ask(RUNS, &json!({ "pipelineExecutionId": id })).await.is(200).json();
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    assert_eq!((&found["items"][0]["id"], &found["items"][0]["taskCount"]), (&json!(failed.id.to_string()), &json!(2)));
    let of = async |asked: Value| editor.ask(RUNS, &asked).await.is(200).json()["items"].as_array().unwrap().len();
    assert_eq!(of(json!({})).await, 2);
    assert_eq!(of(json!({ "statuses": ["IN_PROGRESS"], "commitShas": ["1a2b3c"] })).await, 1);
    assert_eq!(of(json!({ "pipelineExecutionId": "no such id" })).await, 0);

    let run = editor.get(&format!("/nx-cloud/mcp-context/runs/{}", failed.id)).await.is(200).json();
    assert_eq!((&run["branch"], &run["distributedExecutionId"], &run["status"]), (&json!("main"), &json!(id), &json!("FAILED")));
    assert_eq!((&run["tasks"][0]["taskId"], &run["tasks"][0]["status"]), (&json!("app:test"), &json!("FAILED")));
    assert_eq!((&run["tasks"][1]["status"], &run["tasks"][1]["cacheStatus"]), (&json!("SUCCEEDED"), &json!("cache-miss")));
}

#[tokio::test(flavor = "multi_thread")]
async fn tasks_have_numbers_for_ci_and_for_machines() {
    let world = World::new().await;
    for hit in [false, true] {
        let nx = world.run("gh-1", &json!({})).await;
        // A task begins after its run.
        world.app.state.clock.advance(TimeDelta::seconds(5));
        let cache = if hit { "remote_hit" } else { "miss" };
        nx.tasks(&[nx.ran(0, "app:build", if hit { 100 } else { 3000 }, &json!({ "cache": cache })), nx.ran(1, "lib:test", 5, &json!({}))])
            .await;
    }
    let local = Nx::start(&world.app, &world.ci).await;
    local.tasks(&[local.ran(0, "app:build", 10, &json!({ "status": "failure" }))]).await;

    let editor = world.editor();
    let found = editor.ask(TASKS, &json!({ "projectNames": ["app"], "includeLocal": true })).await.is(200).json();
    let [machine, ci] = found["items"].as_array().unwrap().as_slice() else { panic!("{found}") };
    assert_eq!((&machine["isCI"], &machine["totalCount"], &machine["avgFailureRate"]), (&json!(false), &json!(1), &json!(1.0)));
    assert_eq!((&ci["totalCount"], &ci["avgRemoteCacheHitRate"], &ci["avgSuccessRate"]), (&json!(2), &json!(0.5), &json!(1.0)));
    assert_eq!((&ci["avgRemoteCacheHitDurationMs"], &ci["avgCacheMissDurationMs"]), (&json!(100.0), &json!(3000.0)));

    let page = editor.ask(TASKS, &json!({ "limit": 1 })).await.is(200).json();
    assert_eq!((&page["items"][0]["projectName"], &page["nextPageToken"]), (&json!("app"), &json!("1")));
    let page = editor.ask(TASKS, &json!({ "limit": 1, "pageToken": "1" })).await.is(200).json();
    assert_eq!((&page["items"][0]["projectName"], &page["nextPageToken"]), (&json!("lib"), &Value::Null));
    let one = editor.ask("/nx-cloud/mcp-context/tasks/details", &json!({ "taskIds": ["app:build"] })).await.is(200).json();
    assert_eq!(one["items"].as_array().unwrap().len(), 1);
    assert_eq!(one["items"][0]["rawTotalCounts"][0]["value"], 2.0);
}

fn unpacked(body: &[u8]) -> String {
    let mut tar = tar::Archive::new(GzDecoder::new(body));
    let mut entries = tar.entries().unwrap();
    let mut entry = entries.next().unwrap().unwrap();
    assert!(entry.path().unwrap().starts_with("terminalOutputs"));
    let mut text = String::new();
    entry.read_to_string(&mut text).unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_is_fetched_without_a_credential_within_a_minute() {
    let world = World::new().await;
    let run = world.failed_run().await.id.to_string();
    let editor = world.editor();
    let link = editor.log("app:test", &run).await.is(200).json()["artifactUrl"].as_str().unwrap().to_owned();
    let path = link.strip_prefix(&world.app.state.site.public_url).unwrap();
    let anybody = Editor::new(&world.app, NO_PERSON);
    let answer = anybody.get(path).await.is(200);
    assert_eq!(unpacked(&answer.body), "\u{1b}[31mexpected 1\ngot 2\n");
    assert_eq!(answer.header("cache-control"), "no-store");

    // Another task, run, attempt, holder or end: none of it can be changed.
    let ticket = path.rsplit_once('/').unwrap().1;
    let parts: Vec<&str> = ticket.split('.').collect();
    for (place, other) in [(0, "9999999999"), (1, "visitor"), (3, "run_01j00000000000000000000000"), (4, "1"), (5, "2"), (6, "00")] {
        let mut parts = parts.clone();
        parts[place] = other;
        anybody.get(&format!("/nx-cloud/nx-console/terminal-outputs/{}", parts.join("."))).await.is(404);
    }
    for nonsense in ["", ".", "......", "%ff", "a.b.c.d.e.f.g"] {
        anybody.get(&format!("/nx-cloud/nx-console/terminal-outputs/{nonsense}")).await.is(404);
    }
    world.app.state.clock.advance(TimeDelta::seconds(61));
    assert!(anybody.get(path).await.is(404).text().contains("Ask for the log again"));

    assert!(editor.log("lib:build", &run).await.is(404).text().contains("Nothing was kept"), "it has no log");
    for (task, run) in [("app:other", run.as_str()), ("app:test", "run_01j00000000000000000000000"), ("app:test", "nonsense")] {
        editor.log(task, run).await.is(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_removed_or_logged_out_fetches_no_log_any_more() {
    let world = World::new().await;
    let run = world.failed_run().await.id.to_string();
    let link = async |editor: &Editor| {
        let link = editor.log("app:test", &run).await.is(200).json()["artifactUrl"].as_str().unwrap().to_owned();
        link.strip_prefix(&world.app.state.site.public_url).unwrap().to_owned()
    };
    let own = world.ada.personal_token("laptop", "90d").await;
    let of_ada = link(&world.with(&own)).await;
    let of_bob = link(&world.editor()).await;
    let anybody = Editor::new(&world.app, NO_PERSON);
    anybody.get(&of_ada).await.is(200);
    Terminal::new(&world.app.url, "").with(&own).log_out().await.is(204);
    anybody.get(&of_ada).await.is(404);
    anybody.get(&of_bob).await.is(200);
    world.remove_bob().await;
    anybody.get(&of_bob).await.is(404);

    world.turn(VisibilityChange::MakePublic).await;
    let of_visitor = link(&Editor::new(&world.app, &[("nx-cloud-id", &world.id)])).await;
    anybody.get(&of_visitor).await.is(200);
    world.turn(VisibilityChange::MakePrivate).await;
    anybody.get(&of_visitor).await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_editor_of_a_visitor_fetches_no_log_that_is_kept_to_members() {
    let world = World::new().await;
    let run = world.failed_run().await.id.to_string();
    world.turn(VisibilityChange::MakePublic).await;
    let visitor = Editor::new(&world.app, &[("nx-cloud-id", &world.id)]);
    let link = visitor.log("app:test", &run).await.is(200).json()["artifactUrl"].as_str().unwrap().to_owned();
    let ticket = link.strip_prefix(&world.app.state.site.public_url).unwrap();
    let anybody = Editor::new(&world.app, NO_PERSON);
    anybody.get(ticket).await.is(200);
    world.ada.post("/do/orgs/set-visitor-logs", &[("org_slug", "acme"), ("logs", "hidden")]).await.done();
    anybody.get(ticket).await.is(404);
    visitor.log("app:test", &run).await.is(404);
    world.editor().log("app:test", &run).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_on_its_way_to_an_editor_ends_with_the_permission_and_not_with_the_ticket() {
    let world = World::new().await;
    let run = world.failed_run().await.id.to_string();
    world.turn(VisibilityChange::MakePublic).await;
    let visitor = Editor::new(&world.app, &[("nx-cloud-id", &world.id)]);
    let link = visitor.log("app:test", &run).await.is(200).json()["artifactUrl"].as_str().unwrap().to_owned();
    let ticket = link.rsplit('/').next().unwrap();
    let begin = async || opened_log(&world.app.state, ticket).await.unwrap().unwrap();
    let (slow, cut) = (begin().await, begin().await);
    world.app.state.clock.advance(TimeDelta::minutes(2));
    assert!(slow.collect::<Vec<_>>().await.iter().all(Result::is_ok));
    world.ada.post("/do/orgs/set-visitor-logs", &[("org_slug", "acme"), ("logs", "hidden")]).await.done();
    assert!(cut.collect::<Vec<_>>().await.iter().any(Result::is_err));
}

/// Everything that can be asked, with what it is about.
async fn ask_all(editor: &Editor, run: &str, execution: &str) -> Vec<Answer> {
    let mut answers = vec![editor.log("app:test", run).await];
    for (path, question) in [
        (RECENT, json!({ "branches": ["main"] })),
        (EXECUTIONS, json!({})),
        (RUNS, json!({})),
        (TASKS, json!({ "includeLocal": true })),
        ("/nx-cloud/mcp-context/tasks/details", json!({})),
    ] {
        answers.push(editor.ask(path, &question).await);
    }
    for path in [format!("pipeline-executions/{execution}"), format!("runs/{run}")] {
        answers.push(editor.get(&format!("/nx-cloud/mcp-context/{path}")).await);
    }
    answers
}

#[tokio::test(flavor = "multi_thread")]
async fn only_members_see_the_runs_of_a_private_organization() {
    let world = World::new().await;
    let run = world.failed_run().await.id.to_string();
    let execution = world.editor().recent("main").await["ciPipelineExecutionId"].as_str().unwrap().to_owned();
    for answer in ask_all(&world.editor(), &run, &execution).await {
        answer.is(200);
    }
    let writer = world.ada.token(&world.workspace, ReadWrite).await;
    let eve = world.app.person("eve").await;
    eve.workspace(&eve.found("eves").await, "web").await;
    let of_eve = eve.personal_token("laptop", "90d").await;
    let revoked = world.bob.personal_token("old", "90d").await;
    Terminal::new(&world.app.url, "").with(&revoked).log_out().await.is(204);
    let personal = "nx-cloud-personal-access-token";
    let id = ("nx-cloud-id", world.id.as_str());
    for (headers, says) in [
        (vec![], "Send an access token"),
        (vec![id], "Run `nx login`"),
        (vec![("nx-cloud-id", "000000000000000000000000")], "No workspace"),
        (vec![id, ("authorization", world.ci.secret.as_str())], "CI access token does not show runs"),
        (vec![("authorization", writer.secret.as_str())], "CI access token does not show runs"),
        (vec![id, (personal, of_eve.as_str())], "not a member"),
        (vec![id, (personal, revoked.as_str())], "unknown, expired or revoked"),
        (vec![id, (personal, "bkpat_nonsense")], "unknown, expired or revoked"),
        (vec![(personal, world.personal.as_str())], "convert-to-nx-cloud-id"),
        (vec![id, ("authorization", "an-old-token-of-another-server")], "unknown, expired or revoked"),
    ] {
        for answer in ask_all(&Editor::new(&world.app, &headers), &run, &execution).await {
            let answer = answer.is(401);
            assert!(answer.header("content-type").starts_with("text/plain"), "people read it");
            assert!(answer.text().contains(says), "{}", answer.text());
        }
    }
    // All that a machine has is sent at once: the person counts. A token that is set as that of CI counts too.
    let both = [id, (personal, world.personal.as_str()), ("authorization", world.ci.secret.as_str())];
    Editor::new(&world.app, &both).ask(RUNS, &json!({})).await.is(200);
    for value in [world.personal.clone(), format!("Bearer {}", world.personal)] {
        Editor::new(&world.app, &[id, ("authorization", &value)]).ask(RUNS, &json!({})).await.is(200);
    }
    world.remove_bob().await;
    for answer in ask_all(&world.editor(), &run, &execution).await {
        assert!(answer.is(401).text().contains("not a member"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_workspace_shows_what_is_of_another() {
    let world = World::new().await;
    let run = world.failed_run().await.id.to_string();
    let execution = world.editor().recent("main").await["ciPipelineExecutionId"].as_str().unwrap().to_owned();
    // One of the same organization, with the same keys and names, and one of another.
    let sister = world.ada.workspace(&world.workspace.org, "api").await;
    let eve = world.app.person("eve").await;
    let foreign = eve.workspace(&eve.found("eves").await, "web").await;
    for (person, workspace) in [(&world.ada, &sister), (&eve, &foreign)] {
        let (id, token) = (person.nx_cloud_id(workspace).await, person.personal_token("laptop", "90d").await);
        let editor = Editor::new(&world.app, &[("nx-cloud-id", &id), ("nx-cloud-personal-access-token", &token)]);
        assert_eq!(editor.recent("main").await, Value::Null);
        for path in [EXECUTIONS, RUNS, TASKS] {
            let found = editor.ask(path, &json!({ "pipelineExecutionId": execution, "includeLocal": true })).await.is(200).json();
            assert_eq!(found, json!({ "items": [] }));
        }
        editor.get(&format!("/nx-cloud/mcp-context/pipeline-executions/{execution}")).await.is(404);
        editor.get(&format!("/nx-cloud/mcp-context/runs/{run}")).await.is(404);
        editor.log("app:test", &run).await.is(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_sees_of_a_public_organization_what_visitors_see() {
    let world = World::new().await;
    let run = world.failed_run().await.id.to_string();
    world.turn(VisibilityChange::MakePublic).await;
    let anyone = Editor::new(&world.app, &[("nx-cloud-id", &world.id)]);
    let execution = anyone.recent("main").await;
    assert_eq!(execution["author"], "Grace Hopper", "without the address");
    let id = execution["ciPipelineExecutionId"].as_str().unwrap();
    for editor in [&anyone, &Editor::new(&world.app, &[("authorization", &world.ci.secret)])] {
        for answer in ask_all(editor, &run, id).await {
            assert!(!answer.is(200).text().contains("grace@example.com"));
        }
    }
    world.turn(VisibilityChange::MakePrivate).await;
    anyone.ask(RUNS, &json!({})).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_have_limits() {
    let world = World::new().await;
    let editor = world.editor();
    let branches: Vec<_> = (0..51).map(|number| format!("b{number}")).collect();
    assert!(editor.ask(RECENT, &json!({ "branches": branches })).await.is(413).text().contains("at most 50 branches"));
    editor.ask(RECENT, &json!({ "branches": [] })).await.is(200);
    editor.ask(RUNS, &json!({ "branches": ["x".repeat(70_000)] })).await.is(413);
    editor.send(Method::POST, RUNS, "{".to_owned()).await.is(400);
    for bad in [json!({ "minStartTime": "yesterday" }), json!({ "limit": -1 }), json!({ "pageToken": "x" }), json!([1])] {
        assert!(editor.ask(RUNS, &bad).await.is(422).header("content-type").starts_with("text/plain"), "{bad}");
    }
    editor
        .ask(RUNS, &json!({ "limit": 1_000_000, "maxStartTime": "+262142-12-31T23:59:59Z", "minStartTime": "-000001-01-01T00:00:00Z" }))
        .await
        .is(200);
}
