//! Sign-in through an OpenID provider (OpenID Connect Core 1.0): Google, unless another issuer is configured.
//!
//! Here stands only the talk with the provider. Who of ours a verified person is, `services::identities` decides.

mod check;
mod flow;

use std::sync::Arc;
use std::time::{Duration, Instant};

use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm, CoreProviderMetadata, CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
    CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, Client, ClientId, ClientSecret, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields,
    IssuerUrl, RedirectUrl, StandardErrorResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

pub use check::Checked;
pub use flow::{Attempt, Purpose, Verified, Wish};

use crate::config::Config;
use crate::router::SSO_CALLBACK;

/// The issuer of Google's accounts.
pub const GOOGLE: &str = "https://accounts.google.com";

/// The provider answers within this time, or counts as unreachable.
const ANSWER_TIME: Duration = Duration::from_secs(10);
/// What the provider says about itself and its keys is asked for again after this long.
const KEEP: Duration = Duration::from_hours(1);
/// A signature that no known key made is a reason to ask again, but not for everybody who makes one up.
const KEEP_AT_LEAST: Duration = Duration::from_mins(1);

/// Google's claim for the organization that an account belongs to.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct HostedDomain {
    hd: Option<String>,
}

impl AdditionalClaims for HostedDomain {}

type Tokens = StandardTokenResponse<
    IdTokenFields<HostedDomain, EmptyExtraTokenFields, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>,
    CoreTokenType,
>;

type OidcClient = Client<
    HostedDomain,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why the provider did not help.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// It cannot be reached, or does not answer as the standard says.
    #[error("the provider cannot be used: {0}")]
    Unreachable(String),
    /// It refused what we sent.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// What it sent does not hold: signature, nonce, audience, time.
    #[error("the provider's answer is not valid: {0}")]
    NotValid(String),
}

struct Discovered {
    metadata: CoreProviderMetadata,
    at: Instant,
}

/// The configured provider.
pub struct Provider {
    name: String,
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: ClientSecret,
    redirect: RedirectUrl,
    http: openidconnect::reqwest::Client,
    discovered: Mutex<Option<Arc<Discovered>>>,
}

impl Provider {
    /// The provider of the configuration, if there is one. Nothing is asked of it yet.
    pub fn new(config: &Config) -> Result<Option<Self>, String> {
        let (Some(id), Some(secret)) = (config.oidc_client_id.clone(), config.oidc_client_secret.clone()) else { return Ok(None) };
        choose_tls();
        let http = openidconnect::reqwest::Client::builder()
            .timeout(ANSWER_TIME)
            // An answer must not send us elsewhere.
            .redirect(openidconnect::reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Some(Self {
            name: config.oidc_name().to_owned(),
            issuer: IssuerUrl::new(config.oidc_issuer.clone()).map_err(|error| error.to_string())?,
            client_id: ClientId::new(id),
            client_secret: ClientSecret::new(secret),
            redirect: RedirectUrl::new(format!("{}{SSO_CALLBACK}", config.public_url())).map_err(|error| error.to_string())?,
            http,
            discovered: Mutex::default(),
        }))
    }

    /// How people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its issuer, the first half of what a person is known by.
    pub fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    fn is_google(&self) -> bool {
        self.issuer.as_str() == GOOGLE
    }

    /// Whether it can be reached and describes itself.
    pub async fn ping(&self) -> Result<(), OidcError> {
        self.discover(Duration::ZERO).await.map(drop)
    }

    async fn discover(&self, keep: Duration) -> Result<Arc<Discovered>, OidcError> {
        let mut discovered = self.discovered.lock().await;
        if let Some(known) = discovered.as_ref().filter(|known| known.at.elapsed() < keep) {
            return Ok(known.clone());
        }
        let asked = CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http).await;
        let metadata = match (asked, discovered.as_ref()) {
            (Ok(metadata), _) => metadata,
            // What it said before will do for a while: everybody waits for this answer.
            (Err(error), Some(known)) if !keep.is_zero() => {
                tracing::warn!(error = chain(&error), "the provider does not describe itself; what it said before is used");
                known.metadata.clone()
            }
            (Err(error), _) => return Err(OidcError::Unreachable(chain(&error))),
        };
        let new = Arc::new(Discovered { metadata, at: Instant::now() });
        *discovered = Some(new.clone());
        Ok(new)
    }

    fn client(&self, discovered: &Discovered) -> OidcClient {
        Client::from_provider_metadata(discovered.metadata.clone(), self.client_id.clone(), Some(self.client_secret.clone()))
            .set_redirect_uri(self.redirect.clone())
    }
}

/// The HTTP client takes the cryptography that the process has chosen, and chooses none itself.
pub fn choose_tls() {
    // Refused when another part of the process has chosen already: it is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// An error with its causes: the HTTP client hides them.
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
