//! A terminal on somebody's machine: it knows the server's address and a workspace's Nx Cloud id, and perhaps a personal
//! access token.

use reqwest::{Client, Method, RequestBuilder, redirect};
use serde_json::{Value, json};

use super::{Answer, http_client};

/// A terminal.
#[derive(Clone)]
pub struct Terminal {
    url: String,
    /// In `nx.json`.
    pub nx_cloud_id: String,
    /// In the person's own file.
    pub token: Option<String>,
    http: Client,
}

impl Terminal {
    /// One that is not logged in.
    pub fn new(url: &str, nx_cloud_id: &str) -> Self {
        let http = http_client().redirect(redirect::Policy::none()).build().unwrap();
        Self { url: url.to_owned(), nx_cloud_id: nx_cloud_id.to_owned(), token: None, http }
    }

    /// The same with this token.
    pub fn with(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// The same, logged out.
    pub fn alone(&self) -> Self {
        Self { token: None, ..self.clone() }
    }

    /// The same at another server.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// A request with what it knows.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Sends it.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let what = format!("{} {}", request.method(), request.url());
        Answer::read(what, self.http.execute(request).await.unwrap()).await.unwrap()
    }

    /// Reads an artifact of its workspace; the status.
    pub async fn get(&self, hash: &str) -> u16 {
        self.send(self.request(Method::GET, &format!("/w/{}/v1/cache/{hash}", self.nx_cloud_id))).await.status
    }

    /// Stores an artifact in its workspace; the status.
    pub async fn put(&self, hash: &str, body: Vec<u8>) -> u16 {
        let request = self.request(Method::PUT, &format!("/w/{}/v1/cache/{hash}", self.nx_cloud_id));
        self.send(request.header("content-type", "application/octet-stream").body(body)).await.status
    }

    /// Asks for a login.
    pub async fn begin(&self, device: &str) -> Answer {
        self.send(self.request(Method::POST, "/api/v1/logins").body(json!({ "device": device }).to_string())).await
    }

    /// The same, which works: the secret and the code.
    pub async fn login(&self, device: &str) -> (String, String) {
        let begun = self.begin(device).await.is(200).json();
        (text(&begun["device_code"]), text(&begun["user_code"]))
    }

    /// Asks what became of it.
    pub async fn poll(&self, device_code: &str) -> Value {
        let request = self.request(Method::POST, "/api/v1/logins/token").body(json!({ "device_code": device_code }).to_string());
        self.send(request).await.is(200).json()
    }

    /// Gives its token back.
    pub async fn log_out(&self) -> Answer {
        self.send(self.request(Method::DELETE, "/api/v1/personal-access-token")).await
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
