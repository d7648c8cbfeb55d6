//! How long a workspace keeps artifacts.

use serde::{Deserialize, Serialize};

use super::names::Reason;

/// The limits of a workspace; whatever goes over them is deleted, the longest unread first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Days after which an artifact that nobody read is deleted.
    pub days: Option<u16>,
    /// Gibibytes that the workspace may use.
    pub gibibytes: Option<u32>,
}

impl Retention {
    /// What a new workspace starts with.
    pub const DEFAULT: Self = Self { days: Some(30), gibibytes: Some(50) };

    /// Reads both numbers from a form; empty means without limit.
    pub fn parse_days(text: &str) -> Result<Option<u16>, Reason> {
        parse(text, 1, 3650).map(|days| days.and_then(|days| u16::try_from(days).ok()))
    }

    /// Reads the size limit from a form; empty means without limit.
    pub fn parse_gibibytes(text: &str) -> Result<Option<u32>, Reason> {
        parse(text, 1, 1_000_000)
    }

    /// The size limit in bytes.
    pub fn bytes(self) -> Option<u64> {
        self.gibibytes.map(|count| u64::from(count) << 30)
    }
}

fn parse(text: &str, least: u32, most: u32) -> Result<Option<u32>, Reason> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(Some(number)),
        Ok(_) | Err(_) => Err(Reason::NotInRange(least, most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_means_without_limit_and_nonsense_is_refused() {
        assert_eq!(Retention::parse_days(" "), Ok(None));
        assert_eq!(Retention::parse_days("30"), Ok(Some(30)));
        assert!(Retention::parse_days("0").is_err());
        assert!(Retention::parse_gibibytes("-1").is_err());
        assert_eq!(Retention { days: None, gibibytes: Some(2) }.bytes(), Some(2 << 30));
    }
}
