//! A client that tells of a run, as Buildkeep's own does.

use std::sync::atomic::{AtomicU64, Ordering};

use app::domain::ids::RunId;
use reqwest::Method;
use serde_json::{Value, json};

use super::{Answer, Ci, TestApp};

/// A run that is told of.
pub struct Nx<'a> {
    app: &'a TestApp,
    ci: Ci,
    /// Its key.
    pub key: String,
    /// Its id.
    pub id: RunId,
}

/// What a client says at the start of a run.
pub fn run_start(app: &TestApp, key: &str) -> Value {
    json!({
        "key": key,
        "command": "nx run-many -t build",
        "started_at": app.state.clock.now(),
        "branch": "main",
        "commit": { "sha": "1a2b3c", "title": "Fix the frobnicator", "author": "Grace Hopper <grace@example.com>" },
        "nx_version": "24.0.6",
        "client_version": "1.0.0",
        "node_version": "22.1.0",
        "machine": { "id": "5f3759df", "platform": "linux", "cpu_cores": 8 },
        "cache": true,
        "tasks": 3,
    })
}

/// A key that no other run has.
pub fn new_key() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    format!("{:064x}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The same value with other fields.
pub fn with(mut value: Value, more: &Value) -> Value {
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    value
}

/// A task as it is told.
pub fn task(number: u32, id: &str, more: &Value) -> Value {
    let (project, target) = id.split_once(':').unwrap();
    let target = target.split(':').next().unwrap();
    let task =
        json!({ "number": number, "attempt": 1, "id": id, "project": project, "target": target, "cacheable": true, "status": "running" });
    with(task, more)
}

/// Sends JSON, as the client does.
pub async fn send_json(ci: &Ci, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
    let request = ci.request_as(Method::POST, path, "application/json").body(body);
    ci.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

impl<'a> Nx<'a> {
    /// Begins a run.
    pub async fn start(app: &'a TestApp, ci: &Ci) -> Self {
        Self::start_as(app, ci, &json!({})).await
    }

    /// Begins one that says other things of itself.
    pub async fn start_as(app: &'a TestApp, ci: &Ci, more: &Value) -> Self {
        let key = new_key();
        let answer = send_json(ci, "/api/v1/runs", &[], with(run_start(app, &key), more).to_string()).await.is(200);
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let id = answer["run"]["id"].as_str().expect("the run is recorded").parse().unwrap();
        Self { app, ci: ci.clone(), key, id }
    }

    /// The same run, told of with another credential.
    pub fn by(&self, ci: &Ci) -> Self {
        Self { app: self.app, ci: ci.clone(), key: self.key.clone(), id: self.id }
    }

    /// Sends a report.
    pub async fn report(&self, report: &Value) -> Answer {
        self.send("report", &self.key, report.to_string()).await
    }

    /// Reports tasks.
    pub async fn tasks(&self, tasks: &[Value]) {
        self.report(&json!({ "tasks": tasks })).await.is(204);
    }

    /// Reports a piece of a log.
    pub async fn log(&self, number: u32, piece: u32, text: &str) {
        self.report(&json!({ "logs": [{ "task": number, "attempt": 1, "piece": piece, "text": text }] })).await.is(204);
    }

    /// Ends it.
    pub async fn end(&self, status: &str) -> Answer {
        self.send("end", &self.key, json!({ "ended_at": self.app.state.clock.now(), "status": status }).to_string()).await
    }

    /// Sends anything about it, with any key.
    pub async fn send(&self, what: &str, key: &str, body: String) -> Answer {
        send_json(&self.ci, &format!("/api/v1/runs/{}/{what}", self.id), &[("Buildkeep-Run-Key", key)], body).await
    }

    /// A task that was run: so many milliseconds long, and how it ended.
    pub fn ran(&self, number: u32, id: &str, millis: i64, more: &Value) -> Value {
        let now = self.app.state.clock.now();
        let times = json!({ "started_at": now - chrono::TimeDelta::milliseconds(millis), "ended_at": now, "status": "success", "cache": "miss", "code": 0 });
        with(task(number, id, &times), more)
    }
}
