//! How long a token lives, and what it is at a moment.

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

    /// Whether an organization whose tokens live for at most so many days takes it.
    pub fn within(self, longest_days: Option<u16>) -> Result<Self, Reason> {
        match (self, longest_days) {
            (_, None) => Ok(self),
            (Self::Days(days), Some(longest)) if days <= longest => Ok(self),
            (Self::Days(_) | Self::Never, Some(longest)) => Err(Reason::LongerThanAllowed(longest)),
        }
    }

    /// What a form offers within this limit: the usual lives, and the longest one.
    pub fn choices(longest_days: Option<u16>) -> Vec<Self> {
        let usual = [Self::Days(7), Self::Days(30), Self::Days(90), Self::Days(365), Self::Never];
        let mut choices: Vec<_> = usual.into_iter().filter(|life| life.within(longest_days).is_ok()).collect();
        if let Some(longest) = longest_days.map(Self::Days).filter(|longest| !choices.contains(longest)) {
            choices.push(longest);
        }
        choices
    }

    /// What a form offers first within this limit.
    pub fn default_within(longest_days: Option<u16>) -> Self {
        Self::DEFAULT.within(longest_days).unwrap_or_else(|_| longest_days.map_or(Self::DEFAULT, Self::Days))
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

/// The longest lives that an organization lets tokens have, in days; without a number as long as they were made for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenPolicy {
    /// Of CI access tokens.
    pub ci_days: Option<u16>,
    /// Of personal access tokens, wherever their owners made them.
    pub personal_days: Option<u16>,
}

impl TokenPolicy {
    /// Reads one of the numbers from a form; empty means without limit.
    pub fn parse_days(text: &str) -> Result<Option<u16>, Reason> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse() {
            Ok(days) if (1..=TokenLife::LONGEST_DAYS).contains(&days) => Ok(Some(days)),
            Ok(_) | Err(_) => Err(Reason::NotInRange(1, u32::from(TokenLife::LONGEST_DAYS))),
        }
    }

    /// When a CI access token stops working here.
    pub fn ci_ends(self, created_at: DateTime<Utc>, expires_at: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        earlier(expires_at, outlived(self.ci_days, created_at))
    }

    /// When a personal access token that was made then is too old for this organization.
    pub fn personal_ends(self, created_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        outlived(self.personal_days, created_at)
    }
}

fn outlived(longest_days: Option<u16>, created_at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    longest_days.map(|days| created_at + TimeDelta::days(i64::from(days)))
}

/// The earlier of two ends, of which either may be never.
pub fn earlier(one: Option<DateTime<Utc>>, other: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (Some(end), None) | (None, Some(end)) => Some(end),
        (None, None) => None,
    }
}

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
    fn an_organization_limits_what_a_form_offers_and_takes() {
        assert_eq!(TokenLife::choices(None).len(), 5);
        assert_eq!(TokenLife::choices(Some(30)), [TokenLife::Days(7), TokenLife::Days(30)]);
        assert_eq!(TokenLife::choices(Some(60)), [TokenLife::Days(7), TokenLife::Days(30), TokenLife::Days(60)]);
        assert_eq!(TokenLife::choices(Some(3)), [TokenLife::Days(3)]);
        assert_eq!(TokenLife::default_within(Some(30)), TokenLife::Days(30));
        assert_eq!(TokenLife::default_within(Some(400)), TokenLife::DEFAULT);
        assert_eq!(TokenLife::Never.within(Some(30)), Err(Reason::LongerThanAllowed(30)));
        assert_eq!(TokenLife::Days(31).within(Some(30)), Err(Reason::LongerThanAllowed(30)));
        for bad in ["0", "3651", "-1", "x"] {
            assert!(TokenPolicy::parse_days(bad).is_err(), "{bad}");
        }
        assert_eq!(TokenPolicy::parse_days(" "), Ok(None));
    }

    #[test]
    fn a_token_ends_by_its_own_time_or_by_the_limit() {
        let made = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let days = |count| Some(made + TimeDelta::days(count));
        let policy = TokenPolicy { ci_days: Some(30), personal_days: None };
        assert_eq!(policy.ci_ends(made, None), days(30));
        assert_eq!(policy.ci_ends(made, days(7)), days(7));
        assert_eq!(policy.ci_ends(made, days(90)), days(30));
        assert_eq!(policy.personal_ends(made), None);
        assert_eq!(TokenPolicy::default().ci_ends(made, days(90)), days(90));
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
