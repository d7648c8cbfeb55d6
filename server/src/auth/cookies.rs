//! Small cookies of ours beside the session: the next page's message (sealed), a refused form, the theme.

use app::notice::Notice;
use app::request::{Draft, Theme};
use axum_extra::extract::cookie::{Cookie, CookieJar, Key, PrivateCookieJar, SameSite};
use tower_sessions::cookie::time::Duration;

use super::sso_attempts::{self, Attempts};
use crate::config::Config;

const NOTICE: &str = "notice";
const DRAFT: &str = "draft";
const THEME: &str = "theme";
/// A browser keeps no larger cookie; a longer draft is dropped.
const LONGEST_DRAFT: usize = 3000;

pub(super) fn cookie(config: &Config, name: &str, value: String, life: Duration) -> Cookie<'static> {
    Cookie::build((name_of(config, name), value))
        .path("/")
        .http_only(true)
        .secure(config.is_https())
        .same_site(SameSite::Lax)
        .max_age(life)
        .build()
}

pub(super) fn name_of(config: &Config, name: &str) -> String {
    if config.is_https() { format!("__Host-buildkeep-{name}") } else { format!("buildkeep-{name}") }
}

/// What the cookies say about this request.
pub struct Received {
    /// Message for this page.
    pub notice: Option<Notice>,
    /// What was typed into a form that was refused.
    pub draft: Draft,
    /// The colour theme.
    pub theme: Theme,
    /// The ways to the OpenID provider that this browser has begun.
    pub attempts: Attempts,
    has_notice: bool,
    has_draft: bool,
}

/// Reads them.
pub fn read(config: &Config, key: &Key, jar: &CookieJar, headers: &axum::http::HeaderMap) -> Received {
    let private = PrivateCookieJar::from_headers(headers, key.clone());
    let sealed = private.get(&name_of(config, NOTICE));
    let draft = jar.get(&name_of(config, DRAFT)).map(|cookie| decode(cookie.value()));
    Received {
        attempts: sso_attempts::read(config, jar, &private),
        notice: sealed.and_then(|cookie| serde_json::from_str(cookie.value()).ok()),
        theme: Theme::parse(jar.get(&name_of(config, THEME)).map_or("", Cookie::value)),
        has_notice: jar.get(&name_of(config, NOTICE)).is_some(),
        has_draft: draft.is_some(),
        draft: Draft::new(draft.unwrap_or_default()),
    }
}

/// What the answer is to leave in the browser.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Message for the next page.
    pub notice: Option<Notice>,
    /// A form that was refused.
    pub draft: Option<Vec<(String, String)>>,
    /// What changes among the ways to the OpenID provider: the name of each cookie, and its new value; empty when it goes.
    pub attempts: Vec<(String, String)>,
    /// A newly chosen theme.
    pub theme: Option<Theme>,
}

/// Writes them as `Set-Cookie` headers. A page that was shown uses up the message and the draft that came with it.
pub fn write(config: &Config, key: &Key, received: &Received, outbox: Outbox, page_was_shown: bool) -> Vec<axum::http::HeaderValue> {
    let mut public = CookieJar::new();
    let mut private = PrivateCookieJar::new(key.clone());
    let gone = Duration::ZERO;
    if let Some(notice) = outbox.notice {
        private = private.add(cookie(config, NOTICE, serde_json::to_string(&notice).unwrap_or_default(), Duration::minutes(5)));
    } else if page_was_shown && received.has_notice {
        public = public.add(cookie(config, NOTICE, String::new(), gone));
    }
    if let Some(draft) = outbox.draft.map(|fields| encode(&fields)).filter(|text| text.len() <= LONGEST_DRAFT) {
        public = public.add(cookie(config, DRAFT, draft, Duration::minutes(5)));
    } else if page_was_shown && received.has_draft {
        public = public.add(cookie(config, DRAFT, String::new(), gone));
    }
    for (name, value) in outbox.attempts {
        if value.is_empty() {
            public = public.add(cookie(config, &name, value, gone));
        } else {
            private = private.add(cookie(config, &name, value, sso_attempts::KEPT));
        }
    }
    if let Some(theme) = outbox.theme {
        public = public.add(cookie(config, THEME, theme.as_str().to_owned(), Duration::days(400)));
    }
    set_cookie_headers(public).into_iter().chain(set_cookie_headers(private)).collect()
}

fn set_cookie_headers(jar: impl axum::response::IntoResponse) -> Vec<axum::http::HeaderValue> {
    jar.into_response().headers().get_all(axum::http::header::SET_COOKIE).iter().cloned().collect()
}

fn encode(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn decode(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}
