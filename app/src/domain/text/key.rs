//! Keys to compare texts by: the same for texts that people take for the same word.

use std::borrow::Cow;

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed as Composing, DecomposingNormalizerBorrowed as Decomposing};

use super::readable::is_ignorable;
use super::{one_blank, to_ascii};

/// The key of a text: without case, widths and styles of letters, and what draws nothing. Two texts have the same key
/// when they are compatibility caseless matches (Unicode, D146); the key of a key is itself.
///
/// Keys are stored beside names. Unicode never changes the foldings and normal forms of assigned characters, and names
/// hold no others, so a stored key stays right.
pub fn key(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let text = const { Decomposing::new_nfd() }.normalize(text);
    folded(&folded(&text))
}

fn folded(text: &str) -> String {
    let folded = const { CaseMapper::new() }.fold_string(text);
    let visible: Cow<'_, str> =
        if folded.chars().any(is_ignorable) { folded.chars().filter(|c| !is_ignorable(*c)).collect() } else { folded };
    const { Composing::new_nfkc() }.normalize(&visible).into_owned()
}

/// More characters are not looked for.
const LONGEST: usize = 200;

/// Words that are looked for in other texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought(String);

impl Sought {
    /// Words to be looked for in any text.
    pub fn new(typed: &str) -> Self {
        // No text that is searched holds control characters, and PostgreSQL takes no NUL.
        let words: String = typed.trim().chars().filter(|c| !c.is_control()).take(LONGEST).collect();
        Self(key(&words).trim().to_owned())
    }

    /// Words to be looked for in names, which have no two blanks side by side.
    pub fn in_names(typed: &str) -> Self {
        Self(one_blank(&Self::new(&one_blank(typed)).0))
    }

    /// Whether nothing is looked for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands in the key of a text that fits.
    pub fn key(&self) -> &str {
        &self.0
    }

    /// The same in an e-mail address, whose domain is kept as DNS knows it.
    pub fn in_address(&self) -> Cow<'_, str> {
        if self.0.is_ascii() {
            return Cow::Borrowed(&self.0);
        }
        let (before, domain) = self.0.split_at(self.0.rfind('@').map_or(0, |at| at + 1));
        to_ascii(domain).map_or(Cow::Borrowed(&*self.0), |domain| Cow::Owned(format!("{before}{domain}")))
    }

    /// Whether the text holds the words.
    pub fn is_in(&self, text: &str) -> bool {
        key(text).contains(&self.0)
    }
}
