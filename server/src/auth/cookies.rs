//! Small cookies of ours beside the session: the next page's message (sealed), the theme.

use app::notice::Notice;
use app::request::Theme;
use axum_extra::extract::cookie::{Cookie, CookieJar, Key, PrivateCookieJar, SameSite};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tower_sessions::cookie::time::Duration;

use super::session::Ticket;
use super::sso_attempts::{self, Attempts};
use crate::config::Config;

const NOTICE: &str = "notice";
const THEME: &str = "theme";
/// A message that no page has shown by then is too old.
const LIFE: TimeDelta = TimeDelta::minutes(5);

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

/// A message, sealed for the next page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Sealed {
    /// The message.
    pub notice: Notice,
    until: DateTime<Utc>,
    ticket: Option<Ticket>,
}

impl Sealed {
    /// Seals a message that the next page shows within minutes; one with a secret needs a ticket of the session.
    pub fn new(notice: Notice, now: DateTime<Utc>, ticket: Option<Ticket>) -> Self {
        Self { notice, until: now + LIFE, ticket }
    }

    /// Whether a page may still show it, in the session that holds this ticket.
    pub fn is_for(&self, now: DateTime<Utc>, held: Option<&Ticket>) -> bool {
        let may_be_seen = !self.notice.holds_secret() || (self.ticket.is_some() && self.ticket.as_ref() == held);
        now < self.until && may_be_seen
    }
}

/// What the cookies say about this request.
pub struct Received {
    /// Message for this page.
    pub notice: Option<Sealed>,
    /// The colour theme.
    pub theme: Theme,
    /// The ways to the OpenID provider that this browser has begun.
    pub attempts: Attempts,
    has_notice: bool,
}

/// Reads them.
pub fn read(config: &Config, key: &Key, jar: &CookieJar, headers: &axum::http::HeaderMap) -> Received {
    let private = PrivateCookieJar::from_headers(headers, key.clone());
    let sealed = private.get(&name_of(config, NOTICE));
    Received {
        attempts: sso_attempts::read(config, jar, &private),
        notice: sealed.and_then(|cookie| serde_json::from_str(cookie.value()).ok()),
        theme: Theme::parse(jar.get(&name_of(config, THEME)).map_or("", Cookie::value)),
        has_notice: jar.get(&name_of(config, NOTICE)).is_some(),
    }
}

/// What the answer is to leave in the browser.
#[derive(Debug, Default)]
pub struct Outbox {
    /// Message for the next page.
    pub notice: Option<Notice>,
    /// What changes among the ways to the OpenID provider: the name of each cookie, and its new value; empty when it goes.
    pub attempts: Vec<(String, String)>,
    /// A newly chosen theme.
    pub theme: Option<Theme>,
}

/// Writes them as `Set-Cookie` headers, with the message of the outbox sealed. A page that was shown uses up the message that came with it.
pub fn write(
    config: &Config,
    key: &Key,
    received: &Received,
    (notice, outbox): (Option<Sealed>, Outbox),
    page_was_shown: bool,
) -> Vec<axum::http::HeaderValue> {
    let mut public = CookieJar::new();
    let mut private = PrivateCookieJar::new(key.clone());
    let gone = Duration::ZERO;
    if let Some(sealed) = notice {
        let life = Duration::seconds(LIFE.num_seconds());
        private = private.add(cookie(config, NOTICE, serde_json::to_string(&sealed).unwrap_or_default(), life));
    } else if page_was_shown && received.has_notice {
        public = public.add(cookie(config, NOTICE, String::new(), gone));
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
