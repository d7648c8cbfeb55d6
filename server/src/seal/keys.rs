//! The master key and the organizations' data keys. They wipe themselves and do not print themselves.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand;
use zeroize::Zeroizing;

use super::{SealContext, SealError, row};

type Secret = Zeroizing<[u8; 32]>;

struct SecretLength;

impl KeyType for SecretLength {
    fn len(&self) -> usize {
        32
    }
}

fn random() -> Result<Secret, SealError> {
    let mut bytes = Secret::default();
    rand::fill(bytes.as_mut_slice()).map_err(|_| SealError::Random)?;
    Ok(bytes)
}

fn derive(secret: &Secret, family: &'static str, label: &str) -> Secret {
    let mut derived = Secret::default();
    let info = [family.as_bytes(), label.as_bytes()];
    Salt::new(HKDF_SHA256, b"")
        .extract(secret.as_slice())
        .expand(&info, SecretLength)
        .and_then(|okm| okm.fill(derived.as_mut_slice()))
        .expect("32 bytes are within what HKDF-SHA256 can give");
    derived
}

fn random_nonce_key(secret: &Secret) -> RandomizedNonceKey {
    RandomizedNonceKey::new(&AES_256_GCM, secret.as_slice()).expect("an AES-256 key has 32 bytes")
}

/// The server's own key: wraps the organizations' keys and gives one subkey per purpose.
pub struct MasterKey(Secret);

impl MasterKey {
    /// A new random master key.
    pub fn generate() -> Result<Self, SealError> {
        random().map(Self)
    }

    /// The master key written as 64 hex characters; white space around them is allowed.
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let mut bytes = Secret::default();
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).map_err(|_| SealError::Format)?;
        Ok(Self(bytes))
    }

    /// The text that [`MasterKey::parse`] reads, for the key file.
    pub fn to_text(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }

    /// The key for one purpose (`"token-hash"`, `"mail"`, …); different labels give unrelated keys.
    pub fn subkey(&self, label: &'static str) -> Zeroizing<[u8; 32]> {
        derive(&self.0, "buildkeep master key: ", label)
    }

    /// An organization's key in the form that may be stored; it opens for that organization and version only.
    pub fn wrap_key(&self, org: &[u8], key: &OrgKey) -> Result<Vec<u8>, SealError> {
        row::seal(&self.wrapping_key(), &[WRAPPED], &wrap_context(org, key.version), key.secret.as_slice())
    }

    /// The organization's key that [`MasterKey::wrap_key`] wrapped.
    pub fn unwrap_key(&self, org: &[u8], version: u32, wrapped: &[u8]) -> Result<OrgKey, SealError> {
        let bytes = Zeroizing::new(row::open(&self.wrapping_key(), &[WRAPPED], &wrap_context(org, version), wrapped)?);
        let mut secret = Secret::default();
        if bytes.len() != secret.len() {
            return Err(SealError::Format);
        }
        secret.copy_from_slice(&bytes);
        Ok(OrgKey::new(version, secret))
    }

    /// A small value that belongs to a person and so to no organization, sealed for this context only.
    pub fn seal_value(&self, context: &SealContext, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        row::seal(&random_nonce_key(&self.subkey("values")), &[VALUE], context, plain)
    }

    /// The value that [`MasterKey::seal_value`] sealed.
    pub fn open_value(&self, context: &SealContext, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        row::open(&random_nonce_key(&self.subkey("values")), &[VALUE], context, sealed).map(Zeroizing::new)
    }

    fn wrapping_key(&self) -> RandomizedNonceKey {
        random_nonce_key(&self.subkey("wrap-org-key"))
    }
}

/// Format version of a wrapped key.
const WRAPPED: u8 = 1;
/// Format version of a sealed value.
const VALUE: u8 = 1;

fn wrap_context(org: &[u8], version: u32) -> SealContext {
    SealContext::new("org key").with(org).with(&version.to_be_bytes())
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// One version of an organization's data key.
pub struct OrgKey {
    version: u32,
    secret: Secret,
    rows: RandomizedNonceKey,
}

impl OrgKey {
    /// A new random key.
    pub fn generate(version: u32) -> Result<Self, SealError> {
        Ok(Self::new(version, random()?))
    }

    fn new(version: u32, secret: Secret) -> Self {
        let rows = random_nonce_key(&derive(&secret, "buildkeep org key: ", "rows"));
        Self { version, secret, rows }
    }

    /// Which of the organization's keys this is; stored in clear beside everything it seals.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The key for one more purpose of this organization, such as a blind index.
    pub fn subkey(&self, label: &'static str) -> Zeroizing<[u8; 32]> {
        // "use: " keeps callers' labels apart from "rows" above.
        derive(&self.secret, "buildkeep org key: use: ", label)
    }

    pub(super) fn secret(&self) -> &[u8] {
        self.secret.as_slice()
    }

    pub(super) fn rows(&self) -> &RandomizedNonceKey {
        &self.rows
    }
}

impl fmt::Debug for OrgKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OrgKey(version {}, …)", self.version)
    }
}

