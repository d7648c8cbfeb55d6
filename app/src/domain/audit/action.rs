//! What can be done, one word each.

use std::str::FromStr;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An account has its first or a new password by a link.
    PasswordChosen,
    /// The password was changed by its owner.
    PasswordChanged,
    /// Somebody signed in.
    SignedIn,
    /// Wrong password.
    SignInFailed,
    /// Somebody who is signed in entered a wrong current password.
    PasswordRefused,
    /// A session was ended by its owner.
    SessionEnded,
    /// An account at the provider was linked.
    Linked,
    /// The link with it was removed.
    Unlinked,
    /// An address was claimed.
    AddressAdded,
    /// The mailbox of an address was proven.
    AddressConfirmed,
    /// An address was taken away.
    AddressRemoved,
    /// Mail goes to another address.
    PrimaryChanged,
    /// Created.
    Created,
    /// A workspace that was nobody's came into the organization.
    Claimed,
    /// A workspace was set up as a whole.
    SetUp,
    /// Has another name.
    Renamed,
    /// Has another address.
    Moved,
    /// Public, private, or listed by search engines.
    VisibilityChanged,
    /// Visitors may read task logs, or may not.
    VisitorLogsChanged,
    /// Deleted.
    Deleted,
    /// Somebody was asked to come in.
    Invited,
    /// An invite was sent again, under a new link.
    InviteResent,
    /// A link of an invite was made to be handed over.
    InviteLinked,
    /// People with an address at a domain may join from now on.
    DomainAdded,
    /// They may not any more.
    DomainRemoved,
    /// An Admin vouches for a domain by an address of their own.
    DomainVouched,
    /// DNS proves that a domain is the organization's.
    DomainProven,
    /// DNS proves it no longer.
    DomainLapsed,
    /// A member came in.
    Joined,
    /// A member has another role.
    RoleChanged,
    /// A member was taken out.
    Removed,
    /// A member left.
    Left,
    /// How members have to sign in changed.
    SignInRuleChanged,
    /// A member's account at the provider does not work any more.
    ProviderRefused,
    /// Retention changed.
    RetentionChanged,
    /// The operator gave it another plan.
    PlanChanged,
    /// Somebody else is written to about money.
    BillingContactChanged,
    /// What the Nx Cloud id alone, or personal access tokens, may do in a workspace changed.
    AccessLevelChanged,
    /// How long an organization lets tokens live changed.
    TokenPolicyChanged,
    /// A person let a terminal have a personal access token.
    LoginConfirmed,
    /// A person refused it.
    LoginRefused,
    /// A terminal gave its personal access token back.
    LoggedOut,
    /// A token has a new value.
    Rotated,
    /// A token was taken back.
    Revoked,
    /// Artifacts are deleted on demand.
    Purged,
    /// A member tried to change what their role does not allow, or a CI access token was refused.
    Refused,
    /// The audit log, the usage, or what is kept about a person, was downloaded.
    Exported,
}

impl Action {
    /// Every action, in the order in which the filter offers them.
    pub const ALL: [Self; 47] = [
        Self::PasswordChosen,
        Self::PasswordChanged,
        Self::SignedIn,
        Self::SignInFailed,
        Self::PasswordRefused,
        Self::SessionEnded,
        Self::Linked,
        Self::Unlinked,
        Self::AddressAdded,
        Self::AddressConfirmed,
        Self::AddressRemoved,
        Self::PrimaryChanged,
        Self::Created,
        Self::Claimed,
        Self::SetUp,
        Self::Renamed,
        Self::Moved,
        Self::VisibilityChanged,
        Self::VisitorLogsChanged,
        Self::Deleted,
        Self::Invited,
        Self::InviteResent,
        Self::InviteLinked,
        Self::DomainAdded,
        Self::DomainRemoved,
        Self::DomainVouched,
        Self::DomainProven,
        Self::DomainLapsed,
        Self::Joined,
        Self::RoleChanged,
        Self::Removed,
        Self::Left,
        Self::SignInRuleChanged,
        Self::ProviderRefused,
        Self::RetentionChanged,
        Self::PlanChanged,
        Self::BillingContactChanged,
        Self::AccessLevelChanged,
        Self::TokenPolicyChanged,
        Self::LoginConfirmed,
        Self::LoginRefused,
        Self::LoggedOut,
        Self::Rotated,
        Self::Revoked,
        Self::Purged,
        Self::Refused,
        Self::Exported,
    ];

