//! Requests to the provider: bounded in time and size, with errors that say what happened.

use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use reqwest::{RequestBuilder, Response, StatusCode, redirect};

use super::error::OidcError;
use super::lenient::Members;

/// The provider answers a request within this time.
pub(super) const ANSWER_TIME: Duration = Duration::from_secs(10);
/// Nothing that a provider has to say is longer.
const LONGEST: usize = 1 << 20;

/// The client of all requests to the provider.
pub(super) fn client() -> Result<reqwest::Client, String> {
    super::choose_tls();
    let builder = reqwest::Client::builder()
        .timeout(ANSWER_TIME)
        // An answer must not send us elsewhere.
        .redirect(redirect::Policy::none());
    builder.build().map_err(|error| error.to_string())
}

/// Sends a request; the status and the JSON object that came with it. `what` is asked names it in errors. The body of an answer
/// that is none is never repeated: it may hold secrets.
pub(super) async fn ask(what: &'static str, request: RequestBuilder) -> Result<(StatusCode, Members), OidcError> {
    let mut response = request.header(ACCEPT, "application/json").send().await.map_err(|error| not_sent(what, error))?;
    let (status, described) = (response.status(), describe(&response));
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| not_sent(what, error))? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(OidcError::Failing(what, format!("with more than {LONGEST} bytes")));
        }
    }
    if status.is_server_error() || status.is_redirection() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(OidcError::Failing(what, described));
    }
    match serde_json::from_slice(&body) {
        Ok(members) => Ok((status, members)),
        // Its status says more than the page that came with it.
        Err(_) if !status.is_success() => Ok((status, Members::new())),
        Err(_) => Err(OidcError::Failing(what, format!("{described}, which is no JSON object"))),
    }
}

fn describe(response: &Response) -> String {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = header(CONTENT_TYPE);
    match header(LOCATION) {
        "" => format!("{} with {}", response.status(), if kind.is_empty() { "no content type" } else { kind }),
        to => format!("{} to {}, which is not followed", response.status(), to.split(['?', '#']).next().unwrap_or_default()),
    }
}

fn not_sent(what: &'static str, error: reqwest::Error) -> OidcError {
    let error = error.without_url();
    if error.is_timeout() {
        OidcError::TooSlow(what, ANSWER_TIME.as_secs())
    } else if error.is_body() || error.is_decode() {
        OidcError::Failing(what, format!("and broke off: {}", chain(&error)))
    } else {
        OidcError::Unreachable(what, chain(&error))
    }
}

/// An error with its causes: the HTTP client hides them.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
