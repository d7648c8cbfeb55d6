//! Names that people type, parsed once at the edge: whoever holds one of these types holds a valid name.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::text;

/// Why a text is not accepted as a name, an address or a choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum Reason {
    /// Nothing was entered.
    #[error("Fill this in.")]
    Missing,
    /// Longer than the limit.
    #[error("This is too long: use at most {0} characters.")]
    TooLong(u16),
    /// Shorter than the limit.
    #[error("This is too short: use at least {0} characters.")]
    TooShort(u16),
    /// Holds line breaks, or characters that draw nothing or over others.
    #[error("Use letters, digits and punctuation in one line, and no characters that cannot be seen.")]
    NotPrintable,
    /// The part of an e-mail address before the `@` holds letters beyond a to z.
    #[error("Before the @, an address has only the letters a to z, digits and signs. Type it without accents and look-alikes.")]
    NotAscii,
    /// Not an e-mail address.
    #[error("Enter an e-mail address such as ada@example.com.")]
    NotAnEmail,
    /// Not a domain.
    #[error("Enter a domain such as acme.com.")]
    NotADomain,
    /// The ending of domains that belong to many.
    #[error("This is only the ending of other people's domains; enter a whole one, such as acme.co.uk.")]
    PublicSuffix,
    /// Where anybody can get an address.
    #[error("Anybody can get an address at this mail provider. Invite these people one by one instead.")]
    MailProvider,
    /// Not an organization address.
    #[error("Use 2 to 39 lower-case letters, digits and single hyphens, starting with a letter.")]
    NotASlug,
    /// An address that the product uses itself.
    #[error("This address is reserved; choose another one.")]
    Reserved,
    /// Not one of the offered choices.
    #[error("Choose one of the offered values.")]
    NotAChoice,
    /// Not a number within the limits.
    #[error("Enter a whole number from {0} to {1}.")]
    NotInRange(u32, u32),
    /// A life beyond what the organization allows.
    #[error("The organization lets such tokens live for at most {0} days. Choose a shorter life.")]
    LongerThanAllowed(u16),
    /// Not the code of a login.
    #[error("A code has eight letters, such as BCDF-GHJK. Enter it as the terminal shows it.")]
    NotALoginCode,
    /// More lines than are taken at once.
    #[error("These are too many: enter at most {0} at once.")]
    TooManyLines(u16),
    /// Not an artifact hash.
    #[error("A hash has 1 to 128 letters, digits, hyphens and underscores.")]
    NotAHash,
    /// In the list already.
    #[error("This is in the list already.")]
    AlreadyThere,
    /// Among the passwords that attackers try first, or the person's own address.
    #[error("This password is easy to guess; use a longer phrase of your own.")]
    Guessable,
    /// The current password, entered to confirm, is wrong.
    #[error("This is not your current password.")]
    WrongPassword,
    /// The name typed to confirm is not the name.
    #[error("This does not match; type the name exactly as shown.")]
    DoesNotMatch,
}

macro_rules! text_type {
    ($(#[$doc:meta])* $name:ident, $parse:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Accepts the text, or says why not.
            pub fn parse(text: &str) -> Result<Self, Reason> {
                let parse: fn(&str) -> Result<String, Reason> = $parse;
                parse(text).map(Self)
            }

            /// A text that was accepted when it was stored, whatever the rules say today.
            pub fn from_stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The accepted text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = Reason;

            fn try_from(text: String) -> Result<Self, Reason> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = Reason;

            fn from_str(text: &str) -> Result<Self, Reason> {
                Self::parse(text)
            }
        }
    };
}

