//! Credentials: how one is made, what of it is stored, and how a text is recognised as one.
//!
//! `bk<kind>_` + base 62 of 160 random bits (27 characters) + 6 characters of CRC-32 in base 62. The prefix lets
//! secret scanners and error messages tell what it is; the checksum turns typing errors away without a look-up.
//! Stored is only HMAC-SHA256 under a key of the server, so that a copy of the database cannot test guesses.

use std::fmt;

use app::domain::login::UserCode;
use app::domain::secret::PlainSecret;
use aws_lc_rs::{hmac, rand};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM_BYTES: usize = 20;
/// 62^27 is just over 2^160.
const RANDOM_DIGITS: usize = 27;
/// 62^6 is over 2^32.
const CHECK_DIGITS: usize = 6;

/// What a credential is for; part of its text, so that one kind never passes as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretKind {
    /// CI access token.
    CiToken,
    /// Personal access token.
    PersonalToken,
    /// Link in a mail that proves a mailbox or resets a password.
    MailLink,
    /// Link in a mail that proves another mailbox of an account.
    AddressLink,
    /// Link of an invite into an organization.
    Invite,
    /// Link that claims or creates a workspace.
    Connection,
    /// Session cookie.
    Session,
    /// What a terminal holds that waits for a person's word.
    Device,
}

impl SecretKind {
    const fn prefix(self) -> &'static str {
        match self {
            Self::CiToken => "bkci_",
            Self::PersonalToken => "bkpat_",
            Self::MailLink => "bklnk_",
            Self::AddressLink => "bkadr_",
            Self::Invite => "bkinv_",
            Self::Connection => "bkcon_",
            Self::Session => "bkses_",
            Self::Device => "bkdev_",
        }
    }
}

/// What is stored of a credential.
#[derive(Clone, PartialEq, Eq, Hash, sea_orm::DeriveValueType)]
pub struct SecretHash(Vec<u8>);

impl sea_orm::TryFromU64 for SecretHash {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("SecretHash"))
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretHash(…)")
    }
}

/// No randomness could be had from the operating system.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no random bytes")]
pub struct NoRandomness;

/// Makes a new credential of this kind.
pub fn generate(kind: SecretKind) -> Result<PlainSecret, NoRandomness> {
    let mut random = [0_u8; RANDOM_BYTES];
    rand::fill(&mut random).map_err(|_| NoRandomness)?;
    let body = format!("{}{}", kind.prefix(), base62(&random, RANDOM_DIGITS));
    Ok(PlainSecret::new(format!("{body}{}", checksum(&body))))
}

/// Random text that is no secret: whoever can publish it in a certain place proves that the place is theirs.
pub fn challenge() -> Result<String, NoRandomness> {
    let mut random = [0_u8; RANDOM_BYTES];
    rand::fill(&mut random).map_err(|_| NoRandomness)?;
    Ok(base62(&random, RANDOM_DIGITS))
}

/// What a terminal shows for a person to compare.
pub fn user_code() -> Result<UserCode, NoRandomness> {
    // Bytes from the last multiple of the letters on would make some of them more likely than others.
    const FAIR: usize = 256 / UserCode::LETTERS.len() * UserCode::LETTERS.len();
    let letters = UserCode::LETTERS;
    let mut code = String::with_capacity(UserCode::LENGTH);
    let mut random = [0_u8; 4 * UserCode::LENGTH];
    loop {
        rand::fill(&mut random).map_err(|_| NoRandomness)?;
        for number in random.map(usize::from).into_iter().filter(|number| *number < FAIR) {
            code.push(char::from(letters[number % letters.len()]));
            if code.len() == UserCode::LENGTH {
                return UserCode::parse(&code).map_err(|_| NoRandomness);
            }
        }
    }
}

/// Whether the text has the shape of a credential of this kind, checksum and all.
pub fn is_well_formed(kind: SecretKind, text: &str) -> bool {
    let length = kind.prefix().len() + RANDOM_DIGITS + CHECK_DIGITS;
    if text.len() != length || !text.is_ascii() || !text.starts_with(kind.prefix()) {
        return false;
    }
    let (body, check) = text.split_at(length - CHECK_DIGITS);
    checksum(body) == check
}

/// The last four characters, for people to tell one from another.
pub fn last_four(secret: &PlainSecret) -> String {
    let text = secret.expose();
    text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

/// Turns credentials into what is stored of them.
pub struct SecretHasher(hmac::Key);

impl SecretHasher {
    /// Works under this key, derived from the master key.
    pub fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The stored form of a credential.
    pub fn hash(&self, text: &str) -> SecretHash {
        SecretHash(hmac::sign(&self.0, text.as_bytes()).as_ref().to_vec())
    }

    /// A signature in hex, of a text that begins with what it is for.
    pub fn sign(&self, text: &str) -> String {
        hex::encode(hmac::sign(&self.0, text.as_bytes()))
    }

    /// Whether this is the signature of a text.
    pub fn signed(&self, text: &str, signature: &str) -> bool {
        hex::decode(signature).is_ok_and(|signature| hmac::verify(&self.0, text.as_bytes(), &signature).is_ok())
    }
}

impl fmt::Debug for SecretHasher {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("SecretHasher(…)")
    }
}

fn checksum(body: &str) -> String {
    base62(&crc32fast::hash(body.as_bytes()).to_be_bytes(), CHECK_DIGITS)
}

/// The big-endian number in base 62, with leading zeros up to the width.
fn base62(number: &[u8], width: usize) -> String {
    let mut number = number.to_vec();
    let mut digits = vec![b'0'; width];
    for place in digits.iter_mut().rev() {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = (rest << 8) | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            rest = value % 62;
        }
        *place = DIGITS[rest as usize];
    }
    digits.into_iter().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_secret_is_well_formed_for_its_kind_only() {
        let token = generate(SecretKind::CiToken).unwrap();
        assert!(token.expose().starts_with("bkci_"));
        assert_eq!(token.expose().len(), 38, "never 24, which nx takes for an nxCloudId");
        assert!(is_well_formed(SecretKind::CiToken, token.expose()));
        assert!(!is_well_formed(SecretKind::Session, token.expose()));
    }

    #[test]
    fn any_changed_character_is_noticed() {
        let token = generate(SecretKind::CiToken).unwrap();
        for place in 5..token.expose().len() {
            let mut text = token.expose().as_bytes().to_vec();
            text[place] = if text[place] == b'a' { b'b' } else { b'a' };
            assert!(!is_well_formed(SecretKind::CiToken, std::str::from_utf8(&text).unwrap()), "character {place}");
        }
        for bad in ["", "bkci_", "bkci_ä23456789012345678901234567890123", &token.expose()[..37]] {
            assert!(!is_well_formed(SecretKind::CiToken, bad), "{bad}");
        }
    }

    #[test]
    fn nothing_prints_a_secret_and_the_hash_depends_on_the_key() {
        let token = generate(SecretKind::CiToken).unwrap();
        assert!(!format!("{token:?}").contains(token.expose()));
        let (one, other) = (SecretHasher::new(&[1; 32]), SecretHasher::new(&[2; 32]));
        assert_eq!(one.hash(token.expose()), one.hash(token.expose()));
        assert_ne!(one.hash(token.expose()), other.hash(token.expose()));
    }
}
