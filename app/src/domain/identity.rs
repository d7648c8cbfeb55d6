//! Signing in through an OpenID provider, and organizations that ask for it.

use serde::{Deserialize, Serialize};

use super::names::{DomainName, Email, Reason};
use super::text;

/// So many hosted domains an organization can name.
const MOST_DOMAINS: u16 = 20;

/// What a person's account at the provider is worth now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The provider said lately that it works.
    Living,
    /// The provider said that it does not work any more.
    Ended,
    /// The provider has not said so for too long: it could not be asked, or gives no lasting permission to ask.
    Unconfirmed,
}

/// That a session was opened through the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// What the account is worth now.
    pub standing: Standing,
    /// The hosted domain that it belongs to.
    pub hosted_domain: Option<String>,
}

/// How the members of an organization have to sign in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignInRule {
    /// Whether only a sign-in through the provider opens it.
    pub provider_only: bool,
    /// Of which hosted domains; none is named when every account will do.
    pub hosted_domains: Vec<DomainName>,
}

/// Why a sign-in does not open an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum SignInProblem {
    /// It was not through the provider.
    #[error("This takes a sign-in through the provider that the Admins chose. A password is not enough.")]
    NotProven,
    /// The account at the provider does not work any more.
    #[error("The provider says that your account there does not work any more. When it works again, sign in with it.")]
    Ended,
    /// The provider has not said for too long that it works.
    #[error("For too long the provider did not confirm that your account there works. Sign in with it again.")]
    Unconfirmed,
    /// It belongs to none of the hosted domains.
    #[error("Your account at the provider belongs to none of the domains that this organization allows. Sign in with another one.")]
    OtherDomain,
}

impl SignInRule {
    /// Whether somebody who signed in like this may come in.
    pub fn admits(&self, proof: Option<&Proof>) -> Result<(), SignInProblem> {
        if !self.provider_only {
            return Ok(());
        }
        let proof = proof.ok_or(SignInProblem::NotProven)?;
        match proof.standing {
            Standing::Living => {}
            Standing::Ended => return Err(SignInProblem::Ended),
            Standing::Unconfirmed => return Err(SignInProblem::Unconfirmed),
        }
        let fits = |domain: &String| self.hosted_domains.iter().any(|allowed| allowed.as_str() == domain);
        if self.hosted_domains.is_empty() || proof.hosted_domain.as_ref().is_some_and(fits) {
            Ok(())
        } else {
            Err(SignInProblem::OtherDomain)
        }
    }

    /// The one domain to suggest at the provider, if there is only one.
    pub fn suggestion(&self) -> Option<&str> {
        match self.hosted_domains.as_slice() {
            [only] => Some(only.as_str()),
            _ => None,
        }
    }

    /// Its hosted domains, with this between them.
    pub fn domains(&self, between: &str) -> String {
        self.hosted_domains.iter().map(DomainName::as_str).collect::<Vec<_>>().join(between)
    }
}

/// Reads hosted domains, separated by blanks, commas or line breaks.
pub fn read_hosted_domains(text: &str) -> Result<Vec<DomainName>, Reason> {
    let mut domains = Vec::new();
    for word in text.split([' ', ',', ';', '\n', '\r', '\t']).filter(|word| !word.is_empty()) {
        let domain = DomainName::read(word)?;
        if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    if domains.len() > usize::from(MOST_DOMAINS) { Err(Reason::TooManyLines(MOST_DOMAINS)) } else { Ok(domains) }
}

/// What of a provider's answer is not as it has to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Mismatch {
    /// Who it is from.
    #[error("The answer comes from another issuer than this server expects. Tell whoever runs this server; the log says which.")]
    Issuer,
    /// Whom it is for.
    #[error("The provider's answer is meant for another application, or for others too (its audience). Tell whoever runs this server.")]
    Audience,
    /// When it is from.
    #[error(
        "By the clock of this server, the provider's answer is too old or from the future. Try again; if it stays, tell whoever runs this server."
    )]
    Clock,
    /// Who signed it.
    #[error(
        "The provider's answer is not signed with a key that the provider publishes. Try again; if it stays, tell whoever runs this server."
    )]
    Key,
    /// Anything else.
    #[error("The answer of the provider could not be verified. Try again; if it stays, tell whoever runs this server.")]
    Content,
}

/// The domain that a provider tells of an account, as rules name domains; what is none fits no rule.
pub fn told_domain(told: &str) -> String {
    let domain = text::is_unmistakable(told).then(|| DomainName::read(told).ok()).flatten();
    domain.map_or_else(|| text::shown(told, 253), Into::into)
}

