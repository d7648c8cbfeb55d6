//! An answer of the server, with what tests ask of it.

use app::error::{AppError, Field};
use reqwest::header::{HeaderMap, LOCATION};

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Headers.
    pub headers: HeaderMap,
    /// Body.
    pub body: Vec<u8>,
    request: String,
}

impl Answer {
    /// Reads the body; an error when it is cut off.
    pub async fn read(request: String, response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, body: response.bytes().await?.to_vec(), request })
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}: no JSON: {}", self.request, self.text()))
    }

    /// A header's value; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Fails the test unless this is the status.
    #[track_caller]
    pub fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {} {:?}", self.request, self.text(), self.headers);
        self
    }

    /// Fails the test unless the form was accepted; says where it leads.
    #[track_caller]
    pub fn done(self) -> String {
        self.is(303).headers[LOCATION].to_str().unwrap().to_owned()
    }

    /// Fails the test unless the form was refused for this reason, with the status that it means.
    #[track_caller]
    pub fn refused(self, status: u16, error: &AppError) {
        let answer = self.is(status);
        assert_eq!(&answer.error(), error, "{}", answer.request);
    }

    /// Fails the test unless the form was refused because of this field alone.
    #[track_caller]
    pub fn refused_for(self, field: Field) {
        let answer = self.is(422);
        let AppError::Invalid(fields) = answer.error() else { panic!("{}: {:?}", answer.request, answer.error()) };
        assert_eq!(fields.iter().map(|error| error.field).collect::<Vec<_>>(), [field], "{}", answer.request);
    }

    #[track_caller]
    fn error(&self) -> AppError {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}: not one of our errors: {}", self.request, self.text()))
    }
}
