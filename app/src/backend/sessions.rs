//! Signed-in browsers.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::ids::SessionId;
use crate::error::AppError;
use crate::request::Caller;

/// One signed-in browser of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// Its id.
    pub id: SessionId,
    /// Browser and system, as far as they can be told.
    pub device: String,
    /// The address from which it was last used.
    pub address: String,
    /// Signed in when.
    pub created_at: DateTime<Utc>,
    /// Last used when, to within some minutes.
    pub last_seen_at: DateTime<Utc>,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The person's own signed-in browsers.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// The caller's living sessions, the last used first.
    async fn list(&self, caller: &Caller) -> Result<Vec<SessionRow>, AppError>;
    /// Ends one of them; the next request of that browser is anonymous.
    async fn end(&self, caller: &Caller, id: SessionId) -> Result<(), AppError>;
    /// Ends all but the one that asks.
    async fn end_others(&self, caller: &Caller) -> Result<(), AppError>;
}
