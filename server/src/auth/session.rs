//! Sessions of tower-sessions, kept in our database: the secret of the cookie only as a hash.
//!
//! A session is updated only while its row exists, so that one that was ended cannot come back through a request
//! that was under way.

use std::fmt;
use std::sync::Arc;

use app::domain::ids::{IdentityId, SessionId, UserId};
use app::domain::invite::InviteResult;
use app::error::AppError;
use app::request::Caller;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error as StoreError, Result as StoreResult};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};
use uuid::Uuid;

use crate::auth::secret::SecretHash;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::sessions::{self, StoredSession};

/// A session that nobody uses for this long ends.
const IDLE_DAYS: i64 = 7;
/// A session ends after this long, however much it is used.
const LONGEST_DAYS: i64 = 30;
/// Use is noted at most this often, to spare a write per page.
const NOTE_MINUTES: i64 = 5;

const KEY: &str = "session";

/// What we keep in a session.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionData {
    /// The id by which lists name it.
    pub id: SessionId,
    /// Who signed in.
    pub user: UserId,
    /// When.
    pub began: DateTime<Utc>,
    /// When it was last used, to within some minutes.
    pub seen: DateTime<Utc>,
    /// From which address.
    pub address: String,
    /// In which browser, for the list.
    pub device: String,
    /// The account at the provider by which it was opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<IdentityId>,
    /// An account at the provider that waits for the person's password to be linked, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pending_link: Option<String>,
    /// What happened to each line of a list, until a page shows it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub results: Vec<InviteResult>,
    /// A message with a secret that this session is still to be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
}

/// Stands in a session and in a message with a secret: only together do they show it, and then never again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Ticket(Uuid);

/// Starts a session for this person in this browser, under a new secret; `identity` opened it, if not a password. Returns its id.
pub async fn begin(
    session: &Session,
    state: &State,
    caller: &Caller,
    (user, identity): (UserId, Option<IdentityId>),
    device: String,
) -> Result<SessionId> {
    // Not `flush`: it deletes the old session, but the next one would get its secret back.
    session.cycle_id().await?;
    let now = state.clock.now();
    let id = SessionId::from_uuid(state.clock.new_id());
    let data = SessionData {
        id,
        user,
        began: now,
        seen: now,
        address: caller.address.clone(),
        device,
        identity,
        pending_link: None,
        results: vec![],
        ticket: None,
    };
    session.insert(KEY, data).await?;
    session.save().await?;
    Ok(id)
}

/// The person has shown in this session that the account at the provider is theirs. The secret is a new one: from now
/// on it opens more. A session that was ended meanwhile stays ended.
pub async fn prove(session: &Session, state: &State, identity: IdentityId) -> Result<()> {
    let data = session.get::<SessionData>(KEY).await?.ok_or(AppError::Unauthenticated)?;
    // A new secret means a new row, so look first whether the old one is still there.
    if !sessions::is_there(state.db.write(), data.user, data.id).await? {
        return Err(AppError::Unauthenticated.into());
    }
    session.cycle_id().await?;
    session.insert(KEY, SessionData { identity: Some(identity), pending_link: None, ..data }).await?;
    session.save().await?;
    Ok(())
}

/// Keeps an account at the provider, sealed, until the person has entered their password.
pub async fn keep_pending_link(session: &Session, sealed: String) -> Result<()> {
    if let Some(data) = session.get::<SessionData>(KEY).await? {
        session.insert(KEY, SessionData { pending_link: Some(sealed), ..data }).await?;
    }
    Ok(())
}

/// The account at the provider that waits.
pub async fn pending_link(session: &Session) -> Result<Option<String>> {
    Ok(session.get::<SessionData>(KEY).await?.and_then(|data| data.pending_link))
}

/// Leaves something for the next page to show.
pub async fn keep_results(session: &Session, results: Vec<InviteResult>) -> Result<()> {
    if let Some(data) = session.get::<SessionData>(KEY).await? {
        session.insert(KEY, SessionData { results, ..data }).await?;
    }
    Ok(())
}

/// Takes what was left to be shown.
pub async fn take_results(session: &Session) -> Result<Vec<InviteResult>> {
    let Some(mut data) = session.get::<SessionData>(KEY).await? else { return Ok(vec![]) };
    let results = std::mem::take(&mut data.results);
    if !results.is_empty() {
        session.insert(KEY, data).await?;
    }
    Ok(results)
}

/// Lets this session, and no other, show a message with a secret; an earlier one that was not shown is lost.
pub async fn issue_ticket(session: &Session, state: &State) -> Result<Option<Ticket>> {
    let Some(data) = session.get::<SessionData>(KEY).await? else { return Ok(None) };
    let ticket = Ticket(state.clock.new_id());
    session.insert(KEY, SessionData { ticket: Some(ticket.clone()), ..data }).await?;
    Ok(Some(ticket))
}

