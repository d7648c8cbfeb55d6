//! What the provider says about itself (OpenID Connect Discovery 1.0), as far as we use it.

use app::domain::identity::Mismatch;
use reqwest::{StatusCode, Url};

use super::error::OidcError;
use super::http::ask;
use super::keys::is_accepted;
use super::lenient::{Members, text, texts};

/// How we show the token endpoint who we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientAuth {
    /// Id and secret in the `Authorization` header.
    Basic,
    /// In the form.
    Post,
}

/// What we use of it.
#[derive(Debug)]
pub(super) struct Metadata {
    /// Where browsers are sent.
    pub authorization: Url,
    /// Where a code becomes tokens.
    pub token: Url,
    /// Where its keys are.
    pub jwks: Url,
    /// Where more about a person is told.
    pub user_info: Option<Url>,
    /// How we show who we are.
    pub client_auth: ClientAuth,
    /// Whether `offline_access` may be asked for.
    pub offline_access: bool,
    /// Whether a person may be asked for consent.
    pub consent: bool,
    /// What it lacks, without which some things work in another way.
    pub notes: Vec<&'static str>,
}

/// Asks the issuer for it.
pub(super) async fn discover(http: &reqwest::Client, issuer: &str) -> Result<Metadata, OidcError> {
    let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    let (status, members) = ask("the provider's metadata", http.get(&address)).await?;
    if status == StatusCode::NOT_FOUND {
        return Err(OidcError::SetUp(format!("there is no OpenID provider at `oidc_issuer`: {address} answered {status}")));
    }
    if !status.is_success() {
        return Err(OidcError::Failing("the provider's metadata", status.to_string()));
    }
    Metadata::read(&members, issuer)
}

impl Metadata {
    fn read(members: &Members, issuer: &str) -> Result<Self, OidcError> {
        let told = text(members, "issuer").ok_or_else(|| lacking("issuer"))?;
        if told != issuer {
            return Err(OidcError::NotValid(Mismatch::Issuer, other_issuer(issuer, told)));
        }
        let endpoint = |name: &'static str| text(members, name).and_then(|text| as_safe(text, issuer));
        let needed = |name: &'static str| endpoint(name).ok_or_else(|| lacking(name));
        let user_info = endpoint("userinfo_endpoint");
        let offline_access = texts(members, "scopes_supported").is_some_and(|scopes| scopes.contains(&"offline_access"));
        let mut notes = Vec::new();
        if user_info.is_none() {
            notes.push("it has no userinfo_endpoint, so its ID tokens have to tell `email` and `email_verified`");
        }
        if texts(members, "code_challenge_methods_supported").is_some_and(|methods| !methods.contains(&"S256")) {
            notes.push("it does not list S256 among its code_challenge_methods_supported, so PKCE may protect nothing");
        }
        if texts(members, "id_token_signing_alg_values_supported").is_some_and(|all| !all.iter().any(|name| is_accepted(name))) {
            return Err(OidcError::NotValid(
                Mismatch::Key,
                "the provider signs ID tokens with no algorithm that is accepted: choose RS256 or ES256 for this client there, with a key of the provider".to_owned(),
            ));
        }
        Ok(Self {
            authorization: needed("authorization_endpoint")?,
            token: needed("token_endpoint")?,
            jwks: needed("jwks_uri")?,
            user_info,
            client_auth: client_auth(members)?,
            offline_access,
            consent: texts(members, "prompt_values_supported").is_none_or(|prompts| prompts.contains(&"consent")),
            notes,
        })
    }
}

fn lacking(name: &str) -> OidcError {
    OidcError::SetUp(format!("the provider's metadata has no usable `{name}`"))
}

/// Secrets go nowhere in clear, unless the provider itself is spoken to in clear (on this machine).
fn as_safe(text: &str, issuer: &str) -> Option<Url> {
    Url::parse(text).ok().filter(|url| url.scheme() == "https" || (url.scheme() == "http" && issuer.starts_with("http://")))
}

/// Basic is the default of the standard, and the one that is chosen when there is a choice.
fn client_auth(members: &Members) -> Result<ClientAuth, OidcError> {
    let Some(methods) = texts(members, "token_endpoint_auth_methods_supported").filter(|methods| !methods.is_empty()) else {
        return Ok(ClientAuth::Basic);
    };
    if methods.contains(&"client_secret_basic") {
        Ok(ClientAuth::Basic)
    } else if methods.contains(&"client_secret_post") {
        Ok(ClientAuth::Post)
    } else {
        let offered = methods.join(", ");
        Err(OidcError::SetUp(format!(
            "the provider's token endpoint takes neither client_secret_basic nor client_secret_post, only {offered}"
        )))
    }
}

