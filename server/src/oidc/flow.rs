//! The way of a browser to the provider and back: code flow with PKCE, state and nonce.

use std::time::Duration;

use app::domain::identity::Mismatch;
use app::domain::ids::SessionId;
use aws_lc_rs::{constant_time, digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::lenient::text;
use super::tokens::{Grant, NoTokens};
use super::{OidcError, Provider, Told, id_token};

/// A person who is back waits no longer than this; several requests may be needed.
const LONGEST: Duration = Duration::from_secs(20);

/// What a person goes to the provider for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To sign in, also as somebody new.
    SignIn,
    /// To show, in this session, that the account at the provider is theirs.
    Link(SessionId),
    /// To give, signed in with it in this session, lasting permission to ask about the account. Nothing hangs on it.
    Last(SessionId),
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
    /// Whether to ask the person for lasting permission, as far as the provider gives any.
    pub consent: bool,
}

/// A way to the provider that has begun. It waits in a sealed cookie, so that only the browser that began can end it.
#[derive(Serialize, Deserialize)]
pub struct Attempt {
    state: String,
    nonce: String,
    verifier: String,
    /// What for.
    pub purpose: Purpose,
    /// Where to go on afterwards.
    pub next: String,
    /// Whether the scope for lasting permission was asked for.
    pub lasting: bool,
    /// Whether the person was asked for consent.
    pub consent: bool,
    /// When it began.
    pub began: DateTime<Utc>,
}

impl Attempt {
    /// Whether the answer belongs to it.
    pub fn fits(&self, state: &str) -> bool {
        constant_time::verify_slices_are_equal(self.state.as_bytes(), state.as_bytes()).is_ok()
    }

    /// What it is found by.
    pub fn state(&self) -> &str {
        &self.state
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
        let discovered = self.discovery.get().await?;
        let metadata = &discovered.metadata;
        let lasting = discovered.may_last(self.is_google());
        let attempt = Attempt {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
            purpose: wish.purpose,
            next: wish.next,
            lasting,
            consent: lasting && wish.consent && metadata.consent,
            began: now,
        };
        let challenge = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, attempt.verifier.as_bytes()));
        let mut url = metadata.authorization.clone();
        let scope = if lasting && metadata.offline_access { "openid email profile offline_access" } else { "openid email profile" };
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client_id)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("scope", scope)
            .append_pair("state", &attempt.state)
            .append_pair("nonce", &attempt.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if lasting && self.is_google() {
            // Google's own way to ask for a refresh token (Using OAuth 2.0 for Web Server Applications).
            url.query_pairs_mut().append_pair("access_type", "offline");
        }
        if let Some(domain) = wish.hosted_domain {
            url.query_pairs_mut().append_pair("hd", &domain);
        }
        if attempt.consent {
            url.query_pairs_mut().append_pair("prompt", "consent");
        }
        Ok((url.into(), attempt))
    }

    /// Whether it is worth to send a person there once more to ask for lasting permission.
    pub async fn may_last(&self) -> bool {
        self.discovery.get().await.is_ok_and(|discovered| discovered.may_last(self.is_google()) && discovered.metadata.consent)
    }

    /// Remembers for a while that it gives no lasting permission, to nobody.
    pub async fn lasts_not(&self) {
        if let Ok(discovered) = self.discovery.get().await {
            discovered.lasts_not();
        }
    }

    /// Exchanges the code that the browser brought back, and verifies who it is.
    pub async fn finish(&self, attempt: &Attempt, code: &str) -> Result<Verified, OidcError> {
        let too_slow = |_| Err(OidcError::TooSlow("the provider", LONGEST.as_secs()));
        tokio::time::timeout(LONGEST, self.exchange(attempt, code)).await.unwrap_or_else(too_slow)
    }

    async fn exchange(&self, attempt: &Attempt, code: &str) -> Result<Verified, OidcError> {
        let discovered = self.discovery.get().await?;
        let tokens =
            self.tokens(&discovered, Grant::Code { code, verifier: &attempt.verifier }).await.map_err(|problem| match problem {
                NoTokens::InvalidGrant(said) => OidcError::Refused(said),
                NoTokens::Other(error) => error,
            })?;
        let content = |why: &str| OidcError::NotValid(Mismatch::Content, why.to_owned());
        let token =
            tokens.id_token.as_deref().ok_or_else(|| content("there is no ID token: is the scope openid allowed for this client?"))?;
        let opened = self.verify(&discovered, token).await?;
        let subject = self.expected(Some(&attempt.nonce)).check(&opened.claims)?.to_owned();
        if let Some(access_token) = &tokens.access_token {
            id_token::fits(&opened, access_token)?;
        }
        if attempt.consent && tokens.refresh_token.is_none() {
            discovered.lasts_not();
        }
        let mut told = Told::read(&opened.claims);
        if !told.is_complete()
            && let Some(more) = self.user_info(&discovered, tokens.access_token.as_deref()).await
        {
            // 5.3.2: what is told about somebody else, or about nobody, must not be used.
            if text(&more, "sub") != Some(subject.as_str()) {
                return Err(content("UserInfo tells about somebody else (sub)"));
            }
            told = told.or(Told::read(&more));
        }
        let email = told.email.as_deref().unwrap_or_default();
        let vouched_for = !self.is_google() || google_vouches_for(email, told.hosted_domain.as_deref());
        Ok(Verified {
            subject,
            email_verified: told.email_verified == Some(true) && vouched_for,
            email: told.email,
            name: told.name,
            hosted_domain: told.hosted_domain,
            refresh_token: tokens.refresh_token,
        })
    }
}

/// 256 random bits, as state, nonce and PKCE's verifier (RFC 7636, 4.1) are made.
fn random() -> Result<String, OidcError> {
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes).map_err(|_| OidcError::SetUp("the operating system gave no random bytes".to_owned()))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Google verified an address of somebody else's domain once, when the account was made; whose it is now, it knows only
/// for its own and for those of the organizations that it hosts ("Verify the Google ID token", Google Identity).
fn google_vouches_for(email: &str, hosted_domain: Option<&str>) -> bool {
    hosted_domain.is_some() || email.to_ascii_lowercase().ends_with("@gmail.com")
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
