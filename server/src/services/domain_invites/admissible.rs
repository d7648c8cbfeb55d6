//! Which domains may be listed: one that a company can own, and whose mailboxes it hands out.

use std::collections::HashSet;
use std::sync::LazyLock;

use app::domain::names::{DomainName, Reason};

static MAIL_PROVIDERS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("mail_providers.txt").lines().filter(|line| !line.starts_with('#')).collect());

/// Reads a domain as people type it: in any case and script, with a dot at the end or an @ in front.
pub fn parse(typed: &str) -> Result<DomainName, Reason> {
    let domain = DomainName::read(typed)?;
    if psl::domain_str(domain.as_str()).is_none() {
        return Err(Reason::PublicSuffix);
    }
    if MAIL_PROVIDERS.contains(domain.as_str()) {
        return Err(Reason::MailProvider);
    }
    Ok(domain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_read_however_it_is_typed() {
        for (typed, domain) in [
            ("acme.com", "acme.com"),
            (" @Acme.COM. ", "acme.com"),
            ("mail.acme.co.uk", "mail.acme.co.uk"),
            ("München.de", "xn--mnchen-3ya.de"),
            ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
            ("ａｃｍｅ。com", "acme.com"),
            ("acme.internal", "acme.internal"),
        ] {
            assert_eq!(parse(typed).map(String::from), Ok(domain.to_owned()), "{typed}");
        }
    }

    #[test]
    fn what_nobody_owns_or_everybody_uses_is_refused() {
        for (typed, reason) in [
            ("", Reason::Missing),
            ("  @. ", Reason::Missing),
            ("acme", Reason::NotADomain),
            ("localhost", Reason::NotADomain),
            ("ada@acme.com", Reason::NotADomain),
            ("https://acme.com", Reason::NotADomain),
            ("acme.com/x", Reason::NotADomain),
            ("*.acme.com", Reason::NotADomain),
            ("acme..com", Reason::NotADomain),
            ("acme.com..", Reason::NotADomain),
            ("_x.acme.com", Reason::NotADomain),
            ("a b.com", Reason::NotADomain),
            ("xn--a.com", Reason::NotADomain),
            ("192.0.2.1", Reason::NotADomain),
            ("[192.0.2.1]", Reason::NotADomain),
            ("::1", Reason::NotADomain),
            ("1.2", Reason::NotADomain),
            ("co.uk", Reason::PublicSuffix),
            ("github.io", Reason::PublicSuffix),
            ("gmail.com", Reason::MailProvider),
            ("GoogleMail.com.", Reason::MailProvider),
            ("web.de", Reason::MailProvider),
            ("mailinator.com", Reason::MailProvider),
            ("privaterelay.appleid.com", Reason::MailProvider),
        ] {
            assert_eq!(parse(typed), Err(reason), "{typed}");
        }
        assert_eq!(parse(&format!("{}.com", "a".repeat(260))), Err(Reason::TooLong(253)));
        assert_eq!(parse(&format!("{}.com", "a".repeat(64))), Err(Reason::NotADomain));
    }

    #[test]
    fn the_list_of_mail_providers_holds_what_can_be_compared() {
        assert!(MAIL_PROVIDERS.len() > 10_000);
        for domain in MAIL_PROVIDERS.iter() {
            assert!(domain.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase() && !b.is_ascii_whitespace()), "{domain}");
        }
    }
}
