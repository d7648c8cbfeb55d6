//! The mail folder, as a person's mailbox.

use std::path::Path;

/// A mail that was sent.
#[derive(Debug)]
pub struct Message {
    /// Recipient.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// The whole file, as it is.
    pub content: String,
}

impl Message {
    /// The secret of the link to choose a password.
    pub fn link(&self) -> String {
        let (_, rest) = self.content.split_once("link=").unwrap_or_else(|| panic!("no link in {self:?}"));
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    }
}

/// Takes all messages out of the folder, the oldest first.
pub fn take_all(folder: &Path) -> Vec<Message> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mails = files.filter(|path| path.extension().is_some_and(|kind| kind == "eml"));
    let take = |path: std::path::PathBuf| {
        let content = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(path).unwrap();
        parse(&content)
    };
    let mut mails: Vec<_> = mails.collect();
    mails.sort();
    mails.into_iter().map(take).collect()
}

fn parse(content: &str) -> Message {
    let header = |name: &str| {
        let line = content.lines().take_while(|line| !line.is_empty()).find_map(|line| line.strip_prefix(name));
        line.unwrap_or_else(|| panic!("no header {name} in {content}")).trim().to_owned()
    };
    Message { to: header("To:"), subject: header("Subject:"), content: content.to_owned() }
}
