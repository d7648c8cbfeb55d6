//! `/api/v1/logins`: `nx login`, as the OAuth 2.0 device authorization grant does it (RFC 8628), with JSON bodies.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /api/v1/logins`: a terminal asks for a personal access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NewLogin {
    /// What asks, for the person who confirms and as the token's name: `laptop (nx 22)`. Up to 100 characters.
    pub device: String,
}

/// Answer to [`NewLogin`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Login {
    /// Secret of the terminal.
    pub device_code: String,
    /// What the person compares: `BCDF-GHJK`.
    pub user_code: String,
    /// Page to open.
    pub verification_uri: String,
    /// The same with the code filled in.
    pub verification_uri_complete: String,
    /// Seconds until it is over.
    pub expires_in: u32,
    /// Seconds between two questions.
    pub interval: u32,
}

/// `POST /api/v1/logins/token`: has the person confirmed?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginPoll {
    /// The secret of the terminal.
    pub device_code: String,
}

/// Answer to [`LoginPoll`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum LoginState {
    /// Not yet: ask again after the interval.
    AuthorizationPending,
    /// Asked too soon: ask again after five seconds more than before.
    SlowDown,
    /// The person said no.
    AccessDenied,
    /// It took too long: start again.
    ExpiredToken,
    /// Here is the token; it is not shown again.
    Granted {
        /// The personal access token.
        token: String,
        /// Whose it is.
        person: String,
        /// When it stops working.
        #[serde(skip_serializing_if = "Option::is_none")]
        expires_at: Option<DateTime<Utc>>,
    },
}
