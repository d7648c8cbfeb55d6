//! What has to hold of an ID token before anything that it says counts (OpenID Connect Core 1.0, 3.1.3.7).

use app::domain::identity::Mismatch;
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::error::OidcError;
use super::keys::Opened;
use super::lenient::Members;
use super::metadata::other_issuer;

/// Clocks may differ by so many seconds.
const CLOCK_SKEW: f64 = 120.0;

/// What is expected of it.
pub(super) struct Expected<'a> {
    /// From whom it is.
    pub issuer: &'a str,
    /// For whom it is: us.
    pub client_id: &'a str,
    /// Others who may be named beside us.
    pub trusted: &'a [String],
    /// What was sent along when the sign-in began; a refreshed token has none.
    pub nonce: Option<&'a str>,
    /// Now, in seconds since 1970.
    pub now: f64,
}

impl Expected<'_> {
    /// Checks the claims of a signed token; returns whom it is about.
    pub fn check<'a>(&self, claims: &'a Members) -> Result<&'a str, OidcError> {
        match claims.get("iss").and_then(Value::as_str) {
            Some(issuer) if issuer == self.issuer => {}
            // Google's own way to write it (OpenID Connect Core, 15.6.2).
            Some("accounts.google.com") if self.issuer == super::GOOGLE => {}
            Some(issuer) => return Err(OidcError::NotValid(Mismatch::Issuer, other_issuer(self.issuer, issuer))),
            None => return Err(OidcError::NotValid(Mismatch::Issuer, "the ID token has no issuer (iss)".to_owned())),
        }
        self.audience(claims).map_err(|why| OidcError::NotValid(Mismatch::Audience, why))?;
        self.times(claims).map_err(|why| OidcError::NotValid(Mismatch::Clock, why))?;
        let content = |why: &str| OidcError::NotValid(Mismatch::Content, why.to_owned());
        if self.nonce.is_some() && claims.get("nonce").and_then(Value::as_str) != self.nonce {
            return Err(content("the ID token belongs to another sign-in (nonce)"));
        }
        // Letter by letter: people are known by it.
        claims.get("sub").and_then(Value::as_str).filter(|sub| !sub.is_empty()).ok_or_else(|| content("the ID token is about nobody (sub)"))
    }

    /// We are meant, and whoever else is named is trusted, or the token was made for us (azp).
    fn audience(&self, claims: &Members) -> Result<(), String> {
        let audiences: Vec<&str> = match claims.get("aud") {
            Some(Value::String(only)) => vec![only],
            Some(Value::Array(all)) if all.iter().all(Value::is_string) => all.iter().filter_map(Value::as_str).collect(),
            _ => return Err("the ID token has no audience (aud)".to_owned()),
        };
        let is_trusted = |audience: &str| audience == self.client_id || self.trusted.iter().any(|trusted| trusted == audience);
        if !audiences.contains(&self.client_id) {
            return Err(format!("the audience (aud) of the ID token is {audiences:?}, without `oidc_client_id`"));
        }
        let made_for_us = match claims.get("azp").filter(|azp| !azp.is_null()) {
            None => false,
            Some(Value::String(party)) if is_trusted(party) => party == self.client_id,
            Some(party) => return Err(format!("the ID token was made for another application (azp {party}), not for `oidc_client_id`")),
        };
        match audiences.iter().find(|audience| !is_trusted(audience)) {
            Some(other) if !made_for_us => Err(format!(
                "the audience (aud) of the ID token names {other:?} too, and azp does not say that it was made for us: list it in `oidc_trusted_audiences` if it may know who signs in here"
            )),
            _ => Ok(()),
        }
    }

    fn times(&self, claims: &Members) -> Result<(), String> {
        let time = |name: &str| match claims.get(name).filter(|time| !time.is_null()) {
            None => Ok(None),
            Some(time) => time.as_f64().map(Some).ok_or_else(|| format!("`{name}` of the ID token is not a time")),
        };
        let now = self.now;
        let end = time("exp")?.ok_or("the ID token has no end (exp)")?;
        if end + CLOCK_SKEW < now {
            return Err(format!("by this server's clock, the ID token ended {:.0} seconds ago (exp): compare the clocks", now - end));
        }
        for name in ["nbf", "iat"] {
            if let Some(begin) = time(name)?.filter(|begin| *begin > now + CLOCK_SKEW) {
                return Err(format!(
                    "by this server's clock, the ID token begins in {:.0} seconds ({name}): compare the clocks",
                    begin - now
                ));
            }
        }
        Ok(())
    }
}