    /// The word in the database, in addresses and in exports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordChosen => "password-chosen",
            Self::PasswordChanged => "password-changed",
            Self::SignedIn => "signed-in",
            Self::SignInFailed => "sign-in-failed",
            Self::PasswordRefused => "password-refused",
            Self::SessionEnded => "session-ended",
            Self::Linked => "linked",
            Self::Unlinked => "unlinked",
            Self::AddressAdded => "address-added",
            Self::AddressConfirmed => "address-confirmed",
            Self::AddressRemoved => "address-removed",
            Self::PrimaryChanged => "primary-changed",
            Self::Created => "created",
            Self::Claimed => "claimed",
            Self::SetUp => "set-up",
            Self::Renamed => "renamed",
            Self::Moved => "moved",
            Self::VisibilityChanged => "visibility-changed",
            Self::VisitorLogsChanged => "visitor-logs-changed",
            Self::Deleted => "deleted",
            Self::Invited => "invited",
            Self::InviteResent => "invite-resent",
            Self::InviteLinked => "invite-linked",
            Self::DomainAdded => "domain-added",
            Self::DomainRemoved => "domain-removed",
            Self::DomainVouched => "domain-vouched",
            Self::DomainProven => "domain-proven",
            Self::DomainLapsed => "domain-lapsed",
            Self::Joined => "joined",
            Self::RoleChanged => "role-changed",
            Self::Removed => "removed",
            Self::Left => "left",
            Self::SignInRuleChanged => "sign-in-rule-changed",
            Self::ProviderRefused => "provider-refused",
            Self::RetentionChanged => "retention-changed",
            Self::PlanChanged => "plan-changed",
            Self::BillingContactChanged => "billing-contact-changed",
            Self::AccessLevelChanged => "access-level-changed",
            Self::TokenPolicyChanged => "token-policy-changed",
            Self::LoginConfirmed => "login-confirmed",
            Self::LoginRefused => "login-refused",
            Self::LoggedOut => "logged-out",
            Self::Rotated => "rotated",
            Self::Revoked => "revoked",
            Self::Purged => "purged",
            Self::Refused => "refused",
            Self::Exported => "exported",
        }
    }

    /// The words in the filter; `None` for what happens to a person's account and so stands in no organization's log.
    pub const fn choice(self) -> Option<&'static str> {
        match self {
            Self::PasswordChosen
            | Self::PasswordChanged
            | Self::SignedIn
            | Self::SignInFailed
            | Self::PasswordRefused
            | Self::SessionEnded
            | Self::AddressAdded
            | Self::AddressConfirmed
            | Self::AddressRemoved
            | Self::PrimaryChanged
            | Self::LoginConfirmed
            | Self::LoginRefused
            | Self::LoggedOut => None,
            Self::Linked => Some("Account at the provider linked"),
            Self::Unlinked => Some("Account at the provider unlinked"),
            Self::Created => Some("Created"),
            Self::Claimed => Some("Claimed"),
            Self::SetUp => Some("Set up"),
            Self::Renamed => Some("Renamed"),
            Self::Moved => Some("Address changed"),
            Self::VisibilityChanged => Some("Visibility changed"),
            Self::VisitorLogsChanged => Some("Task logs for visitors changed"),
            Self::Deleted => Some("Deleted"),
            Self::Invited => Some("Invited"),
            Self::InviteResent => Some("Invited again"),
            Self::InviteLinked => Some("Invite link made"),
            Self::DomainAdded => Some("Domain added"),
            Self::DomainRemoved => Some("Domain removed"),
            Self::DomainVouched => Some("Domain vouched for"),
            Self::DomainProven => Some("Domain proven"),
            Self::DomainLapsed => Some("Domain no longer proven"),
            Self::Joined => Some("Joined"),
            Self::RoleChanged => Some("Role changed"),
            Self::Removed => Some("Removed"),
            Self::Left => Some("Left"),
            Self::SignInRuleChanged => Some("Sign-in rule changed"),
            Self::ProviderRefused => Some("Account at the provider ended"),
            Self::RetentionChanged => Some("Retention changed"),
            Self::PlanChanged => Some("Plan changed"),
            Self::BillingContactChanged => Some("Billing contact changed"),
            Self::AccessLevelChanged => Some("Access level changed"),
            Self::TokenPolicyChanged => Some("Longest life of tokens changed"),
            Self::Rotated => Some("Rotated"),
            Self::Revoked => Some("Revoked"),
            Self::Purged => Some("Artifacts deleted"),
            Self::Refused => Some("Refused"),
            Self::Exported => Some("Exported"),
        }
    }
}

impl FromStr for Action {
    type Err = UnknownAction;

    fn from_str(text: &str) -> Result<Self, UnknownAction> {
        Self::ALL.into_iter().find(|action| action.as_str() == text).ok_or(UnknownAction)
    }
}

/// A word that is not an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an action of the audit log")]
pub struct UnknownAction;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_is_in_the_list_and_has_a_word_of_its_own() {
        let (_, variants) = include_str!("action.rs").split_once("pub enum Action {").unwrap();
        let (variants, _) = variants.split_once("\n}").unwrap();
        assert_eq!(variants.lines().filter(|line| line.trim().ends_with(',')).count(), Action::ALL.len());
        for action in Action::ALL {
            assert_eq!(action.as_str().parse(), Ok(action));
        }
    }
}
