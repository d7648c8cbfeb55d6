//! What a new password must be like (NIST SP 800-63B: length and a list of common ones, no composition rules).

use super::names::{Email, Reason};

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

/// Accepts a new password, or says why not.
pub fn check_new(password: &str, email: &Email) -> Result<(), Reason> {
    let length = password.chars().count();
    if length < usize::from(SHORTEST) {
        return Err(Reason::TooShort(SHORTEST));
    }
    if length > usize::from(LONGEST) {
        return Err(Reason::TooLong(LONGEST));
    }
    let lower = password.to_lowercase();
    let one_character = password.chars().all(|c| password.starts_with(c));
    if COMMON.contains(&lower.as_str()) || one_character || lower == email.as_str() {
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
    }
}
