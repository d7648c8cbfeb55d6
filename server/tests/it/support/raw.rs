//! Requests byte by byte, for what no proper client sends.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that says what it likes.
pub struct Raw(TcpStream);

impl Raw {
    /// Connects to the server at this address (`http://host:port`).
    pub async fn connect(url: &str) -> Self {
        Self(TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap())
    }

    /// Sends these bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Says that nothing more comes.
    pub async fn end(&mut self) {
        self.0.shutdown().await.unwrap();
    }

    /// What the server answers until it closes the connection. The request has to ask for that.
    pub async fn answer(mut self) -> String {
        let mut answer = Vec::new();
        let reading = self.0.read_to_end(&mut answer);
        // A reset after the answer is as good as a close.
        let _ = tokio::time::timeout(super::LONG, reading).await.expect("the server leaves nothing unanswered");
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// The head of an upload, without the empty line that ends it.
pub fn put_head(token: &str, hash: &str) -> String {
    format!("PUT /v1/cache/{hash} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n")
}
