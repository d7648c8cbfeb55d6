//! A credential in clear: it exists once, in the answer that hands it out.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The text of a credential. It never prints itself; only [`PlainSecret::expose`] gives it away.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PlainSecret(String);

impl PlainSecret {
    /// Takes the text as a secret.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one place that shows it or the one that hashes it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PlainSecret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("PlainSecret(…)")
    }
}
