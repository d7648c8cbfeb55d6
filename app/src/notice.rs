//! The message that the page after a successful form shows, once; a new secret is shown this way too.

use serde::{Deserialize, Serialize};

use crate::domain::access::TokenAccess;
use crate::domain::identity::SsoFailure;
use crate::domain::ids::{CiTokenId, PersonalTokenId};
use crate::domain::secret::PlainSecret;

/// What happened. It travels in a sealed cookie that lives for one page; one with a secret only in the session that asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The person left.
    SignedOut,
    /// The mailbox is proven, the password set, the person signed in.
    PasswordChosen,
    /// The password is new, other sessions have ended.
    PasswordChanged,
    /// A link to choose a password is on its way to this address.
    PasswordLinkSent(String),
    /// The name in the account is new.
    AccountSaved,
    /// The account at the OpenID provider is linked.
    Linked,
    /// The link with the account at the OpenID provider is removed.
    Unlinked,
    /// The way to the OpenID provider and back did not end in a sign-in.
    SsoFailed(SsoFailure),
    /// A link that proves this address is on its way.
    AddressMailSent(String),
    /// The mailbox of this address is proven.
    AddressConfirmed(String),
    /// This address is no longer the person's.
    AddressRemoved(String),
    /// Mail goes to this address from now on.
    PrimaryAddressChanged(String),
    /// The account is gone.
    AccountDeleted,
    /// A session of the person has ended.
    SessionEnded,
    /// All other sessions of the person have ended.
    OtherSessionsEnded,
    /// An organization is there.
    OrgCreated,
    /// Settings are stored.
    Saved,
    /// The organization has a new address; the old one leads to it.
    OrgMoved,
    /// Everybody may look at the organization.
    OrgPublic,
    /// Only members may look at the organization.
    OrgPrivate,
    /// The organization of this name is gone.
    OrgDeleted(String),
    /// The person of this name has a new role.
    RoleChanged(String),
    /// The person of this name is out.
    MemberRemoved(String),
    /// The invite to this address is on its way again.
    InviteResent(String),
    /// The invite to this address does not work any more.
    InviteRevoked(String),
    /// A link of an invite to hand over: here it is, once.
    InviteLink(IssuedInvite),
    /// The domain is on the list.
    DomainAdded(String),
    /// Who joins by the domain gets another role.
    DomainRoleChanged(String),
    /// The person vouches for the domain.
    DomainVouched(String),
    /// DNS proves the domain.
    DomainProven(String),
    /// DNS does not prove the domain.
    DomainNotProven(String),
    /// The domain is off the list.
    DomainRemoved(String),
    /// The person is in an organization now.
    OrgJoined,
    /// The signed-in person has left the organization of this name.
    OrgLeft(String),
    /// A workspace is there.
    WorkspaceCreated,
    /// The workspace that `nx connect` created belongs to the organization.
    WorkspaceClaimed,
    /// A workspace is there, and nx.json has to name it instead of another one.
    WorkspaceToName,
    /// Levels are as the set-up asks for, and these tokens were missing: here they are, once.
    SetUpApplied(Vec<IssuedToken>),
    /// The workspace of this name is gone.
    WorkspaceDeleted(String),
    /// A token is new, or has a new value: here it is, once.
    TokenIssued(IssuedToken),
    /// The token of this name does not work any more.
    TokenRevoked(String),
    /// A personal access token is new: here it is, once.
    PersonalTokenIssued(IssuedPersonalToken),
    /// The terminal of this name gets a personal access token.
    LoginConfirmed(String),
    /// The terminal of this name gets none.
    LoginRefused(String),
    /// One artifact is gone.
    ArtifactDeleted,
    /// Artifacts are being deleted.
    PurgeStarted,
}

impl Notice {
    /// Whether it shows a secret, which only the session that asked for it may see.
    pub const fn holds_secret(&self) -> bool {
        match self {
            Self::InviteLink(_) | Self::SetUpApplied(_) | Self::TokenIssued(_) | Self::PersonalTokenIssued(_) => true,
            Self::SignedOut
            | Self::PasswordChosen
            | Self::PasswordChanged
            | Self::PasswordLinkSent(_)
            | Self::AccountSaved
            | Self::Linked
            | Self::Unlinked
            | Self::SsoFailed(_)
            | Self::AddressMailSent(_)
            | Self::AddressConfirmed(_)
            | Self::AddressRemoved(_)
            | Self::PrimaryAddressChanged(_)
            | Self::AccountDeleted
            | Self::SessionEnded
            | Self::OtherSessionsEnded
            | Self::OrgCreated
            | Self::Saved
            | Self::OrgMoved
            | Self::OrgPublic
            | Self::OrgPrivate
            | Self::OrgDeleted(_)
            | Self::RoleChanged(_)
            | Self::MemberRemoved(_)
            | Self::InviteResent(_)
            | Self::InviteRevoked(_)
            | Self::DomainAdded(_)
            | Self::DomainRoleChanged(_)
            | Self::DomainVouched(_)
            | Self::DomainProven(_)
            | Self::DomainNotProven(_)
            | Self::DomainRemoved(_)
            | Self::OrgJoined
            | Self::OrgLeft(_)
            | Self::WorkspaceCreated
            | Self::WorkspaceClaimed
            | Self::WorkspaceToName
            | Self::WorkspaceDeleted(_)
            | Self::TokenRevoked(_)
            | Self::LoginConfirmed(_)
            | Self::LoginRefused(_)
            | Self::ArtifactDeleted
            | Self::PurgeStarted => false,
        }
    }
}

/// The secret of an invite's link, shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedInvite {
    /// Who is invited.
    pub email: String,
    /// The secret of the link.
    pub secret: PlainSecret,
}

/// A token's value, shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedToken {
    /// Which token.
    pub id: CiTokenId,
    /// Its name.
    pub name: String,
    /// What it may do.
    pub access: TokenAccess,
    /// Its value.
    pub secret: PlainSecret,
    /// After a rotation: for how many more hours the old value works.
    pub old_works_for_hours: Option<u16>,
}

/// A personal access token's value, shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedPersonalToken {
    /// Which token.
    pub id: PersonalTokenId,
    /// Its name.
    pub name: String,
    /// Its value.
    pub secret: PlainSecret,
}
