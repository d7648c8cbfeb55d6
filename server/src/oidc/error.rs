//! Why the provider did not help, told apart by what there is to do about it.

use app::domain::identity::{Mismatch, SsoFailure};

use super::tokens::described;

/// Why the provider did not help. The texts are for the operator; people read the [`SsoFailure`] that it becomes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// No connection: DNS, TCP or TLS.
    #[error("{0} cannot be reached: {1}")]
    Unreachable(&'static str, String),
    /// No answer within the time that a person waits.
    #[error("{0} did not answer within {1} seconds")]
    TooSlow(&'static str, u64),
    /// It was reached, and answered with an error of its own or with something that is no answer.
    #[error("{0} answered {1}")]
    Failing(&'static str, String),
    /// Our settings and the provider's do not fit.
    #[error("{0}")]
    SetUp(String),
    /// It refused, by an error code of OAuth.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// What it sent does not hold.
    #[error("{1}")]
    NotValid(Mismatch, String),
}

impl OidcError {
    /// An error that the provider sent with the browser (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6).
    pub fn of_redirect(code: &str, description: &str) -> Self {
        let said = described(code, description);
        match code {
            "temporarily_unavailable" | "server_error" => Self::Failing("the provider", format!("with {said}")),
            "access_denied" | "login_required" | "consent_required" | "interaction_required" | "account_selection_required" => {
                Self::Refused(said)
            }
            _ => Self::SetUp(format!("the provider refuses what this server asks: {said}")),
        }
    }

    /// What the person is told.
    pub const fn failure(&self) -> SsoFailure {
        match self {
            Self::Unreachable(..) => SsoFailure::Unreachable,
            Self::TooSlow(..) => SsoFailure::TooSlow,
            Self::Failing(..) => SsoFailure::Failing,
            Self::SetUp(_) => SsoFailure::SetUp,
            Self::Refused(_) => SsoFailure::Denied,
            Self::NotValid(mismatch, _) => SsoFailure::NotVerified(*mismatch),
        }
    }
}
