//! Names of blobs.

use std::{fmt, io};

use uuid::Uuid;

use super::BlobError;

/// The name of a blob: random, under its workspace. Says nothing about the content.
///
/// Made of ids only, so no text of a client can become part of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BlobKey {
    workspace: Uuid,
    id: [u8; 16],
}

impl BlobKey {
    /// A key that no blob has yet.
    pub fn random(workspace: Uuid) -> Result<Self, BlobError> {
        let mut id = [0; 16];
        aws_lc_rs::rand::fill(&mut id).map_err(|_| io::Error::other("no random bytes")).map_err(BlobError::io("name a blob"))?;
        Ok(Self { workspace, id })
    }

    /// The key with this id, as a row keeps it.
    pub fn new(workspace: Uuid, id: [u8; 16]) -> Self {
        Self { workspace, id }
    }

    /// The key that [`BlobKey`]'s `Display` wrote, if it is exactly one.
    pub fn parse(text: &str) -> Option<Self> {
        let (workspace, rest) = text.split_once('/')?;
        let (_, name) = rest.split_once('/')?;
        let mut id = [0; 16];
        hex::decode_to_slice(name, &mut id).ok()?;
        let key = Self { workspace: Uuid::try_parse(workspace).ok()?, id };
        (key.to_string() == text).then_some(key)
    }

    /// The workspace that the blob belongs to.
    pub fn workspace(&self) -> Uuid {
        self.workspace
    }

    /// The random part.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// Which of its workspace's 256 folders the blob is in.
    pub(crate) fn folder(&self) -> u8 {
        self.id[0]
    }
}

/// `<workspace>/<2 hex>/<32 hex>`: the path in a folder or a bucket.
impl fmt::Display for BlobKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{:02x}/{:032x}", self.workspace, self.folder(), u128::from_be_bytes(self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_as_it_was_written() {
        let key = BlobKey::random(Uuid::from_u128(7)).unwrap();
        assert_eq!(BlobKey::parse(&key.to_string()), Some(key));
        assert_eq!(BlobKey::new(key.workspace(), key.id()), key);
        let fixed = BlobKey::new(Uuid::nil(), [0x0a; 16]);
        assert_eq!(fixed.to_string(), format!("{}/0a/{}", Uuid::nil(), "0a".repeat(16)));
    }

    #[test]
    fn other_paths_are_no_keys() {
        let good = BlobKey::new(Uuid::from_u128(7), [0xab; 16]).to_string();
        for bad in [
            "",
            "tmp",
            "../../etc/passwd",
            &good.to_uppercase(),
            &good[1..],
            &format!("{good}/"),
            &format!("/{good}"),
            &good.replace("/ab/", "/ac/"),
            &good.replace("/ab/", "/../"),
            &good.replace('-', ""),
        ] {
            assert_eq!(BlobKey::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn random_keys_differ() {
        assert_ne!(BlobKey::random(Uuid::nil()).unwrap(), BlobKey::random(Uuid::nil()).unwrap());
    }
}
