//! Asking the provider, without the person, whether an account still works: by its refresh token.
//!
//! That it was renewed is a yes, and `invalid_grant` a no. Everything else, and whatever is missing in the answer, says nothing
//! about the account: what was known of it stays.

use std::sync::Arc;

use super::discovery::Discovered;
use super::lenient::{Members, text};
use super::tokens::{Grant, NoTokens};
use super::{OidcError, Provider, Told};

/// What the provider says of an account.
#[derive(Debug, PartialEq, Eq)]
pub enum Checked {
    /// It works.
    Living {
        /// The hosted domain that it belongs to now; `None` when the answer does not say.
        hosted_domain: Option<String>,
        /// What to ask with the next time, if not with the same as now.
        refresh_token: Option<String>,
    },
    /// It does not: disabled, deleted, or the person took the permission back.
    Refused(String),
    /// No answer, or one about us and not about the account.
    Unknown(String),
}

impl Provider {
    /// Asks about the account with this subject.
    pub async fn check(&self, subject: &str, refresh_token: &str) -> Checked {
        let discovered = match self.discovery.get().await {
            Ok(discovered) => discovered,
            Err(error) => return Checked::Unknown(error.to_string()),
        };
        let tokens = match self.tokens(&discovered, Grant::Refresh(refresh_token)).await {
            Ok(tokens) => tokens,
            Err(NoTokens::InvalidGrant(why)) => return Checked::Refused(why),
            Err(NoTokens::Other(error)) => return Checked::Unknown(error.to_string()),
        };
        let mut told = None;
        if let Some(token) = &tokens.id_token {
            match self.refreshed(&discovered, token).await {
                Ok((about, _)) if about != subject => return Checked::Unknown("the provider answered about somebody else".to_owned()),
                Ok((_, claims)) => told = Some(claims),
                Err(error) => tracing::warn!(%error, "a refreshed ID token is not used"),
            }
        }
        if told.is_none() {
            let more = self.user_info(&discovered, tokens.access_token.as_deref()).await;
            told = more.filter(|more| text(more, "sub") == Some(subject));
        }
        let hosted_domain = told.and_then(|claims| Told::read(&claims).hosted_domain);
        Checked::Living { hosted_domain, refresh_token: tokens.refresh_token }
    }

    /// A refreshed ID token needs no nonce (OpenID Connect Core, 12.2); whom it is about, and its claims.
    async fn refreshed(&self, discovered: &Arc<Discovered>, token: &str) -> Result<(String, Members), OidcError> {
        let claims = self.verify(discovered, token).await?.claims;
        let about = self.expected(None).check(&claims)?.to_owned();
        Ok((about, claims))
    }
}