text_type!(
    /// What a person is called, as other members see it.
    PersonName,
    |text| text::line(text, 80)
);
text_type!(
    /// What an organization is called.
    OrgName,
    |text| text::line(text, 80)
);
text_type!(
    /// What a workspace is called; unique within its organization.
    WorkspaceName,
    |text| text::line(text, 80)
);
text_type!(
    /// What a token is called, so that people know where it is used.
    TokenName,
    |text| text::line(text, 80)
);
text_type!(
    /// The company or person that pays.
    BillingName,
    |text| text::line(text, 120)
);
text_type!(
    /// A number that the tax office gave to whoever pays.
    TaxId,
    |text| text::line(text, 40)
);
text_type!(
    /// A postal address, as it stands on an envelope.
    PostalAddress,
    |text| {
        let text = text.replace("\r\n", "\n");
        let lines = text.lines().filter(|line| !line.trim().is_empty()).map(|line| text::line(line, 120)).collect::<Result<Vec<_>, _>>()?;
        match lines.len() {
            0 => Err(Reason::Missing),
            1..=8 => Ok(lines.join("\n")),
            _ => Err(Reason::TooManyLines(8)),
        }
    }
);
text_type!(
    /// A few words from the one who invites, in several lines.
    InviteMessage,
    |text| text::lines(text, 500)
);
text_type!(
    /// An e-mail address in the one form that is stored, compared and shown: ASCII, lower case, an international domain
    /// as `xn--…`.
    Email,
    email
);
text_type!(
    /// A domain in the one form that is stored and compared: ASCII (an international name as `xn--…`), lower case.
    DomainName,
    |text| is_domain(text).then(|| text.to_owned()).ok_or(Reason::NotADomain)
);
text_type!(
    /// An organization's address: the part after `/o/`.
    OrgSlug,
    slug
);
text_type!(
    /// The id that stands in `nx.json` as `nxCloudId`: exactly 24 hex characters, or nx takes it for something else.
    NxCloudId,
    |text| {
        let fits = text.len() == 24 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        fits.then(|| text.to_owned()).ok_or(Reason::NotAChoice)
    }
);
text_type!(
    /// The key under which nx stores a task's result. Opaque: nx 20 and later send decimal numbers, older ones SHA-256 in hex.
    ArtifactHash,
    |text| {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then(|| text.to_owned()).ok_or(Reason::NotAHash)
    }
);

/// The mail server's word is final, so this asks only for what every address has: one `@`, a local part
/// without blanks, a dotted domain, and the lengths of RFC 5321 (4.5.3.1).
///
/// Nothing becomes ASCII that was not: the lower case of a KELVIN SIGN is a k, and whoever has the one mailbox must not
/// get what is meant for the other.
fn email(text: &str) -> Result<String, Reason> {
    const LONGEST: u16 = 254;
    let text = text.trim();
    if text.is_empty() {
        return Err(Reason::Missing);
    }
    // In the letters of a language, a domain can be longer than it is in DNS.
    if text.len() > 4 * usize::from(LONGEST) {
        return Err(Reason::TooLong(LONGEST));
    }
    let (local, domain) = text.rsplit_once('@').ok_or(Reason::NotAnEmail)?;
    if !local.is_ascii() {
        return Err(Reason::NotAscii);
    }
    let local_fits = (1..=64).contains(&local.len())
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && local.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c));
    let domain = text::is_unmistakable(domain).then(|| text::to_ascii(domain)).flatten().filter(|domain| is_domain(domain));
    match domain {
        Some(domain) if local_fits => {
            let email = format!("{}@{domain}", local.to_ascii_lowercase());
            if email.len() > usize::from(LONGEST) { Err(Reason::TooLong(LONGEST)) } else { Ok(email) }
        }
        Some(_) | None => Err(Reason::NotAnEmail),
    }
}

impl DomainName {
    /// Reads a domain as people type it: in any case and script, with a dot at the end or an @ in front.
    pub fn read(typed: &str) -> Result<Self, Reason> {
        let text = typed.trim();
        let text = text.strip_prefix('@').unwrap_or(text);
        let text = text.strip_suffix('.').unwrap_or(text);
        // In the letters of a language, it can be longer than it is in DNS.
        match text.len() {
            0 => Err(Reason::Missing),
            254.. if text.is_ascii() => Err(Reason::TooLong(253)),
            1013.. => Err(Reason::TooLong(253)),
            _ => Self::parse(&text::to_ascii(text).ok_or(Reason::NotADomain)?),
        }
    }
}

impl Email {
    /// What stands in front of the `@`.
    pub fn local(&self) -> &str {
        self.0.rsplit_once('@').map_or(self.0.as_str(), |(local, _)| local)
    }

    /// What stands behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    /// The mailbox as most mail servers see it: what stands behind a `+` in front of the `@` only sorts mail (RFC 5233).
    pub fn mailbox(&self) -> String {
        let (name, domain) = self.0.rsplit_once('@').unwrap_or((self.0.as_str(), ""));
        // A name that begins with it has nothing in front.
        let name = name.split_once('+').map(|(name, _)| name).filter(|name| !name.is_empty()).unwrap_or(name);
        format!("{name}@{domain}")
    }
}

impl PersonName {
    /// What somebody is called who has told no name: what stands in front of the `@`, whose characters a name may have.
    pub fn of_address(email: &Email) -> Self {
        Self(email.0.rsplit_once('@').map_or_else(|| email.0.clone(), |(name, _)| name.to_owned()))
    }
}

