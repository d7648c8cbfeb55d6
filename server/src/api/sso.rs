//! The way of a browser to the OpenID provider and back.
//!
//! Links, not forms: browsers hold the redirects that follow a form to our own policy (`form-action`), and a provider
//! may lead on to whatever it trusts.

use std::collections::HashMap;
use std::sync::Arc;

use app::domain::identity::{SsoFailure, read_hosted_domains};
use app::notice::Notice;
use app::paths;
use app::request::{Actor, Request};
use axum::extract::{Extension, Query, State as Extracted};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;

use super::redirect;
use crate::auth::forms::{is_from_our_page, too_many};
use crate::auth::visit::BrowserVisit;
use crate::error::Result;
use crate::oidc::{OidcError, Purpose, Wish};
use crate::router::AppState;
use crate::services::identities::{Arrival, Identities};

/// A person has this long at the provider.
const LONGEST: TimeDelta = TimeDelta::minutes(15);

type Parts = HashMap<String, String>;
type Context = (Extension<Request>, Extension<Arc<BrowserVisit>>);

/// Sends the browser to the provider. Whoever is signed in goes there to link, and only from a page of ours: another
/// site must not link an account of its choice.
pub async fn start(
    Extracted(app): Extracted<AppState>,
    (Extension(request), Extension(visit)): Context,
    headers: HeaderMap,
    Query(parts): Query<Parts>,
) -> Response {
    if let Some(refusal) = too_many(&app.state, &request.caller.address) {
        return refusal;
    }
    let part = |name: &str| parts.get(name).cloned().unwrap_or_default();
    let next = paths::local_or_home(&part("next"));
    let purpose = match &request.caller.actor {
        Actor::User(user) if is_from_our_page(&headers, &app.state.site.public_url) => Purpose::Link(user.session),
        Actor::User(_) => return redirect(&next),
        Actor::Anonymous | Actor::Operator | Actor::Server => Purpose::SignIn,
    };
    let hosted_domain = read_hosted_domains(&part("domain")).ok().and_then(|domains| domains.into_iter().next()).map(String::from);
    go(&app, &request, &visit, Wish { purpose, next, hosted_domain, consent: false }).await
}

async fn go(app: &AppState, request: &Request, visit: &BrowserVisit, wish: Wish) -> Response {
    let Some(provider) = &app.state.provider else { return StatusCode::NOT_FOUND.into_response() };
    let next = wish.next.clone();
    match provider.begin(wish, app.state.clock.now()).await {
        Ok((url, attempt)) => {
            visit.keep_attempt(&attempt);
            redirect(&url)
        }
        Err(error) => {
            tracing::warn!(incident = %request.caller.incident, %error, "nobody can be sent to the provider");
            failed(request, SsoFailure::Unreachable, &next)
        }
    }
}

/// The browser is back, with a code or with a refusal.
pub async fn callback(
    Extracted(app): Extracted<AppState>,
    (Extension(request), Extension(visit)): Context,
    Query(parts): Query<Parts>,
) -> Response {
    if let Some(refusal) = too_many(&app.state, &request.caller.address) {
        return refusal;
    }
    let Some(provider) = &app.state.provider else { return StatusCode::NOT_FOUND.into_response() };
    let part = |name: &str| parts.get(name).map(String::as_str).unwrap_or_default();
    let is_current = |began| app.state.clock.now() - began <= LONGEST;
    let Some(attempt) = visit.take_attempt().filter(|attempt| attempt.fits(part("state")) && is_current(attempt.began)) else {
        return failed(&request, SsoFailure::NotBegun, paths::HOME);
    };
    let (purpose, next, asked) = (attempt.purpose.clone(), attempt.next.clone(), attempt.consent);
    // RFC 9207: the answer of another provider is not for us.
    if parts.get("iss").is_some_and(|issuer| issuer != provider.issuer()) {
        return failed(&request, SsoFailure::NotVerified, &next);
    }
    if part("code").is_empty() {
        return failed(&request, SsoFailure::Denied, &next);
    }
    let person = match provider.finish(attempt, part("code").to_owned()).await {
        Ok(person) => person,
        Err(error) => {
            tracing::warn!(incident = %request.caller.incident, %error, "a sign-in through the provider failed");
            let failure = match error {
                OidcError::Unreachable(_) => SsoFailure::Unreachable,
                OidcError::Refused(_) => SsoFailure::Denied,
                OidcError::NotValid(_) => SsoFailure::NotVerified,
            };
            return failed(&request, failure, &next);
        }
    };
    let identities = Identities(app.state.clone());
    let arrived = async {
        let arrival = identities.arrive(&request.caller, (&purpose, &next), person, !asked).await?;
        admit(&visit, &arrival).await?;
        Ok(arrival)
    };
    match crate::error::answer(&request.caller, arrived).await {
        Ok(Arrival::SignedIn(..) | Arrival::Proven(_)) => redirect(&next),
        Ok(Arrival::NeedsPassword(_)) => redirect(paths::ACCOUNT_LINK),
        Ok(Arrival::NeedsConsent) => go(&app, &request, &visit, Wish { purpose, next, hosted_domain: None, consent: true }).await,
        Ok(Arrival::Failed(failure)) => failed(&request, failure, &next),
        Err(error) => (crate::auth::forms::status_of(&error), error.to_string()).into_response(),
    }
}

async fn admit(visit: &BrowserVisit, arrival: &Arrival) -> Result<()> {
    match arrival {
        Arrival::SignedIn(user, identity) => visit.begin_with(*user, Some(*identity)).await,
        Arrival::Proven(identity) => visit.prove(*identity).await,
        Arrival::NeedsPassword(sealed) => visit.keep_pending_link(sealed.clone()).await,
        Arrival::NeedsConsent | Arrival::Failed(_) => Ok(()),
    }
}

/// Back to where the person can try again, with the reason.
fn failed(request: &Request, failure: SsoFailure, next: &str) -> Response {
    request.visit.notify(Notice::SsoFailed(failure));
    match &request.caller.actor {
        Actor::User(_) => redirect(paths::ACCOUNT_SECURITY),
        Actor::Anonymous | Actor::Operator | Actor::Server => redirect(&paths::sign_in_then(next)),
    }
}
