//! Personal access tokens of the signed-in person.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::ids::PersonalTokenId;
use crate::domain::names::{OrgName, TokenName};
use crate::domain::secret::PlainSecret;
use crate::domain::token::{TokenLife, TokenState};
use crate::error::AppError;
use crate::notice::IssuedPersonalToken;
use crate::request::Caller;

/// One token, without its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonalTokenRow {
    /// Its id.
    pub id: PersonalTokenId,
    /// Its name.
    pub name: TokenName,
    /// The last four characters of its value.
    pub last_four: String,
    /// Made when.
    pub created_at: DateTime<Utc>,
    /// Works until; `None` is until revoked.
    pub expires_at: Option<DateTime<Utc>>,
    /// Last used when and from which address.
    pub last_used: Option<(DateTime<Utc>, String)>,
    /// What it is now.
    pub state: TokenState,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewPersonalToken {
    /// Its name.
    pub name: TokenName,
    /// How long it lives.
    pub life: TokenLife,
    /// The person's password, if they have one.
    pub current: PlainSecret,
}

/// The person's tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnTokens {
    /// All of them, the newest first.
    pub tokens: Vec<PersonalTokenRow>,
    /// Organizations of theirs that take none which is older than so many days.
    pub limits: Vec<(OrgName, u16)>,
}

/// Personal access tokens of the signed-in person. A token never makes a token: these take a session.
#[async_trait]
pub trait PersonalTokens: Send + Sync {
    /// All of them.
    async fn list(&self, caller: &Caller) -> Result<OwnTokens, AppError>;
    /// Makes one; its value is in the answer and nowhere else. Takes the person's password, or a recent sign-in of those who
    /// have none.
    async fn create(&self, caller: &Caller, token: NewPersonalToken) -> Result<IssuedPersonalToken, AppError>;
    /// Takes it back: when this returns, no request with it succeeds. Returns its name.
    async fn revoke(&self, caller: &Caller, id: PersonalTokenId) -> Result<TokenName, AppError>;
}
