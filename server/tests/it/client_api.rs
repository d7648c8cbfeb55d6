//! `/api/v1/whoami` and `/api/v1/artifacts`: what Buildkeep's own client for nx asks.

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use server::services::retention::{EXECUTION_AGE, end_executions};

use crate::support::archive::{archive, archive_of};
use crate::support::{Answer, Ci, Person, TestApp, Workspace};

/// Secrets of two CI executions.
const ONE: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const OTHER: &str = "2222222222222222222222222222222222222222222222222222222222222222";

async fn world() -> (TestApp, Person, Workspace, Ci, Ci) {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let (reader, writer) = (ada.token(&workspace, ReadOnly).await, ada.token(&workspace, ReadWrite).await);
    (app, ada, workspace, reader, writer)
}

fn sha256(body: &[u8]) -> String {
    format!("sha-256=:{}:", BASE64_STANDARD.encode(digest(&SHA256, body)))
}

/// A job in a CI execution, or in none.
struct Job<'a>(&'a Ci, Option<&'a str>);

impl Job<'_> {
    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.0.request(method, path);
        match self.1 {
            Some(secret) => request.header("Buildkeep-Execution", secret),
            None => request,
        }
    }

    async fn put(&self, hash: &str, body: &[u8]) -> Answer {
        let request = self.request(Method::PUT, &format!("/api/v1/artifacts/{hash}")).header("Content-Digest", sha256(body));
        self.0.send(request.body(body.to_vec())).await
    }

    async fn get(&self, hash: &str) -> Answer {
        self.0.send(self.request(Method::GET, &format!("/api/v1/artifacts/{hash}"))).await
    }

    async fn lookup(&self, hashes: &[&str]) -> Value {
        let request = self.request(Method::POST, "/api/v1/artifacts/lookup").body(json!({ "hashes": hashes }).to_string());
        json_of(&self.0.send(request).await.is(200))
    }
}

