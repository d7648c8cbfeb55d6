//! Who may make an account on this server.

use super::names::{DomainName, Email};

/// Who may make an account. Whoever has an invite that can be accepted always may.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignUpRule {
    /// Everybody.
    Open,
    /// Only those who were invited.
    Invited,
    /// Those with an address at exactly one of these domains, and those who were invited.
    Domains(Vec<DomainName>),
}

impl SignUpRule {
    /// Whether an address may have an account without an invite.
    pub fn admits(&self, email: &Email) -> bool {
        match self {
            Self::Open => true,
            Self::Invited => false,
            Self::Domains(domains) => domains.iter().any(|domain| domain.as_str() == email.domain()),
        }
    }

    /// What people are told before they sign up; nothing where everybody may.
    pub fn describe(&self) -> Option<String> {
        match self {
            Self::Open => None,
            Self::Invited => {
                Some("On this server, people sign up who were invited to an organization: enter the address that was invited.".to_owned())
            }
            Self::Domains(domains) => {
                let domains = domains.iter().map(DomainName::as_str).collect::<Vec<_>>().join(", ");
                Some(format!("On this server, people sign up who have an address at {domains}, or who were invited to an organization."))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_domain_itself_counts() {
        let rule = SignUpRule::Domains(vec![DomainName::parse("acme.com").unwrap()]);
        for (email, fits) in
            [("ada@acme.com", true), ("ada@mail.acme.com", false), ("ada@evilacme.com", false), ("acme.com@evil.com", false)]
        {
            assert_eq!(rule.admits(&Email::parse(email).unwrap()), fits, "{email}");
        }
    }
}