/// Says what to write into the settings. Issuers are compared letter by letter: the identities of people hang on them.
pub(super) fn other_issuer(expected: &str, told: &str) -> String {
    let told: String = told.chars().filter(|char| !char.is_control()).take(300).collect();
    if told.contains("{tenantid}") {
        return format!(
            "`oidc_issuer` is the address for accounts of every tenant ({told}): set it to that of your tenant, https://login.microsoftonline.com/<tenant id>/v2.0"
        );
    }
    let slash = match (expected.trim_end_matches('/') == told.trim_end_matches('/'), told.ends_with('/')) {
        (false, _) => "",
        (true, true) => ", with the slash at its end",
        (true, false) => ", without a slash at its end",
    };
    format!(
        "the provider's issuer is {told} and `oidc_issuer` is {expected}: if both are the same provider, set it to exactly what the provider says{slash}"
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://id.example.com";

    fn read(more: Value) -> Result<Metadata, OidcError> {
        let mut members = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://id.example.com/authorize?tenant=acme",
            "token_endpoint": "https://id.example.com/token",
            "jwks_uri": "https://keys.example.com/",
        });
        let Value::Object(more) = more else { panic!("metadata are an object") };
        members.as_object_mut().unwrap().extend(more);
        Metadata::read(members.as_object().unwrap(), ISSUER)
    }

    #[test]
    fn what_is_not_used_may_be_anything() {
        for odd in [
            json!({}),
            json!({ "cloud_instance_name": "microsoftonline.com", "tenant_region_scope": null, "frontchannel_logout_supported": "yes" }),
            json!({ "response_types_supported": 7, "subject_types_supported": null, "scopes_supported": { "openid": true } }),
            json!({ "id_token_signing_alg_values_supported": ["RS256", "ML-DSA-44", 5], "claims_supported": [null, 1] }),
            json!({ "userinfo_endpoint": 7, "service_documentation": "not an address", "op_policy_uri": [] }),
            json!({ "token_endpoint_auth_methods_supported": null, "prompt_values_supported": null }),
        ] {
            let read = read(odd.clone()).unwrap_or_else(|error| panic!("{odd}: {error}"));
            assert_eq!((read.client_auth, read.offline_access, read.consent), (ClientAuth::Basic, false, true), "{odd}");
        }
    }

    #[test]
    fn the_method_of_the_provider_is_used() {
        let method = |listed: Value| read(json!({ "token_endpoint_auth_methods_supported": listed })).map(|read| read.client_auth);
        assert_eq!(method(json!(["client_secret_post"])), Ok(ClientAuth::Post));
        assert_eq!(method(json!("client_secret_post")), Ok(ClientAuth::Post));
        assert_eq!(method(json!(["client_secret_post", "private_key_jwt", "client_secret_basic"])), Ok(ClientAuth::Basic));
        assert_eq!(method(json!([])), Ok(ClientAuth::Basic));
        assert!(method(json!(["private_key_jwt"])).unwrap_err().to_string().contains("only private_key_jwt"));
    }

    #[test]
    fn what_is_used_is_checked_and_named() {
        let problem = |more: Value| read(more).unwrap_err().to_string();
        assert!(problem(json!({ "token_endpoint": null })).contains("`token_endpoint`"));
        assert!(problem(json!({ "jwks_uri": "http://keys.example.com" })).contains("`jwks_uri`"));
        assert!(problem(json!({ "token_endpoint": "file:///etc/passwd" })).contains("`token_endpoint`"));
        assert!(problem(json!({ "id_token_signing_alg_values_supported": ["HS256", "none"] })).contains("RS256"));
        assert!(problem(json!({ "issuer": "https://id.example.com/" })).contains("with the slash at its end"));
        assert!(problem(json!({ "issuer": "https://login.microsoftonline.com/{tenantid}/v2.0" })).contains("<tenant id>"));
        assert!(matches!(read(json!({ "issuer": "https://evil.example" })), Err(OidcError::NotValid(Mismatch::Issuer, _))));
    }
}
