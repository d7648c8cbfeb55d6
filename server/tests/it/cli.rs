//! The `buildkeep` command beside a running server, on the same database.

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::support::archive::archive;
use crate::support::{Ci, DnsServer, PASSWORD, TestApp};

/// Runs it to its end.
pub async fn run(app: &TestApp, arguments: &[&str], input: &str) -> Output {
    let config = &app.state.config;
    let mut command = Command::new(env!("CARGO_BIN_EXE_buildkeep"));
    command.arg("--data").arg(&config.data_dir).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(url) = &config.database_url {
        command.env("BUILDKEEP_DATABASE_URL", url);
    }
    if let Some(url) = &config.public_url {
        command.env("BUILDKEEP_PUBLIC_URL", url);
    }
    if let Some(server) = config.dns_server {
        command.env("BUILDKEEP_DNS_SERVER", server.to_string());
    }
    if let (Some(id), Some(secret)) = (&config.oidc_client_id, &config.oidc_client_secret) {
        command.env("BUILDKEEP_OIDC_ISSUER", &config.oidc_issuer);
        command.env("BUILDKEEP_OIDC_CLIENT_ID", id).env("BUILDKEEP_OIDC_CLIENT_SECRET", secret);
    }
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).await.unwrap();
    drop(stdin);
    child.wait_with_output().await.unwrap()
}

/// A command that works, and the one JSON object that it prints.
async fn json(app: &TestApp, arguments: &[&str], input: &str) -> Value {
    let output = run(app, &[&["--json"], arguments].concat(), input).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A command that is refused, and what it says.
async fn refused(app: &TestApp, arguments: &[&str], input: &str) -> String {
    let output = run(app, arguments, input).await;
    assert_eq!(output.status.code(), Some(1), "{arguments:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_sets_up_a_team_beside_the_running_server() {
    let app = TestApp::start().await;
    let user = ["admin", "user", "create", "--email", "Ada@example.com", "--password-stdin"];
    assert!(json(&app, &user, PASSWORD).await["id"].as_str().unwrap().starts_with("usr_"));
    app.browser().sign_in("ada@example.com", PASSWORD).await.done();
    json(&app, &["admin", "org", "create", "--slug", "acme", "--name", "Acme GmbH", "--admin", "ada@example.com"], "").await;
    let bob = app.person("bob").await;
    json(&app, &["admin", "member", "add", "--org", "acme", "--email", &bob.email, "--role", "member"], "").await;
    bob.get("/o/acme").await.is(200);
    let workspace = json(&app, &["admin", "workspace", "create", "--org", "acme", "--name", "web"], "").await;
    assert_eq!(workspace["nxCloudId"].as_str().unwrap().len(), 24);

    let mut token = vec!["admin", "token", "create", "--org", "acme", "--workspace", "web", "--name", "ci", "--access"];
    token.push("read-write");
    let token = json(&app, &token, "").await;
    let id = token["id"].as_str().unwrap();
    let ci = Ci::new(&app.url, id.parse().unwrap(), token["token"].as_str().unwrap().to_owned());
    ci.put("1", archive(b"built")).await.is(200);
    json(&app, &["admin", "token", "revoke", "--id", id], "").await;
    app.state.epoch.watch(&app.state.db).await.unwrap();
    ci.get("1").await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_cannot_be_done_says_why() {
    let (app, ada) = TestApp::with_org("acme").await;
    let create = ["admin", "user", "create", "--email", ada.email.as_str(), "--password-stdin"];
    for (arguments, input, reason) in [
        (&create[..], PASSWORD, "already"),
        (&["admin", "user", "create", "--email", "zoe@example.com", "--password-stdin"], "short", "too short"),
        (&["admin", "org", "create", "--slug", "acme", "--name", "Acme", "--admin", &ada.email], "", "taken"),
        (&["admin", "org", "create", "--slug", "zoo", "--name", "Zoo", "--admin", "nobody@example.com"], "", "no account"),
        (&["admin", "member", "add", "--org", "acme", "--email", &ada.email, "--role", "member"], "", "already"),
        (&["admin", "workspace", "create", "--org", "zoo", "--name", "web"], "", "nothing here"),
        (&["admin", "token", "create", "--org", "acme", "--workspace", "web", "--name", "ci", "--access", "read-only"], "", "no workspace"),
        (&["admin", "token", "revoke", "--id", "tok_00000000000000000000000000"], "", "no token"),
    ] {
        let said = refused(&app, arguments, input).await;
        assert!(said.starts_with("buildkeep: ") && said.contains(reason), "{arguments:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_finds_nothing_wrong_with_a_server_that_works() {
    let dns = DnsServer::start().await;
    let app = TestApp::start_with(|config| config.dns_server = Some(dns.address)).await;
    let examined = json(&app, &["doctor"], "").await;
    assert_eq!(examined["healthy"], true, "{examined}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_warns_of_mail_that_goes_to_another_host_in_clear() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_buildkeep"));
    command.arg("--data").arg(folder.path().join("data")).args(["--json", "doctor"]);
    let output = command.env("BUILDKEEP_SMTP_URL", "smtp://me:secret@0.0.0.0:1").kill_on_drop(true).output();
    let examined: Value = serde_json::from_slice(&output.await.unwrap().stdout).unwrap();
    let warning = examined["warnings"][0].as_str().unwrap();
    assert!(warning.contains("0.0.0.0") && warning.contains("tls=required") && !examined.to_string().contains("secret"), "{examined}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_names_a_dns_server_that_does_not_answer() {
    let app = TestApp::start().await;
    let output = run(&app, &["doctor"], "").await;
    let findings = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && findings.contains("PROBLEM  DNS") && findings.contains("dns_server"), "{findings}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_to_set_when_a_proxy_must_be_there_that_nobody_named() {
    let app = TestApp::start_with(|config| config.public_url = Some("https://build.example.com".to_owned())).await;
    let output = run(&app, &["doctor"], "").await;
    let findings = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(findings.contains("PROBLEM  proxies") && findings.contains("trusted_proxies"), "{findings}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_address_with_a_path_stops_the_start_by_name() {
    let app = TestApp::start_with(|config| config.public_url = Some("https://build.example.com/keep".to_owned())).await;
    let said = refused(&app, &["doctor"], "").await;
    assert!(said.contains("public_url") && said.contains("leave out the path"), "{said}");
}
