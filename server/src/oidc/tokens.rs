//! The token endpoint (RFC 6749).

use reqwest::StatusCode;
use reqwest::header::AUTHORIZATION;

use super::Provider;
use super::discovery::Discovered;
use super::error::OidcError;
use super::http::ask;
use super::lenient::{owned, text};
use super::metadata::ClientAuth;

const ENDPOINT: &str = "the provider's token endpoint";

/// What we have to show for tokens.
pub(super) enum Grant<'a> {
    /// The code that a browser brought back, and what proves that we asked for it.
    Code { code: &'a str, verifier: &'a str },
    /// What the provider gave us to ask again.
    Refresh(&'a str),
}

/// What we get for it. How long and for what they are good is not used.
#[derive(Default)]
#[expect(clippy::struct_field_names, reason = "OAuth calls them so")]
pub(super) struct Tokens {
    /// Who the person is.
    pub id_token: Option<String>,
    /// Opens UserInfo.
    pub access_token: Option<String>,
    /// Good for asking again.
    pub refresh_token: Option<String>,
}

/// Why there are none.
pub(super) enum NoTokens {
    /// RFC 6749, 5.2: what we have shown is not good any more.
    InvalidGrant(String),
    /// Anything else: about us, the provider or the way there, not about the account.
    Other(OidcError),
}

impl Provider {
    /// Asks for tokens.
    pub(super) async fn tokens(&self, discovered: &Discovered, grant: Grant<'_>) -> Result<Tokens, NoTokens> {
        let mut form = match grant {
            Grant::Code { code, verifier } => vec![
                ("grant_type", "authorization_code"),
                ("code", code),
                ("redirect_uri", self.redirect.as_str()),
                ("code_verifier", verifier),
            ],
            Grant::Refresh(token) => vec![("grant_type", "refresh_token"), ("refresh_token", token)],
        };
        let mut request = self.http.post(discovered.metadata.token.clone());
        match discovered.metadata.client_auth {
            ClientAuth::Basic => request = request.header(AUTHORIZATION, self.basic()),
            ClientAuth::Post => form.extend([("client_id", self.client_id.as_str()), ("client_secret", self.client_secret.expose())]),
        }
        let (status, answer) = ask(ENDPOINT, request.form(&form)).await.map_err(NoTokens::Other)?;
        let tokens = Tokens {
            id_token: owned(&answer, "id_token"),
            access_token: owned(&answer, "access_token"),
            refresh_token: owned(&answer, "refresh_token"),
        };
        // Some answer 200 with an error.
        let failed = text(&answer, "error").filter(|_| tokens.id_token.is_none() && tokens.access_token.is_none());
        match (status.is_success(), failed) {
            (true, None) => Ok(tokens),
            (_, Some(code)) => Err(refusal(status, code, text(&answer, "error_description").unwrap_or_default())),
            (false, None) => Err(NoTokens::Other(OidcError::Failing(ENDPOINT, status.to_string()))),
        }
    }
}

fn refusal(status: StatusCode, code: &str, description: &str) -> NoTokens {
    let said = described(code, description);
    match code {
        "invalid_grant" => NoTokens::InvalidGrant(said),
        "temporarily_unavailable" | "server_error" | "slow_down" => {
            NoTokens::Other(OidcError::Failing(ENDPOINT, format!("{status}: {said}")))
        }
        "invalid_client" | "unauthorized_client" => NoTokens::Other(OidcError::SetUp(format!(
            "the provider does not take this server's id or secret, compare `oidc_client_id` and `oidc_client_secret`: {said}"
        ))),
        _ => NoTokens::Other(OidcError::SetUp(format!("{ENDPOINT} refuses what this server asks: {said}"))),
    }
}

/// An error of the provider for the log: its own words, bounded and on one line.
pub(super) fn described(code: &str, description: &str) -> String {
    let said = if description.is_empty() { code.to_owned() } else { format!("{code} ({description})") };
    said.chars().map(|char| if char.is_control() { ' ' } else { char }).take(300).collect()
}
