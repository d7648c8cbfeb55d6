//! What is worth mending about the access to a workspace.

use chrono::{DateTime, TimeDelta, Utc};

use super::access::{IdAccess, TokenAccess};

/// A token that nobody has used for so many days is not needed.
pub const UNUSED_DAYS: i64 = 90;

/// Runs of so many days are looked at.
pub const RUN_DAYS: i64 = 30;

/// How much it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Somebody can spoil builds now.
    Danger,
    /// More is open than is needed.
    Care,
    /// There is something that would help.
    Hint,
}

/// Something to mend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// Everyone who knows the Nx Cloud id may store.
    AnyoneWrites,
    /// Everyone who knows the Nx Cloud id may read.
    AnyoneReads,
    /// The machines of all members may store.
    MembersWrite,
    /// A token that works was not used for long.
    UnusedToken {
        /// Its name.
        name: String,
        /// Whether it was ever used.
        ever_used: bool,
    },
    /// A token that never expires.
    EndlessToken {
        /// Its name.
        name: String,
    },
    /// Runs of pull requests had a token that stores.
    PullRequestsStore {
        /// Its name.
        name: String,
    },
    /// A token was found in `nx.json`.
    TokenInNxJson {
        /// Its name.
        name: String,
        /// Whether it stores.
        stores: bool,
    },
    /// No run had an encryption key.
    NoEncryptionKey,
}

/// Where to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fix {
    /// By another set-up.
    SetUp,
    /// In the list of tokens.
    Tokens,
}

impl Finding {
    /// How much it matters.
    pub const fn weight(&self) -> Weight {
        match self {
            Self::AnyoneWrites | Self::PullRequestsStore { .. } | Self::TokenInNxJson { stores: true, .. } => Weight::Danger,
            Self::AnyoneReads
            | Self::MembersWrite
            | Self::UnusedToken { .. }
            | Self::EndlessToken { .. }
            | Self::TokenInNxJson { stores: false, .. } => Weight::Care,
            Self::NoEncryptionKey => Weight::Hint,
        }
    }

    /// What is so.
    pub fn title(&self) -> String {
        match self {
            Self::AnyoneWrites => "Everyone who knows the nxCloudId can store".to_owned(),
            Self::AnyoneReads => "Everyone who knows the nxCloudId can read".to_owned(),
            Self::MembersWrite => "The machines of all members can store".to_owned(),
            Self::UnusedToken { name, .. } => format!("Nobody uses the token “{name}”"),
            Self::EndlessToken { name } => format!("The token “{name}” never expires"),
            Self::PullRequestsStore { name } => format!("Pull requests store with the token “{name}”"),
            Self::TokenInNxJson { name, .. } => format!("The token “{name}” stands in nx.json"),
            Self::NoEncryptionKey => "No run uses an encryption key".to_owned(),
        }
    }

    /// What can come of it.
    pub fn describe(&self) -> String {
        match self {
            Self::AnyoneWrites => {
                "The id stands in nx.json. Whoever has ever seen the repository can store forged results, which all others and CI take for their own.".to_owned()
            }
            Self::AnyoneReads => {
                "The id stands in nx.json. Whoever has ever seen the repository, also people who have left, reads what you build. For a public repository that may be meant.".to_owned()
            }
            Self::MembersWrite => {
                "One machine with broken or forged results spoils the builds of everybody. Usually only CI stores.".to_owned()
            }
            Self::UnusedToken { ever_used: true, .. } => {
                format!("It works, and was last used more than {UNUSED_DAYS} days ago. If it has leaked, nobody notices.")
            }
            Self::UnusedToken { ever_used: false, .. } => {
                format!("It works, and was not used once in more than {UNUSED_DAYS} days. If it has leaked, nobody notices.")
            }
            Self::EndlessToken { .. } => "If it leaks, it works until somebody notices.".to_owned(),
            Self::PullRequestsStore { .. } => format!(
                "Runs of pull requests had it in the last {RUN_DAYS} days. They run code that nobody has looked at yet, from forks even that of strangers: it can store forged results, which all others take for their own."
            ),
            Self::TokenInNxJson { stores: true, .. } => {
                format!("nx found it there in the last {RUN_DAYS} days. Whoever has ever seen the repository can store forged results with it.")
            }
            Self::TokenInNxJson { stores: false, .. } => {
                format!("nx found it there in the last {RUN_DAYS} days. Whoever has ever seen the repository reads with it what you build.")
            }
            Self::NoEncryptionKey => format!(
                "No run of the last {RUN_DAYS} days had one. What is stored is encrypted on this server, and the server can read it. With a key of your own it cannot."
            ),
        }
    }

    /// What to do.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::AnyoneWrites => "Give the nxCloudId less, and CI a token.",
            Self::AnyoneReads => "Let people log in with npx nx login, and take access from the nxCloudId.",
            Self::MembersWrite => "Let members only read, and give CI a token that stores.",
            Self::UnusedToken { .. } => "Revoke it.",
            Self::EndlessToken { .. } => "Create one that expires, put it in its place, and revoke this one.",
            Self::PullRequestsStore { .. } => {
                "Give jobs of pull requests a read-only token, keep this one for the main branch, and give it a new value: they have seen it."
            }
            Self::TokenInNxJson { .. } => {
                "Create another one, set it in CI as NX_CLOUD_ACCESS_TOKEN, run npx nx-cloud convert-to-nx-cloud-id, and revoke this one: the history of the repository keeps it."
            }
            Self::NoEncryptionKey => "If you want that, set NX_CLOUD_ENCRYPTION_KEY in CI and wherever people build. The set-up says how.",
        }
    }

    /// Where.
    pub const fn fix(&self) -> Fix {
        match self {
            Self::AnyoneWrites | Self::AnyoneReads | Self::MembersWrite | Self::PullRequestsStore { .. } | Self::NoEncryptionKey => {
                Fix::SetUp
            }
            Self::UnusedToken { .. } | Self::EndlessToken { .. } | Self::TokenInNxJson { .. } => Fix::Tokens,
        }
    }
}

