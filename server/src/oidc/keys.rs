//! The provider's keys (RFC 7517), and what they have signed (RFC 7515).
//!
//! Asymmetric algorithms only: with HS256 the key would be the client secret, which others know too, or, if a public key is taken
//! for it, what everybody knows. The check of a signature is jsonwebtoken's. Its own reading of keys and of the token's header is
//! not used: it refuses a key or a token for members that matter to nobody.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::Value;

use super::lenient::{Members, owned, text};

/// Name, kind of key and curve of each algorithm that is accepted.
const ACCEPTED: [(&str, Algorithm, &str, &str); 9] = [
    ("RS256", Algorithm::RS256, "RSA", ""),
    ("RS384", Algorithm::RS384, "RSA", ""),
    ("RS512", Algorithm::RS512, "RSA", ""),
    ("PS256", Algorithm::PS256, "RSA", ""),
    ("PS384", Algorithm::PS384, "RSA", ""),
    ("PS512", Algorithm::PS512, "RSA", ""),
    ("ES256", Algorithm::ES256, "EC", "P-256"),
    ("ES384", Algorithm::ES384, "EC", "P-384"),
    ("EdDSA", Algorithm::EdDSA, "OKP", "Ed25519"),
];

/// Whether ID tokens may be signed with this algorithm.
pub(super) fn is_accepted(name: &str) -> bool {
    ACCEPTED.iter().any(|(accepted, ..)| *accepted == name)
}

/// Why a token is not one that the provider signed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NotSigned {
    /// What is wrong.
    pub why: String,
    /// Whether the provider may have a newer key that made the signature.
    pub may_be_newer: bool,
}

fn never(why: impl Into<String>) -> NotSigned {
    NotSigned { why: why.into(), may_be_newer: false }
}

struct Key {
    id: Option<String>,
    /// The one algorithm that it is for, when it says so.
    algorithm: Option<String>,
    kind: String,
    curve: String,
    decoding: DecodingKey,
}

/// The keys of a provider that can sign. Others that it lists are for other purposes, or of kinds that we do not know.
pub(super) struct Keys(Vec<Key>);

/// What a token says, and with which algorithm it was signed.
pub(super) struct Opened {
    /// Its claims.
    pub claims: Members,
    /// The algorithm's name.
    pub algorithm: &'static str,
}

impl Keys {
    /// Reads a key set; a key that cannot be read is left out.
    pub fn read(set: &Members) -> Self {
        let keys = set.get("keys").and_then(Value::as_array).into_iter().flatten();
        Self(keys.filter_map(Value::as_object).filter_map(Key::read).collect())
    }

    /// Whether there is none that can sign.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The claims of a token that one of the keys has signed.
    pub fn open(&self, token: &str) -> Result<Opened, NotSigned> {
        let (message, signature) = token.rsplit_once('.').ok_or_else(|| never("the ID token is no JWT"))?;
        let (header, payload) = message.split_once('.').ok_or_else(|| never("the ID token is no JWT"))?;
        let header = decode(header).ok_or_else(|| never("the header of the ID token is no JSON object"))?;
        let named = text(&header, "alg").unwrap_or("no algorithm");
        let Some(&(name, algorithm, kind, curve)) = ACCEPTED.iter().find(|(name, ..)| *name == named) else {
            let named: String = named.chars().filter(|char| !char.is_control()).take(40).collect();
            return Err(never(format!(
                "the ID token is signed with {named}, and only RS*, PS*, ES256, ES384 and EdDSA are accepted: choose one of them for this client at the provider"
            )));
        };
        // Extensions that must be understood (RFC 7515, 4.1.11): we know none.
        if header.contains_key("crit") {
            return Err(never("the ID token has a critical extension"));
        }
        let id = text(&header, "kid");
        let fitting = self.0.iter().filter(|key| {
            key.kind == kind
                && key.curve == curve
                && key.algorithm.as_ref().is_none_or(|only| only == name)
                && (id.is_none() || key.id.is_none() || key.id.as_deref() == id)
        });
        let signed = |key: &Key| jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key.decoding, algorithm) == Ok(true);
        let mut tried = 0;
        for key in fitting {
            tried += 1;
            if signed(key) {
                let claims = decode(payload).ok_or_else(|| never("the ID token holds no JSON object"))?;
                return Ok(Opened { claims, algorithm: name });
            }
        }
        let why = match (tried, id) {
            (0, Some(_)) => "the key that signed the ID token is not among those that the provider publishes",
            (0, None) => "the provider publishes no key for the algorithm of the ID token",
            _ => "the signature of the ID token was not made with the provider's key",
        };
        Err(NotSigned { why: why.to_owned(), may_be_newer: true })
    }
}

