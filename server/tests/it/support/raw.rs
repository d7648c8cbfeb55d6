//! Requests byte by byte, for what no proper client sends.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection that says what it likes.
pub struct Raw<S = TcpStream>(pub S);

impl Raw {
    /// Connects to the server at this address (`http://host:port`).
    pub async fn connect(url: &str) -> Self {
        Self(TcpStream::connect(url.strip_prefix("http://").unwrap()).await.unwrap())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
    /// Sends these bytes.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Waits until the server has said this, and forgets what came before it.
    pub async fn hear(&mut self, words: &str) {
        let mut heard = Vec::new();
        let hearing = async {
            while !heard.ends_with(words.as_bytes()) {
                heard.push(self.0.read_u8().await.expect("the server has more to say"));
            }
        };
        tokio::time::timeout(super::LONG, hearing).await.expect("the server says so");
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
