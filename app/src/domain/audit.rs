//! What the audit log can tell: who did what to what, and the words for it.

mod action;
mod filter;
mod object;
mod sentence;

pub use action::{Action, UnknownAction};
pub use filter::{AuditFilter, InvalidFilter};
pub use object::{ObjectKind, UnknownKind};

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::ids::AuditEventId;

/// One event, readable for as long as it is kept, even when all that it tells of is gone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Its id.
    pub id: AuditEventId,
    /// When.
    pub at: DateTime<Utc>,
    /// Who.
    pub actor: AuditActor,
    /// What was done, as a word of [`Action`]; another version of the server may know more of them.
    pub action: String,
    /// To what.
    pub object: AuditObject,
    /// Before, after and the like.
    pub details: Details,
    /// The client's address.
    pub address: String,
    /// The request, as logs and error pages name it.
    pub request: String,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditActor {
    /// `user`, `operator`, `server` or `anonymous`.
    pub kind: String,
    /// The person's id.
    pub id: Option<String>,
    /// The name at that time.
    pub name: String,
}

/// What it was done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditObject {
    /// A word of [`ObjectKind`].
    pub kind: String,
    /// Its id.
    pub id: String,
    /// Its name at that time.
    pub name: String,
}

/// Details by name; one inside another is named with a dot, such as `before.days`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details(BTreeMap<String, String>);

impl Details {
    /// Takes names and values.
    pub const fn new(details: BTreeMap<String, String>) -> Self {
        Self(details)
    }

    /// The detail of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}
