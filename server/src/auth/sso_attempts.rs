//! The ways to the OpenID provider that a browser has begun, each in a sealed cookie of its own: two tabs can go there at the same
//! time, and each comes back to its own.
//!
//! A cookie is found by the state that the provider sends back. One that was used keeps where it led to, so that a page that is
//! loaded again goes on.

use axum_extra::extract::cookie::{Cookie, CookieJar, PrivateCookieJar};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tower_sessions::cookie::time::Duration;

use super::cookies::name_of;
use crate::config::Config;
use crate::oidc::Attempt;

/// A browser keeps them for so long: longer than they count, so that one which took too long is told from one that is not known.
pub const KEPT: Duration = Duration::hours(1);
/// More than so many in one browser push out the oldest; together they stay well within what proxies take as a header.
const MOST: usize = 5;
/// So much of the state names the cookie. It is no secret there: the same browser gets it in the address.
const NAMING: usize = 16;

/// One of them.
#[derive(Serialize, Deserialize)]
pub enum Begun {
    /// The browser has not come back yet.
    Waiting(Box<Attempt>),
    /// It has.
    Used {
        /// Where it went on to.
        next: String,
        /// When it had begun.
        began: DateTime<Utc>,
    },
}

impl Begun {
    const fn began(&self) -> DateTime<Utc> {
        match self {
            Self::Waiting(attempt) => attempt.began,
            Self::Used { began, .. } => *began,
        }
    }
}

/// All of a browser, by the names of their cookies. `None` for one that cannot be read.
#[derive(Default)]
pub struct Attempts(Vec<(String, Option<Begun>)>);

fn name(state: &str) -> String {
    format!("sso-{}", state.chars().filter(|char| char.is_ascii_alphanumeric() || "-_".contains(*char)).take(NAMING).collect::<String>())
}

/// Reads them.
pub(super) fn read(config: &Config, jar: &CookieJar, private: &PrivateCookieJar) -> Attempts {
    let prefix = name_of(config, "sso-");
    let bare = name_of(config, "");
    let opened = |name: &str| private.get(name).and_then(|cookie| serde_json::from_str(cookie.value()).ok());
    let named = jar.iter().map(Cookie::name).filter(|name| name.starts_with(&prefix));
    Attempts(named.map(|name| (name.strip_prefix(&bare).unwrap_or(name).to_owned(), opened(name))).collect())
}

impl Attempts {
    /// Takes the one that this state belongs to, and says what to keep of it.
    pub fn take(&mut self, state: &str) -> Option<(Begun, (String, String))> {
        let name = name(state);
        let at = self.0.iter().position(|(known, _)| *known == name)?;
        let begun = self.0.swap_remove(at).1?;
        if matches!(&begun, Begun::Waiting(attempt) if !attempt.fits(state)) {
            return None;
        }
        let used = Begun::Used { next: next(&begun).to_owned(), began: begun.began() };
        Some((begun, (name, json(&used))))
    }

    /// Adds one; what changes among the cookies for it.
    pub fn add(&mut self, attempt: Attempt) -> Vec<(String, String)> {
        let mut changes = Vec::new();
        while self.0.len() >= MOST {
            let began = |(_, begun): &(String, Option<Begun>)| begun.as_ref().map(Begun::began);
            let Some(oldest) = (0..self.0.len()).min_by_key(|at| began(&self.0[*at])) else { break };
            changes.push((self.0.swap_remove(oldest).0, String::new()));
        }
        let (name, begun) = (name(attempt.state()), Begun::Waiting(Box::new(attempt)));
        changes.push((name.clone(), json(&begun)));
        self.0.push((name, Some(begun)));
        changes
    }
}

fn next(begun: &Begun) -> &str {
    match begun {
        Begun::Waiting(attempt) => &attempt.next,
        Begun::Used { next, .. } => next,
    }
}

fn json(begun: &Begun) -> String {
    serde_json::to_string(begun).unwrap_or_default()
}