/// The ticket of the message that this session may show.
pub async fn held_ticket(session: &Session) -> Result<Option<Ticket>> {
    Ok(session.get::<SessionData>(KEY).await?.and_then(|data| data.ticket))
}

/// The message has been shown.
pub async fn use_up_ticket(session: &Session) -> Result<()> {
    if let Some(data) = session.get::<SessionData>(KEY).await? {
        session.insert(KEY, SessionData { ticket: None, ..data }).await?;
    }
    Ok(())
}

/// The living session of this browser. Notes its use now and then.
pub async fn current(session: &Session, now: DateTime<Utc>, address: &str) -> Result<Option<SessionData>> {
    let Some(mut data) = session.get::<SessionData>(KEY).await? else { return Ok(None) };
    if now - data.began > TimeDelta::days(LONGEST_DAYS) {
        session.flush().await?;
        return Ok(None);
    }
    if now - data.seen > TimeDelta::minutes(NOTE_MINUTES) {
        data.seen = now;
        address.clone_into(&mut data.address);
        session.insert(KEY, &data).await?;
    }
    Ok(Some(data))
}

/// The layer that brings the session of the cookie. `__Host-` binds the cookie to this host and to TLS.
pub fn layer(state: &Arc<State>) -> SessionManagerLayer<Store> {
    SessionManagerLayer::new(Store(state.clone()))
        .with_name(cookie_name(&state.config))
        .with_secure(state.config.is_https())
        .with_http_only(true)
        .with_same_site(SameSite::Lax)
        .with_path("/")
        .with_expiry(Expiry::OnInactivity(Duration::days(IDLE_DAYS)))
}

/// The cookie's name.
pub fn cookie_name(config: &Config) -> &'static str {
    if config.is_https() { "__Host-buildkeep" } else { "buildkeep" }
}

/// Our database as a store of tower-sessions.
#[derive(Clone)]
pub struct Store(Arc<State>);

impl fmt::Debug for Store {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Store")
    }
}

impl Store {
    fn hash(&self, id: &Id) -> SecretHash {
        self.0.hasher.hash(&format!("session {id}"))
    }

    /// `None` for a session without our data: nothing of that kind is ever stored.
    fn row(&self, record: &Record) -> StoreResult<Option<StoredSession>> {
        let Some(value) = record.data.get(KEY) else { return Ok(None) };
        let data: SessionData = serde_json::from_value(value.clone()).map_err(|error| StoreError::Decode(error.to_string()))?;
        let idle_end = self.0.clock.now() + TimeDelta::days(IDLE_DAYS);
        Ok(Some(StoredSession {
            secret_hash: self.hash(&record.id),
            id: data.id,
            user_id: Some(data.user),
            data: value.to_string(),
            device: data.device,
            address: data.address,
            created_at: data.began,
            last_seen_at: data.seen,
            expires_at: idle_end.min(data.began + TimeDelta::days(LONGEST_DAYS)),
        }))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the signature that map_err wants")]
fn failed(error: Error) -> StoreError {
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    StoreError::Backend(cause.unwrap_or_else(|| error.to_string()))
}

#[async_trait]
impl SessionStore for Store {
    async fn create(&self, record: &mut Record) -> StoreResult<()> {
        loop {
            let Some(row) = self.row(record)? else { return Ok(()) };
            if sessions::insert(self.0.db.write(), row).await.map_err(failed)? {
                return Ok(());
            }
            record.id = Id::default();
        }
    }

    async fn save(&self, record: &Record) -> StoreResult<()> {
        let Some(row) = self.row(record)? else { return Ok(()) };
        sessions::update(self.0.db.write(), &row.secret_hash, row.data, row.address, row.last_seen_at, row.expires_at).await.map_err(failed)
    }

    async fn load(&self, id: &Id) -> StoreResult<Option<Record>> {
        let found = sessions::find(self.0.db.read(), &self.hash(id), self.0.clock.now()).await.map_err(failed)?;
        let Some(row) = found else { return Ok(None) };
        let value = serde_json::from_str(&row.data).map_err(|error| StoreError::Decode(error.to_string()))?;
        // Our own clock decides when a session ends; this date only has to lie ahead.
        let expiry_date = OffsetDateTime::now_utc() + Duration::days(IDLE_DAYS);
        Ok(Some(Record { id: *id, data: [(KEY.to_owned(), value)].into(), expiry_date }))
    }

    async fn delete(&self, id: &Id) -> StoreResult<()> {
        sessions::delete(self.0.db.write(), &self.hash(id)).await.map_err(failed)
    }
}