/// The one grammar of domains: behind the `@`, on the list of those who may join, and in a sign-in rule.
fn is_domain(text: &str) -> bool {
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let is_number = |label: &str| label.bytes().all(|b| b.is_ascii_digit());
    let ends_like_an_ip_address = text.rsplit('.').next().is_some_and(is_number);
    text.len() <= 253 && text.contains('.') && text.split('.').all(label_fits) && !ends_like_an_ip_address
}

/// Words that would read as a page of ours or promise an authority that an organization does not have.
const RESERVED_SLUGS: [&str; 14] = [
    "new",
    "admin",
    "api",
    "account",
    "settings",
    "help",
    "support",
    "security",
    "billing",
    "buildkeep",
    "nx",
    "join",
    "connect",
    "status",
];

fn slug(text: &str) -> Result<String, Reason> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Reason::Missing);
    }
    let shape = (2..=39).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--");
    if !shape {
        return Err(Reason::NotASlug);
    }
    if RESERVED_SLUGS.contains(&text) {
        return Err(Reason::Reserved);
    }
    Ok(text.to_owned())
}

impl OrgSlug {
    /// The address of the hidden organization of unclaimed workspaces. It has not the shape of an address, so that
    /// nobody can ask for it and nobody can have taken it.
    pub fn unclaimed() -> Self {
        Self("-unclaimed".to_owned())
    }

    /// An address that resembles the name; it may still be one that [`OrgSlug::parse`] refuses.
    pub fn suggest(name: &str) -> String {
        let mut slug = String::new();
        for c in name.to_lowercase().chars() {
            let plain = match c {
                'a'..='z' | '0'..='9' => Some(c),
                'ä' | 'á' | 'à' | 'â' | 'å' => Some('a'),
                'é' | 'è' | 'ê' | 'ë' => Some('e'),
                'í' | 'ì' | 'î' | 'ï' => Some('i'),
                'ö' | 'ó' | 'ò' | 'ô' | 'ø' => Some('o'),
                'ü' | 'ú' | 'ù' | 'û' => Some('u'),
                'ñ' => Some('n'),
                'ç' => Some('c'),
                _ => None,
            };
            match plain {
                // A slug starts with a letter.
                Some(c) if !slug.is_empty() || c.is_ascii_lowercase() => slug.push(c),
                Some(_) => {}
                None if slug.is_empty() || slug.ends_with('-') => {}
                None => slug.push('-'),
            }
        }
        slug.truncate(39);
        slug.trim_end_matches('-').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_address_stays_itself(text in address()) {
            if let Ok(email) = Email::parse(&text) {
                prop_assert!(email.as_str().is_ascii() && email.as_str().len() <= 254);
                prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
                prop_assert_eq!(DomainName::parse(email.domain()).map(String::from), Ok(email.domain().to_owned()));
            }
        }

        #[test]
        fn no_two_mailboxes_become_one(one in address(), other in address()) {
            let (Ok(first), Ok(second)) = (Email::parse(&one), Email::parse(&other)) else { return Ok(()) };
            let local = |text: &str| text.trim().rsplit_once('@').unwrap().0.to_ascii_lowercase();
            let domain = |text: &str| text.trim().rsplit_once('@').unwrap().1.to_owned();
            let same_domain = text::nfc(&domain(&one)).to_lowercase() == text::nfc(&domain(&other)).to_lowercase()
                || [domain(&one), domain(&other)].iter().any(|domain| domain.to_ascii_lowercase().contains("xn--"));
            prop_assert_eq!(first == second, local(&one) == local(&other) && first.domain() == second.domain());
            prop_assert!(first.domain() != second.domain() || same_domain, "{} and {}", one, other);
        }
    }

    /// Addresses, with what turns into an ASCII letter when it is mapped.
    fn address() -> impl Strategy<Value = String> {
        let local = "[aAkKsS.+\u{212a}\u{17f}\u{ad}ß]{1,3}";
        let domain = prop_oneof!["[aAkKsSüÜ\u{308}\u{212a}\u{17f}\u{ad}ßｋ。.]{1,4}", "xn--[a-z0-9-]{2,6}"];
        (local, domain).prop_map(|(local, domain)| format!("{local}@{domain}.de"))
    }

    #[test]
    fn a_name_suggests_its_slug() {
        for (name, slug) in [("Acme GmbH & Co. KG", "acme-gmbh-co-kg"), ("  Köln 2000 ", "koln-2000"), ("3M", "m"), ("株式会社", "")] {
            assert_eq!(OrgSlug::suggest(name), slug);
        }
        assert_eq!(OrgSlug::suggest(&"a".repeat(60)).len(), 39);
    }

