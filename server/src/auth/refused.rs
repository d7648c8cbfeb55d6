//! The answer to a form that is refused: the page that holds it, with the reason and what was typed.
//!
//! Leptos would send a browser without scripts back to its `Referer`, with the error in the address: logged, lost when a proxy
//! or browser withholds the referrer, and for everybody to write into a link. So a server function never learns that a browser
//! asks ([`without_leptos_way_back`]), and the page is rendered here, as the answer itself, with the status that the error means.
//! Nothing of it is in an address or a cookie.

use app::components::form::PAGE;
use app::error::AppError;
use app::paths;
use app::request::{Draft, Request as AppRequest};
use app::server_fns::accounts::SignIn;
use app::server_fns::home::page_of;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use server_fn::ServerFn as _;

use crate::router::{self, AppState};

/// What no page shows again. The secrets of links stand in the page's own hidden fields.
const SECRET: [&str; 4] = ["password", "current", "link", "code"];
/// No error of ours is larger, as JSON.
const LARGEST_ERROR: usize = 64 << 10;

/// The form as a program would send it, so that Leptos answers with the error itself.
pub fn without_leptos_way_back(parts: &Parts, body: Bytes) -> Request {
    let mut parts = parts.clone();
    parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    parts.headers.remove(header::REFERER);
    Request::from_parts(parts, Body::from(body))
}

/// The error that a server function has answered with (Leptos gives all of them the status 500), or the answer, if it is none.
pub async fn error_in(answer: Response) -> Result<AppError, Response> {
    if answer.status() != StatusCode::INTERNAL_SERVER_ERROR {
        return Err(answer);
    }
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, LARGEST_ERROR).await.unwrap_or_default();
    serde_json::from_slice(&body).map_err(|_| Response::from_parts(parts, Body::from(body)))
}

/// The answer to a form with these fields that was refused: a page to a browser, JSON to others.
pub async fn answer(app: &AppState, parts: &Parts, fields: &[(String, String)], error: AppError) -> Response {
    let status = status_of(&error);
    let (Some(request), true) = (parts.extensions.get::<AppRequest>(), accepts_html(&parts.headers)) else {
        return (status, axum::Json(error)).into_response();
    };
    let mut page = page(app, request, parts.uri.path(), fields, error).await;
    *page.status_mut() = status;
    page
}

async fn page(app: &AppState, request: &AppRequest, form: &str, fields: &[(String, String)], error: AppError) -> Response {
    let home = home(form, fields);
    let (address, draft) = match (&error, home) {
        (AppError::Unauthenticated, home) => {
            let address = home.map_or_else(|| paths::SIGN_IN.to_owned(), |home| paths::sign_in_then(&home));
            (Some(address), Draft::refused(SignIn::PATH, error.clone(), Vec::new()))
        }
        (AppError::Moved(slug), home) => (home.map(|home| paths::moved(&home, slug)), draft(form, fields, &error)),
        (_, home) => (home, draft(form, fields, &error)),
    };
    if let Some(address) = &address
        && let Some(get) = get(request, address, draft.clone())
    {
        let page = router::page(app.clone(), get).await;
        // It may be none for this person any more, or not hold the form.
        if page.status() == StatusCode::OK && draft.was_shown() {
            return page;
        }
    }
    let address = address.unwrap_or_else(|| paths::HOME.to_owned());
    match get(request, &address, Draft::default()) {
        Some(get) => router::refusal_page(app.clone(), error, get).await,
        None => error.to_string().into_response(),
    }
}

/// The page of the form: what it says itself, or else the one where it stands in any case.
fn home(form: &str, fields: &[(String, String)]) -> Option<String> {
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    let said = field(PAGE).and_then(|page| paths::local(&page));
    said.or_else(|| page_of(form, |name| field(name).unwrap_or_default()).and_then(|page| paths::local(&page)))
}

fn draft(form: &str, fields: &[(String, String)], error: &AppError) -> Draft {
    let shown = fields.iter().filter(|(name, _)| !SECRET.contains(&name.as_str())).cloned().collect();
    Draft::refused(form, error.clone(), shown)
}

/// The answer to a refused form has the address of a form. Who opens that address again, by hand or when the browser starts
/// anew, is led to the page of the form.
pub fn reopened(request: &Request) -> Option<Response> {
    let form = request.uri().path();
    let asked = request.method() == Method::GET && form.starts_with(paths::FORMS_PREFIX) && accepts_html(request.headers());
    let page = asked.then(|| page_of(form, |_| String::new()).unwrap_or_else(|| paths::HOME.to_owned()))?;
    Some((StatusCode::SEE_OTHER, [(header::LOCATION, paths::local_or_home(&page))]).into_response())
}

/// The request that a browser would make to open the page.
fn get(request: &AppRequest, address: &str, draft: Draft) -> Option<Request> {
    let mut get = Request::get(address).header(header::ACCEPT, "text/html").body(Body::empty()).ok()?;
    // The message of the form before stays for the next page that the browser opens.
    get.extensions_mut().insert(AppRequest { address: address.to_owned(), draft, notice: None, ..request.clone() });
    Some(get)
}

fn accepts_html(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// The status that an error means, for pages and programs alike.
pub const fn status_of(error: &AppError) -> StatusCode {
    match error {
        AppError::Unauthenticated | AppError::WrongCredentials => StatusCode::UNAUTHORIZED,
        AppError::Forbidden | AppError::SignIn(_) | AppError::OtherSite => StatusCode::FORBIDDEN,
        AppError::NotFound | AppError::Moved(_) => StatusCode::NOT_FOUND,
        AppError::Conflict(_) => StatusCode::CONFLICT,
        AppError::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
        AppError::BadForm => StatusCode::BAD_REQUEST,
        AppError::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        AppError::TooSlow => StatusCode::REQUEST_TIMEOUT,
        AppError::RateLimited(_) => StatusCode::TOO_MANY_REQUESTS,
        AppError::LinkUnusable => StatusCode::GONE,
        AppError::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_form_says_itself_on_which_page_of_ours_it_stands() {
        let said = |page| home("/do/accounts/sign-in", &fields(&[("next", "/o/acme"), (PAGE, page)])).unwrap();
        assert_eq!(said("/sign-in?next=%2F"), "/sign-in?next=%2F");
        for elsewhere in ["//evil.example", "https://evil.example", "/do/accounts/sign-out", ""] {
            assert_eq!(said(elsewhere), "/sign-in?next=%2Fo%2Facme", "{elsewhere}");
        }
    }

    #[test]
    fn what_is_shown_again_holds_no_secret() {
        let sent = fields(&[("email", "ada@example.com"), ("password", "hunter2"), ("link", "bklnk_x"), ("current", "old")]);
        let draft = draft("/do/accounts/sign-in", &sent, &AppError::BadForm);
        assert_eq!(draft.get("email"), "ada@example.com");
        assert_eq!(SECRET.map(|name| draft.get(name)), ["", "", "", ""]);
    }
}
