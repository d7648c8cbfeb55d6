//! The pages over a backend that is made up, for the tests and for the gallery.
//!
//! Who looks, and what the page is told, comes from headers of the request: `x-as` (`visitor`, `newcomer`,
//! `member`, `admin`), `x-notice` (JSON), `x-refused` (JSON: server function, error, pairs of fields), `x-theme`.

pub mod backend;
pub mod connections;
pub mod data;
pub mod identities;
pub mod runs;
mod tokens;

use std::sync::Arc;

use app::backend::Backend;
use app::domain::ids::{IdentityId, UserId};
use app::domain::invite::InviteResult;
use app::domain::sign_up::SignUpRule;
use app::error::AppError;
use app::notice::Notice;
use app::request::{Actor, Caller, ClientFile, Draft, Request, SignedIn, Site, Theme, Visit};
use async_trait::async_trait;
use axum::Router;
use axum::http::request::Parts;
use leptos::prelude::{LeptosOptions, provide_context, use_context};
use leptos_axum::{LeptosRoutes, generate_route_list};

use backend::Fake;

/// Who looks at a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Persona {
    Visitor,
    Newcomer,
    Member,
    Admin,
}

impl Persona {
    fn named(name: &str) -> Option<Self> {
        [Self::Visitor, Self::Newcomer, Self::Member, Self::Admin]
            .into_iter()
            .find(|persona| format!("{persona:?}").eq_ignore_ascii_case(name))
    }
}

/// All pages and forms; without the header, `default` looks at them.
pub fn router(options: LeptosOptions, default: Persona) -> Router {
    // Static files are answered without the parts of the request.
    let provide = move || {
        if let Some(parts) = use_context::<Parts>() {
            provide_context(request(&parts, default));
        }
    };
    let shell = {
        let options = options.clone();
        move || app::shell(options.clone())
    };
    Router::new()
        .leptos_routes_with_context(&options, generate_route_list(app::App), provide, shell)
        .fallback(leptos_axum::file_and_error_handler_with_context(provide, app::shell))
        .with_state(options)
}

/// Where the built stylesheet and the browser part are.
pub fn options(site_root: &str) -> LeptosOptions {
    LeptosOptions::builder().output_name("buildkeep").site_pkg_dir("pkg").site_root(site_root).build()
}

fn request(parts: &Parts, default: Persona) -> Request {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let persona = Persona::named(header("x-as")).unwrap_or(default);
    let fake = Arc::new(Fake { persona });
    let actor = match persona {
        Persona::Visitor => Actor::Anonymous,
        Persona::Newcomer | Persona::Member | Persona::Admin => Actor::User(SignedIn {
            id: data::id("usr", 1),
            name: data::ada(),
            email: data::name("ada@example.com"),
            session: data::id("ses", 1),
            began: data::now(),
            proof: None,
        }),
    };
    Request {
        caller: Caller { actor, address: "192.0.2.7".to_owned(), incident: data::id("inc", 1) },
        backend: Backend {
            accounts: fake.clone(),
            addresses: fake.clone(),
            account_deletion: fake.clone(),
            sessions: fake.clone(),
            orgs: fake.clone(),
            identities: fake.clone(),
            invites: fake.clone(),
            domain_invites: fake.clone(),
            members: fake.clone(),
            workspaces: fake.clone(),
            ci_tokens: fake.clone(),
            access_levels: fake.clone(),
            token_policy: fake.clone(),
            personal_tokens: fake.clone(),
            logins: fake.clone(),
            artifacts: fake.clone(),
            connections: fake.clone(),
            set_up: fake.clone(),
            runs: fake.clone(),
            statistics: fake.clone(),
            audit: fake.clone(),
            billing: fake,
        },
        visit: Arc::new(NoVisit),
        notice: serde_json::from_str::<Notice>(header("x-notice")).ok(),
        draft: serde_json::from_str::<(String, AppError, Vec<(String, String)>)>(header("x-refused"))
            .map_or_else(|_| Draft::default(), |(form, error, fields)| Draft::refused(&form, error, fields)),
        theme: Theme::parse(header("x-theme")),
        now: data::now(),
        address: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        site: Arc::new(Site {
            public_url: "https://keep.example.com".to_owned(),
            provider: Some("Google".to_owned()),
            mail_folder: Some("/var/lib/buildkeep/mail".to_owned()),
            sign_up: SignUpRule::Open,
            everyone_creates_orgs: true,
            version: env!("CARGO_PKG_VERSION"),
            client: ClientFile { version: "2026.11.1".to_owned(), sha256: data::CLIENT_SHA256.to_owned(), bytes: 52_110 },
        }),
    }
}

/// Remembers nothing.
struct NoVisit;

#[async_trait]
impl Visit for NoVisit {
    async fn begin(&self, _: UserId) -> Result<(), AppError> {
        Ok(())
    }

    async fn end(&self) -> Result<(), AppError> {
        Ok(())
    }

    async fn keep_results(&self, _: Vec<InviteResult>) -> Result<(), AppError> {
        Ok(())
    }

    async fn take_results(&self) -> Result<Vec<InviteResult>, AppError> {
        Ok(Vec::new())
    }

    async fn pending_link(&self) -> Result<Option<String>, AppError> {
        Ok(Some("sealed".to_owned()))
    }

    async fn linked(&self, _: IdentityId) -> Result<(), AppError> {
        Ok(())
    }

    fn notify(&self, _: Notice) {}

    fn choose_theme(&self, _: Theme) {}
}
