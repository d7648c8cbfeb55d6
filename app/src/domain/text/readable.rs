//! Which characters a text that people read may hold, and where.

use icu_properties::props::{
    BidiControl, BinaryProperty as _, CanonicalCombiningClass, DefaultIgnorableCodePoint, EmojiModifier, EnumeratedProperty as _,
    ExtendedPictographic, GeneralCategory, JoiningType, Script,
};
use icu_properties::script::ScriptWithExtensions;

/// Marks upon one letter: Hebrew with points, Burmese, Tibetan and Vietnamese need as many. More draw over other lines.
const MOST_MARKS: usize = 3;

const ZERO_WIDTH_NON_JOINER: char = '\u{200c}';
const ZERO_WIDTH_JOINER: char = '\u{200d}';
const TEXT_STYLE: char = '\u{fe0e}';
const EMOJI_STYLE: char = '\u{fe0f}';
const ENCLOSING_KEYCAP: char = '\u{20e3}';

/// What stands for a character that cannot be shown (REPLACEMENT CHARACTER).
const SIGN: char = '\u{fffd}';

/// Symbols that draw nothing, or stand for something that is not there; no property of Unicode says so.
const BLANK: [char; 4] = ['\u{2800}', '\u{fffc}', SIGN, '\u{1d159}'];

/// Whether it draws nothing by itself (`Default_Ignorable_Code_Point`).
pub fn is_ignorable(c: char) -> bool {
    DefaultIgnorableCodePoint::for_char(c)
}

/// Whether it says in which direction the text around it is written (`Bidi_Control`).
pub fn is_direction(c: char) -> bool {
    BidiControl::for_char(c)
}

/// Whether no text for people may hold it, wherever it stands.
fn is_refused(c: char) -> bool {
    let no_character = matches!(
        GeneralCategory::for_char(c),
        // Line breaks and what controls terminals; directions of writing; what is no character of everybody's.
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    no_character || is_ignorable(c) || BLANK.contains(&c)
}

/// What was seen of a text so far.
#[derive(Default)]
struct Reader {
    /// The character that marks stand upon; none at the start and behind a blank.
    base: Option<char>,
    marks: usize,
}

impl Reader {
    /// Whether the character may stand behind `before` and in front of `after`.
    fn takes(&mut self, before: &str, c: char, after: &str) -> bool {
        match c {
            ZERO_WIDTH_NON_JOINER => follows_virama(before) || joins(before, after),
            ZERO_WIDTH_JOINER => follows_virama(before) || glues_pictures(before, after),
            TEXT_STYLE | EMOJI_STYLE => has_styles(before, after),
            _ if is_refused(c) => false,
            _ => self.takes_visible(c),
        }
    }

    fn takes_visible(&mut self, c: char) -> bool {
        match GeneralCategory::for_char(c) {
            GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark => {
                self.marks += 1;
                self.marks <= MOST_MARKS && self.base.is_some_and(|base| fits(c, base))
            }
            GeneralCategory::SpacingMark => self.base.is_some_and(|base| fits(c, base)),
            GeneralCategory::SpaceSeparator => {
                *self = Self::default();
                true
            }
            _ => {
                *self = Self { base: Some(c), marks: 0 };
                true
            }
        }
    }
}

/// Whether a mark belongs to the script of the letter that it stands upon, or to all of them.
fn fits(mark: char, base: char) -> bool {
    match Script::for_char(mark) {
        Script::Inherited | Script::Common => true,
        script => ScriptWithExtensions::new().has_script(base, script),
    }
}

/// RFC 5892, A.1 and A.2: behind a virama both joiners say which form of the letters is meant.
fn follows_virama(before: &str) -> bool {
    before.chars().next_back().is_some_and(|c| CanonicalCombiningClass::for_char(c) == CanonicalCombiningClass::Virama)
}

/// RFC 5892, A.1: between two letters that would join, a non-joiner can be seen.
fn joins(before: &str, after: &str) -> bool {
    let joining = JoiningType::for_char;
    let letter = |c: &char| joining(*c) != JoiningType::Transparent;
    let left = before.chars().rev().find(letter).map(joining);
    let right = after.chars().find(letter).map(joining);
    matches!(left, Some(JoiningType::LeftJoining | JoiningType::DualJoining))
        && matches!(right, Some(JoiningType::RightJoining | JoiningType::DualJoining))
}

/// UAX 29, GB11: between two pictures a joiner makes one of them.
fn glues_pictures(before: &str, after: &str) -> bool {
    let adds = |c: &char| *c == EMOJI_STYLE || EmojiModifier::for_char(*c);
    let left = before.chars().rev().find(|c| !adds(c));
    left.is_some_and(ExtendedPictographic::for_char) && after.chars().next().is_some_and(ExtendedPictographic::for_char)
}

/// A picture, or the digit of a keycap, can be drawn in two styles.
fn has_styles(before: &str, after: &str) -> bool {
    before.chars().next_back().is_some_and(|c| match c {
        '0'..='9' | '#' | '*' => after.starts_with(ENCLOSING_KEYCAP),
        _ => ExtendedPictographic::for_char(c),
    })
}

/// Whether people see all of the text, and it stays in its line.
pub fn is_readable(text: &str) -> bool {
    let mut reader = Reader::default();
    text.char_indices().all(|(at, c)| reader.takes(&text[..at], c, &text[at + c.len_utf8()..]))
}

/// The text with a sign in place of each character that it may not hold there.
pub fn with_signs(text: &str) -> String {
    let mut text = text.to_owned();
    // A sign can take from another character what it stood beside.
    while !is_readable(&text.replace(SIGN, " ")) {
        let mut reader = Reader::default();
        let mut seen = String::new();
        for (at, c) in text.char_indices() {
            let fits = reader.takes(&seen, c, &text[at + c.len_utf8()..]);
            if !fits {
                reader = Reader::default();
            }
            seen.push(if fits { c } else { SIGN });
        }
        text = seen;
    }
    text
}
