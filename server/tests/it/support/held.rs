//! A request whose body is held back, so that something may happen while it is under way.

use std::fmt::Write as _;

use reqwest::RequestBuilder;
use reqwest::header::{COOKIE, HeaderValue};

use super::Browser;
use super::raw::Raw;

/// A request that has begun: the server has its head, and waits for the body.
pub struct Held {
    connection: Raw,
    body: Vec<u8>,
}

impl Held {
    /// Begins to send a form with the cookies that the browser has now.
    pub async fn form(browser: &Browser, path: &str, form: &[(&str, &str)]) -> Self {
        // Something has to be held back also of a form without fields.
        let form = [form, &[("held", "back")]].concat();
        let cookies = HeaderValue::from_str(&browser.cookie_header()).unwrap();
        Self::open(browser.form(path, &form).header(COOKIE, cookies)).await
    }

    /// Sends the head, and waits until the server asks for the body.
    pub async fn open(request: RequestBuilder) -> Self {
        let request = request.build().unwrap();
        let url = request.url();
        let server = format!("http://{}:{}", url.host_str().unwrap(), url.port().unwrap());
        let body = request.body().and_then(reqwest::Body::as_bytes).unwrap().to_vec();
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", request.method(), &url.as_str()[server.len()..]);
        for (name, value) in request.headers() {
            write!(head, "{name}: {}\r\n", value.to_str().unwrap()).unwrap();
        }
        write!(head, "Content-Length: {}\r\nExpect: 100-continue\r\n\r\n", body.len()).unwrap();
        let mut connection = Raw::connect(&server).await;
        connection.send(head).await;
        connection.hear("100 Continue\r\n\r\n").await;
        Self { connection, body }
    }

    /// Sends the body; the status of the answer, and its text.
    pub async fn finish(mut self) -> (u16, String) {
        self.connection.send(&self.body).await;
        let answer = self.connection.answer().await;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("no answer: {answer}")), answer)
    }
}
