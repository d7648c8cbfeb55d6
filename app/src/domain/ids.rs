//! Typed ids: a UUIDv7 inside, shown and parsed as `org_01j…` (prefix and 26 characters of Crockford base 32).
//!
//! An id of one kind cannot stand where another is wanted. The sea-orm side has to live here too (orphan rule);
//! it is the one place besides `http.rs` that knows the `ssr` feature.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use uuid::Uuid;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const TEXT_LENGTH: usize = 26;

/// A text that is not an id of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an id of the expected kind")]
pub struct InvalidId;

fn encode(id: Uuid) -> String {
    let bits = id.as_u128();
    (0..TEXT_LENGTH).rev().map(|place| char::from(ALPHABET[((bits >> (5 * place)) & 31) as usize])).collect()
}

fn decode(text: &str) -> Result<Uuid, InvalidId> {
    if text.len() != TEXT_LENGTH || text.as_bytes()[0] > b'7' {
        return Err(InvalidId);
    }
    text.bytes()
        .try_fold(0_u128, |bits, byte| {
            let digit = ALPHABET.iter().position(|known| *known == byte)?;
            Some((bits << 5) | u128::try_from(digit).ok()?)
        })
        .map(Uuid::from_u128)
        .ok_or(InvalidId)
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "ssr", derive(sea_orm::DeriveValueType))]
        pub struct $name(Uuid);

        #[cfg(feature = "ssr")]
        impl sea_orm::TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
                Err(sea_orm::DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl $name {
            /// Takes a freshly made UUIDv7 as an id of this kind.
            pub const fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            /// The UUID inside, for places that store it in a form of their own.
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }

            /// The sixteen bytes, for places that bind data to this id.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!($prefix, "_{}"), encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_")).ok_or(InvalidId).and_then(decode).map(Self)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                String::deserialize(input)?.parse().map_err(D::Error::custom)
            }
        }
    };
}

id_type!(
    /// A person with an account.
    UserId,
    "usr"
);
id_type!(
    /// One signed-in browser of a person, as the list of sessions names it; not the secret in the cookie.
    SessionId,
    "ses"
);
id_type!(
    /// An organization.
    OrgId,
    "org"
);
impl OrgId {
    /// The hidden organization of the workspaces that nobody has claimed: an id that no clock makes.
    pub const UNCLAIMED: Self = Self(Uuid::nil());
}

id_type!(
    /// A workspace of an organization.
    WorkspaceId,
    "wks"
);
id_type!(
    /// A CI access token; not the secret itself.
    CiTokenId,
    "tok"
);
id_type!(
    /// A personal access token; not the secret itself.
    PersonalTokenId,
    "pat"
);
id_type!(
    /// A terminal that asks for a personal access token.
    LoginId,
    "lgn"
);
id_type!(
    /// A run: one `nx` command.
    RunId,
    "run"
);
id_type!(
    /// An artifact of the remote cache.
    ArtifactId,
    "art"
);
id_type!(
    /// A link sent by mail to prove a mailbox or to choose a new password.
    MailLinkId,
    "lnk"
);
id_type!(
    /// An invite into an organization; not the secret of its link.
    InviteId,
    "inv"
);
id_type!(
    /// A person's account at an OpenID provider, linked to their account here.
    IdentityId,
    "idn"
);
id_type!(
    /// A link that claims or creates a workspace; not the code in it.
    ConnectionId,
    "con"
);
id_type!(
    /// A domain whose people may join an organization.
    DomainInviteId,
    "dom"
);
id_type!(
    /// A message waiting in, or gone through, the mail queue.
    MailId,
    "mail"
);
id_type!(
    /// A purge of artifacts.
    PurgeId,
    "prg"
);
id_type!(
    /// An event of the audit log.
    AuditEventId,
    "evt"
);
id_type!(
    /// One request, as logs, audit events and error pages name it.
    IncidentId,
    "inc"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_shown_with_its_kind_and_parsed_back() {
        let id = OrgId::from_uuid(Uuid::from_u128(0x0191_2345_6789_7abc_8def_0123_4567_89ab));
        let text = id.to_string();
        assert!(text.starts_with("org_01"), "{text}");
        assert_eq!(text.len(), 4 + TEXT_LENGTH);
        assert_eq!(text.parse(), Ok(id));
    }

    #[test]
    fn the_largest_uuid_survives() {
        let id = UserId::from_uuid(Uuid::from_u128(u128::MAX));
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn an_id_of_another_kind_or_a_damaged_one_is_refused() {
        let user = UserId::from_uuid(Uuid::from_u128(1)).to_string();
        assert_eq!(user.parse::<OrgId>(), Err(InvalidId));
        for text in
            ["", "usr_", "usr_zz", "usr_0000000000000000000000000l", "usr_80000000000000000000000000", "usr_é0000000000000000000000000"]
        {
            assert_eq!(text.parse::<UserId>(), Err(InvalidId), "{text}");
        }
    }
}