/// Whether the access token came with this ID token, as far as that says so (3.1.3.8).
pub(super) fn fits(opened: &Opened, access_token: &str) -> Result<(), OidcError> {
    let Some(expected) = opened.claims.get("at_hash").filter(|hash| !hash.is_null()) else { return Ok(()) };
    let algorithm = match opened.algorithm {
        name if name.ends_with("256") => &digest::SHA256,
        name if name.ends_with("384") => &digest::SHA384,
        _ => &digest::SHA512,
    };
    let hash = digest::digest(algorithm, access_token.as_bytes());
    let half = URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2]);
    if expected.as_str() == Some(half.as_str()) {
        Ok(())
    } else {
        Err(OidcError::NotValid(Mismatch::Content, "the access token belongs to another ID token (at_hash)".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: f64 = 1_800_000_000.0;

    fn check(change: Value) -> Result<String, OidcError> {
        check_with(change, &[])
    }

    fn check_with(change: Value, trusted: &[String]) -> Result<String, OidcError> {
        let mut claims =
            json!({ "iss": "https://id.example.com", "aud": "us", "sub": "zoe", "nonce": "n", "iat": NOW, "exp": NOW + 300.0 });
        let Value::Object(change) = change else { panic!("claims are an object") };
        claims.as_object_mut().unwrap().extend(change);
        let claims = claims.as_object().unwrap();
        let expected = Expected { issuer: "https://id.example.com", client_id: "us", trusted, nonce: Some("n"), now: NOW };
        expected.check(claims).map(ToOwned::to_owned)
    }

    #[track_caller]
    fn differs(change: Value, mismatch: Mismatch, word: &str) {
        let said = change.to_string();
        match check(change) {
            Err(OidcError::NotValid(found, why)) => assert!(found == mismatch && why.contains(word), "{said}: {found:?} {why}"),
            other => panic!("{said}: {other:?}"),
        }
    }

    #[test]
    fn claims_that_matter_to_nobody_may_be_anything() {
        for odd in [
            json!({ "address": "Main Street 1", "updated_at": "2026-11-29T00:00:00Z", "phone_number_verified": "yes", "zoneinfo": null }),
            json!({ "locale": "de_DE", "picture": "none", "birthdate": 0, "website": {}, "auth_time": "yesterday", "amr": "pwd", "acr": 1 }),
            json!({ "email": 7, "email_verified": [], "name": null, "https://acme.example/roles": { "deep": [{ "er": null }] } }),
            json!({ "nbf": null, "azp": null, "jti": 7, "sid": null, "rat": 1.5, "iat": null }),
            json!({ "exp": NOW + 0.5, "iat": NOW - 0.5 }),
        ] {
            assert_eq!(check(odd.clone()), Ok("zoe".to_owned()), "{odd}");
        }
    }

    #[test]
    fn an_audience_beside_us_needs_the_word_of_the_provider_or_of_the_operator() {
        for fine in [
            json!({ "aud": ["us"] }),
            json!({ "aud": ["us", "us"], "azp": "us" }),
            json!({ "aud": ["us", "sibling", "project"], "azp": "us" }),
        ] {
            assert!(check(fine.clone()).is_ok(), "{fine}");
        }
        for other in [
            json!({ "aud": "other" }),
            json!({ "aud": ["other", "project"], "azp": "us" }),
            json!({ "aud": ["us", "project"] }),
            json!({ "aud": ["us", "project"], "azp": "project" }),
            json!({ "aud": "us", "azp": "other" }),
            json!({ "aud": "us", "azp": ["us"] }),
            json!({ "aud": [] }),
            json!({ "aud": null }),
            json!({ "aud": ["us", 7], "azp": "us" }),
            json!({ "aud": { "us": true } }),
            json!({ "aud": "US" }),
        ] {
            differs(other, Mismatch::Audience, "ID token");
        }
        let trusted = ["project".to_owned()];
        assert!(check_with(json!({ "aud": ["us", "project"] }), &trusted).is_ok());
        assert!(check_with(json!({ "aud": ["us", "project"], "azp": "project" }), &trusted).is_ok());
        assert!(check_with(json!({ "aud": ["us", "project", "third"] }), &trusted).is_err());
        assert!(check_with(json!({ "aud": ["project"] }), &trusted).is_err());
    }

    #[test]
    fn what_is_used_is_checked_and_the_words_say_what_differs() {
        differs(json!({ "iss": "https://id.example.com/" }), Mismatch::Issuer, "with the slash");
        differs(json!({ "iss": ["https://id.example.com"] }), Mismatch::Issuer, "iss");
        differs(json!({ "iss": "accounts.google.com" }), Mismatch::Issuer, "accounts.google.com");
        differs(json!({ "exp": NOW - 121.0 }), Mismatch::Clock, "121 seconds ago");
        differs(json!({ "exp": "soon" }), Mismatch::Clock, "exp");
        differs(json!({ "exp": null }), Mismatch::Clock, "exp");
        differs(json!({ "nbf": NOW + 121.0 }), Mismatch::Clock, "nbf");
        differs(json!({ "iat": NOW + 3600.0 }), Mismatch::Clock, "iat");
        differs(json!({ "nonce": "other" }), Mismatch::Content, "nonce");
        differs(json!({ "nonce": null }), Mismatch::Content, "nonce");
        differs(json!({ "sub": 7 }), Mismatch::Content, "sub");
        differs(json!({ "sub": "" }), Mismatch::Content, "sub");
        assert!(check(json!({ "exp": NOW - 60.0, "nbf": NOW + 60.0 })).is_ok(), "clocks differ a little");
    }

    #[test]
    fn an_access_token_that_came_with_another_id_token_is_refused() {
        // The example of OpenID Connect Core, A.3.
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        let opened = |claims: Value| Opened { claims: claims.as_object().unwrap().clone(), algorithm: "RS256" };
        assert!(fits(&opened(json!({ "at_hash": "77QmUPtjPfzWtF2AnpK9RQ" })), token).is_ok());
        assert!(fits(&opened(json!({})), token).is_ok());
        assert!(fits(&opened(json!({ "at_hash": "77QmUPtjPfzWtF2AnpK9RQ" })), "another").is_err());
        assert!(fits(&opened(json!({ "at_hash": 7 })), token).is_err());
    }
}
