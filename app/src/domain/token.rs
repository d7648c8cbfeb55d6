//! How long a CI access token lives, and what it is at a moment.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::names::Reason;

/// How long a new token is to live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenLife {
    /// This many days.
    Days(u16),
    /// Until it is revoked.
    Never,
}

impl TokenLife {
    /// What the form offers first.
    pub const DEFAULT: Self = Self::Days(90);
    /// More days than this are refused.
    pub const LONGEST_DAYS: u16 = 3650;

    /// Reads `never` or a number of days, with or without a `d` behind it.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let text = text.trim();
        if text == "never" {
            return Ok(Self::Never);
        }
        match text.strip_suffix('d').unwrap_or(text).parse() {
            Ok(days) if (1..=Self::LONGEST_DAYS).contains(&days) => Ok(Self::Days(days)),
            Ok(_) | Err(_) => Err(Reason::NotInRange(1, u32::from(Self::LONGEST_DAYS))),
        }
    }

    /// The words of the choice on a form.
    pub fn describe(self) -> String {
        match self {
            Self::Days(1) => "in 1 day".to_owned(),
            Self::Days(days) => format!("in {days} days"),
            Self::Never => "never, until it is revoked".to_owned(),
        }
    }

    /// When a token made now stops working.
    pub fn ends(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Days(days) => Some(now + TimeDelta::days(i64::from(days))),
            Self::Never => None,
        }
    }
}

/// As [`TokenLife::parse`] reads it.
impl fmt::Display for TokenLife {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Days(days) => write!(out, "{days}d"),
            Self::Never => out.write_str("never"),
        }
    }
}

/// The longest time for which the old value may go on working after a rotation, in hours.
pub const LONGEST_OVERLAP_HOURS: u16 = 24 * 14;

/// What a token is at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TokenState {
    /// It works.
    Active,
    /// Its time is over.
    Expired,
    /// Somebody took it back.
    Revoked,
}

impl TokenState {
    /// Derived from the stored times; nothing else is state.
    pub fn at(now: DateTime<Utc>, expires_at: Option<DateTime<Utc>>, revoked_at: Option<DateTime<Utc>>) -> Self {
        if revoked_at.is_some() {
            Self::Revoked
        } else if expires_at.is_some_and(|end| end <= now) {
            Self::Expired
        } else {
            Self::Active
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_is_read_from_a_form_or_the_command_line() {
        assert_eq!(TokenLife::parse("90d"), Ok(TokenLife::Days(90)));
        assert_eq!(TokenLife::parse("7"), Ok(TokenLife::Days(7)));
        assert_eq!(TokenLife::parse("never"), Ok(TokenLife::Never));
        for life in [TokenLife::DEFAULT, TokenLife::Never] {
            assert_eq!(TokenLife::parse(&life.to_string()), Ok(life));
        }
        for bad in ["", "0", "3651", "-1", "90 days", "d"] {
            assert!(TokenLife::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_token_ends_at_its_time_and_revoked_beats_expired() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        assert_eq!(TokenState::at(now, None, None), TokenState::Active);
        assert_eq!(TokenState::at(now, Some(now), None), TokenState::Expired);
        assert_eq!(TokenState::at(now, Some(now), Some(now)), TokenState::Revoked);
        assert_eq!(TokenState::at(now, TokenLife::Days(1).ends(now), None), TokenState::Active);
    }
}
