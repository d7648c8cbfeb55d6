//! The only place where routes are joined: pages and server functions (Leptos), the cache API, assets, health.

use std::sync::Arc;

use app::backend::Backend;
use app::error::AppError;
use app::{App, paths, refusal, shell};
use axum::Router;
use axum::extract::{FromRef, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};
use leptos::config::LeptosOptions;
use leptos::nonce::use_nonce;
use leptos::prelude::{expect_context, provide_context};
use leptos_axum::{LeptosRoutes as _, ResponseOptions, generate_route_list};
use metrics_exporter_prometheus::PrometheusHandle;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::api::problem::Full;
use crate::api::{
    account, artifacts, audit, cache, client, connect, health, logins, metrics, nx_console, openapi, personal_tokens, run_files, runs, sso,
    usage, whoami,
};
use crate::auth::{actor, forms, session};
use crate::services;
use crate::state::State;
use crate::{assets, crowd, pace, proxies, telemetry};

/// Where the OpenID provider sends browsers back to. Operators enter it at the provider.
pub const SSO_CALLBACK: &str = "/sso/callback";
/// What the server counts.
const METRICS: &str = "/metrics";
/// Tells search engines what to do with an answer.
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");

/// What handlers of pages share.
#[derive(Clone, FromRef)]
pub struct AppState {
    /// The server's parts.
    pub state: Arc<State>,
    /// The services.
    pub backend: Backend,
    options: LeptosOptions,
}

/// A route that is not a page or server function.
pub struct PlainRoute {
    /// Its path pattern.
    pub path: &'static str,
    /// Its methods, for the table of all routes.
    pub methods: &'static [&'static str],
    handler: MethodRouter<Arc<State>>,
}

fn plain(path: &'static str, methods: &'static [&'static str], handler: MethodRouter<Arc<State>>) -> PlainRoute {
    PlainRoute { path, methods, handler }
}

/// All routes beside pages and server functions. A new one needs a row in `server/tests/it/authz.rs`.
pub fn plain_routes(metrics: PrometheusHandle) -> Vec<PlainRoute> {
    let cache = || get(cache::get).put(cache::put);
    vec![
        plain("/v1/cache/{hash}", &["GET", "PUT"], cache()),
        // nx puts a slash behind a base address that ends with one.
        plain("//v1/cache/{hash}", &["GET", "PUT"], cache()),
        plain("/w/{nxCloudId}/v1/cache/{hash}", &["GET", "PUT"], get(cache::get_in_workspace).put(cache::put_in_workspace)),
        plain("/api/v1/whoami", &["GET"], get(whoami::get)),
        plain("/api/v1/artifacts/lookup", &["POST"], post(artifacts::lookup)),
        plain("/api/v1/artifacts/{hash}", &["GET", "PUT"], get(artifacts::get).put(artifacts::put)),
        plain("/nx-cloud/client/verify", &["GET"], get(client::verify)),
        plain("/nx-cloud/client/{version}/client.tar.gz", &["GET"], get(client::download)),
        plain("/nx-cloud/client/{version}/start.tar.gz", &["GET"], get(client::start)),
        plain("/nx-cloud/client/{version}/client.js", &["GET"], get(client::program)),
        plain("/nx-cloud/v2/create-org-and-workspace", &["POST"], post(connect::create)),
        plain("/nx-cloud/create-org-and-workspace", &["POST"], post(connect::create_with_token)),
        plain("/nx-cloud/onboarding", &["POST"], post(connect::onboarding)),
        plain("/nx-cloud/system/features", &["GET"], get(connect::features)),
        plain("/nx-cloud/system/version", &["GET"], get(connect::version)),
        plain("/nx-cloud/is-workspace-claimed", &["POST"], post(connect::is_claimed)),
        plain("/nx-cloud/stats", &["POST"], post(connect::stats)),
        plain("/nx-cloud/nx-console/ci-pipeline-executions", &["POST"], post(nx_console::recent)),
        plain("/nx-cloud/nx-console/ci-pipeline-executions/terminal-outputs", &["POST"], post(nx_console::terminal_output)),
        plain("/nx-cloud/nx-console/terminal-outputs/{ticket}", &["GET"], get(nx_console::log)),
        plain("/nx-cloud/mcp-context/pipeline-executions/search", &["POST"], post(nx_console::search_executions)),
        plain("/nx-cloud/mcp-context/pipeline-executions/{execution}", &["GET"], get(nx_console::execution)),
        plain("/nx-cloud/mcp-context/runs/search", &["POST"], post(nx_console::search_runs)),
        plain("/nx-cloud/mcp-context/runs/{run}", &["GET"], get(nx_console::run)),
        plain("/nx-cloud/mcp-context/tasks/search", &["POST"], post(nx_console::search_tasks)),
        plain("/nx-cloud/mcp-context/tasks/details", &["POST"], post(nx_console::task_details)),
        plain("/api/v1/runs", &["POST"], post(runs::start)),
        plain("/api/v1/runs/{run}/report", &["POST"], post(runs::report)),
        plain("/api/v1/runs/{run}/end", &["POST"], post(runs::end)),
        plain("/api/openapi.json", &["GET"], get(openapi::get)),
        plain("/api/v1/logins", &["POST"], post(logins::begin)),
        plain("/api/v1/logins/token", &["POST"], post(logins::poll)),
        plain("/api/v1/personal-access-token", &["DELETE"], delete(personal_tokens::delete)),
        plain("/healthz", &["GET"], get(health::alive)),
        plain("/readyz", &["GET"], get(health::ready)),
        plain(METRICS, &["GET"], metrics_route(metrics, metrics::get)),
        plain("/robots.txt", &["GET"], get(assets::robots)),
        plain("/favicon.svg", &["GET"], get(assets::favicon)),
        plain("/pkg/{version}/{file}", &["GET"], get(assets::packaged).layer(CompressionLayer::new())),
    ]
}

/// What browsers open beside pages: downloads, and the way to the OpenID provider and back. A new one needs a row in `server/tests/it/authz.rs`.
pub fn browser_routes() -> Vec<(&'static str, MethodRouter<AppState>)> {
    vec![
        ("/o/{slug}/audit.csv", get(audit::csv)),
        ("/o/{slug}/audit.ndjson", get(audit::ndjson)),
        ("/o/{slug}/usage.csv", get(usage::csv)),
        ("/o/{slug}/w/{workspace}/runs/{run}/tasks/{number}/log.txt", get(run_files::log)),
        ("/o/{slug}/w/{workspace}/statistics.csv", get(run_files::statistics)),
        (paths::ACCOUNT_EXPORT, get(account::export)),
        (paths::SSO_START, get(sso::start)),
        (SSO_CALLBACK, get(sso::callback)),
    ]
}

type Counts = fn(&State, &Request, &PrometheusHandle) -> Response;

fn metrics_route(handle: PrometheusHandle, counts: Counts) -> MethodRouter<Arc<State>> {
    get(move |axum::extract::State(state): axum::extract::State<Arc<State>>, request: Request| {
        std::future::ready(counts(&state, &request, &handle))
    })
}

/// The metrics alone, for a listener of their own.
pub fn metrics_alone(state: &Arc<State>, handle: PrometheusHandle) -> Router {
    Router::new().route(METRICS, metrics_route(handle, metrics::get_alone)).with_state(state.clone())
}

/// The whole application.
pub fn build(state: &Arc<State>, metrics: PrometheusHandle) -> Router {
    let options = LeptosOptions::builder().output_name("buildkeep").site_pkg_dir(assets::package_dir()).build();
    let app = AppState { state: state.clone(), backend: services::backend(state), options: options.clone() };

    let mut browser = Router::new();
    for (path, handler) in browser_routes() {
        browser = browser.route(path, handler);
    }
    let pages = browser
        .leptos_routes_with_context(&app, generate_route_list(App), provide_request, move || shell(options.clone()))
        // Not Leptos' own handler for unknown addresses: it serves files of the folder that the server was started in.
        .fallback({
            let app = app.clone();
            move |request| page(app, request)
        })
        .layer(middleware::from_fn_with_state(app.clone(), forms::check))
        .layer(middleware::from_fn_with_state(app.clone(), actor::identify))
        .layer(middleware::from_fn_with_state(app.clone(), forms::receive))
        .layer(session::layer(state))
        .layer(middleware::from_fn_with_state(state.clone(), crowd::admit))
        .with_state(app);

    let mut plain = Router::new();
    for route in plain_routes(metrics) {
        plain = plain.route(route.path, route.handler);
    }
    let plain = plain.layer(middleware::from_fn(kept_by_nobody)).with_state(state.clone());

    plain
        .merge(pages)
        .layer(middleware::from_fn_with_state(state.clone(), pace::of_requests))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn(telemetry::observe))
        .layer(middleware::from_fn_with_state(state.clone(), security_headers))
        .layer(middleware::from_fn_with_state(state.clone(), proxies::watch))
}

