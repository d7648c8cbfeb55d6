//! Domain invites: whoever has a confirmed address at a listed domain may join. What opens a domain, and what closes it.
//!
//! A domain is open when the Admin who vouches for it has a confirmed address there, or when DNS proves that it is the
//! organization's. The proof is asked for again each day. A plain "no" ends it at once. An answer that does not come (the
//! DNS server is down, or says that it failed) says nothing about the record: it is asked for again each hour, and ends
//! the proof only after [`GRACE`].

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::names::DomainName;

/// Domains that one organization may list.
pub const MOST: u64 = 20;
/// How long a proof holds until DNS is asked again.
pub const CHECK_EVERY: TimeDelta = TimeDelta::days(1);
/// How soon DNS is asked again when no answer came.
pub const RETRY_EVERY: TimeDelta = TimeDelta::hours(1);
/// How long a proof outlives a DNS that does not answer.
pub const GRACE: TimeDelta = TimeDelta::days(3);
/// Under this name below the domain stands the record that proves it.
pub const LABEL: &str = "_buildkeep-challenge";

/// The name of the TXT record that proves this domain.
pub fn record_name(domain: &DomainName) -> String {
    format!("{LABEL}.{domain}")
}

/// Whether people of a domain can join, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DomainState {
    /// DNS proves it: they can, and are offered it after signing in.
    Proven {
        /// Since when.
        since: DateTime<Utc>,
        /// Since when DNS gives no answer, when it does not.
        silent_since: Option<DateTime<Utc>>,
    },
    /// An Admin with an address there vouches for it: they can by the link.
    Vouched {
        /// The Admin's name.
        by: String,
    },
    /// It was proven, and is not any more: they cannot.
    Lapsed {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Neither: they cannot.
    Closed,
}

impl DomainState {
    /// Whether people of the domain can join.
    pub const fn is_open(&self) -> bool {
        match self {
            Self::Proven { .. } | Self::Vouched { .. } => true,
            Self::Lapsed { .. } | Self::Closed => false,
        }
    }
}

/// What DNS said about the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum DnsAnswer {
    /// The record is there.
    Found,
    /// Other values are there; some of them, shortened.
    Others(Vec<String>),
    /// There is no TXT record of this name.
    NoRecord,
    /// The DNS server says that it could not find out.
    Failed(String),
    /// No DNS server answered.
    Silence,
}

/// Values of other records that are kept to be shown, and how much of each.
const MOST_SHOWN: (usize, usize) = (5, 100);

impl DnsAnswer {
    /// Reads the values of the TXT records.
    pub fn of(values: &[String], challenge: &str) -> Self {
        if values.iter().any(|value| value.trim() == challenge) {
            return Self::Found;
        }
        if values.is_empty() {
            return Self::NoRecord;
        }
        let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
        let shown = |value: &String| value.chars().take(MOST_SHOWN.1).map(printable).collect();
        Self::Others(values.iter().take(MOST_SHOWN.0).map(shown).collect())
    }

    /// In words.
    pub fn describe(&self) -> String {
        match self {
            Self::Found => "DNS holds the record.".to_owned(),
            Self::Others(values) if values.len() == 1 => "DNS holds a TXT record of this name with another value:".to_owned(),
            Self::Others(_) => "DNS holds TXT records of this name with other values:".to_owned(),
            Self::NoRecord => "DNS holds no TXT record of this name.".to_owned(),
            Self::Failed(code) => format!("The DNS server could not find out ({code}). Often the domain's own DNS is at fault."),
            Self::Silence => "No DNS server answered in time.".to_owned(),
        }
    }

    const fn verdict(&self) -> Option<bool> {
        match self {
            Self::Found => Some(true),
            Self::Others(_) | Self::NoRecord => Some(false),
            Self::Failed(_) | Self::Silence => None,
        }
    }
}

/// How a domain stands with DNS.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Proof {
    /// Proven since; `None` when it is not.
    pub proven_at: Option<DateTime<Utc>>,
    /// It is proven, but no answer has come since.
    pub silent_since: Option<DateTime<Utc>>,
    /// When it stopped being proven.
    pub lapsed_at: Option<DateTime<Utc>>,
}

