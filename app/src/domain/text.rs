//! Text from outside: one order of steps for all of it. What was typed is checked by the properties that Unicode gives to
//! its characters, then normalised (NFC), then measured; nothing is mapped before it was checked. Two texts are compared
//! by their [`key()`], never by their bytes.
//!
//! The properties, normal forms and case foldings are those of ICU4X, which the Unicode Consortium itself keeps. Nothing
//! here is a list of bad characters but the few in `readable`, of which no property says that they draw nothing.

mod domain;
mod key;
mod readable;

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed as Composing;

pub use domain::{is_unmistakable, to_ascii, to_unicode};
pub use key::{Sought, key};
pub use readable::is_direction;

use super::names::Reason;

/// The normal form in which text is stored: letters with their marks as one character where there is one.
pub fn nfc(text: &str) -> Cow<'_, str> {
    const { Composing::new_nfc() }.normalize(text)
}

/// Accepts one line of text that people read, such as a name: at most so many characters, no two blanks side by side.
pub fn line(text: &str, most: u16) -> Result<String, Reason> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Reason::Missing);
    }
    // Far too long for any of its forms: not worth a closer look.
    if text.chars().count() > usize::from(most) * 4 {
        return Err(Reason::TooLong(most));
    }
    if !readable::is_readable(text) {
        return Err(Reason::NotPrintable);
    }
    let text = one_blank(&nfc(text));
    // A few characters come apart in the normal form, into more marks than one may carry.
    if !readable::is_readable(&text) {
        return Err(Reason::NotPrintable);
    }
    if text.chars().count() > usize::from(most) {
        return Err(Reason::TooLong(most));
    }
    Ok(text)
}

/// Accepts several lines of such text, at most so many characters in all. Empty lines stay, but not at the ends.
pub fn lines(text: &str, most: u16) -> Result<String, Reason> {
    if text.len() > usize::from(most) * 16 {
        return Err(Reason::TooLong(most));
    }
    let text = text.replace("\r\n", "\n").replace('\t', " ");
    let line = |text: &str| if text.trim().is_empty() { Ok(String::new()) } else { line(text, most) };
    let text = text.trim().lines().map(line).collect::<Result<Vec<_>, _>>()?.join("\n");
    match text.chars().count() {
        0 => Err(Reason::Missing),
        count if count > usize::from(most) => Err(Reason::TooLong(most)),
        _ => Ok(text),
    }
}

/// Text that cannot be refused, as it can be shown: in one line, a sign in place of each character that a name may not
/// hold, and no more than so many characters.
pub fn shown(text: &str, most: usize) -> String {
    let text: String = text.chars().take(most).map(|c| if c.is_whitespace() { ' ' } else { c }).collect();
    readable::with_signs(&text)
}

/// Whether somebody who was asked to type what is shown has typed it: the same letters in the same case, whatever the
/// keyboard made of them. What draws nothing cannot be typed and does not count.
pub fn is_same(typed: &str, shown: &str) -> bool {
    let seen = |text: &str| one_blank(&nfc(&text.chars().filter(|c| !readable::is_ignorable(*c)).collect::<String>()));
    seen(typed) == seen(shown)
}

