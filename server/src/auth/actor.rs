//! Finds out who asks, once per request of a browser, and hands pages and server functions their `Request`.

use std::sync::{Arc, Mutex};

use app::domain::ids::IncidentId;
use app::notice::Notice;
use app::request::{Actor, Caller, Draft, Request as AppRequest, SignedIn};
use axum::extract::{Request, State as Extracted};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use tower_sessions::Session;

pub use super::client_address::{client_address, client_network};
use super::cookies::{self, Sealed};
use super::proof;
use super::refusals;
use super::session;
use super::visit::{BrowserVisit, device_of};
use crate::error::{Error, Result};
use crate::router::AppState;
use crate::state::State;
use crate::store::users;

/// A new name for this request.
pub fn new_incident(state: &State) -> IncidentId {
    IncidentId::from_uuid(state.clock.new_id())
}

/// Middleware of pages and server functions.
pub async fn identify(Extracted(app): Extracted<AppState>, session: Session, mut request: Request, next: Next) -> Response {
    let state = &app.state;
    let address = client_address(state, request.extensions(), request.headers());
    let incident = new_incident(state);
    let actor = match actor_of(state, &session, &address).await {
        Ok(actor) => actor,
        Err(error) => {
            let caller = Caller { actor: Actor::Anonymous, address, incident };
            return (StatusCode::INTERNAL_SERVER_ERROR, error.shown_to(&caller).to_string()).into_response();
        }
    };
    let caller = Caller { actor, address, incident };
    let headers = request.headers();
    let mut received = cookies::read(&state.config, &state.cookie_key, &CookieJar::from_headers(headers), headers);
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let visit = Arc::new(BrowserVisit {
        state: state.clone(),
        session,
        caller: caller.clone(),
        device: device_of(user_agent),
        attempts: Mutex::new(std::mem::take(&mut received.attempts)),
        outbox: Mutex::default(),
    });
    let is_page = request.method() == Method::GET;
    let notice = received.notice.take().filter(|_| is_page);
    let notice = match notice {
        Some(sealed) => notice_for(&visit, sealed).await,
        None => None,
    };
    let shows_secret = notice.as_ref().is_some_and(Notice::holds_secret);
    let provided = provided(&app, &visit, notice, &received, &request);
    request.extensions_mut().insert(provided);
    request.extensions_mut().insert(visit.clone());

    let mut response = refusals::audited(state, &visit.caller, next.run(request)).await;
    let shown = is_page && !response.status().is_redirection();
    if shown && shows_secret {
        logged(&visit.caller, session::use_up_ticket(&visit.session).await);
    }
    let mut outbox = visit.take_outbox();
    let sealed = match outbox.notice.take() {
        Some(notice) => Some(sealed(&visit, notice).await),
        None => None,
    };
    for value in cookies::write(&state.config, &state.cookie_key, &received, (sealed, outbox), shown) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    // Pages differ from person to person.
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response.headers_mut().append(header::VARY, header::HeaderValue::from_static("cookie"));
    response
}

/// The message, if this session may see it.
async fn notice_for(visit: &BrowserVisit, sealed: Sealed) -> Option<Notice> {
    let held = if sealed.notice.holds_secret() { logged(&visit.caller, session::held_ticket(&visit.session).await)? } else { None };
    sealed.is_for(visit.state.clock.now(), held.as_ref()).then_some(sealed.notice)
}

async fn sealed(visit: &BrowserVisit, notice: Notice) -> Sealed {
    let ticket = if notice.holds_secret() {
        logged(&visit.caller, session::issue_ticket(&visit.session, &visit.state).await).flatten()
    } else {
        None
    };
    Sealed::new(notice, visit.state.clock.now(), ticket)
}

/// A message that cannot be shown is no reason to fail a request that has done its work.
fn logged<T>(caller: &Caller, result: Result<T>) -> Option<T> {
    result.map_err(|error| error.shown_to(caller)).ok()
}

fn provided(
    app: &AppState,
    visit: &Arc<BrowserVisit>,
    notice: Option<Notice>,
    received: &cookies::Received,
    request: &Request,
) -> AppRequest {
    let state = &app.state;
    AppRequest {
        caller: visit.caller.clone(),
        backend: app.backend.clone(),
        visit: visit.clone(),
        notice,
        draft: Draft::default(),
        theme: received.theme,
        now: state.clock.now(),
        address: request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
        site: state.site.clone(),
    }
}

async fn actor_of(state: &State, session: &Session, address: &str) -> Result<Actor, Error> {
    let Some(data) = session::current(session, state.clock.now(), address).await? else { return Ok(Actor::Anonymous) };
    let Some(user) = users::find(state.db.read(), data.user).await? else { return Ok(Actor::Anonymous) };
    // An account of somebody else, or of a provider that is no longer configured, proves nothing.
    let proof = match &state.provider {
        Some(provider) => proof::of(state, state.db.read(), provider, (user.id, data.identity)).await?,
        None => None,
    };
    Ok(Actor::User(SignedIn { id: user.id, name: user.name, email: user.email, session: data.id, began: data.began, proof }))
}
