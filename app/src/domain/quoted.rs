//! Words of others in a mail to somebody who may not know them: shortened, and with nothing in them that a mail program
//! would turn into a link. Whoever can name an organization must not be able to send links in our name.

/// A name in a mail has so many characters at most.
pub const LONGEST_NAME: usize = 40;

/// A name as it stands in a mail: short, and without a link.
pub fn name(text: &str) -> String {
    if text.chars().count() <= LONGEST_NAME {
        return without_links(text);
    }
    let kept: String = text.chars().take(LONGEST_NAME - 1).collect();
    format!("{}…", without_links(kept.trim_end()))
}

/// The same words, with a blank inside of everything that mail programs make a link of: `evil.example` (also with the dots
/// of other scripts that RFC 3490, 3.1, takes for one), `http:` and the like. People read it as before.
pub fn without_links(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        out.push(c);
        let next = characters.peek().copied().unwrap_or(' ');
        let ends_a_label = is_dot(c) && !before.is_whitespace() && next.is_alphanumeric();
        let is_number = before.is_ascii_digit() && next.is_ascii_digit();
        let ends_a_scheme = c == ':' && before.is_alphanumeric() && !next.is_whitespace() && !next.is_ascii_digit();
        if (ends_a_label && !is_number) || ends_a_scheme {
            out.push(' ');
        }
        before = c;
    }
    out
}

const fn is_dot(c: char) -> bool {
    matches!(c, '.' | '\u{3002}' | '\u{ff0e}' | '\u{ff61}' | '\u{2024}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_others_becomes_a_link() {
        for (text, plain) in [
            ("You won! see http://evil.example/x", "You won! see http: //evil. example/x"),
            ("www.evil.example", "www. evil. example"),
            ("write to bob@evil.example", "write to bob@evil. example"),
            ("mailto:bob@evil.example", "mailto: bob@evil. example"),
            ("evil。example", "evil。 example"),
            ("http://127.0.0.1/x", "http: //127.0.0.1/x"),
            ("1and1.com", "1and1. com"),
            ("x.1and1.com", "x. 1and1. com"),
        ] {
            assert_eq!(without_links(text), plain);
        }
    }

    #[test]
    fn words_without_links_stay_as_they_are() {
        for text in ["Acme GmbH & Co. KG", "Dr. Ada Lovelace", "since 10:30, version 1.2", "Ada … and more...", "Note: welcome"] {
            assert_eq!(without_links(text), text);
        }
    }

    #[test]
    fn a_long_name_is_shortened() {
        assert_eq!(name("Acme"), "Acme");
        assert_eq!(name(&"x".repeat(40)).chars().count(), 40);
        assert_eq!(name(&"ü".repeat(41)), format!("{}…", "ü".repeat(39)));
    }
}
