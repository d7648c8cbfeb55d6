//! The master key: from the environment, from a file, or made at the first start.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;

use app::domain::ids::OrgId;
use moka::sync::Cache;

use crate::config::Config;
use crate::error::{Error, Result};
use crate::seal::{MasterKey, OrgKey, OrgKeys, SealError};
use crate::store::db::Db;
use crate::store::orgs::{self, WrappedKey};

/// Why there is no master key to work with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text is not a key.
    #[error("the master key in {0} is not 64 hex characters; restore the right one, without it nothing stored can be read")]
    Malformed(String),
    /// The file could not be read or made.
    #[error("the master key file {0}: {1}")]
    File(String, std::io::Error),
    /// No randomness for a new one.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// Reads the master key, or makes one in the data folder.
pub fn load_master_key(config: &Config) -> Result<MasterKey, KeyError> {
    if let Some(text) = &config.master_key {
        return MasterKey::parse(text).map_err(|_| KeyError::Malformed("setting `master_key`".to_owned()));
    }
    let path = config.master_key_file.clone().unwrap_or_else(|| config.data_dir.join("master.key"));
    let shown = path.display().to_string();
    match std::fs::read_to_string(&path) {
        Ok(text) => MasterKey::parse(&text).map_err(|_| KeyError::Malformed(shown)),
        // A file that was named but is missing is a mistake; a new key would hide it.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && config.master_key_file.is_none() => {
            let key = MasterKey::generate()?;
            match write_new(&path, &key) {
                // Another process made one at the same moment: that one counts.
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => load_master_key(config),
                Err(error) => Err(KeyError::File(shown, error)),
                Ok(()) => Ok(key),
            }
        }
        Err(error) => Err(KeyError::File(shown, error)),
    }
}

/// Whole or not at all: written beside, made durable, then linked to its name.
fn write_new(path: &Path, key: &MasterKey) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let unfinished = path.with_extension(format!("key.{}", std::process::id()));
    let written = (|| {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&unfinished)?;
        file.write_all(key.to_text().as_bytes())?;
        file.sync_all()?;
        std::fs::hard_link(&unfinished, path)?;
        std::fs::File::open(folder)?.sync_all()
    })();
    std::fs::remove_file(&unfinished)?;
    written
}

/// The organizations' data keys, opened once and remembered.
pub struct Keyring {
    master: MasterKey,
    opened: Cache<OrgId, Arc<OrgKeys>>,
}

impl Keyring {
    /// Opens keys under this master key.
    pub fn new(master: MasterKey) -> Self {
        Self { master, opened: Cache::new(10_000) }
    }

    /// The master key, to derive keys for other uses from.
    pub const fn master(&self) -> &MasterKey {
        &self.master
    }

    /// A first data key for a new organization, as it is stored.
    pub fn new_org_key(&self, org: OrgId) -> Result<WrappedKey> {
        let key = OrgKey::generate(1)?;
        Ok(WrappedKey { version: key.version(), wrapped: self.master.wrap_key(org.as_bytes(), &key)? })
    }

    /// The organization's data keys; an error when it is gone.
    pub async fn of(&self, db: &Db, org: OrgId) -> Result<Arc<OrgKeys>> {
        if let Some(keys) = self.opened.get(&org) {
            return Ok(keys);
        }
        let mut keys = Vec::new();
        for stored in orgs::wrapped_keys(db.read(), org).await? {
            keys.push(self.master.unwrap_key(org.as_bytes(), stored.version, &stored.wrapped)?);
        }
        if keys.is_empty() {
            return Err(Error::Stored("organization without a key"));
        }
        let keys = Arc::new(OrgKeys::new(keys.remove(0), keys));
        self.opened.insert(org, keys.clone());
        Ok(keys)
    }

    /// Forgets all opened keys: an organization may be gone, and its key with it.
    pub fn forget(&self) {
        self.opened.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_made_once_and_only_its_owner_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let config = Config { data_dir: dir.path().join("data"), ..Config::default() };
        let first = load_master_key(&config).unwrap();
        let second = load_master_key(&config).unwrap();
        assert_eq!(*first.to_text(), *second.to_text());
        let mode = std::fs::metadata(config.data_dir.join("master.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(&config.data_dir).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn a_named_file_that_is_missing_or_damaged_stops_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        let config = Config { master_key_file: Some(file.clone()), ..Config::default() };
        assert!(matches!(load_master_key(&config), Err(KeyError::File(..))));
        std::fs::write(&file, "not a key").unwrap();
        assert!(matches!(load_master_key(&config), Err(KeyError::Malformed(_))));
    }
}
