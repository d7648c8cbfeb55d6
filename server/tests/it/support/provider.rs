//! Real OpenID providers beside the server, each playing one that is common, and how a browser goes through them. See `end2end/provider`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use reqwest::{Client, Url, redirect};
use serde_json::{Value, json};

use super::{Answer, Browser, TestApp, http_client};

/// A process with providers. It ends with the test that started it, or with the tests.
struct Process {
    child: Child,
    said: Value,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    fn start(which: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end");
        assert!(folder.join("node_modules/oidc-provider").is_dir(), "the provider is not installed: run `npm ci --prefix end2end`");
        let mut command = Command::new("node");
        command.args(["provider/provider.mjs", which]).current_dir(folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("node is installed");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said = serde_json::from_str(&line).unwrap_or_else(|_| panic!("the provider did not start: {line}"));
        Self { child, said }
    }
}

/// A running provider.
pub struct Provider {
    /// By what it is known.
    pub issuer: String,
    origin: String,
    client: (String, String),
    http: Client,
    _process: Option<Process>,
}

impl Provider {
    /// Starts one that does as the standard says.
    pub fn start() -> Self {
        Self::start_playing("plain")
    }

    /// Starts one that plays a common one.
    pub fn start_playing(name: &str) -> Self {
        let process = Process::start(name);
        let provider = Self::at(&process.said, name);
        Self { _process: Some(process), ..provider }
    }

    /// One of the family of common providers, which share a process. Each belongs to one test.
    pub fn of_family(name: &str) -> Self {
        static FAMILY: LazyLock<Process> = LazyLock::new(|| Process::start("all"));
        Self::at(&FAMILY.said, name)
    }

    fn at(said: &Value, name: &str) -> Self {
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("there is no provider {name}")).to_owned();
        let issuer = text(&said["issuers"][name]);
        let origin = Url::parse(&issuer).unwrap().origin().ascii_serialization();
        Self { issuer, origin, client: (text(&said["client"]), text(&said["secret"])), http: client(), _process: None }
    }

    /// A server that lets people sign in with it.
    pub async fn with_server(self) -> (TestApp, Self) {
        let app = TestApp::start_with(|config| self.configure(config)).await;
        (app, self)
    }

    /// What a server has to know of it.
    pub fn configure(&self, config: &mut server::config::Config) {
        config.oidc_issuer.clone_from(&self.issuer);
        config.oidc_client_id = Some(self.client.0.clone());
        config.oidc_client_secret = Some(self.client.1.clone());
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

    /// Members of what it sends change: of `metadata`, `keys`, `tokens`, `idToken`, `refreshed` or `userInfo`. `"(absent)"` takes one out.
    pub async fn sends(&self, what: &str, change: Value) {
        self.control(&format!("change/{what}"), change.to_string()).await;
    }

    /// It signs with a new key, and publishes that one only.
    pub async fn rotate_keys(&self) {
        self.control("keys", String::new()).await;
    }

    /// What it was asked on this route, oldest first.
    pub async fn seen(&self, route: &str) -> Vec<Value> {
        let answer = self.http.get(format!("{}/control/seen", self.origin)).send().await.unwrap();
        let all: Vec<Value> = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        all.into_iter().filter(|asked| asked["route"] == route).collect()
    }

    async fn control(&self, what: &str, body: String) {
        self.http.put(format!("{}/control/{what}", self.origin)).body(body).send().await.unwrap().error_for_status().unwrap();
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
                if !self.is_there(url.as_str()) {
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

    /// Whether the address is one of the provider's.
    pub fn is_there(&self, url: &str) -> bool {
        url.starts_with(&format!("{}/", self.origin))
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

    /// Goes through the provider as this account, and back, as often as it is sent there; returns the last answer of the server.
    pub async fn sso(&self, provider: &Provider, account: &str, next: &str) -> Answer {
        let mut answer = self.begin_sso(next).await.is(302);
        for _ in 0..3 {
            let target = answer.header("location").to_owned();
            if !provider.is_there(&target) {
                return answer;
            }
            answer = self.get(&provider.pass(&target, account).await).await;
        }
        answer
    }
}
