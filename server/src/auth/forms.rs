//! What every form post has to pass before a server function sees it: its origin, its size, its rate.
//!
//! The body is read whole before anybody asks whose session this is ([`receive`] stands outside `actor::identify`): a
//! client that holds the rest of a form back gains nothing by having been signed in when it began.

use std::sync::Arc;
use std::time::Duration;

use app::domain::names::Email;
use app::error::AppError;
use app::paths;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Request, State as Extracted};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::actor::client_network;
use super::refused;
use super::visit::BrowserVisit;
use crate::network::{ClientNetwork, seconds};
use crate::router::AppState;
use crate::state::State;

/// No form of ours is larger.
const LARGEST_FORM: usize = 64 << 10;
/// The whole of a form has to be here within this time: on the slowest of lines, 64 KiB take half of it.
const LONGEST_FORM: Duration = Duration::from_secs(20);
/// Forms that take a password or a code, or send mail.
const GUARDED: [&str; 14] = [
    "/do/accounts/sign-in",
    "/do/accounts/sign-up",
    "/do/accounts/forgot-password",
    "/do/accounts/choose-password",
    "/do/accounts/change-password",
    "/do/accounts/send-password-link",
    "/do/accounts/delete",
    "/do/addresses/add",
    "/do/addresses/resend",
    "/do/identities/link",
    "/do/invites/join",
    "/do/logins/confirm",
    "/do/logins/refuse",
    "/do/personal-tokens/create",
];

/// Whether a state-changing request comes from a page of ours. Browsers send `Sec-Fetch-Site` (to secure origins) and
/// `Origin` with every post; what sends neither is no browser that holds our cookie.
///
/// `Origin: null` is what a page under `Referrer-Policy: no-referrer` sends, which proxies like to set. It says nothing, so that
/// `Sec-Fetch-Site: same-origin` has to say it, which no page can make a browser send for another site.
pub fn is_same_origin(headers: &HeaderMap, public_url: &str) -> bool {
    let (Ok(site), Ok(origin), Ok(host)) = (single(headers, "sec-fetch-site"), single(headers, "origin"), single(headers, "host")) else {
        return false;
    };
    let of_host = |origin: &str| {
        let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        authority.is_some_and(|authority| host == Some(authority))
    };
    match (site, origin) {
        (Some("same-origin"), None | Some("null")) => true,
        (None | Some("same-origin"), Some(origin)) => origin == public_url || of_host(origin),
        (None, None) | (Some(_), _) => false,
    }
}

/// The header's value, when it is there; an error when it is there twice or is no text, as no browser sends it.
fn single<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, ()> {
    let mut values = headers.get_all(name).iter();
    let first = values.next().map(|value| value.to_str().map_err(drop)).transpose()?;
    if values.next().is_some() { Err(()) } else { Ok(first) }
}

/// A form that [`receive`] did not take in; [`check`], which knows whose page it is, says so.
#[derive(Clone)]
struct NotTaken(AppError);

/// Middleware that takes in a form: refuses one of another site, and holds the others until they are whole.
pub async fn receive(Extracted(app): Extracted<AppState>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    let taken =
        if is_same_origin(&parts.headers, &app.state.site.public_url) { whole(body, LONGEST_FORM).await } else { Err(AppError::OtherSite) };
    let body = taken.unwrap_or_else(|error| {
        parts.extensions.insert(NotTaken(error));
        Bytes::new()
    });
    next.run(Request::from_parts(parts, Body::from(body))).await
}

/// The whole body of a form, if it is here within this time; or why it is not taken.
async fn whole(body: Body, time: Duration) -> Result<Bytes, AppError> {
    match tokio::time::timeout(time, axum::body::to_bytes(body, LARGEST_FORM)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(AppError::TooLarge),
        Err(_) => Err(AppError::TooSlow),
    }
}

/// Middleware of the server functions, for forms that [`receive`] has taken in.
pub async fn check(
    Extracted(app): Extracted<AppState>,
    visit: Option<Extension<Arc<BrowserVisit>>>,
    request: Request,
    next: Next,
) -> Response {
    if request.method() != Method::POST {
        return match refused::reopened(&request) {
            Some(page) => page,
            None => next.run(request).await,
        };
    }
    let (mut parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_FORM).await else {
        return refused::answer(&app, &parts, &[], AppError::BadForm).await;
    };
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    if let Some(NotTaken(error)) = parts.extensions.remove() {
        return refused::answer(&app, &parts, &[], error).await;
    }
    if GUARDED.contains(&parts.uri.path()) {
        let network = client_network(&app.state, &parts.extensions, &parts.headers);
        // A form without an address names the account by a link. Whoever is signed in may be guessing their own password.
        let email = field(&fields, "email").map(|email| Email::parse(&email).map_or_else(|_| email.trim().to_owned(), Into::into));
        let named = email.or_else(|| field(&fields, "link"));
        let own = visit.as_ref().and_then(|visit| visit.caller.user().ok().map(|user| user.id.to_string()));
        let accounts: Vec<_> = named.into_iter().chain(own).collect();
        match app.state.attempts.count_for(&app.state, network, &accounts).await {
            Ok(Ok(())) => {}
            Ok(Err(time)) => {
                let answer = refused::answer(&app, &parts, &fields, AppError::RateLimited(seconds(time))).await;
                return wait(seconds(time), answer);
            }
            Err(error) => {
                tracing::error!(%error, "the attempts at a form could not be counted");
                let failed = AppError::Internal(super::actor::new_incident(&app.state));
                return refused::answer(&app, &parts, &fields, failed).await;
            }
        }
    }
    let mut answer = next.run(refused::without_leptos_way_back(&parts, body)).await;
    if let Some(target) = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned) {
        // After a post the browser is to GET the next page (RFC 9110, 15.4.4), and only a page of ours.
        *answer.status_mut() = StatusCode::SEE_OTHER;
        if let Ok(local) = HeaderValue::from_str(&paths::local_or_home(&target)) {
            answer.headers_mut().insert(header::LOCATION, local);
        }
        return answer;
    }
    match refused::error_in(answer).await {
        Ok(error) => refused::answer(&app, &parts, &fields, error).await,
        Err(answer) => answer,
    }
}

