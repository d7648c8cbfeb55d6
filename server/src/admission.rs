//! Settings that say who may make an account, and who may create an organization.

use app::domain::names::DomainName;
use app::domain::sign_up::SignUpRule;
use serde::{Deserialize, Serialize};

use crate::config::{Config, ConfigError};

/// Who may make an account, beside those who were invited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SignUp {
    /// Everybody.
    Open,
    /// Nobody.
    Invited,
    /// Those with an address at one of `sign_up_domains`.
    Domains,
}

/// Who may create an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrgCreation {
    /// Everybody who has an account.
    Everyone,
    /// Only the operator, at the command line.
    Operator,
}

impl Config {
    /// Who may make an account.
    pub fn sign_up_rule(&self) -> Result<SignUpRule, ConfigError> {
        let unusable = |problem: String| ConfigError::Unusable { setting: "sign_up_domains", problem };
        let domains = self
            .sign_up_domains
            .iter()
            .map(|domain| DomainName::read(domain.trim()).map_err(|_| unusable(format!("{domain:?} is no domain; write it as acme.com"))));
        let domains = domains.collect::<Result<Vec<_>, _>>()?;
        match (self.sign_up, domains.is_empty()) {
            (SignUp::Domains, true) => Err(unusable("list the domains whose people may sign up, such as [\"acme.com\"]".to_owned())),
            (SignUp::Domains, false) => Ok(SignUpRule::Domains(domains)),
            (SignUp::Open | SignUp::Invited, false) => Err(unusable("it counts only with `sign_up = \"domains\"`".to_owned())),
            (SignUp::Open, true) => Ok(SignUpRule::Open),
            (SignUp::Invited, true) => Ok(SignUpRule::Invited),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(sign_up: SignUp, domains: &[&str]) -> Result<SignUpRule, String> {
        let sign_up_domains = domains.iter().map(ToString::to_string).collect();
        Config { sign_up, sign_up_domains, ..Config::default() }.sign_up_rule().map_err(|error| error.to_string())
    }

    #[test]
    fn domains_are_listed_when_they_count_and_only_then() {
        assert_eq!(rule(SignUp::Open, &[]), Ok(SignUpRule::Open));
        assert_eq!(rule(SignUp::Invited, &[]), Ok(SignUpRule::Invited));
        let listed = ["acme.com", "xn--mnchen-3ya.de"].map(|domain| DomainName::parse(domain).unwrap()).to_vec();
        assert_eq!(rule(SignUp::Domains, &["Acme.com", "münchen.de"]), Ok(SignUpRule::Domains(listed)));
        for (sign_up, domains) in [(SignUp::Domains, &[][..]), (SignUp::Open, &["acme.com"]), (SignUp::Domains, &["@acme"])] {
            assert!(rule(sign_up, domains).unwrap_err().contains("`sign_up_domains`"), "{sign_up:?} {domains:?}");
        }
    }
}
