//! Invites: how long they last, what they are at a moment, and how a pasted list of addresses is read.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::names::{Email, Reason};
use super::{mailbox_list, text};

/// An invite can be accepted for this many days after it was last sent.
pub const DAYS: i64 = 7;
/// Addresses that may be invited at once.
pub const MOST_AT_ONCE: usize = 200;
/// Invites of one organization that may be open at the same time.
pub const MOST_OPEN: u64 = 2000;
/// An invite is sent again no sooner than this.
pub const RESEND_PAUSE: TimeDelta = TimeDelta::minutes(1);

/// Invites that one organization may send within a day: nobody's mail server is to become a tool of spammers.
pub const MOST_MAILS: i64 = 2000;
/// Invites that one address may get from one organization within a day.
pub const MOST_MAILS_TO_ONE: i64 = 5;
/// Invites that one person may send within a day, in all organizations together: as many as one of them.
pub const MOST_MAILS_OF_ONE: i32 = 2000;
/// Invites that one address may get within a day, from all organizations together.
pub const MOST_MAILS_TO_ONE_OF_ALL: i32 = 20;

/// What an invite is at a moment. It follows from the dates that are stored, so no state can get stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InviteState {
    /// It can be accepted.
    Pending,
    /// Somebody came in by it.
    Accepted,
    /// It was not accepted in time; sending it again renews it.
    Expired,
    /// It was taken back.
    Revoked,
}

impl InviteState {
    /// The state that follows from the dates.
    pub fn at(now: DateTime<Utc>, expires: DateTime<Utc>, accepted: Option<DateTime<Utc>>, revoked: Option<DateTime<Utc>>) -> Self {
        match (accepted, revoked) {
            (Some(_), _) => Self::Accepted,
            (None, Some(_)) => Self::Revoked,
            (None, None) if expires <= now => Self::Expired,
            (None, None) => Self::Pending,
        }
    }

    /// Whether it can be sent again or revoked.
    pub const fn is_open(self) -> bool {
        match self {
            Self::Pending | Self::Expired => true,
            Self::Accepted | Self::Revoked => false,
        }
    }
}

/// What became of the mail of an invite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// It waits for its first attempt.
    Queued,
    /// The mail server took it.
    Sent,
    /// The mail server did not take it so far; tried again at this time.
    Delayed {
        /// What the mail server said.
        why: String,
        /// When it is tried again.
        next: DateTime<Utc>,
    },
    /// It was given up.
    Failed {
        /// What the mail server said.
        why: String,
    },
}

/// What happened to one line of a list of addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InviteResult {
    /// The line as it was typed.
    pub line: String,
    /// What happened.
    pub outcome: Outcome,
}

/// What happened to one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// An invite is on its way.
    Invited,
    /// The expired invite is on its way again, with a new link.
    Renewed,
    /// In the organization already.
    AlreadyMember,
    /// An open invite is there already.
    AlreadyInvited,
    /// The address got as many mails as it may get within a day.
    TooOften,
    /// Not an address.
    Invalid(Reason),
}

impl Outcome {
    /// In words.
    pub fn describe(self) -> String {
        match self {
            Self::Invited => "Invited".to_owned(),
            Self::Renewed => "Invited again: the earlier invite had expired".to_owned(),
            Self::AlreadyMember => "Already a member".to_owned(),
            Self::AlreadyInvited => "Already invited".to_owned(),
            Self::TooOften => "Got enough mails today: go on tomorrow".to_owned(),
            Self::Invalid(reason) => reason.to_string(),
        }
    }

    /// Whether a mail is on its way.
    pub const fn is_sent(self) -> bool {
        match self {
            Self::Invited | Self::Renewed => true,
            Self::AlreadyMember | Self::AlreadyInvited | Self::TooOften | Self::Invalid(_) => false,
        }
    }
}

/// One line of a list of addresses, read.
pub type Line = (String, Result<Email, Reason>);

/// Reads a pasted list of mailboxes, each bare or with a name. Addresses that come twice count once.
pub fn read_list(text: &str) -> Result<Vec<Line>, Reason> {
    let mut lines: Vec<Line> = Vec::new();
    for entry in mailbox_list::read(text) {
        let email = Email::parse(entry.address);
        if email.is_ok() && lines.iter().any(|(_, known)| *known == email) {
            continue;
        }
        if lines.len() == MOST_AT_ONCE {
            return Err(Reason::TooManyLines(u16::try_from(MOST_AT_ONCE).unwrap_or(u16::MAX)));
        }
        // Shown again as it is, but a line can be a whole book.
        lines.push((text::shown(entry.typed, 254), email));
    }
    if lines.is_empty() { Err(Reason::Missing) } else { Ok(lines) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emails(text: &str) -> Vec<Result<String, Reason>> {
        read_list(text).unwrap().into_iter().map(|(_, email)| email.map(Into::into)).collect()
    }

    #[test]
    fn a_list_is_read_however_it_was_copied() {
        let two = [Ok("ada@example.com".to_owned()), Ok("bob@example.com".to_owned())];
        for text in [
            "ada@example.com\nbob@example.com",
            "ada@example.com, bob@example.com;",
            "\r\n Ada Lovelace <Ada@Example.com> \r\n\r\n<bob@example.com>\r\n",
            "ada@example.com;ADA@example.com;bob@example.com",
            "\"Lovelace, Ada\" <ada@example.com>\t\n\"Bob, B.\" <bob@example.com>.",
        ] {
            assert_eq!(emails(text), two, "{text}");
        }
    }

    #[test]
    fn a_line_that_is_no_address_keeps_its_words() {
        let lines = read_list("ada@example.com\nnot an address\nBob <bob>").unwrap();
        assert_eq!(lines[1], ("not an address".to_owned(), Err(Reason::NotAnEmail)));
        assert_eq!(lines[2], ("Bob <bob>".to_owned(), Err(Reason::NotAnEmail)));
    }

    #[test]
    fn nothing_and_too_much_are_refused() {
        assert_eq!(read_list(" ,;\n"), Err(Reason::Missing));
        let list = |count: usize| (0..count).map(|n| format!("p{n}@example.com")).collect::<Vec<_>>().join("\n");
        assert_eq!(read_list(&list(MOST_AT_ONCE)).unwrap().len(), MOST_AT_ONCE);
        assert_eq!(read_list(&list(MOST_AT_ONCE + 1)), Err(Reason::TooManyLines(200)));
    }

    #[test]
    fn the_state_follows_from_the_dates() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (before, after) = (now - TimeDelta::days(1), now + TimeDelta::days(1));
        assert_eq!(InviteState::at(now, after, None, None), InviteState::Pending);
        assert_eq!(InviteState::at(now, now, None, None), InviteState::Expired);
        assert_eq!(InviteState::at(now, before, Some(before), None), InviteState::Accepted);
        assert_eq!(InviteState::at(now, after, None, Some(before)), InviteState::Revoked);
    }
}
