//! The e-mail addresses of a person.
//!
//! What these methods answer does not depend on whether an address has another account: the mail to its mailbox tells.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::names::Email;
use crate::domain::secret::PlainSecret;
use crate::error::AppError;
use crate::request::Caller;

/// One address of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressRow {
    /// The address.
    pub email: Email,
    /// Whether mail goes to it.
    pub is_primary: bool,
    /// Added when.
    pub added_at: DateTime<Utc>,
    /// When the mailbox was proven; until then it is only a claim.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Until when the link that was sent to it works.
    pub link_expires_at: DateTime<Utc>,
}

/// An address that a link proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The address.
    pub email: Email,
    /// Whether it is proven already.
    pub is_confirmed: bool,
}

/// The person's own addresses.
#[async_trait]
pub trait Addresses: Send + Sync {
    /// The caller's addresses, the primary first.
    async fn list(&self, caller: &Caller) -> Result<Vec<AddressRow>, AppError>;
    /// Claims an address and sends a link to it. Whoever has a password enters it.
    async fn add(&self, caller: &Caller, email: Email, current: PlainSecret) -> Result<(), AppError>;
    /// Sends a link of a claim again; earlier ones go on working.
    async fn resend(&self, caller: &Caller, email: Email) -> Result<(), AppError>;
    /// The claim whose address the link would prove: `LinkUnusable` for everybody when it works no more, and `Forbidden`
    /// when another account has asked for it.
    async fn open(&self, caller: &Caller, link: &PlainSecret) -> Result<Claim, AppError>;
    /// Proves the mailbox by the link. Doing it twice is doing it once.
    async fn confirm(&self, caller: &Caller, link: &PlainSecret) -> Result<Email, AppError>;
    /// Takes an address away, never the primary one.
    async fn remove(&self, caller: &Caller, email: Email) -> Result<(), AppError>;
    /// Makes a proven address the one to which mail goes.
    async fn make_primary(&self, caller: &Caller, email: Email) -> Result<(), AppError>;
}
