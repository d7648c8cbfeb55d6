//! Sign-in through an OpenID provider (OpenID Connect Core 1.0): Google, unless another issuer is configured.
//!
//! Here stands only the talk with the provider. Who of ours a verified person is, `services::identities` decides.
//!
//! What we use of its answers is checked strictly, the rest is not looked at: providers differ in it, and a claim that matters to
//! nobody must not stop a sign-in.

mod check;
mod discovery;
mod error;
mod flow;
mod http;
mod id_token;
mod keys;
mod lenient;
mod metadata;
mod tokens;
mod told;

use std::sync::Arc;

use app::domain::identity::Mismatch;
use app::domain::secret::PlainSecret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use form_urlencoded::byte_serialize;
use reqwest::header::HeaderValue;

pub use check::Checked;
pub use error::OidcError;
pub use flow::{Attempt, Purpose, Verified, Wish};

use crate::config::Config;
use crate::router::SSO_CALLBACK;
use discovery::{Discovered, Discovery};
use id_token::Expected;
use keys::Opened;
use lenient::Members;
use told::Told;

/// The issuer of Google's accounts.
pub const GOOGLE: &str = "https://accounts.google.com";

/// The configured provider.
pub struct Provider {
    name: String,
    issuer: String,
    client_id: String,
    client_secret: PlainSecret,
    trusted_audiences: Vec<String>,
    redirect: String,
    http: reqwest::Client,
    discovery: Discovery,
}

impl Provider {
    /// The provider of the configuration, if there is one. Nothing is asked of it yet.
    pub fn new(config: &Config) -> Result<Option<Self>, String> {
        let (Some(client_id), Some(secret)) = (config.oidc_client_id.clone(), config.oidc_client_secret.clone()) else { return Ok(None) };
        let http = http::client()?;
        Ok(Some(Self {
            name: config.oidc_name().to_owned(),
            issuer: config.oidc_issuer.clone(),
            client_id,
            client_secret: PlainSecret::new(secret),
            trusted_audiences: config.oidc_trusted_audiences.clone(),
            redirect: format!("{}{SSO_CALLBACK}", config.public_url()),
            discovery: Discovery::new(http.clone(), config.oidc_issuer.clone()),
            http,
        }))
    }

    /// How people call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its issuer, the first half of what a person is known by.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whether it says with each sign-in to which hosted domain an account belongs, so that silence means none (Google: "The
    /// absence of this claim indicates that the account does not belong to a Google hosted domain").
    pub fn tells_hosted_domain(&self) -> bool {
        self.is_google()
    }

    fn is_google(&self) -> bool {
        self.issuer == GOOGLE
    }

    /// Whether it can be reached and describes itself; what it lacks, without which some things work in another way.
    pub async fn examine(&self) -> Result<Vec<&'static str>, OidcError> {
        let discovered = self.discovery.fresh().await?;
        let mut notes = discovered.metadata.notes.clone();
        if !discovered.may_last(self.is_google()) {
            notes.push(
                "it offers no lasting permission (offline_access), so in organizations that require it members sign in again every `oidc_grace_hours`",
            );
        }
        Ok(notes)
    }

    /// RFC 6749, 2.3.1: both parts are encoded as in a form.
    fn basic(&self) -> HeaderValue {
        let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(&self.client_id), encoded(self.client_secret.expose()));
        let mut value = HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(pair))).unwrap_or_else(|_| HeaderValue::from_static(""));
        value.set_sensitive(true);
        value
    }

    /// Tokens are dated by the clock of the world; the server's own may be another one in tests.
    fn expected<'a>(&'a self, nonce: Option<&'a str>) -> Expected<'a> {
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^52")]
        let now = jsonwebtoken::get_current_timestamp() as f64;
        Expected { issuer: &self.issuer, client_id: &self.client_id, trusted: &self.trusted_audiences, nonce, now }
    }

    /// Opens a token that the provider signed, also with a key that it has only now.
    async fn verify(&self, discovered: &Arc<Discovered>, token: &str) -> Result<Opened, OidcError> {
        let problem = match discovered.keys.open(token) {
            Ok(opened) => return Ok(opened),
            Err(problem) => problem,
        };
        let newer = if problem.may_be_newer { self.discovery.newer_than(discovered).await } else { None };
        let opened = newer.map_or(Err(problem), |newer| newer.keys.open(token));
        opened.map_err(|problem| OidcError::NotValid(Mismatch::Key, problem.why))
    }

    /// What UserInfo tells. It is asked for what can be missing, so nothing hangs on an answer.
    async fn user_info(&self, discovered: &Discovered, access_token: Option<&str>) -> Option<Members> {
        const USER_INFO: &str = "UserInfo of the provider";
        let endpoint = discovered.metadata.user_info.clone()?;
        let asked = http::ask(USER_INFO, self.http.get(endpoint).bearer_auth(access_token?).timeout(http::ANSWER_TIME / 2)).await;
        let why = match asked {
            Ok((status, told)) if status.is_success() => return Some(told),
            Ok((status, _)) => format!("{USER_INFO} answered {status}"),
            Err(error) => error.to_string(),
        };
        tracing::warn!(why, "what UserInfo would tell is not known");
        None
    }
}

/// The HTTP client takes the cryptography that the process has chosen, and chooses none itself.
pub fn choose_tls() {
    // Refused when another part of the process has chosen already: it is the same.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
}
