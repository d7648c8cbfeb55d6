//! What somebody tries who means no good.

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use app::domain::run::RunStatus;
use reqwest::Method;
use serde_json::{Value, json};

use super::{all_runs, tasks, view, world};
use crate::support::run::{Nx, new_key, run_start, send_json, task, with};

#[tokio::test(flavor = "multi_thread")]
async fn only_the_holder_of_the_key_adds_to_a_run() {
    let (app, ada, workspace, ci) = world().await;
    let nx = Nx::start(&app, &ci).await;
    let report = json!({ "tasks": [task(0, "app:build", &json!({}))] }).to_string();
    let colleague = ada.token(&workspace, ReadWrite).await;
    let elsewhere = ada.token(&ada.workspace(&workspace.org, "other").await, ReadWrite).await;
    for key in ["", "x", &new_key(), &"é".repeat(32)] {
        let key = if key.is_ascii() { key } else { "%" };
        nx.by(&colleague).send("report", key, report.clone()).await.is(404);
        nx.by(&colleague).send("end", key, json!({ "ended_at": app.state.clock.now(), "status": "success" }).to_string()).await.is(404);
    }
    nx.by(&elsewhere).send("report", &nx.key, report.clone()).await.is(404);
    nx.by(&elsewhere).end("success").await.is(404);
    nx.by(&ci.with("")).send("report", &nx.key, report.clone()).await.is(401);
    let without = ci.request_as(Method::POST, &format!("/api/v1/runs/{}/report", nx.id), "application/json").body(report.clone());
    ci.send(without).await.is(404);
    for id in ["run_x", "%2e%2e%2f", "%00", "%ff", "run_01hzzzzzzzzzzzzzzzzzzzzzzz"] {
        send_json(&ci, &format!("/api/v1/runs/{id}/report"), &[("Buildkeep-Run-Key", &nx.key)], "{}".to_owned()).await.is(404);
    }
    assert_eq!(view(&app, &workspace, nx.id).await.counts.all(), 0);
    // Whoever has the key may be another credential of the same workspace.
    nx.by(&colleague).send("report", &nx.key.to_uppercase(), report).await.is(204);
    ada.revoke(&workspace, &colleague).await;
    nx.by(&colleague).send("report", &nx.key, "{}".to_owned()).await.is(401);
    nx.end("success").await.is(204);
    assert_eq!(view(&app, &workspace, nx.id).await.status, RunStatus::Success);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_one_workspace_finds_nothing_in_another() {
    let (app, ada, workspace, ci) = world().await;
    let elsewhere = ada.workspace(&workspace.org, "other").await;
    let other = ada.token(&elsewhere, ReadOnly).await;
    let key = new_key();
    for ci in [&ci, &other] {
        send_json(ci, "/api/v1/runs", &[], run_start(&app, &key).to_string()).await.is(200);
    }
    let (here, there) = (all_runs(&app, &workspace).await, all_runs(&app, &elsewhere).await);
    assert_eq!((here.len(), there.len()), (1, 1));
    assert_ne!(here[0].id, there[0].id);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_run_is_refused() {
    let (app, _, workspace, ci) = world().await;
    let start = |more: Value| with(run_start(&app, &new_key()), &more).to_string();
    for (body, status) in [
        ("{".to_owned(), 400),
        ("[]".to_owned(), 422),
        ("{\"key\":\"\\ud800\"}".to_owned(), 400),
        (start(json!({ "key": "short" })), 422),
        (start(json!({ "key": "x".repeat(64) })), 422),
        (start(json!({ "tasks": -1 })), 422),
        (start(json!({ "command": "x".repeat(70_000) })), 413),
    ] {
        send_json(&ci, "/api/v1/runs", &[], body).await.is(status);
    }
    let junk = ci.request_as(Method::POST, "/api/v1/runs", "application/json").body(vec![0xff, 0xfe, b'{']);
    ci.send(junk).await.is(400);
    assert_eq!(all_runs(&app, &workspace).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_keeps_to_its_bounds() {
    let (app, _, workspace, ci) = world().await;
    let nx = Nx::start(&app, &ci).await;
    let piece = |more: Value| with(json!({ "task": 0, "attempt": 1, "piece": 0, "text": "x" }), &more);
    let many = |count: u32| (0..count).map(|n| task(n, "a:b", &json!({}))).collect::<Vec<_>>();
    for (report, status) in [
        (json!({ "tasks": many(501) }), 413),
        (json!({ "tasks": [task(20_000, "a:b", &json!({}))] }), 422),
        (json!({ "tasks": [task(0, "a:b", &json!({ "attempt": 0 }))] }), 422),
        (json!({ "tasks": [task(0, "a:b", &json!({ "attempt": 70_000 }))] }), 422),
        (json!({ "tasks": [task(0, "a:b", &json!({ "status": "great" }))] }), 422),
        (json!({ "logs": [piece(json!({ "text": "x".repeat((256 << 10) + 1) }))] }), 413),
        (json!({ "logs": [piece(json!({ "task": 20_000 }))] }), 422),
        (json!({ "logs": [piece(json!({ "piece": 4_000_000_000_u32 }))] }), 422),
        (json!({ "logs": vec![piece(json!({})); 5001] }), 413),
        (json!({ "logs": vec![piece(json!({ "text": "x".repeat(256 << 10) })); 40] }), 413),
    ] {
        nx.report(&report).await.is(status);
    }
    assert_eq!(view(&app, &workspace, nx.id).await.counts.all(), 0, "nothing of these can be read");
    nx.report(&json!({ "tasks": many(500), "of the future": true })).await.is(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_bad_entry_does_not_take_the_others_of_its_report_with_it() {
    let (app, _, workspace, ci) = world().await;
    let nx = Nx::start(&app, &ci).await;
    let good = |number: u32| task(number, "a:b", &json!({})).to_string();
    let bad = [
        "7".to_owned(),
        r#"{"number":1}"#.to_owned(),
        // Half a character, as JSON of JavaScript may hold it.
        task(1, "a:b", &json!({ "params": "HALF" })).to_string().replace("HALF", r"\ud83d"),
        task(1, "a:b", &json!({ "status": "great" })).to_string(),
        task(1, "a:b", &json!({ "attempt": 0 })).to_string(),
        task(20_000, "a:b", &json!({})).to_string(),
    ];
    for (number, bad) in (0..).zip(&bad) {
        let body = format!(r#"{{"tasks":[{},{bad},{}]}}"#, good(2 * number), good(2 * number + 1));
        nx.send("report", &nx.key, body).await.is(204);
        assert_eq!(view(&app, &workspace, nx.id).await.counts.all(), 2 * (number + 1), "{bad}");
    }
    let logs = |text: &str, piece: u64| format!(r#"{{"task":0,"attempt":1,"piece":{piece},"text":"{text}"}}"#);
    let too_much = "x".repeat((256 << 10) + 1);
    let body = format!(r#"{{"logs":[{},{},{},{}]}}"#, logs("one ", 0), logs(r"\udc00", 1), logs(&too_much, 2), logs("two", 3));
    nx.send("report", &nx.key, body).await.is(204);
    let log = app.backend().runs.log(&app.operator(), &workspace.org, workspace.id, (nx.id, 0), 1, None).await.unwrap();
    assert_eq!(log.text, "one two");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_texts_are_cut_and_links_lead_to_the_web_only() {
    let (app, _, workspace, ci) = world().await;
    for (url, kept) in [
        ("https://ci.example.com/1", Some("https://ci.example.com/1")),
        ("javascript:alert(1)", None),
        (" javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("//evil.example", None),
    ] {
        let more = json!({ "ci": { "provider": "x", "url": url }, "command": "ü".repeat(4000), "branch": "b\u{0}\n".repeat(1000) });
        let nx = Nx::start_as(&app, &ci, &more).await;
        let facts = view(&app, &workspace, nx.id).await.facts;
        assert_eq!(facts.ci_url.as_deref(), kept, "{url}");
        assert_eq!((facts.command.len(), facts.branch.unwrap().len()), (4096, 500));
    }
    let nx = Nx::start(&app, &ci).await;
    let long = json!({
        "id": "i".repeat(9000),
        "hash": "h".repeat(9000),
        "depends_on": (0..5000).chain([4_000_000_000_u32]).collect::<Vec<_>>(),
        "hash_details": { "a": "x".repeat(70_000) },
    });
    nx.tasks(&[task(0, "a:b", &long)]).await;
    let task = &tasks(&app, &workspace, nx.id).await[0];
    assert_eq!((task.facts.id.len(), task.facts.hash.as_ref().unwrap().len(), task.facts.depends_on.len()), (500, 500, 2000));
    assert!(task.has_details, "a bound drops the rest, and not the whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_has_an_end() {
    let (app, _, workspace, ci) = world().await;
    let nx = Nx::start(&app, &ci).await;
    let piece = |number: u32, text: &str| json!({ "task": 0, "attempt": 1, "piece": number, "text": text });
    let text = "x".repeat(255 << 10);
    for part in 0..6 {
        let pieces: Vec<_> = (0..25).map(|n| piece(part * 25 + n, &text)).collect();
        nx.report(&json!({ "logs": pieces })).await.is(204);
    }
    let run = view(&app, &workspace, nx.id).await;
    assert!(run.log_cut);
    let log = app.backend().runs.log(&app.operator(), &workspace.org, workspace.id, (nx.id, 0), 1, None).await.unwrap();
    assert!(((32 << 20)..=(33 << 20)).contains(&log.bytes), "{}", log.bytes);
    assert!(log.text.len() < 512 << 10, "a part of it at a time");
    // What compresses well takes little: a bomb is what it says it is.
    assert!(app.db_count("run_logs").await < 140);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_runs_at_once_are_held_back() {
    let (app, _, _, ci) = world().await;
    let mut refused = 0;
    for _ in 0..620 {
        let answer = send_json(&ci, "/api/v1/runs", &[], "{}".to_owned()).await;
        if answer.status == 429 {
            assert!(!answer.header("retry-after").is_empty());
            refused += 1;
        } else {
            answer.is(422);
        }
    }
    assert!(refused > 0);
    assert_eq!(app.db_count("runs").await, 0);
}
