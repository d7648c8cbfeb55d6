//! The way of a browser to the OpenID provider and back.
//!
//! Links, not forms: browsers hold the redirects that follow a form to our own policy (`form-action`), and a provider
//! may lead on to whatever it trusts.

use std::collections::HashMap;
use std::sync::Arc;

use app::domain::identity::{Mismatch, SsoFailure, read_hosted_domains};
use app::domain::ids::{SessionId, UserId};
use app::notice::Notice;
use app::paths;
use app::request::{Actor, Request};
use axum::extract::{Extension, Query, State as Extracted};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;

use super::redirect;
use crate::auth::forms::{is_from_our_page, too_many};
use crate::auth::sso_attempts::Begun;
use crate::auth::visit::BrowserVisit;
use crate::error::{Result, answer};
use crate::oidc::{Attempt, OidcError, Provider, Purpose, Verified, Wish};
use crate::router::AppState;
use crate::services::identities::{Arrival, Identities};

/// A person has this long at the provider.
const LONGEST: TimeDelta = TimeDelta::minutes(15);
/// A longer way back does not fit into a cookie.
const LONGEST_NEXT: usize = 1000;

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
    let next =
        Some(paths::local_or_home(&part("next"))).filter(|next| next.len() <= LONGEST_NEXT).unwrap_or_else(|| paths::HOME.to_owned());
    let (purpose, consent) = match &request.caller.actor {
        Actor::User(user) if is_from_our_page(&headers, &app.state.site.public_url) => {
            // A database that does not answer is noticed at the latest when the person is back.
            let consent = Identities(app.state.clone()).lacks_lasting(user.id).await.unwrap_or_default();
            (Purpose::Link(user.session), consent)
        }
        Actor::User(_) => return redirect(&next),
        Actor::Anonymous | Actor::Operator | Actor::Server => (Purpose::SignIn, false),
    };
    let hosted_domain = read_hosted_domains(&part("domain")).ok().and_then(|domains| domains.into_iter().next()).map(String::from);
    go(&app, &request, &visit, Wish { purpose, next, hosted_domain, consent }).await
}