/// All keys of one organization: the current one seals, every one opens.
#[derive(Debug)]
pub struct OrgKeys {
    current: OrgKey,
    older: Vec<OrgKey>,
}

impl OrgKeys {
    /// The current key and those it replaced.
    pub fn new(current: OrgKey, older: Vec<OrgKey>) -> Self {
        Self { current, older }
    }

    /// The same keys with a new current one.
    #[must_use]
    pub fn rotate(mut self, current: OrgKey) -> Self {
        self.older.push(std::mem::replace(&mut self.current, current));
        self
    }

    /// The key that seals new things.
    pub fn current(&self) -> &OrgKey {
        &self.current
    }

    /// The key of that version.
    pub fn version(&self, version: u32) -> Result<&OrgKey, SealError> {
        std::iter::once(&self.current).chain(&self.older).find(|key| key.version == version).ok_or(SealError::UnknownKey(version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrapped_key_comes_back() {
        let (master, key) = (MasterKey::generate().unwrap(), OrgKey::generate(3).unwrap());
        let wrapped = master.wrap_key(b"org", &key).unwrap();
        assert!(!wrapped.windows(8).any(|part| part == &key.secret()[..8]));
        let back = master.unwrap_key(b"org", 3, &wrapped).unwrap();
        assert_eq!(back.secret(), key.secret());
        assert_eq!(back.version(), 3);
    }

    #[test]
    fn a_wrapped_key_opens_for_its_own_org_version_and_master_only() {
        let (master, key) = (MasterKey::generate().unwrap(), OrgKey::generate(3).unwrap());
        let wrapped = master.wrap_key(b"org", &key).unwrap();
        assert_eq!(master.unwrap_key(b"other", 3, &wrapped).unwrap_err(), SealError::Altered);
        assert_eq!(master.unwrap_key(b"org", 4, &wrapped).unwrap_err(), SealError::Altered);
        let stranger = MasterKey::generate().unwrap();
        assert_eq!(stranger.unwrap_key(b"org", 3, &wrapped).unwrap_err(), SealError::Altered);
    }

    #[test]
    fn every_changed_bit_of_a_wrapped_key_is_seen() {
        let (master, key) = (MasterKey::generate().unwrap(), OrgKey::generate(1).unwrap());
        let wrapped = master.wrap_key(b"org", &key).unwrap();
        for bit in 0..wrapped.len() * 8 {
            let mut changed = wrapped.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(master.unwrap_key(b"org", 1, &changed).is_err(), "bit {bit}");
        }
        for len in 0..wrapped.len() {
            assert!(master.unwrap_key(b"org", 1, &wrapped[..len]).is_err(), "length {len}");
        }
    }

    #[test]
    fn the_master_key_survives_its_file() {
        let master = MasterKey::generate().unwrap();
        let back = MasterKey::parse(&format!("{}\n", *master.to_text())).unwrap();
        assert_eq!(*back.subkey("mail"), *master.subkey("mail"));
        for bad in ["", "00", &"0".repeat(63), &"g".repeat(64), &"0".repeat(66)] {
            assert_eq!(MasterKey::parse(bad).unwrap_err(), SealError::Format);
        }
    }

    #[test]
    fn labels_and_keys_give_unrelated_subkeys() {
        let master = MasterKey::parse(&"7a".repeat(32)).unwrap();
        assert_eq!(*master.subkey("mail"), *master.subkey("mail"));
        assert_ne!(*master.subkey("mail"), *master.subkey("token-hash"));
        assert_ne!(*master.subkey("mail"), *MasterKey::generate().unwrap().subkey("mail"));
        let org = OrgKey::generate(1).unwrap();
        assert_ne!(*org.subkey("rows"), *derive(&org.secret, "buildkeep org key: ", "rows"));
    }

    #[test]
    fn subkeys_never_change_between_releases() {
        // Token hashes and wrapped keys in users' databases hang on this value (checked with Python's hmac).
        let master = MasterKey::parse(&"7a".repeat(32)).unwrap();
        assert_eq!(hex::encode(*master.subkey("token-hash")), "33c4b6939ed781e166e9bf387841bd342c06cafea4988872bec5dc99cfe5d197");
    }

    #[test]
    fn keys_do_not_print_themselves() {
        let master = MasterKey::parse(&"7a".repeat(32)).unwrap();
        let keys = OrgKeys::new(OrgKey::generate(2).unwrap(), vec![OrgKey::generate(1).unwrap()]);
        assert_eq!(format!("{master:?}"), "MasterKey(…)");
        assert_eq!(format!("{:?}", keys.current()), "OrgKey(version 2, …)");
        assert_eq!(keys.version(1).unwrap().version(), 1);
        assert_eq!(keys.version(9).unwrap_err(), SealError::UnknownKey(9));
    }
}