fn one_blank(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use icu_properties::props::{BinaryProperty as _, DefaultIgnorableCodePoint, EnumeratedProperty as _, GeneralCategory};
    use proptest::prelude::*;

    use super::*;

    /// Any characters, those of a few scripts, and those that attackers like.
    fn text() -> impl Strategy<Value = String> {
        let liked = "[aA \u{ad}\u{300}\u{301}\u{323}\u{200c}\u{200d}\u{fe0f}\u{212a}\u{3164}\u{e0020}\u{2800}👩💻🏽ی\u{93f}क\u{94d}ßſİﬁ①\u{1e9b}]{0,12}";
        prop_oneof![any::<String>(), "\\PC{0,20}", "[\\p{L}\\p{M} ]{0,12}", liked]
    }

    proptest! {
        #[test]
        fn what_was_accepted_is_accepted_again_as_it_is(text in text()) {
            if let Ok(accepted) = line(&text, 80) {
                prop_assert_eq!(line(&accepted, 80), Ok(accepted.clone()));
                prop_assert_eq!(&nfc(&accepted), &accepted);
                prop_assert!(is_same(&accepted, &text), "it is what was typed");
            }
            if let Ok(accepted) = lines(&text, 500) {
                prop_assert_eq!(lines(&accepted, 500), Ok(accepted.clone()));
            }
        }

        #[test]
        fn an_accepted_text_holds_nothing_that_cannot_be_seen(text in text()) {
            let Ok(accepted) = line(&text, 80) else { return Ok(()) };
            for c in accepted.chars() {
                let category = GeneralCategory::for_char(c);
                let joiner = matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe0e}' | '\u{fe0f}');
                prop_assert!(joiner || !DefaultIgnorableCodePoint::for_char(c), "{c:?}");
                prop_assert!(joiner || !matches!(category, GeneralCategory::Format | GeneralCategory::Control | GeneralCategory::Unassigned));
                prop_assert!(c == ' ' || !c.is_whitespace(), "{c:?}");
            }
        }

        #[test]
        fn what_is_shown_could_be_accepted_or_is_marked(text in text()) {
            let seen = shown(&text, 60);
            prop_assert_eq!(shown(&seen, 60), seen.clone());
            let marked = seen.contains('\u{fffd}');
            prop_assert!(marked || seen.trim().is_empty() || line(&seen, 80).is_ok() || nfc(&seen) != seen);
        }

        #[test]
        fn a_key_is_its_own_key(text in text()) {
            let once = key(&text);
            prop_assert_eq!(key(&once), once);
        }

        #[test]
        fn keys_are_equal_for_compatibility_caseless_matches_and_for_nothing_else(one in text(), other in text()) {
            prop_assert_eq!(key(&one) == key(&other), caseless(&one) == caseless(&other));
            let upper = one.to_uppercase();
            prop_assert_eq!(key(&one) == key(&upper), caseless(&one) == caseless(&upper));
        }
    }

    /// D146 of the Unicode Standard to the letter, without what draws nothing.
    fn caseless(text: &str) -> String {
        use icu_casemap::CaseMapper;
        use icu_normalizer::DecomposingNormalizerBorrowed as Decomposing;
        let visible: String = text.chars().filter(|c| !readable::is_ignorable(*c)).collect();
        let (canonical, compatible, case) = (Decomposing::new_nfd(), Decomposing::new_nfkd(), CaseMapper::new());
        let once = compatible.normalize(&case.fold_string(&canonical.normalize(&visible))).into_owned();
        let twice = compatible.normalize(&case.fold_string(&once)).into_owned();
        twice.chars().filter(|c| !readable::is_ignorable(*c)).collect()
    }

    #[test]
    fn what_draws_nothing_or_draws_over_others_is_refused() {
        for bad in [
            "\u{3164}",
            "Ad\u{ad}a",
            "\u{2800}",
            "Ada\u{2800}",
            "Ada\u{e0020}",
            "\u{301}",
            "A \u{301}",
            "a\u{301}\u{302}\u{303}\u{304}",
            "Ada\u{34f}",
            "Ada\u{115f}",
            "Ada\u{1160}",
            "Ada\u{ffa0}",
            "Ada\u{17b4}",
            "Ada\u{180e}",
            "Ada\u{180b}",
            "Ada\u{2060}",
            "Ada\u{2064}",
            "Ada\u{206a}",
            "A\u{feff}da",
            "Ada\u{fff9}",
            "Ada\u{fffc}",
            "Ada\u{fffd}",
            "Ada\u{1d159}",
            "Ada\u{e000}",
            "Ada\u{fdd0}",
            "Ada\u{10ffff}",
            "Ada\u{378}",
            "A\u{2028}da",
            "A\u{2029}da",
            "A\u{85}da",
            "a\nb",
            "a\tb",
            "a\0b",
            "abc\u{202e}cba",
            "a\u{200e}b",
            "a\u{200f}b",
            "\u{2066}a\u{2069}",
            "a\u{200b}b",
            "Ada\u{fe0f}",
            "1\u{fe0f}",
            "©\u{fe0f}\u{fe0f}",
            "A\u{200d}da",
            "A\u{200c}da",
            "👩\u{200d}",
            "\u{200d}💻",
            "👩\u{200d}a",
            "ی\u{200c}",
            "\u{200c}ر",
            "葛\u{e0100}",
            "Ada\u{16fe4}",
            "ก\u{e47}\u{e47}\u{e47}\u{e47}",
            "a\u{e31}",
            "\u{1f3f4}\u{e0067}\u{e007f}",
        ] {
            assert_eq!(line(bad, 80), Err(Reason::NotPrintable), "{bad:?}");
        }
        assert_eq!(line(" \u{3000}\u{a0} ", 80), Err(Reason::Missing));
    }

    #[test]
    fn names_of_all_the_world_are_taken() {
        for fine in [
            "علی\u{200c}رضا",
            "👩\u{200d}💻 Ada",
            "👩🏽\u{200d}💻",
            "❤\u{fe0f} Ada",
            "1\u{fe0f}\u{20e3} Team",
            "🏳\u{fe0f}\u{200d}🌈",
            "Нейро Ёжик",
            "株式会社",
            "山田 太郎",
            "Nguyễn Thị Ánh",
            "ක්\u{200d}ෂ",
            "क्\u{200c}ष",
            "မြို့",
            "ကြွိုး",
            "རྒྱུ",
            "ปู่ก็",
            "שָׁלוֹם",
            "مُحَمَّد",
            "Ångström",
            "O’Brien & Søn",
            "Ａｃｍｅ",
            "Łódź ® № 1",
            "🇩🇪 Team",
            "café",
            "한국",
            "ქართული",
        ] {
            assert_eq!(line(fine, 80).as_deref(), Ok(nfc(fine).as_ref()), "{fine:?}");
        }
        assert_eq!(line(" A\u{308}nne \u{a0}\u{3000} Mu\u{308}ller ", 80).as_deref(), Ok("Änne Müller"));
        assert_eq!(line(&"e\u{301}".repeat(80), 80), Ok("é".repeat(80)));
        assert_eq!(line(&"é".repeat(81), 80), Err(Reason::TooLong(80)));
    }

    #[test]
    fn words_are_found_in_any_case_and_form() {
        for (words, text) in [
            ("Änne", "Änne Müller"),
            ("änne", "Änne Müller"),
            ("A\u{308}NNE mu\u{308}", "Änne Müller"),
            ("иван", "Иван Петров"),
            ("ИВАН", "Иван"),
            ("strasse", "Hauptstraße"),
            ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
            ("acme", "Ａｃｍｅ"),
            ("alireza", "Alireza"),
            ("علیرضا", "علی\u{200c}رضا"),
            ("k", "\u{212a}"),
            (" ada   l", "Ada L"),
        ] {
            assert!(Sought::in_names(words).is_in(text), "{words} in {text}");
        }
        assert!(!Sought::in_names("Anne").is_in("Änne"));
        assert!(Sought::new(" Two  Blanks ").is_in("a line with two  blanks") && !Sought::new("two blanks").is_in("two  blanks"));
        assert_eq!(Sought::new("@München.de").in_address(), "@xn--mnchen-3ya.de");
        assert!(Sought::new("\0 \u{ad}").is_empty());
    }

    #[test]
    fn a_message_keeps_its_lines() {
        assert_eq!(lines("\r\n Hi Bob,\r\n\r\n\twelcome \n", 500).as_deref(), Ok("Hi Bob,\n\nwelcome"));
        assert_eq!(lines(" \n ", 500), Err(Reason::Missing));
        assert_eq!(lines("a\u{202e}b", 500), Err(Reason::NotPrintable));
        assert_eq!(lines(&"x\n".repeat(251), 500), Err(Reason::TooLong(500)));
    }

    #[test]
    fn no_letter_of_a_domain_is_lost_or_becomes_another() {
        for bad in [
            "exa\u{212a}.com",
            "e\u{17f}.com",
            "ex\u{ad}ample.com",
            "ｅxample.com",
            "example。com",
            "example．com",
            "ﬁ.com",
            "a\u{200b}.com",
            "İ.com",
            "①.de",
            "ℓ.de",
        ] {
            assert!(!is_unmistakable(bad), "{bad:?}");
        }
        assert_eq!(to_unicode("xn--mnchen-3ya.de").as_deref(), Some("münchen.de"));
        assert_eq!(to_unicode("acme.com"), None);
        for fine in ["münchen.de", "MÜNCHEN.de", "mu\u{308}nchen.de", "faß.de", "пример.рф", "例え.jp", "xn--mnchen-3ya.de"] {
            assert!(is_unmistakable(fine) && to_ascii(fine).is_some(), "{fine}");
        }
    }
}