async fn go(app: &AppState, request: &Request, visit: &BrowserVisit, wish: Wish) -> Response {
    let Some(provider) = &app.state.provider else { return StatusCode::NOT_FOUND.into_response() };
    let (purpose, next) = (wish.purpose.clone(), wish.next.clone());
    match provider.begin(wish, app.state.clock.now()).await {
        Ok((url, attempt)) => {
            visit.keep_attempt(attempt);
            (StatusCode::FOUND, [(header::LOCATION, url)]).into_response()
        }
        Err(error) => {
            tracing::warn!(incident = %request.caller.incident, %error, "nobody can be sent to the provider");
            failed(request, error.failure(), (&purpose, &next))
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
    let attempt = match visit.take_attempt(part("state")) {
        Some(Begun::Waiting(attempt)) => attempt,
        Some(Begun::Used { next, .. }) => return used(&request, &next),
        None => return used(&request, paths::HOME),
    };
    if app.state.clock.now() - attempt.began > LONGEST {
        return failed(&request, SsoFailure::NotBegun, (&attempt.purpose, &attempt.next));
    }
    match proven(provider, &attempt, &parts).await {
        Ok(person) => arrived(&app, (&request, &visit), *attempt, person).await,
        Err(Refusal::Lasting) => {
            // It lists the scope and gives it to other clients, or to nobody: without it then, here and from now on.
            provider.lasts_not().await;
            match &attempt.purpose {
                Purpose::Last(_) => redirect(&attempt.next),
                purpose => {
                    go(&app, &request, &visit, Wish { purpose: purpose.clone(), next: attempt.next, hosted_domain: None, consent: false })
                        .await
                }
            }
        }
        Err(Refusal::Failed(error)) => {
            tracing::warn!(incident = %request.caller.incident, %error, "a sign-in through the provider failed");
            failed(&request, error.failure(), (&attempt.purpose, &attempt.next))
        }
    }
}

/// A page that is loaded again: whoever is signed in goes on, others can begin anew.
fn used(request: &Request, next: &str) -> Response {
    match &request.caller.actor {
        Actor::User(_) => redirect(next),
        Actor::Anonymous | Actor::Operator | Actor::Server => failed(request, SsoFailure::NotBegun, (&Purpose::SignIn, next)),
    }
}

enum Refusal {
    /// The provider does not let us ask for lasting permission.
    Lasting,
    Failed(OidcError),
}

/// Who the person is, by what the browser has brought back.
async fn proven(provider: &Provider, attempt: &Attempt, parts: &Parts) -> Result<Verified, Refusal> {
    let part = |name: &str| parts.get(name).map(String::as_str).unwrap_or_default();
    // RFC 9207: the answer of another provider is not for us.
    if let Some(issuer) = parts.get("iss").filter(|issuer| *issuer != provider.issuer()) {
        let why = format!("the answer is from {issuer:?} (iss), not from {}", provider.issuer());
        return Err(Refusal::Failed(OidcError::NotValid(Mismatch::Issuer, why)));
    }
    match (part("error"), part("code")) {
        ("", "") => Err(Refusal::Failed(OidcError::Refused("it sent neither a code nor an error".to_owned()))),
        ("", code) => provider.finish(attempt, code).await.map_err(Refusal::Failed),
        ("invalid_scope", _) if attempt.lasting => Err(Refusal::Lasting),
        (code, _) => Err(Refusal::Failed(OidcError::of_redirect(code, part("error_description")))),
    }
}

async fn arrived(app: &AppState, (request, visit): (&Request, &BrowserVisit), attempt: Attempt, person: Verified) -> Response {
    let identities = Identities(app.state.clone());
    let (purpose, next) = (attempt.purpose, attempt.next);
    let arriving = async {
        let arrival = identities.arrive(&request.caller, (&purpose, &next), person).await?;
        let signed_in = admit(request, visit, &arrival).await?;
        // Nobody is sent there twice for nothing: only when an organization hangs on it, and once.
        let again = match signed_in {
            Some((user, session)) if !attempt.consent && identities.needs_lasting(user).await? => Some(session),
            Some(_) | None => None,
        };
        Ok((arrival, again))
    };
    match answer(&request.caller, arriving).await {
        Ok((Arrival::SignedIn(..) | Arrival::Proven(_), Some(session))) if may_last(app).await => {
            go(app, request, visit, Wish { purpose: Purpose::Last(session), next, hosted_domain: None, consent: true }).await
        }
        Ok((Arrival::SignedIn(..) | Arrival::Proven(_), _)) => redirect(&next),
        Ok((Arrival::NeedsPassword(_), _)) => redirect(paths::ACCOUNT_LINK),
        Ok((Arrival::Failed(failure), _)) => failed(request, failure, (&purpose, &next)),
        Err(error) => (crate::auth::refused::status_of(&error), error.to_string()).into_response(),
    }
}

async fn may_last(app: &AppState) -> bool {
    match &app.state.provider {
        Some(provider) => provider.may_last().await,
        None => false,
    }
}

/// Opens what the arrival opens; whose session that is, when it is one.
async fn admit(request: &Request, visit: &BrowserVisit, arrival: &Arrival) -> Result<Option<(UserId, SessionId)>> {
    match arrival {
        Arrival::SignedIn(user, identity) => Ok(Some((*user, visit.begin_with(*user, Some(*identity)).await?))),
        Arrival::Proven(identity) => {
            visit.prove(*identity).await?;
            Ok(match &request.caller.actor {
                Actor::User(user) => Some((user.id, user.session)),
                Actor::Anonymous | Actor::Operator | Actor::Server => None,
            })
        }
        Arrival::NeedsPassword(sealed) => visit.keep_pending_link(sealed.clone()).await.map(|()| None),
        Arrival::Failed(_) => Ok(None),
    }
}

/// Back to where the person can try again, with the reason. What nothing hangs on fails in silence: the person is signed in.
fn failed(request: &Request, failure: SsoFailure, (purpose, next): (&Purpose, &str)) -> Response {
    match (&request.caller.actor, purpose) {
        (_, Purpose::Last(_)) => redirect(next),
        (Actor::User(_), _) => {
            request.visit.notify(Notice::SsoFailed(failure));
            redirect(paths::ACCOUNT_SECURITY)
        }
        (Actor::Anonymous | Actor::Operator | Actor::Server, _) => {
            request.visit.notify(Notice::SsoFailed(failure));
            redirect(&paths::sign_in_then(next))
        }
    }
}