    #[test]
    fn names_are_trimmed_and_kept_in_one_line() {
        assert_eq!(OrgName::parse("  Acme GmbH ").map(String::from), Ok("Acme GmbH".into()));
        assert_eq!(OrgName::parse("   "), Err(Reason::Missing));
        assert_eq!(OrgName::parse("a\nb"), Err(Reason::NotPrintable));
        assert_eq!(OrgName::parse("abc\u{202e}cba"), Err(Reason::NotPrintable));
        assert_eq!(OrgName::parse(&"x".repeat(81)), Err(Reason::TooLong(80)));
        assert_eq!(OrgName::from_stored("Ad\u{ad}a").as_str(), "Ad\u{ad}a", "what was taken once is still shown");
    }

    #[test]
    fn an_address_has_one_form() {
        assert_eq!(Email::parse(" Ada@Example.COM ").map(String::from), Ok("ada@example.com".into()));
        for (typed, one) in [
            ("ada@münchen.de", "ada@xn--mnchen-3ya.de"),
            ("Ada@MU\u{308}NCHEN.DE", "ada@xn--mnchen-3ya.de"),
            ("ada@XN--MNCHEN-3YA.de", "ada@xn--mnchen-3ya.de"),
            ("ada@faß.de", "ada@xn--fa-hia.de"),
            ("a.d.a+nx@example.com", "a.d.a+nx@example.com"),
        ] {
            assert_eq!(Email::parse(typed).map(String::from), Ok(one.to_owned()));
        }
        for bad in ["mi\u{212a}e@example.com", "ädä@example.com", "ada\u{ad}@example.com", "\u{430}da@example.com"] {
            assert_eq!(Email::parse(bad), Err(Reason::NotAscii), "{bad:?}");
        }
        let long = format!("{}@{}.de", "a".repeat(64), ["b".repeat(63), "c".repeat(63), "d".repeat(60)].join("."));
        assert_eq!(Email::parse(&long), Err(Reason::TooLong(254)));
        for bad in [
            "ada",
            "ada@",
            "@example.com",
            "ada@\u{212a}ing.com",
            "ada@exam\u{ad}ple.com",
            "ada@ｅxample.com",
            "ada@example。com",
            "ada＠example.com",
            "ada@a.com@b.com",
            "ada@a_b.com",
            "ada@xn--a.com",
            "ada@[192.0.2.1]",
            "ada@localhost",
            "a b@example.com",
            "ada@exa mple.com",
            "ada@-x.com",
            "ada@192.0.2.1",
            "a..b@x.de",
            "ada@example.com\nbcc: x@y.de",
        ] {
            assert_eq!(Email::parse(bad), Err(Reason::NotAnEmail), "{bad}");
        }
    }

    #[test]
    fn a_slug_can_stand_in_an_address() {
        assert!(OrgSlug::parse("acme-2").is_ok());
        for bad in ["a", "Acme", "-acme", "acme-", "ac--me", "2acme", "ac/me", &"a".repeat(40)] {
            assert_eq!(OrgSlug::parse(bad), Err(Reason::NotASlug), "{bad}");
        }
        assert_eq!(OrgSlug::parse("new"), Err(Reason::Reserved));
        assert_eq!(OrgSlug::parse(OrgSlug::unclaimed().as_str()), Err(Reason::NotASlug));
    }

    #[test]
    fn a_domain_has_one_form() {
        for fine in ["acme.com", "mail.acme.co.uk", "xn--mnchen-3ya.de", "7-eleven.com"] {
            assert_eq!(DomainName::parse(fine).map(String::from), Ok(fine.to_owned()));
        }
        for bad in [
            "",
            "acme",
            "Acme.com",
            "acme.com.",
            ".acme.com",
            "a..b",
            "-a.com",
            "a_b.com",
            "münchen.de",
            "192.0.2.1",
            "[::1]",
            "a@b.com",
            " a.com",
        ] {
            assert_eq!(DomainName::parse(bad), Err(Reason::NotADomain), "{bad}");
        }
        assert_eq!(Email::parse("ada@mail.acme.com").unwrap().domain(), "mail.acme.com");
    }

    #[test]
    fn hashes_and_cloud_ids_have_their_shape() {
        assert!(ArtifactHash::parse("116684684147691221").is_ok());
        for bad in ["", "../etc/passwd", "a/b", "ä", &"1".repeat(129)] {
            assert_eq!(ArtifactHash::parse(bad), Err(Reason::NotAHash), "{bad}");
        }
        assert!(NxCloudId::parse("0123456789abcdef01234567").is_ok());
        assert!(NxCloudId::parse("0123456789abcdef0123456").is_err());
    }
}