/// The address that a provider tells of an account, to be shown: it is not always one.
pub fn told_address(told: &str) -> String {
    Email::parse(told).map_or_else(|_| text::shown(told, 254), Into::into)
}

/// Why a way to the provider and back did not end in a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum SsoFailure {
    /// The provider cannot be reached.
    #[error("The provider cannot be reached now. Try again in a moment, or sign in with your password.")]
    Unreachable,
    /// The provider takes too long.
    #[error("The provider did not answer in time. Try again in a moment, or sign in with your password.")]
    TooSlow,
    /// The provider answers that it cannot, or with something that is no answer.
    #[error(
        "The provider answered with an error of its own. Try again in a moment, or sign in with your password; if it stays, tell whoever runs this server."
    )]
    Failing,
    /// The provider does not take this server's id, secret or address.
    #[error("The provider does not accept this server's settings. Tell whoever runs this server; the log says what the provider answered.")]
    SetUp,
    /// The person, or the provider, said no.
    #[error("The provider did not sign you in. Try again if that was not what you wanted.")]
    Denied,
    /// The answer belongs to no way that this browser began, or came too late.
    #[error("This sign-in was not begun in this browser, was used already, or took too long. Try again.")]
    NotBegun,
    /// What the provider sent does not hold.
    #[error("{0}")]
    NotVerified(Mismatch),
    /// The provider tells no address that it has proven.
    #[error(
        "The provider does not vouch for an e-mail address of yours, so that no account can be made from it. Sign up with your address and a password, and link the two under Account, Sign-in."
    )]
    NoAddress,
    /// Not everybody may make an account on this server.
    #[error(
        "On this server, not everybody can make an account. Ask one of your organization's Admins to invite this address, or ask whoever runs this server."
    )]
    SignUpClosed,
    /// The address belongs to an account that is not linked.
    #[error("There is an account with this e-mail address already. Sign in to it as before, and link the two under Account, Sign-in.")]
    KnownAddress,
    /// The account at the provider is linked with somebody else's account here.
    #[error("That account at the provider belongs to another account here. Sign in with it, or choose another one.")]
    OtherPerson,
    /// The person's account here is linked with another one there.
    #[error("Your account is linked with another account at the provider. Use that one, or remove the link under Account, Sign-in first.")]
    OtherIdentity,
    /// The session that wanted to link has ended meanwhile.
    #[error("You were signed out meanwhile. Sign in and try again.")]
    SessionEnded,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(domains: &[&str]) -> SignInRule {
        SignInRule { provider_only: true, hosted_domains: domains.iter().map(|domain| DomainName::parse(domain).unwrap()).collect() }
    }

    fn proof(standing: Standing, domain: Option<&str>) -> Proof {
        Proof { standing, hosted_domain: domain.map(ToOwned::to_owned) }
    }

    #[test]
    fn only_a_living_account_of_an_allowed_domain_opens_the_door() {
        let living = proof(Standing::Living, Some("acme.com"));
        assert_eq!(rule(&[]).admits(Some(&living)), Ok(()));
        assert_eq!(rule(&["acme.com"]).admits(Some(&living)), Ok(()));
        assert_eq!(rule(&["other.com"]).admits(Some(&living)), Err(SignInProblem::OtherDomain));
        assert_eq!(rule(&["acme.com"]).admits(Some(&proof(Standing::Living, None))), Err(SignInProblem::OtherDomain));
        assert_eq!(rule(&[]).admits(None), Err(SignInProblem::NotProven));
        assert_eq!(rule(&[]).admits(Some(&proof(Standing::Ended, None))), Err(SignInProblem::Ended));
        assert_eq!(rule(&[]).admits(Some(&proof(Standing::Unconfirmed, None))), Err(SignInProblem::Unconfirmed));
        assert_eq!(SignInRule { provider_only: false, ..rule(&["acme.com"]) }.admits(None), Ok(()));
    }

    #[test]
    fn domains_are_read_as_people_write_them() {
        assert_eq!(read_hosted_domains(" Acme.com, @acme.org\nacme.com"), Ok(rule(&["acme.com", "acme.org"]).hosted_domains));
        assert_eq!(read_hosted_domains("münchen.de"), Ok(rule(&["xn--mnchen-3ya.de"]).hosted_domains));
        assert_eq!(read_hosted_domains(""), Ok(vec![]));
        for bad in ["acme", "acme..com", "-acme.com", "acme.com/x", "a b@c"] {
            assert_eq!(read_hosted_domains(bad), Err(Reason::NotADomain), "{bad}");
        }
        let many = (0..=MOST_DOMAINS).map(|n| format!("d{n}.example")).collect::<Vec<_>>().join(" ");
        assert!(matches!(read_hosted_domains(&many), Err(Reason::TooManyLines(_))));
    }
}
