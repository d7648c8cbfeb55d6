//! What every form post has to pass before a server function sees it: its origin, its size, its rate.
//!
//! The body is read whole before anybody asks whose session this is ([`receive`] stands outside `actor::identify`): a
//! client that holds the rest of a form back gains nothing by having been signed in when it began.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use app::error::AppError;
use app::paths;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Request, State as Extracted};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::actor::client_address;
use super::visit::BrowserVisit;
use crate::router::AppState;
use crate::state::State;

/// No form of ours is larger.
const LARGEST_FORM: usize = 64 << 10;
/// The whole of a form has to be here within this time: on the slowest of lines, 64 KiB take half of it.
const LONGEST_FORM: Duration = Duration::from_secs(20);
/// Attempts a minute for one account, whatever the client's address.
const PER_ACCOUNT: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
/// Questions a minute of all terminals at one client address that wait for a person: of some fifty.
const POLLS: NonZeroU32 = NonZeroU32::new(600).expect("not zero");
/// Forms that take a password or a code, or send mail.
const GUARDED: [&str; 13] = [
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
];

/// Attempts at the guarded forms, by client address and by account.
pub struct Attempts {
    by_address: DefaultKeyedRateLimiter<String>,
    by_account: DefaultKeyedRateLimiter<String>,
    polls: DefaultKeyedRateLimiter<String>,
}

impl Attempts {
    /// Allows so many a minute from one client address.
    pub fn new(per_minute: u32) -> Self {
        let by_address = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        Self {
            by_address: RateLimiter::keyed(Quota::per_minute(by_address)),
            // An address that is allowed much (tests, a shared gateway) is not to be stopped by one account either.
            by_account: RateLimiter::keyed(Quota::per_minute(PER_ACCOUNT.max(by_address))),
            polls: RateLimiter::keyed(Quota::per_minute(POLLS)),
        }
    }

    /// Counts one more question of a terminal that waits; says for how many seconds to wait when there were too many.
    pub fn poll(&self, address: &str) -> Result<(), u32> {
        let until = self.polls.check_key(&address.to_owned());
        until.map_err(|until| {
            u32::try_from(until.wait_time_from(DefaultClock::default().now()).as_secs()).unwrap_or(u32::MAX).saturating_add(1)
        })
    }

    /// Counts one more; says for how many seconds to wait when there were too many.
    fn count(&self, address: &str, accounts: &[String]) -> Result<(), u64> {
        let wait = |limiter: &DefaultKeyedRateLimiter<String>, key: &str| {
            limiter.check_key(&key.to_owned()).map_err(|until| until.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
        };
        wait(&self.by_address, address)?;
        accounts.iter().try_for_each(|account| wait(&self.by_account, account))
    }

    /// Forgets those who have waited long enough.
    pub fn forget_old(&self) {
        self.by_address.retain_recent();
        self.by_account.retain_recent();
        self.polls.retain_recent();
    }
}

/// Whether a state-changing request comes from a page of ours. Browsers send `Sec-Fetch-Site` (to secure origins) and
/// `Origin` with every post; what sends neither is no browser that holds our cookie.
pub fn is_same_origin(headers: &HeaderMap, public_url: &str) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let site = text(header::HeaderName::from_static("sec-fetch-site"));
    if site.is_some_and(|site| site != "same-origin") {
        return false;
    }
    match text(header::ORIGIN) {
        Some(origin) => {
            let of_host = text(header::HOST).is_some_and(|host| {
                origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://")).is_some_and(|authority| authority == host)
            });
            of_host || public_url == origin || public_url.starts_with(&format!("{origin}/"))
        }
        None => site.is_some(),
    }
}

/// Middleware that takes in a form: refuses one of another site, and holds the others until they are whole.
pub async fn receive(Extracted(app): Extracted<AppState>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    if !is_same_origin(request.headers(), &app.state.site.public_url) {
        return refusal(StatusCode::FORBIDDEN, "This form was sent from another site. Open the page here and send it again.");
    }
    let (parts, body) = request.into_parts();
    match whole(body, LONGEST_FORM).await {
        Ok(body) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Err((status, sentence)) => refusal(status, sentence),
    }
}

/// The whole body of a form, if it is here within this time; or why it is not taken.
async fn whole(body: Body, time: Duration) -> Result<Bytes, (StatusCode, &'static str)> {
    match tokio::time::timeout(time, axum::body::to_bytes(body, LARGEST_FORM)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err((StatusCode::PAYLOAD_TOO_LARGE, "This form is too large. Go back, shorten the entries and send it again.")),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "This form took too long to arrive. Go back and send it again.")),
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
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_FORM).await else {
        return refusal(StatusCode::BAD_REQUEST, "This form could not be read. Go back and send it again.");
    };
    let path = parts.uri.path().to_owned();
    if GUARDED.contains(&path.as_str()) {
        let address = client_address(&app.state, &parts.extensions, &parts.headers);
        // A form without an address names the account by a link. Whoever is signed in may be guessing their own password.
        let named = field(&body, "email").or_else(|| field(&body, "link")).map(|account| account.trim().to_lowercase());
        let own = visit.as_ref().and_then(|visit| visit.caller.user().ok().map(|user| user.id.to_string()));
        if let Err(seconds) = app.state.attempts.count(&address, &named.into_iter().chain(own).collect::<Vec<_>>()) {
            return wait(seconds);
        }
    }
    let mut response = next.run(Request::from_parts(parts, Body::from(body.clone()))).await;
    if let Some(target) = response.headers().get(header::LOCATION).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned) {
        if target.contains("__err=")
            && let Some(Extension(visit)) = visit
        {
            visit.keep_draft(draft(&body));
        }
        // After a post the browser is to GET the next page (RFC 9110, 15.4.4), and only a page of ours.
        *response.status_mut() = StatusCode::SEE_OTHER;
        if let Ok(local) = HeaderValue::from_str(&local_target(&target)) {
            response.headers_mut().insert(header::LOCATION, local);
        }
        return response;
    }
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
        return with_its_status(response).await;
    }
    response
}

