//! Mail when no mail server is configured: files for the operator, who reads them with `cat`.
//!
//! Here, and nowhere else, a secret is written to the log: the link of a mail, for the operator of a server without mail.
//! What does it needs a [`MailFolder`], which exists only as long as no mail server is configured.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use app::domain::ids::MailId;
use app::domain::names::Email;
use app::domain::secret::PlainSecret;
use chrono::{DateTime, Utc};

/// So many characters of an address stand in the name of its file, of whose bytes file systems take 255.
const LONGEST_ADDRESS: usize = 100;

/// The folder for mail files.
pub struct MailFolder(PathBuf);

impl MailFolder {
    /// Makes the folder when it is missing.
    pub fn new(folder: PathBuf) -> std::io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self(folder))
    }

    /// Writes a message, whole or not at all, and says in the log where, with the address to open. A message that is written
    /// again replaces itself.
    pub async fn write(&self, name: String, message: Vec<u8>, link: Option<&PlainSecret>) -> std::io::Result<()> {
        let path = self.0.join(&name);
        tokio::task::spawn_blocking(move || write(&path, &message)).await.map_err(std::io::Error::other)??;
        let link = link.map(PlainSecret::expose);
        tracing::info!(file = name, link, "no mail server is configured: a message was written to the mail folder");
        Ok(())
    }
}

fn write(path: &Path, message: &[u8]) -> std::io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    file.write_all(message)?;
    std::fs::rename(unfinished, path)
}

/// A file's name: it sorts by time, says what the mail is and for whom, and holds nothing that a shell or a file system takes
/// for something else.
pub fn file_name(now: DateTime<Utc>, kind: &str, recipient: &Email, id: MailId) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "@.-+_".contains(c) { c } else { '_' };
    let recipient: String = recipient.as_str().chars().map(plain).take(LONGEST_ADDRESS).collect();
    // What is random in an id of version 7 stands at its end.
    let id = &id.as_uuid().simple().to_string()[24..];
    format!("{}_{kind}_{recipient}_{id}.eml", now.format("%Y-%m-%dT%H-%M-%S%.3fZ"))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn names_of_files_sort_by_time_and_are_safe() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let id = MailId::from_uuid(uuid::Uuid::from_u128(0xfeed));
        let zoe = Email::parse("zoe/.$`|*&'{}?!#=~^@example.com").unwrap();
        let name = file_name(now, "welcome", &zoe, id);
        assert!(name.starts_with("2027-01-15T08-00-00.000Z_welcome_zoe_"), "{name}");
        assert!(name.ends_with("@example.com_0000feed.eml"), "{name}");
        assert!(name.chars().all(|c| c.is_ascii_alphanumeric() || "@.-+_".contains(c)), "{name}");
        let long = Email::parse(&format!("{}@{}.example.com", "x".repeat(64), "y".repeat(63))).unwrap();
        assert!(file_name(now, "account_changed", &long, id).len() < 255);
        assert!(name < file_name(now + TimeDelta::milliseconds(1), "account_changed", &zoe, id));
    }
}