/// A token that works, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkingToken {
    /// Its name.
    pub name: String,
    /// Created when.
    pub created_at: DateTime<Utc>,
    /// Last used when.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it stops working.
    pub expires_at: Option<DateTime<Utc>>,
    /// What it may do.
    pub access: TokenAccess,
    /// Whether runs of pull requests had it lately.
    pub in_pull_requests: bool,
    /// Whether a run has found it in `nx.json` lately.
    pub in_nx_json: bool,
}

/// What follows from the levels.
pub fn of_levels(id: IdAccess, personal: TokenAccess) -> Vec<Finding> {
    let id = match id {
        IdAccess::None => None,
        IdAccess::ReadOnly => Some(Finding::AnyoneReads),
        IdAccess::ReadWrite => Some(Finding::AnyoneWrites),
    };
    let personal = match personal {
        TokenAccess::ReadOnly => None,
        TokenAccess::ReadWrite => Some(Finding::MembersWrite),
    };
    id.into_iter().chain(personal).collect()
}

/// What follows from the tokens that work.
pub fn of_tokens(tokens: &[WorkingToken], now: DateTime<Utc>) -> Vec<Finding> {
    let long_ago = now - TimeDelta::days(UNUSED_DAYS);
    let of_one = |token: &WorkingToken| {
        let unused = (token.last_used_at.unwrap_or(token.created_at) < long_ago)
            .then(|| Finding::UnusedToken { name: token.name.clone(), ever_used: token.last_used_at.is_some() });
        let endless = token.expires_at.is_none().then(|| Finding::EndlessToken { name: token.name.clone() });
        let stores = token.access == TokenAccess::ReadWrite;
        let pull_requests = (stores && token.in_pull_requests).then(|| Finding::PullRequestsStore { name: token.name.clone() });
        let nx_json = token.in_nx_json.then(|| Finding::TokenInNxJson { name: token.name.clone(), stores });
        [pull_requests, nx_json, unused, endless]
    };
    tokens.iter().flat_map(of_one).flatten().collect()
}

/// What follows from the runs: whether there were any lately, and whether one of them had an encryption key.
pub fn of_runs(any: bool, any_encrypted: bool) -> Option<Finding> {
    (any && !any_encrypted).then_some(Finding::NoEncryptionKey)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_is_open_the_more_is_found() {
        assert_eq!(of_levels(IdAccess::None, TokenAccess::ReadOnly), []);
        assert_eq!(of_levels(IdAccess::ReadOnly, TokenAccess::ReadOnly), [Finding::AnyoneReads]);
        assert_eq!(of_levels(IdAccess::ReadWrite, TokenAccess::ReadWrite), [Finding::AnyoneWrites, Finding::MembersWrite]);
    }

    #[test]
    fn a_token_is_unused_when_ninety_days_have_passed_since_its_last_use() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let ago = |days| now - TimeDelta::days(days);
        let token = |created, used: Option<i64>| WorkingToken {
            name: "ci".to_owned(),
            created_at: ago(created),
            last_used_at: used.map(ago),
            expires_at: Some(now),
            access: TokenAccess::ReadWrite,
            in_pull_requests: false,
            in_nx_json: false,
        };
        for (created, used, found) in [(400, Some(89), false), (400, Some(91), true), (91, None, true), (89, None, false)] {
            assert_eq!(!of_tokens(&[token(created, used)], now).is_empty(), found, "{created} {used:?}");
        }
        let endless = WorkingToken { expires_at: None, ..token(1, None) };
        assert_eq!(of_tokens(&[endless], now), [Finding::EndlessToken { name: "ci".to_owned() }]);
    }

    #[test]
    fn pull_requests_may_read_and_no_token_stands_in_nx_json() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let weights = |access, in_pull_requests, in_nx_json| {
            let (name, expires_at) = ("ci".to_owned(), Some(now));
            let token = WorkingToken { name, created_at: now, last_used_at: None, expires_at, access, in_pull_requests, in_nx_json };
            of_tokens(&[token], now).iter().map(Finding::weight).collect::<Vec<_>>()
        };
        assert_eq!(weights(TokenAccess::ReadOnly, true, false), []);
        assert_eq!(weights(TokenAccess::ReadWrite, true, false), [Weight::Danger]);
        assert_eq!(weights(TokenAccess::ReadOnly, false, true), [Weight::Care]);
        assert_eq!(weights(TokenAccess::ReadWrite, true, true), [Weight::Danger, Weight::Danger]);
    }

    #[test]
    fn a_key_is_missed_only_where_something_runs() {
        assert_eq!(of_runs(false, false), None);
        assert_eq!(of_runs(true, true), None);
        assert_eq!(of_runs(true, false).map(|hint| hint.weight()), Some(Weight::Hint));
    }
}