fn wait(seconds: u64) -> Response {
    metrics::counter!("buildkeep_attempts_refused_total").increment(1);
    let mut response =
        refusal(StatusCode::TOO_MANY_REQUESTS, &format!("Too many attempts. Wait {seconds} seconds, go back and try again."));
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// The refusal, when this client makes too many attempts to sign in.
pub fn too_many(state: &State, address: &str) -> Option<Response> {
    state.attempts.count(address, &[]).err().map(wait)
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

/// Leptos answers every error of a server function with 500. A client that did not ask for HTML gets the status that
/// the error means.
async fn with_its_status(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = axum::body::to_bytes(body, LARGEST_FORM).await else {
        return refusal(StatusCode::INTERNAL_SERVER_ERROR, "The answer could not be read.");
    };
    if let Ok(error) = serde_json::from_slice::<AppError>(&body) {
        parts.status = status_of(&error);
    }
    Response::from_parts(parts, Body::from(body))
}

/// The status that an error means.
pub const fn status_of(error: &AppError) -> StatusCode {
    match error {
        AppError::Unauthenticated | AppError::WrongCredentials => StatusCode::UNAUTHORIZED,
        AppError::Forbidden | AppError::SignIn(_) => StatusCode::FORBIDDEN,
        AppError::NotFound | AppError::Moved(_) => StatusCode::NOT_FOUND,
        AppError::Conflict(_) => StatusCode::CONFLICT,
        AppError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        AppError::BadForm => StatusCode::BAD_REQUEST,
        AppError::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
        AppError::LinkUnusable => StatusCode::GONE,
        AppError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The Referer of a refused form is an absolute address, whose host is the client's word: only its path counts.
fn local_target(target: &str) -> String {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or(paths::HOME, |at| &rest[at..]),
        None => target,
    };
    paths::local_or_home(path)
}

fn refusal(status: StatusCode, sentence: &str) -> Response {
    (status, [(header::CONTENT_TYPE, "text/plain; charset=utf-8")], sentence.to_owned()).into_response()
}

fn field(body: &Bytes, name: &str) -> Option<String> {
    form_urlencoded::parse(body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The fields without anything secret.
fn draft(body: &Bytes) -> Vec<(String, String)> {
    const SECRET: [&str; 4] = ["password", "current", "link", "code"];
    form_urlencoded::parse(body).into_owned().filter(|(name, _)| !SECRET.contains(&name.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_our_own_pages_may_post() {
        let url = "https://build.example.com";
        for (pairs, fine) in [
            (vec![("origin", "https://build.example.com")], true),
            (vec![("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")], true),
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![], false),
            (vec![("origin", "null")], false),
            (vec![("origin", "https://build.example.com.evil.example"), ("host", "build.example.com")], false),
            (vec![("origin", "https://build.example.co")], false),
            (vec![("sec-fetch-site", "same-site"), ("origin", "https://build.example.com")], false),
            (vec![("sec-fetch-site", "same-origin"), ("origin", "https://evil.example"), ("host", "build.example.com")], false),
        ] {
            assert_eq!(is_same_origin(&headers(&pairs), url), fine, "{pairs:?}");
        }
    }

    #[tokio::test]
    async fn a_form_has_to_be_whole_within_its_time() {
        let endless = Body::from_stream(futures_util::stream::pending::<std::io::Result<Bytes>>());
        assert_eq!(whole(endless, Duration::from_millis(10)).await.unwrap_err().0, StatusCode::REQUEST_TIMEOUT);
        assert_eq!(whole(Body::from("name=Ada"), LONGEST_FORM).await.unwrap(), "name=Ada");
        let large = Body::from(vec![b'a'; LARGEST_FORM + 1]);
        assert_eq!(whole(large, LONGEST_FORM).await.unwrap_err().0, StatusCode::PAYLOAD_TOO_LARGE);
    }

    #[test]
    fn a_refused_form_leads_back_to_a_page_of_ours() {
        assert_eq!(local_target("https://build.example.com/sign-in?__path=x"), "/sign-in?__path=x");
        assert_eq!(local_target("https://evil.example"), "/");
        assert_eq!(local_target("https://evil.example//evil.example"), "/");
        assert_eq!(local_target("/o/acme"), "/o/acme");
    }

    #[test]
    fn a_draft_keeps_no_secret() {
        let body = Bytes::from_static(b"email=ada%40example.com&password=hunter2&link=bklnk_x&current=old");
        assert_eq!(draft(&body), [("email".to_owned(), "ada@example.com".to_owned())]);
    }
}
