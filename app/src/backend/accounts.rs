//! People and their passwords.
//!
//! A password is chosen only behind a link from a mail. Were it chosen when signing up, somebody could sign up
//! with another's address and wait for them to confirm it.

use async_trait::async_trait;

use crate::domain::ids::UserId;
use crate::domain::names::{Email, PersonName};
use crate::domain::secret::PlainSecret;
use crate::error::AppError;
use crate::request::Caller;

/// What a person enters to sign up.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Their name.
    pub name: PersonName,
    /// Their address.
    pub email: Email,
    /// Where they go on to behind the link in the mail, as the browser says it.
    pub next: String,
}

/// What a person enters behind a link from a mail.
#[derive(Debug, Clone)]
pub struct ChosenPassword {
    /// The link's secret.
    pub link: PlainSecret,
    /// The new password.
    pub password: PlainSecret,
    /// What a new person is called; whoever has an account keeps their name.
    pub name: Option<PersonName>,
    /// What becomes of their tokens.
    pub tokens: TokensThen,
}

/// A link from a mail that works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordLink {
    /// Whether the person has personal access tokens that work.
    pub has_tokens: bool,
    /// What a new person is called, as the one said who signed up: that may have been anybody. `None` for those who have an
    /// account.
    pub new_name: Option<PersonName>,
}

/// What becomes of the person's personal access tokens with a new password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokensThen {
    /// They go on working.
    Keep,
    /// All are revoked, in the same transaction.
    Revoke,
}

impl TokensThen {
    /// As a box in a form says it.
    pub const fn ticked(revoke: bool) -> Self {
        if revoke { Self::Revoke } else { Self::Keep }
    }
}

/// People and their passwords. What these methods answer, and how long they take, does not depend on
/// whether an address has an account.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Sends a link to choose a password; a known address gets a mail that says so instead.
    async fn sign_up(&self, caller: &Caller, account: NewAccount) -> Result<(), AppError>;
    /// Sets the password by a link from a mail, which proves the mailbox; all sessions of the person end. Says where they
    /// wanted to go on to. The same form sent twice is one.
    async fn choose_password(&self, caller: &Caller, chosen: ChosenPassword) -> Result<(UserId, Option<String>), AppError>;
    /// The link from a mail; `LinkUnusable` when it is used or too old.
    async fn open_link(&self, caller: &Caller, link: &PlainSecret) -> Result<PasswordLink, AppError>;
    /// Checks address and password.
    async fn sign_in(&self, caller: &Caller, email: Email, password: PlainSecret) -> Result<UserId, AppError>;
    /// Sends a link to choose a new password, if there is an account; behind it they go on to `next`.
    async fn forgot_password(&self, caller: &Caller, email: Email, next: &str) -> Result<(), AppError>;
    /// Sets a new password, and ends all other sessions.
    async fn change_password(&self, caller: &Caller, current: PlainSecret, new: PlainSecret, tokens: TokensThen) -> Result<(), AppError>;
    /// Whether the person has a password; one who comes in by another way may have none.
    async fn has_password(&self, caller: &Caller) -> Result<bool, AppError>;
    /// Sends a link to choose a password to the person's primary address.
    async fn send_password_link(&self, caller: &Caller) -> Result<(), AppError>;
    /// Changes the person's own name.
    async fn rename(&self, caller: &Caller, name: PersonName) -> Result<(), AppError>;
}
