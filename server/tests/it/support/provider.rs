//! A real OpenID provider beside the server, and how a browser goes through it. See `end2end/provider`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use reqwest::{Client, Url, redirect};
use serde_json::{Value, json};

use super::{Answer, Browser, TestApp, http_client};

/// A running provider. It ends with the test that started it.
pub struct Provider {
    /// Its address, by which it is known.
    pub issuer: String,
    child: Child,
    http: Client,
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Provider {
    /// Starts one.
    pub fn start() -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end");
        assert!(folder.join("node_modules/oidc-provider").is_dir(), "the provider is not installed: run `npm ci --prefix end2end`");
        let mut command = Command::new("node");
        command.arg("provider/provider.mjs").current_dir(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("node is installed");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the provider did not start: {line}"));
        Self { issuer: said["issuer"].as_str().unwrap().to_owned(), child, http: client() }
    }

    /// A server that lets people sign in with it.
    pub async fn with_server(self) -> (TestApp, Self) {
        let app = TestApp::start_with(|config| {
            config.oidc_issuer.clone_from(&self.issuer);
            config.oidc_client_id = Some("buildkeep".to_owned());
            config.oidc_client_secret = Some("the-secret-of-buildkeep-at-the-provider".to_owned());
        })
        .await;
        (app, self)
    }

    /// Somebody has an account there, with a verified address and more.
    pub async fn account(&self, id: &str, email: &str, more: Value) {
        let mut account = json!({ "email": email, "email_verified": true, "name": id });
        account.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
        self.change(id, account).await;
    }

    /// Something about an account changes.
    pub async fn change(&self, id: &str, change: Value) {
        self.control(&format!("accounts/{id}"), change.to_string()).await;
    }

    /// The provider gets well or ill.
    pub async fn mode(&self, mode: &str) {
        self.control("mode", mode.to_owned()).await;
    }

    async fn control(&self, what: &str, body: String) {
        self.http.put(format!("{}/control/{what}", self.issuer)).body(body).send().await.unwrap().error_for_status().unwrap();
    }

    /// Follows the provider from where the server sent the browser, as this account; returns where it leads back to.
    pub async fn pass(&self, url: &str, account: &str) -> String {
        self.walk(url, &[("account", account)]).await
    }

    /// The person changes their mind.
    pub async fn refuse(&self, url: &str) -> String {
        self.walk(url, &[("refuse", "yes")]).await
    }

    async fn walk(&self, url: &str, form: &[(&str, &str)]) -> String {
        let http = client();
        let mut url: Url = url.parse().unwrap();
        let mut answer = http.get(url.clone()).send().await.unwrap();
        for _ in 0..20 {
            if answer.status().is_redirection() {
                url = url.join(answer.headers()["location"].to_str().unwrap()).unwrap();
                if !url.as_str().starts_with(&self.issuer) {
                    return format!("{}?{}", url.path(), url.query().unwrap_or_default());
                }
                answer = http.get(url.clone()).send().await.unwrap();
            } else {
                assert!(answer.status().is_success(), "{url}: {}", answer.text().await.unwrap());
                answer = http.post(url.clone()).form(form).send().await.unwrap();
            }
        }
        panic!("the provider never came to an end");
    }
}

fn client() -> Client {
    http_client().redirect(redirect::Policy::none()).cookie_store(true).build().unwrap()
}

impl Browser {
    /// Clicks on the way to the provider, as a page of ours offers it.
    pub async fn begin_sso(&self, next: &str) -> Answer {
        self.send(self.request(reqwest::Method::GET, &format!("/sso/start?next={next}")).header("sec-fetch-site", "same-origin")).await
    }

    /// Goes through the provider as this account, and back; returns the last answer of the server.
    pub async fn sso(&self, provider: &Provider, account: &str, next: &str) -> Answer {
        let mut answer = self.begin_sso(next).await.is(302);
        // Once more when the provider gave no lasting permission without consent.
        for _ in 0..2 {
            let target = answer.header("location").to_owned();
            if !target.starts_with(&provider.issuer) {
                break;
            }
            answer = self.get(&provider.pass(&target, account).await).await;
        }
        answer
    }
}
