//! Terminals that ask for a personal access token, as the person sees them who confirms.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::domain::login::UserCode;
use crate::domain::names::TokenName;
use crate::domain::token::TokenLife;
use crate::error::AppError;
use crate::request::Caller;

/// A terminal that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLogin {
    /// What it calls itself; anybody can call themselves anything.
    pub device: TokenName,
    /// The address that it asked from.
    pub address: String,
    /// When it asked.
    pub asked_at: DateTime<Utc>,
    /// Until when it waits.
    pub ends_at: DateTime<Utc>,
}

/// Logins that wait for a person's word. Whoever is signed in finds one by its code.
#[async_trait]
pub trait Logins: Send + Sync {
    /// The login that waits with this code. Wrong ones are counted, so that nobody tries many.
    async fn open(&self, caller: &Caller, code: &UserCode) -> Result<WaitingLogin, AppError>;
    /// Gives the terminal a token of the caller, which it fetches itself. Returns its name.
    async fn confirm(&self, caller: &Caller, code: &UserCode, life: TokenLife) -> Result<TokenName, AppError>;
    /// Gives it none. Returns the terminal's name.
    async fn refuse(&self, caller: &Caller, code: &UserCode) -> Result<TokenName, AppError>;
}
