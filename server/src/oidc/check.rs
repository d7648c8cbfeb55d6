//! Asking the provider, without the person, whether an account still works: by its refresh token.

use openidconnect::core::{CoreErrorResponseType, CoreGenderClaim};
use openidconnect::{
    Nonce, OAuth2TokenResponse as _, RefreshToken, RequestTokenError, SubjectIdentifier, TokenResponse as _, UserInfoClaims, UserInfoError,
};

use super::{HostedDomain, KEEP, Provider, chain};

/// What the provider says of an account.
#[derive(Debug, PartialEq, Eq)]
pub enum Checked {
    /// It works.
    Living {
        /// The hosted domain that it belongs to now.
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
    pub async fn check(&self, subject: &str, refresh_token: String) -> Checked {
        let discovered = match self.discover(KEEP).await {
            Ok(discovered) => discovered,
            Err(error) => return Checked::Unknown(error.to_string()),
        };
        let client = self.client(&discovered);
        let token = RefreshToken::new(refresh_token);
        let request = match client.exchange_refresh_token(&token) {
            Ok(request) => request,
            Err(error) => return Checked::Unknown(error.to_string()),
        };
        let tokens = match request.request_async(&self.http).await {
            Ok(tokens) => tokens,
            // RFC 6749, 5.2: of all errors only this one is about the refresh token; others are about our own set-up.
            Err(RequestTokenError::ServerResponse(response)) if *response.error() == CoreErrorResponseType::InvalidGrant => {
                return Checked::Refused(response.to_string());
            }
            Err(RequestTokenError::ServerResponse(response)) => return Checked::Unknown(response.to_string()),
            Err(error) => return Checked::Unknown(chain(&error)),
        };
        let refresh_token = tokens.refresh_token().map(|token| token.secret().clone());
        // A refreshed ID token needs no nonce (OpenID Connect Core, 12.2), but it must be about the same person.
        let any_nonce = |_: Option<&Nonce>| Ok(());
        let verifier = client.id_token_verifier();
        let claims = tokens.id_token().and_then(|token| token.claims(&verifier, any_nonce).ok());
        if let Some(claims) = claims {
            if claims.subject().as_str() != subject {
                return Checked::Refused("the provider answered about somebody else".to_owned());
            }
            return Checked::Living { hosted_domain: claims.additional_claims().hd.clone(), refresh_token };
        }
        let subject = SubjectIdentifier::new(subject.to_owned());
        let Ok(request) = client.user_info(tokens.access_token().clone(), Some(subject)) else {
            return Checked::Unknown("the provider tells nothing about the account".to_owned());
        };
        let info: Result<UserInfoClaims<HostedDomain, CoreGenderClaim>, _> = request.request_async(&self.http).await;
        match info {
            Ok(info) => Checked::Living { hosted_domain: info.additional_claims().hd.clone(), refresh_token },
            Err(UserInfoError::Response(status, _, why)) if matches!(status.as_u16(), 401 | 403) => Checked::Refused(why),
            Err(error) => Checked::Unknown(chain(&error)),
        }
    }
}
