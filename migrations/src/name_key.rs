//! The key of a name, as the step that adds them writes it: that of `app::domain::text::key`, copied so that the step
//! does not change its meaning with the code. A test holds the two together.

use icu_casemap::CaseMapper;
use icu_normalizer::{ComposingNormalizerBorrowed as Composing, DecomposingNormalizerBorrowed as Decomposing};
use icu_properties::props::{BinaryProperty as _, DefaultIgnorableCodePoint};

/// The name without case, widths and styles of letters, and what draws nothing.
pub fn name_key(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    folded(&folded(&Decomposing::new_nfd().normalize(name)))
}

fn folded(text: &str) -> String {
    let folded = CaseMapper::new().fold_string(text).into_owned();
    let visible: String = folded.chars().filter(|c| !DefaultIgnorableCodePoint::for_char(*c)).collect();
    Composing::new_nfkc().normalize(&visible).into_owned()
}