/// What an answer changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofChange {
    /// Proven from now on.
    Proven,
    /// No longer proven.
    Lapsed,
}

impl Proof {
    /// How it stands after this answer.
    pub fn after(self, answer: &DnsAnswer, now: DateTime<Utc>) -> (Self, Option<ProofChange>) {
        let lapsed = Self { proven_at: None, silent_since: None, lapsed_at: Some(now) };
        match (answer.verdict(), self.proven_at) {
            (Some(true), Some(_)) => (Self { silent_since: None, ..self }, None),
            (Some(true), None) => (Self { proven_at: Some(now), ..Self::default() }, Some(ProofChange::Proven)),
            (Some(false) | None, None) => (self, None),
            (Some(false), Some(_)) => (lapsed, Some(ProofChange::Lapsed)),
            (None, Some(_)) => {
                let silent_since = self.silent_since.unwrap_or(now);
                if now - silent_since < GRACE {
                    (Self { silent_since: Some(silent_since), ..self }, None)
                } else {
                    (lapsed, Some(ProofChange::Lapsed))
                }
            }
        }
    }

    /// When to ask DNS again; `None` when only people ask.
    pub fn next_check(self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.proven_at.map(|_| now + if self.silent_since.is_some() { RETRY_EVERY } else { CHECK_EVERY })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap() + TimeDelta::hours(hours)
    }

    #[test]
    fn the_record_proves_and_its_absence_ends_the_proof_at_once() {
        let (proven, change) = Proof::default().after(&DnsAnswer::Found, at(0));
        assert_eq!((proven.proven_at, change, proven.next_check(at(0))), (Some(at(0)), Some(ProofChange::Proven), Some(at(24))));
        assert_eq!(proven.after(&DnsAnswer::Found, at(24)), (proven, None));
        for no in [DnsAnswer::NoRecord, DnsAnswer::Others(vec!["x".to_owned()])] {
            let (lapsed, change) = proven.after(&no, at(24));
            assert_eq!((lapsed.proven_at, lapsed.lapsed_at, change), (None, Some(at(24)), Some(ProofChange::Lapsed)));
            assert_eq!(lapsed.next_check(at(24)), None);
            assert_eq!(lapsed.after(&no, at(25)), (lapsed, None), "it lapses once");
            assert_eq!(lapsed.after(&DnsAnswer::Found, at(25)).0, Proof { proven_at: Some(at(25)), ..Proof::default() });
        }
    }

    #[test]
    fn a_silent_dns_ends_the_proof_only_after_the_grace() {
        let (proven, _) = Proof::default().after(&DnsAnswer::Found, at(0));
        let (silent, change) = proven.after(&DnsAnswer::Silence, at(24));
        assert_eq!((silent.proven_at, silent.silent_since, change), (Some(at(0)), Some(at(24)), None));
        assert_eq!(silent.next_check(at(24)), Some(at(25)));
        assert_eq!(silent.after(&DnsAnswer::Found, at(95)).0, proven, "an answer starts the grace anew");
        assert_eq!(silent.after(&DnsAnswer::Failed("SERVFAIL".to_owned()), at(95)).1, None);
        assert_eq!(silent.after(&DnsAnswer::Silence, at(96)).1, Some(ProofChange::Lapsed));
        assert_eq!(Proof::default().after(&DnsAnswer::Silence, at(0)), (Proof::default(), None));
    }

    #[test]
    fn what_stands_in_dns_is_shown_shortened() {
        assert_eq!(DnsAnswer::of(&["other".to_owned(), " value ".to_owned()], "value"), DnsAnswer::Found);
        assert_eq!(DnsAnswer::of(&[], "value"), DnsAnswer::NoRecord);
        let many: Vec<_> = (0..9).map(|_| format!("\u{1b}{}", "x".repeat(5000))).collect();
        let DnsAnswer::Others(shown) = DnsAnswer::of(&many, "value") else { panic!("other values") };
        assert!(shown.len() == 5 && shown.iter().all(|value| value.chars().count() == 100 && value.starts_with("\u{fffd}x")));
    }
}