fn json_of(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

async fn whoami(ci: &Ci, nx_cloud_id: &str) -> Answer {
    ci.send(ci.request(Method::GET, "/api/v1/whoami").header("Nx-Cloud-Id", nx_cloud_id)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_credential_is_told_what_it_is_and_may_do() {
    let (_app, ada, workspace, reader, writer) = world().await;
    let id = ada.nx_cloud_id(&workspace).await;
    let told = |answer: Answer| {
        let told = json_of(&answer.is(200));
        (told["credential"]["kind"].clone(), told["access"].clone(), told["workspace"]["organization"].clone())
    };
    let access = |shared, execution| json!({ "shared": shared, "execution": execution, "records_runs": true });
    assert_eq!(told(whoami(&reader, &id).await), (json!("ci_token"), access("read", true), json!("acme")));
    assert_eq!(told(whoami(&writer, &id).await), (json!("ci_token"), access("read_write", false), json!("acme")));
    // The id may stand in a public repository.
    assert_eq!(told(whoami(&reader.with(""), &id).await), (json!("nx_cloud_id"), access("read", false), json!(null)));

    for (ci, id, code) in [
        (reader.with("bkci_nonsense"), id.as_str(), "bad_token"),
        (reader.with(""), "0123456789abcdef01234567", "unknown_workspace"),
        (reader.with(""), "nonsense", "unknown_workspace"),
        (reader.with(""), "", "unknown_workspace"),
    ] {
        let answer = whoami(&ci, id).await.is(401);
        assert_eq!(json_of(&answer)["code"], code);
    }
    let nothing = reader.with("");
    let answer = nothing.send(nothing.request(Method::GET, "/api/v1/whoami")).await.is(401);
    assert_eq!(json_of(&answer)["code"], "no_credential");
    ada.revoke(&workspace, &reader).await;
    let answer = whoami(&reader, &id).await.is(401);
    assert_eq!(json_of(&answer)["code"], "bad_token", "also beside a good id");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_hashes_are_asked_for_with_one_question() {
    let (_app, _ada, _workspace, reader, writer) = world().await;
    let (reader, writer) = (Job(&reader, None), Job(&writer, None));
    let (small, large) = (archive(b"small"), archive_of(3 << 20));
    assert_eq!(json_of(&writer.put("1", &small).await.is(201)), json!({ "stored": true, "scope": "shared" }));
    writer.put("2", &large).await.is(201);
    assert_eq!(json_of(&writer.put("2", &small).await.is(200)), json!({ "stored": false, "scope": "shared" }));

    let found = reader.lookup(&["1", "2", "3", "not a hash", "2"]).await;
    assert_eq!(found["store"], "read_only");
    assert_eq!(found["artifacts"].as_object().unwrap().keys().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!(found["artifacts"]["2"]["bytes"], large.len());
    assert_eq!(writer.lookup(&[]).await["store"], "shared");

    let answer = reader.get("2").await.is(200);
    assert!(answer.body == large);
    assert_eq!((answer.header("repr-digest"), answer.header("content-length")), (&*sha256(&large), &*large.len().to_string()));
    assert_eq!(json_of(&reader.get("3").await.is(404))["code"], "not_found");
    let many: Vec<_> = (0..1001).map(|n| n.to_string()).collect();
    let request = reader.request(Method::POST, "/api/v1/artifacts/lookup").body(json!({ "hashes": many }).to_string());
    reader.0.send(request).await.is(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_to_the_cache_share_artifacts_that_are_not_encrypted() {
    let (_app, _ada, _workspace, reader, writer) = world().await;
    let job = Job(&writer, None);
    writer.put("1", archive(b"by nx")).await.is(200);
    assert_eq!(job.get("1").await.is(200).body, archive(b"by nx"));
    job.put("2", &archive(b"by the client")).await.is(201);
    assert_eq!(reader.read("2").await.unwrap(), archive(b"by the client"));

    let encrypted = [b"BKE2".as_slice(), &[7; 100]].concat();
    let request = writer.request_as(Method::PUT, "/api/v1/artifacts/3", "application/vnd.buildkeep.encrypted");
    writer.send(request.header("Content-Digest", sha256(&encrypted)).body(encrypted.clone())).await.is(201);
    assert_eq!(job.lookup(&["3"]).await["artifacts"]["3"]["format"], "encrypted");
    assert_eq!(job.get("3").await.is(200).body, encrypted);
    // nx would fail over what it cannot unpack.
    assert_eq!(reader.read("3").await, None);
    writer.put("3", archive(b"in the way")).await.is(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_task_stands_in_nobodys_way() {
    let (app, _ada, _workspace, reader, writer) = world().await;
    let job = Job(&writer, None);
    let result = |code: u32| {
        let mut tar = tar::Builder::new(Vec::new());
        let code = code.to_be_bytes();
        for (name, body) in [("dist/a", b"built".as_slice()), ("terminalOutput", b"said".as_slice()), ("code", code.as_slice())] {
            let mut header = tar::Header::new_gnu();
            header.set_size(body.len() as u64);
            header.set_mode(0o644);
            tar.append_data(&mut header, name, body).unwrap();
        }
        archive(&tar.into_inner().unwrap())
    };
    // nx with NX_CACHE_FAILURES: 409 lets it go on.
    writer.put("1", result(1)).await.is(409);
    assert_eq!(json_of(&job.put("1", &result(u32::MAX)).await.is(422))["code"], "invalid");
    assert!(app.blobs().is_empty(), "{:?}", app.blobs());
    writer.put("1", result(0)).await.is(200);
    job.put("2", &result(0)).await.is(201);
    assert_eq!(reader.read("1").await.unwrap(), result(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_what_was_announced_is_not_stored() {
    let (app, _ada, _workspace, _reader, writer) = world().await;
    let job = Job(&writer, None);
    let body = archive(b"built");
    let put = |digest: Option<String>, body: Vec<u8>| {
        let request = job.request(Method::PUT, "/api/v1/artifacts/1").body(body);
        match digest {
            Some(digest) => request.header("Content-Digest", digest),
            None => request,
        }
    };
    for (digest, body) in [
        (Some(sha256(b"something else")), body.clone()),
        (None, body.clone()),
        (Some("sha-256=:nonsense:".to_owned()), body.clone()),
        (Some(sha256(&body[..20])), body[..20].to_vec()),
        (Some(sha256(b"no gzip")), b"no gzip".to_vec()),
    ] {
        let answer = writer.send(put(digest, body)).await.is(422);
        assert_eq!(json_of(&answer)["code"], "invalid");
    }
    job.get("1").await.is(404);
    assert!(app.blobs().is_empty(), "{:?}", app.blobs());
    job.put("not%20a%20hash", &body).await.is(422);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_token_makes_nothing_readable_outside_its_execution() {
    let (app, ada, workspace, reader, writer) = world().await;
    let id = ada.nx_cloud_id(&workspace).await;
    let second_reader = ada.token(&workspace, ReadOnly).await;
    let org = workspace.org.clone();
    let elsewhere = ada.workspace(&org, "elsewhere").await;
    let other_id = ada.nx_cloud_id(&elsewhere).await;
    let (poison, hash) = (archive(b"poison"), "1");

    // Every way to write, with every claim that a client can make about itself.
    Job(&reader, None).put(hash, &poison).await.is(403);
    for secret in ["", "main", &ONE[1..], "zz11111111111111111111111111111111111111111111111111111111111111"] {
        Job(&reader, Some(secret)).put(hash, &poison).await.is(403);
    }
    reader.put(hash, poison.clone()).await.is(403);
    for (id, status) in [(&id, 403), (&other_id, 401)] {
        reader.send(reader.request(Method::PUT, &format!("/w/{id}/v1/cache/{hash}")).body(poison.clone())).await.is(status);
        let nobody = reader.with("");
        nobody.send(nobody.request(Method::PUT, &format!("/w/{id}/v1/cache/{hash}")).body(poison.clone())).await.is(403);
        let request = nobody.request(Method::PUT, &format!("/api/v1/artifacts/{hash}")).header("Content-Digest", sha256(&poison));
        let request = request.header("Nx-Cloud-Id", id).header("Buildkeep-Execution", ONE).body(poison.clone());
        nobody.send(request).await.is(403);
    }
    let forged = Job(&reader, Some(ONE)).request(Method::PUT, &format!("/api/v1/artifacts/{hash}"));
    let forged = forged.header("Nx-Cloud-Id", &other_id).header("NX_BRANCH", "main").header("X-Scope", "shared");
    let stored = reader.send(forged.header("Content-Digest", sha256(&poison)).body(poison.clone())).await.is(201);
    assert_eq!(json_of(&stored), json!({ "stored": true, "scope": "execution" }));

    // It is there for its own execution, through its own token, and for nobody else.
    let own = Job(&reader, Some(ONE));
    assert_eq!(own.get(hash).await.is(200).body, poison);
    let found = own.lookup(&[hash]).await;
    assert_eq!((&found["artifacts"][hash]["scope"], &found["store"]), (&json!("execution"), &json!("execution")));
    for (who, execution) in [(&reader, None), (&reader, Some(OTHER)), (&second_reader, Some(ONE)), (&writer, None), (&writer, Some(ONE))] {
        let job = Job(who, execution);
        job.get(hash).await.is(404);
        assert_eq!(job.lookup(&[hash]).await["artifacts"], json!({}));
    }
    for ci in [&reader, &second_reader, &writer] {
        assert_eq!(ci.read(hash).await, None);
    }
    let nobody = reader.with("");
    nobody.send(nobody.request(Method::GET, &format!("/w/{id}/v1/cache/{hash}"))).await.is(404);
    let page = ada.get(&app::paths::workspace_artifacts(&workspace.org, workspace.id)).await.is(200).text();
    assert!(page.contains("Nothing stored yet"), "{page}");

    // Nor does it stand in the way: the shared one is stored, and counts before the execution's own.
    Job(&writer, None).put(hash, &archive(b"good")).await.is(201);
    assert_eq!(own.get(hash).await.is(200).body, archive(b"good"));
    assert_eq!(own.lookup(&[hash]).await["artifacts"][hash]["scope"], "shared");

    // It dies with the execution.
    app.state.clock.advance(EXECUTION_AGE + chrono::TimeDelta::seconds(1));
    assert_eq!(end_executions(&app.state).await.unwrap(), 1);
    assert_eq!(app.db_count("artifacts").await, 1);
    assert_eq!(app.blobs().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn executions_do_not_push_out_what_others_have_stored() {
    let (app, ada, workspace) = TestApp::start_with(|config| config.execution_limit_gib = 1).await.and_workspace().await;
    let reader = ada.token(&workspace, ReadOnly).await;
    let job = Job(&reader, Some(ONE));
    job.put("1", &archive(b"small")).await.is(201);
    // As if it had been large.
    app.db_execute("UPDATE artifacts SET bytes = 2000000000").await;
    app.state.clock.advance(chrono::TimeDelta::seconds(6));
    assert_eq!(job.lookup(&[]).await["store"], "over_limit");
    let answer = job.put("2", &archive(b"small")).await.is(403);
    assert_eq!(json_of(&answer)["code"], "over_limit");
    let writer = ada.token(&workspace, ReadWrite).await;
    Job(&writer, None).put("2", &archive(b"small")).await.is(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_of_executions_are_counted_apart() {
    let (app, ada, workspace, reader, writer) = world().await;
    let page = async |tab: &str| ada.get(&format!("/o/acme/w/{}{tab}", workspace.id)).await.is(200).text();
    Job(&writer, None).put("1", &archive_of(5000)).await.is(201);
    assert!(!page("").await.contains("CI executions") && !page("/artifacts").await.contains("CI executions"));
    for hash in ["2", "3"] {
        Job(&reader, Some(ONE)).put(hash, &archive_of(9000)).await.is(201);
    }
    let (overview, list) = (page("").await, page("/artifacts").await);
    assert!(overview.contains("Stored now, 2 of them") && overview.contains("for single CI executions"), "{overview}");
    assert!(list.contains("1 stored, ") && list.contains("2 more, ") && list.contains("belong to CI executions"), "{list}");
    let sister = ada.workspace(&workspace.org, "api").await;
    assert!(!ada.get(&format!("/o/acme/w/{}", sister.id)).await.is(200).text().contains("CI executions"));
    app.state.clock.advance(EXECUTION_AGE + chrono::TimeDelta::hours(1));
    end_executions(&app.state).await.unwrap();
    ada.sign_in(&ada.email, crate::support::PASSWORD).await.done();
    assert!(!page("").await.contains("CI executions"));
}