impl Key {
    fn read(members: &Members) -> Option<Self> {
        if text(members, "use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        // Some write the padding that RFC 7515 leaves out.
        let part = |name: &str| text(members, name).map(|text| text.trim_end_matches('='));
        let kind = text(members, "kty")?;
        let (decoding, curve) = match kind {
            "RSA" => (DecodingKey::from_rsa_components(part("n")?, part("e")?).ok()?, ""),
            "EC" => (DecodingKey::from_ec_components(part("x")?, part("y")?).ok()?, text(members, "crv")?),
            "OKP" => (DecodingKey::from_ed_components(part("x")?).ok()?, text(members, "crv")?),
            _ => return None,
        };
        let own = |name: &str| owned(members, name);
        Some(Self { id: own("kid"), algorithm: own("alg"), kind: kind.to_owned(), curve: curve.to_owned(), decoding })
    }
}

fn decode(part: &str) -> Option<Members> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair, KeySize};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
    use aws_lc_rs::{encoding::AsDer as _, hmac};
    use serde_json::json;

    use super::*;

    fn encode(bytes: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(bytes)
    }

    fn signed(header: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
        let message = format!("{}.{}", encode(header.to_string().as_bytes()), encode(br#"{"sub":"zoe"}"#));
        format!("{message}.{}", encode(&sign(message.as_bytes())))
    }

    fn keys(keys: &Value) -> Keys {
        Keys::read(json!({ "keys": keys }).as_object().unwrap())
    }

    fn rsa() -> (KeyPair, Value) {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let public = pair.public_key();
        let (n, e) =
            (public.modulus().big_endian_without_leading_zero().to_vec(), public.exponent().big_endian_without_leading_zero().to_vec());
        (pair, json!({ "kty": "RSA", "n": encode(&n), "e": encode(&e) }))
    }

    fn sign_rsa(pair: &KeyPair, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).unwrap();
        signature
    }

    #[test]
    fn a_key_set_may_hold_anything_beside_the_key() {
        let (pair, key) = rsa();
        let pad = |key: &Value| format!("{}==", key["n"].as_str().unwrap());
        let with = |more: Value| {
            let mut key = key.clone();
            key.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            key
        };
        let token = |header: Value| signed(&header, |message| sign_rsa(&pair, message));
        let named = token(json!({ "alg": "RS256", "kid": "now", "x5c": 7, "jwk": "odd", "typ": null }));
        for set in [
            json!([with(json!({ "kid": "now" }))]),
            json!([with(json!({ "kid": "now", "x5c": "odd", "x5t": 7, "key_ops": null, "issuer": "https://id.example/{tenantid}" }))]),
            json!([7, null, { "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA" }, { "kty": "RSA" }, with(json!({ "kid": "now", "alg": "RS256", "use": "sig" }))]),
            json!([{ "kty": "oct", "k": "AAAA", "kid": "now" }, key]),
            json!([with(json!({ "n": pad(&key) }))]),
        ] {
            assert!(keys(&set).open(&named).is_ok(), "{set}");
        }
        assert!(keys(&json!([with(json!({ "kid": "now" }))])).open(&token(json!({ "alg": "RS256" }))).is_ok());
        for (set, why) in [
            (json!([with(json!({ "kid": "other" }))]), "not among those"),
            (json!([with(json!({ "kid": "now", "use": "enc" }))]), "not among those"),
            (json!([with(json!({ "kid": "now", "alg": "RS512" }))]), "not among those"),
            (json!([rsa().1]), "was not made with"),
            (json!("odd"), "not among those"),
        ] {
            let problem = keys(&set).open(&named).err().unwrap();
            assert!(problem.may_be_newer && problem.why.contains(why), "{set}: {problem:?}");
        }
    }

    #[test]
    fn elliptic_curves_are_taken() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let point = pair.public_key().as_ref();
        let set = keys(&json!([{ "kty": "EC", "crv": "P-256", "x": encode(&point[1..33]), "y": encode(&point[33..]) }]));
        let sign = |message: &[u8]| pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec();
        assert_eq!(set.open(&signed(&json!({ "alg": "ES256" }), sign)).ok().unwrap().algorithm, "ES256");
        for other in ["ES384", "RS256", "EdDSA"] {
            assert!(set.open(&signed(&json!({ "alg": other }), sign)).is_err(), "{other}");
        }
    }

    #[test]
    fn what_anybody_could_have_made_is_refused() {
        let (pair, key) = rsa();
        let der = pair.public_key().as_der().unwrap().as_ref().to_vec();
        let set = keys(&json!([key, { "kty": "oct", "k": encode(b"the client's secret") }]));
        // The public key, and the client's secret, as the secret of an HMAC.
        for secret in [der.as_slice(), key["n"].as_str().unwrap().as_bytes(), b"the client's secret"] {
            let hmac = hmac::Key::new(hmac::HMAC_SHA256, secret);
            for name in ["HS256", "hs256", "RS256"] {
                let token = signed(&json!({ "alg": name }), |message| hmac::sign(&hmac, message).as_ref().to_vec());
                assert!(set.open(&token).is_err(), "{name}");
            }
        }
        for name in ["none", "None", "nOnE", "", "HS512"] {
            let token = signed(&json!({ "alg": name }), |_| Vec::new());
            let problem = set.open(&token).err().unwrap();
            assert!(!problem.may_be_newer && problem.why.contains("are accepted"), "{problem:?}");
        }
        let good = signed(&json!({ "alg": "RS256" }), |message| sign_rsa(&pair, message));
        assert!(set.open(&good).is_ok());
        let (message, signature) = good.rsplit_once('.').unwrap();
        let (header, _) = message.split_once('.').unwrap();
        for forged in [
            format!("{header}.{}.{signature}", encode(br#"{"sub":"ada"}"#)),
            format!("{message}."),
            message.to_owned(),
            format!("{good}."),
            format!("{good}.{signature}"),
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            format!(".{}", &good[header.len()..]),
        ] {
            assert!(set.open(&forged).is_err(), "{forged}");
        }
        let critical = signed(&json!({ "alg": "RS256", "crit": ["b64"], "b64": false }), |message| sign_rsa(&pair, message));
        assert!(set.open(&critical).err().unwrap().why.contains("critical"));
    }
}
