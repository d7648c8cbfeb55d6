//! The browser's side of a request, as server functions use it.

use std::sync::{Arc, Mutex, PoisonError};

use app::domain::ids::{IdentityId, SessionId, UserId};
use app::domain::invite::InviteResult;
use app::error::AppError;
use app::notice::Notice;
use app::request::{Caller, Theme, Visit};
use async_trait::async_trait;
use tower_sessions::Session;

use super::cookies::Outbox;
use super::session;
use super::sso_attempts::{Attempts, Begun};
use crate::error::{Result, answer};
use crate::oidc::Attempt;
use crate::state::State;

/// One request of a browser.
pub struct BrowserVisit {
    /// The server.
    pub state: Arc<State>,
    /// The browser's session.
    pub session: Session,
    /// Who asks.
    pub caller: Caller,
    /// Browser and system, for the list of sessions.
    pub device: String,
    /// The ways to the OpenID provider that this browser has begun.
    pub attempts: Mutex<Attempts>,
    /// What the answer leaves in the browser.
    pub outbox: Mutex<Outbox>,
}

impl BrowserVisit {
    /// What was put there; empty from then on.
    pub fn take_outbox(&self) -> Outbox {
        std::mem::take(&mut self.outbox.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Starts a session that this account at the provider opened, or a password.
    pub async fn begin_with(&self, user: UserId, identity: Option<IdentityId>) -> Result<SessionId> {
        session::begin(&self.session, &self.state, &self.caller, (user, identity), self.device.clone()).await
    }

    /// Adds to the session that this account at the provider is the person's.
    pub async fn prove(&self, identity: IdentityId) -> Result<()> {
        session::prove(&self.session, &self.state, identity).await
    }

    /// Keeps an account at the provider until the person has entered their password.
    pub async fn keep_pending_link(&self, sealed: String) -> Result<()> {
        session::keep_pending_link(&self.session, sealed).await
    }

    /// Remembers, in this browser, a way to the provider that has begun.
    pub fn keep_attempt(&self, attempt: Attempt) {
        let changes = self.attempts.lock().unwrap_or_else(PoisonError::into_inner).add(attempt);
        self.leave(|outbox| outbox.attempts.extend(changes));
    }

    /// Takes the way to the provider that this state belongs to; it can be ended once.
    pub fn take_attempt(&self, state: &str) -> Option<Begun> {
        let (begun, kept) = self.attempts.lock().unwrap_or_else(PoisonError::into_inner).take(state)?;
        self.leave(|outbox| outbox.attempts.push(kept));
        Some(begun)
    }

    fn leave(&self, change: impl FnOnce(&mut Outbox)) {
        change(&mut self.outbox.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

#[async_trait]
impl Visit for BrowserVisit {
    async fn begin(&self, user: UserId) -> Result<(), AppError> {
        answer(&self.caller, async { self.begin_with(user, None).await.map(drop) }).await
    }

    async fn end(&self) -> Result<(), AppError> {
        answer(&self.caller, async { Ok(self.session.flush().await?) }).await
    }

    async fn keep_results(&self, results: Vec<InviteResult>) -> Result<(), AppError> {
        answer(&self.caller, session::keep_results(&self.session, results)).await
    }

    async fn take_results(&self) -> Result<Vec<InviteResult>, AppError> {
        answer(&self.caller, session::take_results(&self.session)).await
    }

    async fn pending_link(&self) -> Result<Option<String>, AppError> {
        answer(&self.caller, session::pending_link(&self.session)).await
    }

    async fn linked(&self, identity: IdentityId) -> Result<(), AppError> {
        answer(&self.caller, self.prove(identity)).await
    }

    fn notify(&self, notice: Notice) {
        self.leave(|outbox| outbox.notice = Some(notice));
    }

    fn choose_theme(&self, theme: Theme) {
        self.leave(|outbox| outbox.theme = Some(theme));
    }
}

/// `Firefox on Linux`, as far as the header tells; it is shown to its owner only.
pub fn device_of(user_agent: &str) -> String {
    let has = |word: &str| user_agent.contains(word);
    let browser = match () {
        () if has("Edg/") => "Edge",
        () if has("Firefox/") => "Firefox",
        () if has("Chrome/") || has("Chromium/") => "Chrome",
        () if has("Safari/") => "Safari",
        () if has("curl/") => "curl",
        () => "Unknown browser",
    };
    let system = match () {
        () if has("Android") => Some("Android"),
        () if has("iPhone") || has("iPad") => Some("iOS"),
        () if has("Windows") => Some("Windows"),
        () if has("Mac OS X") => Some("macOS"),
        () if has("Linux") => Some("Linux"),
        () => None,
    };
    system.map_or_else(|| browser.to_owned(), |system| format!("{browser} on {system}"))
}
