//! `nx login`: a terminal shows a code, and a person who is signed in confirms it in a browser.

use std::fmt;

use super::names::Reason;

/// What the terminal shows and the person compares. It is no secret of the terminal, but whoever guesses it could
/// confirm a login in place of somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserCode(String);

impl UserCode {
    /// Letters of a code: no vowels, so that no word comes out (RFC 8628, 6.1).
    pub const LETTERS: &'static [u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    /// How many a code has: 20^8 codes.
    pub const LENGTH: usize = 8;

    /// Reads it as people type it: small letters, blanks and hyphens do no harm.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Reason::Missing);
        }
        let letters: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).map(|c| c.to_ascii_uppercase()).collect();
        let fits = letters.len() == Self::LENGTH && letters.bytes().all(|letter| Self::LETTERS.contains(&letter));
        if fits { Ok(Self(letters)) } else { Err(Reason::NotALoginCode) }
    }

    /// The letters without the hyphen.
    pub fn letters(&self) -> &str {
        &self.0
    }
}

/// `BCDF-GHJK`.
impl fmt::Display for UserCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, second) = self.0.split_at(Self::LENGTH / 2);
        write!(out, "{first}-{second}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_people_type_it() {
        for text in ["BCDF-GHJK", "bcdfghjk", " bcdf ghjk ", "BC-DF-GH-JK"] {
            assert_eq!(UserCode::parse(text).unwrap().to_string(), "BCDF-GHJK");
        }
        assert_eq!(UserCode::parse("  "), Err(Reason::Missing));
        for bad in ["BCDF-GHJ", "BCDF-GHJKL", "ABCD-FGHJ", "BCDF_GHJK", "BCDFGHJ\u{212a}"] {
            assert_eq!(UserCode::parse(bad), Err(Reason::NotALoginCode), "{bad}");
        }
    }
}
