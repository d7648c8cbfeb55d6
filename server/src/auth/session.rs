//! Sessions of tower-sessions, kept in our database: the secret of the cookie only as a hash.
//!
//! A session begins in the transaction that has proven whose it is ([`open`]); the request then puts its secret there
//! ([`begin`]). From its first moment on it can be ended, and is updated only while its row exists: one that was ended
//! cannot come back through a request that was under way.

use std::fmt;
use std::sync::Arc;

use app::domain::ids::{IdentityId, SessionId, UserId};
use app::domain::invite::InviteResult;
use app::error::AppError;
use app::request::Caller;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::DatabaseTransaction;
use serde::{Deserialize, Serialize};
use tower_sessions::cookie::SameSite;
use tower_sessions::cookie::time::{Duration, OffsetDateTime};
use tower_sessions::session::{self, Id, Record};
use tower_sessions::session_store::{Error as StoreError, Result as StoreResult};
use tower_sessions::{Expiry, Session, SessionManagerLayer, SessionStore};
use uuid::Uuid;

use crate::auth::secret::SecretHash;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::sessions::{self, Hold, StoredSession};

/// A session that nobody uses for this long ends.
const IDLE_DAYS: i64 = 7;
/// A session ends after this long, however much it is used.
const LONGEST_DAYS: i64 = 30;
/// Use is noted at most this often, to spare a write per page.
const NOTE_MINUTES: i64 = 5;

/// A session that never got its secret, because the server stopped, is gone after this long.
const WITHOUT_SECRET_MINUTES: i64 = 5;

const KEY: &str = "session";
/// How our store tells tower-sessions that there is nothing to give a secret to.
const ENDED: &str = "the session has ended";

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

/// Begins a session of this person, for the request of this caller, in the transaction that has proven that it is theirs.
pub async fn open(state: &State, tx: &DatabaseTransaction, caller: &Caller, user: UserId) -> Result<()> {
    let (id, now) = (of_request(caller), state.clock.now());
    let row = StoredSession {
        secret_hash: waiting(state, id),
        id,
        user_id: Some(user),
        data: String::new(),
        device: String::new(),
        address: caller.address.clone(),
        created_at: now,
        last_seen_at: now,
        expires_at: now + TimeDelta::minutes(WITHOUT_SECRET_MINUTES),
    };
    sessions::insert(tx, row).await
}

/// The session that a request begins: there is at most one.
fn of_request(caller: &Caller) -> SessionId {
    SessionId::from_uuid(caller.incident.as_uuid())
}

/// What is stored of a session that waits for its secret: no cookie has this hash.
fn waiting(state: &State, id: SessionId) -> SecretHash {
    state.hasher.hash(&format!("session {id} without a secret"))
}

/// Starts the session that was opened for this person, in this browser; `identity` opened it, if not a password. Returns its id.
pub async fn begin(
    session: &Session,
    state: &State,
    caller: &Caller,
    (user, identity): (UserId, Option<IdentityId>),
    device: String,
) -> Result<SessionId> {
    // Not `flush`: it deletes the old session, but the next one would get its secret back.
    session.cycle_id().await?;
    let (id, now) = (of_request(caller), state.clock.now());
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
    store(session).await?;
    Ok(id)
}

/// Stores a session under the secret that it has just got, unless it has ended.
async fn store(session: &Session) -> Result<()> {
    match session.save().await {
        Ok(()) => Ok(()),
        Err(session::Error::Store(StoreError::Backend(why))) if why == ENDED => {
            // Nothing of it is left to be stored with the answer.
            session.flush().await?;
            Err(AppError::Unauthenticated.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// The person has shown in this session that the account at the provider is theirs. The secret is a new one: from now
/// on it opens more. A session that was ended meanwhile stays ended.
pub async fn prove(session: &Session, state: &State, identity: IdentityId) -> Result<()> {
    let data = session.get::<SessionData>(KEY).await?.ok_or(AppError::Unauthenticated)?;
    // tower-sessions deletes what is under the old secret, and the session is to stay the same: it waits under none.
    sessions::set_secret(state.db.write(), data.user, data.id, &waiting(state, data.id)).await?;
    session.cycle_id().await?;
    session.insert(KEY, SessionData { identity: Some(identity), pending_link: None, ..data }).await?;
    store(session).await
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
    SessionManagerLayer::new(Store::new(state))
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
    /// The sessions of this server.
    pub fn new(state: &Arc<State>) -> Self {
        Self(state.clone())
    }

    fn hash(&self, id: &Id) -> SecretHash {
        self.0.hasher.hash(&format!("session {id}"))
    }

    /// Ends a session, behind what its person is changing with it at this moment.
    async fn end(&self, hash: &SecretHash) -> Result<()> {
        let Some(user) = sessions::user_of(self.0.db.read(), hash).await? else { return Ok(()) };
        let tx = self.0.db.begin_without_session().await?;
        sessions::hold(&tx, user, Hold::Alone).await?;
        sessions::delete(&tx, hash).await?;
        Ok(tx.commit().await?)
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
        let Some(row) = self.row(record)? else { return Ok(()) };
        let there = sessions::complete(self.0.db.write(), row).await.map_err(failed)?;
        there.then_some(()).ok_or_else(|| StoreError::Backend(ENDED.to_owned()))
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
        self.end(&self.hash(id)).await.map_err(failed)
    }
}
