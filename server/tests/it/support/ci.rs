//! A CI job: it knows the server's address and a token, as `nx` does.

use app::domain::ids::CiTokenId;
use reqwest::{Body, Client, Method, RequestBuilder, redirect};

use super::{Answer, http_client};

/// A client of the cache API.
#[derive(Clone)]
pub struct Ci {
    /// Its token's id.
    pub id: CiTokenId,
    /// Its token.
    pub secret: String,
    url: String,
    http: Client,
}

impl Ci {
    /// A job at this server with this token.
    pub fn new(url: &str, id: CiTokenId, secret: String) -> Self {
        let http = http_client().no_gzip().redirect(redirect::Policy::none()).build().unwrap();
        Self { id, secret, url: url.to_owned(), http }
    }

    /// The same job with another token.
    pub fn with(&self, secret: &str) -> Self {
        Self { secret: secret.to_owned(), ..self.clone() }
    }

    /// The same job at another server.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// Asks for an artifact.
    pub async fn get(&self, hash: &str) -> Answer {
        self.send(self.request(Method::GET, &format!("/v1/cache/{hash}"))).await
    }

    /// Stores an artifact.
    pub async fn put(&self, hash: &str, body: impl Into<Body>) -> Answer {
        self.send(self.request(Method::PUT, &format!("/v1/cache/{hash}")).body(body)).await
    }

    /// Stores an artifact without saying beforehand how long it is.
    pub async fn put_chunked(&self, hash: &str, body: Vec<u8>) -> Answer {
        let chunks: Vec<_> = body.chunks(50_000).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect();
        self.put(hash, Body::wrap_stream(futures_util::stream::iter(chunks))).await
    }

    /// The whole artifact; `None` for a miss, or when the answer is cut off so that it cannot be taken for whole.
    pub async fn read(&self, hash: &str) -> Option<Vec<u8>> {
        let request = self.request(Method::GET, &format!("/v1/cache/{hash}"));
        let answer = Answer::read(format!("GET {hash}"), request.send().await.unwrap()).await.ok()?;
        match answer.status {
            200 => Some(answer.body),
            404 => None,
            other => panic!("GET {hash}: {other} is neither hit nor miss"),
        }
    }

    /// A request with the token.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.request_as(method, path, "application/octet-stream")
    }

    /// A request with the token and a body of this type.
    pub fn request_as(&self, method: Method, path: &str, content_type: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url)).header("content-type", content_type);
        if self.secret.is_empty() { request } else { request.bearer_auth(&self.secret) }
    }

    /// Sends it.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let what = format!("{} {}", request.method(), request.url());
        Answer::read(what, self.http.execute(request).await.unwrap()).await.unwrap()
    }
}