fn wait(seconds: u32, mut answer: Response) -> Response {
    metrics::counter!("buildkeep_attempts_refused_total").increment(1);
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

/// The refusal, when this client makes too many attempts to sign in.
pub fn too_many(state: &State, address: &str) -> Option<Response> {
    let seconds = seconds(state.attempts.count(ClientNetwork::of(address)).err()?);
    let error = AppError::RateLimited(seconds);
    Some(wait(seconds, (refused::status_of(&error), error.to_string()).into_response()))
}

/// Whether a link was followed on a page of ours. Browsers say so with `Sec-Fetch-Site`, older ones with the referrer.
pub fn is_from_our_page(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin",
        None => text(header::REFERER).is_some_and(|referrer| {
            let of_host = text(header::HOST).is_some_and(|host| {
                let rest = referrer.strip_prefix("https://").or_else(|| referrer.strip_prefix("http://"));
                rest.is_some_and(|rest| rest.strip_prefix(host).is_some_and(|path| path.starts_with('/')))
            });
            of_host || referrer.strip_prefix(public_url).is_some_and(|path| path.starts_with('/'))
        }),
    }
}

fn field(fields: &[(String, String)], name: &str) -> Option<String> {
    fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    /// Every value that `Origin` can have × every value of `Sec-Fetch-Site`: nothing, ours, and all others.
    #[test]
    fn only_our_own_pages_may_post() {
        let url = "https://build.example.com";
        let sites = [None, Some("same-origin"), Some("same-site"), Some("cross-site"), Some("none"), Some(""), Some("Same-Origin")];
        for (origin, host, without_site, same_origin) in [
            (None, "build.example.com", false, true),
            (Some("null"), "build.example.com", false, true),
            (Some("https://build.example.com"), "build.example.com", true, true),
            (Some("https://build.example.com"), "10.0.0.7:3000", true, true),
            (Some("http://127.0.0.1:3000"), "127.0.0.1:3000", true, true),
            (Some("http://127.0.0.1:3000"), "127.0.0.1", false, false),
            (Some("https://build.example.com.evil.example"), "build.example.com", false, false),
            (Some("https://build.example.co"), "build.example.com", false, false),
            (Some("https://build.example.com/"), "build.example.com", false, false),
            (Some("https://build.example.com:444"), "build.example.com", false, false),
            (Some("https://evil.example"), "build.example.com", false, false),
            (Some("NULL"), "build.example.com", false, false),
            (Some(""), "build.example.com", false, false),
            (Some("build.example.com"), "build.example.com", false, false),
            (Some("file://build.example.com"), "build.example.com", false, false),
        ] {
            for site in sites {
                let pairs = [("host", Some(host)), ("origin", origin), ("sec-fetch-site", site)];
                let headers = headers(&pairs.into_iter().filter_map(|(name, value)| Some((name, value?))).collect::<Vec<_>>());
                let fine = match site {
                    None => without_site,
                    Some("same-origin") => same_origin,
                    Some(_) => false,
                };
                assert_eq!(is_same_origin(&headers, url), fine, "{pairs:?}");
            }
        }
    }

    #[test]
    fn a_header_that_no_browser_sends_is_refused() {
        let ours = "https://build.example.com";
        let fine = headers(&[("origin", ours), ("sec-fetch-site", "same-origin")]);
        assert!(is_same_origin(&fine, ours));
        for (name, value) in [("origin", ours), ("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")] {
            let mut twice = fine.clone();
            twice.append(name, HeaderValue::from_static(value));
            assert!(!is_same_origin(&twice, ours), "{name} {value}");
        }
        let mut raw = fine;
        raw.insert("origin", HeaderValue::from_bytes(b"https://b\xfcild.example.com").unwrap());
        assert!(!is_same_origin(&raw, ours));
    }

    #[tokio::test]
    async fn a_form_has_to_be_whole_within_its_time() {
        let endless = Body::from_stream(futures_util::stream::pending::<std::io::Result<Bytes>>());
        assert_eq!(whole(endless, Duration::from_millis(10)).await, Err(AppError::TooSlow));
        assert_eq!(whole(Body::from("name=Ada"), LONGEST_FORM).await.unwrap(), "name=Ada");
        let large = Body::from(vec![b'a'; LARGEST_FORM + 1]);
        assert_eq!(whole(large, LONGEST_FORM).await, Err(AppError::TooLarge));
    }
}