/// The page at the address of this request, whatever its method. It finds an [`app::request::Request`] in the extensions.
pub async fn page(app: AppState, request: Request) -> Response {
    leptos_axum::render_app_async_with_context(provide_request, move || shell(app.options.clone()))(request).await
}

/// The page that says why a form was refused, when no other one can.
pub async fn refusal_page(app: AppState, error: AppError, request: Request) -> Response {
    let shell = move || refusal(app.options.clone(), error.clone());
    leptos_axum::render_app_async_with_context(provide_request, shell)(request).await
}

/// Runs for each page and server function, in Leptos' context.
fn provide_request() {
    let parts = expect_context::<axum::http::request::Parts>();
    if let Some(request) = parts.extensions.get::<app::request::Request>() {
        provide_context(request.clone());
    }
    if let Some(nonce) = use_nonce() {
        let policy = format!(
            "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
             connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            expect_context::<ResponseOptions>().insert_header(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
}

/// What no handler wants to have kept is kept by nobody: an answer to one credential must not be given to another one.
async fn kept_by_nobody(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.append(header::VARY, HeaderValue::from_static("authorization"));
    }
    response
}

/// Headers that every answer carries; a page brings its own policy with its nonce.
async fn security_headers(axum::extract::State(state): axum::extract::State<Arc<State>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if let Some(Full(cause)) = response.extensions().get() {
        state.disk.was_full(cause);
    }
    let headers = response.headers_mut();
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"));
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Not `no-referrer`: browsers too old for `Sec-Fetch-Site` show by it that a link was followed on a page of ours.
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // The pages of an organization that wants to be found say otherwise themselves.
    headers.entry(ROBOTS).or_insert(HeaderValue::from_static("noindex, nofollow"));
    if let Some(rule) = state.config.strict_transport() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(rule));
    }
    response
}

fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> Response {
    ::metrics::counter!("buildkeep_panics_total").increment(1);
    (StatusCode::INTERNAL_SERVER_ERROR, "Something went wrong on our side. Try again.").into_response()
}

#[cfg(test)]
mod tests {
    use utoipa::OpenApi as _;

    use super::*;

    #[test]
    fn the_document_describes_every_route_for_clients() {
        let described = openapi::Document::openapi().paths.paths;
        let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
        for route in plain_routes(recorder.handle()).iter().filter(|route| route.path.starts_with("/api/v1/")) {
            assert!(described.contains_key(route.path), "{} lacks #[utoipa::path], or is not listed in openapi.rs", route.path);
        }
    }
}
