//! What a new password must be like (NIST SP 800-63B: length and a list of common ones, no composition rules), and what
//! of it counts: the same keys pressed on another machine are the same password.

use super::names::{Email, Reason};
use super::text;

/// Fewer characters are refused.
pub const SHORTEST: u16 = 10;
/// More are refused, so that hashing stays bounded.
pub const LONGEST: u16 = 256;

/// The passwords of at least [`SHORTEST`] characters that head the public lists of leaked ones.
const COMMON: [&str; 16] = [
    "1234567890",
    "12345678910",
    "123456789a",
    "0123456789",
    "0987654321",
    "1q2w3e4r5t",
    "1qaz2wsx3edc",
    "qwertyuiop",
    "qwerty12345",
    "qwerty123456",
    "password12",
    "password123",
    "password1234",
    "iloveyou12",
    "letmein123",
    "administrator",
];

/// The form that is hashed: every blank is a space, letters and their marks are composed, case stays (the rules of PRECIS
/// for passwords, RFC 8265, 4.2.2).
pub fn normalised(password: &str) -> String {
    let blanks: String = password.chars().map(|c| if c.is_whitespace() && !c.is_control() { ' ' } else { c }).collect();
    text::nfc(&blanks).into_owned()
}

/// Accepts a new password, or says why not.
pub fn check_new(password: &str, email: &Email) -> Result<(), Reason> {
    let password = normalised(password);
    let length = password.chars().count();
    if length < usize::from(SHORTEST) {
        return Err(Reason::TooShort(SHORTEST));
    }
    if length > usize::from(LONGEST) {
        return Err(Reason::TooLong(LONGEST));
    }
    let key = text::key(&password);
    let one_character = password.chars().all(|c| password.starts_with(c));
    if COMMON.contains(&key.as_str()) || one_character || key == email.as_str() {
        return Err(Reason::Guessable);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_common_and_personal_passwords_are_refused() {
        let ada = Email::parse("ada@example.com").unwrap();
        assert_eq!(check_new("short", &ada), Err(Reason::TooShort(SHORTEST)));
        assert_eq!(check_new(&"é".repeat(257), &ada), Err(Reason::TooLong(LONGEST)));
        for bad in ["Password123", "aaaaaaaaaaaa", "Ada@example.com"] {
            assert_eq!(check_new(bad, &ada), Err(Reason::Guessable), "{bad}");
        }
        assert_eq!(check_new("correct horse battery", &ada), Ok(()));
        assert_eq!(check_new(&"e\u{301}".repeat(9), &ada), Err(Reason::TooShort(SHORTEST)), "marks are no characters of their own");
        assert_eq!(check_new(&"e\u{301}a".repeat(128), &ada), Ok(()));
        for fine in ["👩\u{200d}💻 👩\u{200d}💻 👩\u{200d}💻", "гора река лес"] {
            assert_eq!(check_new(fine, &ada), Ok(()), "{fine}");
        }
    }

    #[test]
    fn the_same_keys_are_the_same_password() {
        for (one, other) in [("Gru\u{308}\u{df}e", "Gr\u{fc}\u{df}e"), ("a\u{a0}b\u{3000}c", "a b c"), ("\u{212b}ngström", "\u{c5}ngström")]
        {
            assert_eq!(normalised(one), normalised(other));
        }
        for (one, other) in [("Straße", "Strasse"), ("ADA", "ada"), (" ada", "ada"), ("a  b", "a b"), ("ﬁ", "fi")] {
            assert_ne!(normalised(one), normalised(other));
        }
    }
}
