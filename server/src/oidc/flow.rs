//! The way of a browser to the provider and back: code flow with PKCE, state and nonce.

use app::domain::ids::SessionId;
use chrono::{DateTime, Utc};
use openidconnect::core::{CoreAuthPrompt, CoreResponseType};
use openidconnect::{
    AccessTokenHash, AuthenticationFlow, AuthorizationCode, CsrfToken, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RequestTokenError, Scope, TokenResponse as _,
};
use serde::{Deserialize, Serialize};

use super::{Discovered, KEEP, KEEP_AT_LEAST, OidcError, Provider, Tokens, chain};

/// What a person goes to the provider for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To sign in, also as somebody new.
    SignIn,
    /// To show, in this session, that the account at the provider is theirs.
    Link(SessionId),
}

/// What to ask the provider for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// What for.
    pub purpose: Purpose,
    /// Where to go on afterwards.
    pub next: String,
    /// The hosted domain that the person is asked to use: a hint, never a check.
    pub hosted_domain: Option<String>,
    /// Whether to ask the person once more for lasting permission, because the provider gave none without.
    pub consent: bool,
}

/// A way to the provider that has begun. It waits in a sealed cookie, so that only the browser that began can end it.
#[derive(Serialize, Deserialize)]
pub struct Attempt {
    state: CsrfToken,
    nonce: Nonce,
    verifier: PkceCodeVerifier,
    /// What for.
    pub purpose: Purpose,
    /// Where to go on afterwards.
    pub next: String,
    /// Whether consent was asked for.
    pub consent: bool,
    /// When it began.
    pub began: DateTime<Utc>,
}

impl Attempt {
    /// Whether the answer belongs to it.
    pub fn fits(&self, state: &str) -> bool {
        aws_lc_rs::constant_time::verify_slices_are_equal(self.state.secret().as_bytes(), state.as_bytes()).is_ok()
    }
}

/// A person, as the provider vouches for them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Verified {
    /// Who, for this issuer; for ever the same.
    pub subject: String,
    /// Their address, if the provider tells it.
    pub email: Option<String>,
    /// Whether the provider vouches for the address now.
    pub email_verified: bool,
    /// Their name, if the provider tells it.
    pub name: Option<String>,
    /// The hosted domain that the account belongs to.
    pub hosted_domain: Option<String>,
    /// Lasting permission to ask whether the account still works.
    pub refresh_token: Option<String>,
}

impl Provider {
    /// Where to send the browser, and what to remember meanwhile.
    pub async fn begin(&self, wish: Wish, now: DateTime<Utc>) -> Result<(String, Attempt), OidcError> {
        let discovered = self.discover(KEEP).await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let client = self.client(&discovered);
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let mut ask = client
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scopes(["email", "profile"].map(|scope| Scope::new(scope.to_owned())))
            .set_pkce_challenge(challenge);
        if self.is_google() {
            // Google's own way to ask for a refresh token (Using OAuth 2.0 for Web Server Applications).
            ask = ask.add_extra_param("access_type", "offline");
        } else if discovered.offers_offline_access() {
            ask = ask.add_scope(Scope::new("offline_access".to_owned()));
        }
        if let Some(domain) = wish.hosted_domain {
            ask = ask.add_extra_param("hd", domain);
        }
        if wish.consent {
            ask = ask.add_prompt(CoreAuthPrompt::Consent);
        }
        let (url, state, nonce) = ask.url();
        let attempt = Attempt { state, nonce, verifier, purpose: wish.purpose, next: wish.next, consent: wish.consent, began: now };
        Ok((url.into(), attempt))
    }

    /// Exchanges the code that the browser brought back, and verifies who it is.
    pub async fn finish(&self, attempt: Attempt, code: String) -> Result<Verified, OidcError> {
        let discovered = self.discover(KEEP).await?;
        let client = self.client(&discovered);
        let exchange = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| OidcError::Unreachable(error.to_string()))?
            .set_pkce_verifier(attempt.verifier);
        let tokens = exchange.request_async(&self.http).await.map_err(|error| match error {
            RequestTokenError::ServerResponse(response) => OidcError::Refused(response.to_string()),
            other => OidcError::Unreachable(chain(&other)),
        })?;
        match self.read(&discovered, &tokens, &attempt.nonce) {
            // The provider may have changed its keys since.
            Err(OidcError::NotValid(_)) if discovered.at.elapsed() > KEEP_AT_LEAST => {
                let discovered = self.discover(KEEP_AT_LEAST).await?;
                self.read(&discovered, &tokens, &attempt.nonce)
            }
            read => read,
        }
    }

    fn read(&self, discovered: &Discovered, tokens: &Tokens, nonce: &Nonce) -> Result<Verified, OidcError> {
        let not_valid = |error: &dyn std::error::Error| OidcError::NotValid(chain(error));
        let client = self.client(discovered);
        let token = tokens.id_token().ok_or_else(|| OidcError::NotValid("there is no ID token".to_owned()))?;
        let verifier = client.id_token_verifier();
        let claims = token.claims(&verifier, nonce).map_err(|error| not_valid(&error))?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = token.signing_alg().map_err(|error| not_valid(&error))?;
            let key = token.signing_key(&verifier).map_err(|error| not_valid(&error))?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).map_err(|error| not_valid(&error))?;
            if actual != *expected {
                return Err(OidcError::NotValid("the access token belongs to another ID token".to_owned()));
            }
        }
        let hosted_domain = claims.additional_claims().hd.clone();
        let email = claims.email().map_or("", |email| email.as_str());
        let vouched_for = !self.is_google() || google_vouches_for(email, hosted_domain.as_deref());
        Ok(Verified {
            subject: claims.subject().to_string(),
            email: claims.email().map(|email| email.to_string()),
            email_verified: claims.email_verified().unwrap_or(false) && vouched_for,
            name: claims.name().and_then(|name| name.get(None)).map(|name| name.to_string()),
            hosted_domain,
            refresh_token: tokens.refresh_token().map(|token| token.secret().clone()),
        })
    }
}

/// Google verified an address of somebody else's domain once, when the account was made; whose it is now, it knows only
/// for its own and for those of the organizations that it hosts ("Verify the Google ID token", Google Identity).
fn google_vouches_for(email: &str, hosted_domain: Option<&str>) -> bool {
    hosted_domain.is_some() || email.to_ascii_lowercase().ends_with("@gmail.com")
}

impl Discovered {
    fn offers_offline_access(&self) -> bool {
        self.metadata.scopes_supported().is_some_and(|scopes| scopes.iter().any(|scope| scope.as_str() == "offline_access"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn google_is_asked_about_mailboxes_of_its_own_and_of_those_it_hosts_only() {
        assert!(google_vouches_for("Ada@Gmail.com", None));
        assert!(google_vouches_for("ada@acme.com", Some("acme.com")));
        // A private account that was once made on an address of the company.
        assert!(!google_vouches_for("bob@acme.com", None));
        assert!(!google_vouches_for("bob@notgmail.com", None));
        assert!(!google_vouches_for("bob@gmail.com.evil.example", None));
    }
}
