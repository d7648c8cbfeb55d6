//! What a provider tells about a person, as far as we use it.

use super::lenient::{Members, owned, yes};

/// What is told about a person, in an ID token or by UserInfo.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Their address.
    pub email: Option<String>,
    /// Whether the provider vouches for that address, if it says either.
    pub email_verified: Option<bool>,
    /// Their name.
    pub name: Option<String>,
    /// The hosted domain of their account, in lower case.
    pub hosted_domain: Option<String>,
}

impl Told {
    /// Reads it from claims.
    pub fn read(claims: &Members) -> Self {
        let own = |name: &str| owned(claims, name);
        let parts = || [own("given_name"), own("family_name")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        // Entra has no `email_verified`; what it has instead is the optional claim for an address whose domain the tenant's owner has proven.
        let verified = yes(claims, "email_verified").or_else(|| yes(claims, "xms_edov"));
        Self {
            email: own("email"),
            email_verified: verified,
            name: own("name").or_else(|| Some(parts()).filter(|name| !name.is_empty())),
            hosted_domain: own("hd").map(|domain| domain.to_ascii_lowercase()),
        }
    }

    /// Whether nothing is left to ask for.
    pub const fn is_complete(&self) -> bool {
        self.email.is_some() && self.email_verified.is_some() && self.name.is_some()
    }

    /// With what is missing from another source. The word on an address counts for the address that it came with.
    pub fn or(self, other: Self) -> Self {
        let same = |own: &String| other.email.as_ref().is_some_and(|other| other.eq_ignore_ascii_case(own));
        let email_verified = match (&self.email, self.email_verified) {
            (_, Some(false)) => Some(false),
            (Some(_), Some(true)) => Some(true),
            (Some(own), None) if !same(own) => None,
            _ => other.email_verified.filter(|_| other.email.is_some()),
        };
        Self {
            email: self.email.or(other.email),
            email_verified,
            name: self.name.or(other.name),
            hosted_domain: self.hosted_domain.or(other.hosted_domain),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(claims: Value) -> Told {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        Told::read(&claims)
    }

    #[test]
    fn claims_of_a_wrong_type_count_as_missing() {
        let odd = json!({ "email": ["a@example.com"], "email_verified": {}, "name": 7, "hd": ["acme.com"], "address": "Main Street 1" });
        assert_eq!(told(odd), Told { email_verified: Some(false), ..Told::default() });
        let entra = told(json!({ "email": "a@example.com", "xms_edov": "1", "given_name": "Ada", "family_name": "Lovelace", "hd": "" }));
        assert_eq!((entra.email_verified, entra.name.as_deref(), entra.hosted_domain), (Some(true), Some("Ada Lovelace"), None));
        assert_eq!(told(json!({ "email_verified": false, "xms_edov": true })).email_verified, Some(false));
    }

    #[test]
    fn the_word_on_an_address_counts_for_that_address_only() {
        let (ada, eve) = ("ada@example.com", "eve@example.com");
        let of = |id_token: Value, user_info: Value| {
            let told = told(id_token).or(told(user_info));
            (told.email, told.email_verified)
        };
        let is = |email: &str, verified| (Some(email.to_owned()), verified);
        assert_eq!(of(json!({}), json!({ "email": ada, "email_verified": "true" })), is(ada, Some(true)));
        assert_eq!(of(json!({ "email": ada }), json!({ "email": "Ada@Example.com", "email_verified": true })), is(ada, Some(true)));
        assert_eq!(of(json!({ "email": ada }), json!({ "email": eve, "email_verified": true })), is(ada, None));
        assert_eq!(of(json!({ "email": ada }), json!({ "email_verified": true })), is(ada, None));
        assert_eq!(of(json!({ "email_verified": true }), json!({ "email": eve })), is(eve, None));
        assert_eq!(of(json!({ "email_verified": false }), json!({ "email": eve, "email_verified": true })), is(eve, Some(false)));
        assert_eq!(
            of(json!({ "email": ada, "email_verified": false }), json!({ "email": ada, "email_verified": true })),
            is(ada, Some(false))
        );
    }
}
