//! Domain names in the letters of any language, as DNS knows them: labels that begin with `xn--` (UTS 46, RFC 5891).

use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};

/// The domain as DNS knows it: ASCII, lower case. `None` when it is no domain in any language.
pub fn to_ascii(typed: &str) -> Option<String> {
    let ascii = Uts46::new().to_ascii(typed.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify);
    ascii.ok().map(Into::into)
}

/// The domain in the letters of its language, where these are others.
pub fn to_unicode(ascii: &str) -> Option<String> {
    let (readable, valid) = Uts46::new().to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
    (valid.is_ok() && readable != ascii).then(|| readable.into_owned())
}

/// Whether none of its letters is lost, or becomes one of ASCII, on the way to DNS. Otherwise two domains that a sender
/// holds for different ones would be one for us: `example.com` with a KELVIN SIGN, a soft hyphen or a wide letter in it.
pub fn is_unmistakable(typed: &str) -> bool {
    let stays = |c: char| {
        let mut letter = [0; 4];
        let (mapped, _) = Uts46::new().to_unicode(c.encode_utf8(&mut letter).as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
        !mapped.is_empty() && !mapped.chars().any(|c| c.is_ascii())
    };
    typed.chars().all(|c| c.is_ascii() || stays(c))
}
