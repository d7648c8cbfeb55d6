//! Finds out who asks, once per request of a browser, and hands pages and server functions their `Request`.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use app::backend::Backend;
use app::domain::ids::IncidentId;
use app::request::{Actor, Caller, Request as AppRequest, SignedIn};
use axum::extract::{ConnectInfo, Request, State as Extracted};
use axum::http::{Extensions, HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use tower_sessions::Session;

use super::cookies;
use super::proof;
use super::refusals;
use super::session;
use super::visit::{BrowserVisit, device_of};
use crate::error::{Error, Result};
use crate::router::AppState;
use crate::state::State;
use crate::store::users;

/// The address of the client: the peer's, or what a trusted proxy says of it (the last entry that is not itself a
/// trusted proxy; earlier ones are the client's own words).
pub fn client_address(state: &State, extensions: &Extensions, headers: &HeaderMap) -> String {
    let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>() else { return String::new() };
    let trusted = |address: &IpAddr| state.config.trusted_proxies.contains(&address.to_canonical());
    if !trusted(&peer.ip()) {
        return peer.ip().to_canonical().to_string();
    }
    let forwarded = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<IpAddr> = forwarded.flat_map(|value| value.split(',')).filter_map(|hop| hop.trim().parse().ok()).collect();
    hops.iter().rev().find(|hop| !trusted(hop)).unwrap_or(&peer.ip()).to_canonical().to_string()
}

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
    let provided = provided(state, &app.backend, caller, &visit, &received, &request);
    request.extensions_mut().insert(provided);
    request.extensions_mut().insert(visit.clone());

    let mut response = refusals::audited(state, &visit.caller, next.run(request)).await;
    let shown = is_page && !response.status().is_redirection();
    for value in cookies::write(&state.config, &state.cookie_key, &received, visit.take_outbox(), shown) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    // Pages differ from person to person.
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

fn provided(
    state: &Arc<State>,
    backend: &Backend,
    caller: Caller,
    visit: &Arc<BrowserVisit>,
    received: &cookies::Received,
    request: &Request,
) -> AppRequest {
    AppRequest {
        caller,
        backend: backend.clone(),
        visit: visit.clone(),
        notice: received.notice.clone(),
        draft: received.draft.clone(),
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
        Some(provider) => proof::of(state, provider, (user.id, data.identity)).await?,
        None => None,
    };
    Ok(Actor::User(SignedIn { id: user.id, name: user.name, email: user.email, session: data.id, began: data.began, proof }))
}
