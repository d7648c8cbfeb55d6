//! The one error that pages, forms and the API show to people.
//!
//! It is a closed enum without free text, so that it holds neither a secret nor words of others: it is logged, and it is the
//! body of answers. Never part of an address: a refused form is answered with its page, and the error is told to that page
//! by its [`Draft`](crate::request::Draft).

use leptos::prelude::{FromServerFnError, ServerFnErrorErr};
use serde::{Deserialize, Serialize};
use server_fn::codec::JsonEncoding;

use crate::domain::identity::SignInProblem;
use crate::domain::ids::IncidentId;
use crate::domain::names::{OrgSlug, Reason};

/// Why a request was not done, in words for the person who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppError {
    /// Nobody is signed in.
    #[error("Sign in to go on.")]
    Unauthenticated,
    /// A member without the permission.
    #[error("Your role does not allow this. Ask an Admin of the organization.")]
    Forbidden,
    /// It does not exist, or not for this person.
    #[error("There is nothing here, or you may not see it.")]
    NotFound,
    /// A member whose sign-in does not open this organization.
    #[error("{0}")]
    SignIn(SignInProblem),
    /// The organization has another address now.
    #[error("This organization has moved to /o/{0}.")]
    Moved(OrgSlug),
    /// Something else stands in the way.
    #[error("{0}")]
    Conflict(Conflict),
    /// The input is not acceptable; each field says why.
    #[error("Some entries need your attention.")]
    Invalid(Vec<FieldError>),
    /// The form was not sent in a form that this server understands.
    #[error("The form was incomplete. Reload the page and send it again.")]
    BadForm,
    /// The form came from a page of another site.
    #[error("This form was sent from another site. Open the page here and send it again.")]
    OtherSite,
    /// No form is as large.
    #[error("This form is too large. Go back, shorten the entries and send it again.")]
    TooLarge,
    /// The form did not arrive in time.
    #[error("This form took too long to arrive. Go back and send it again.")]
    TooSlow,
    /// Too many attempts.
    #[error("Too many attempts. Wait {0} seconds and try again.")]
    RateLimited(u32),
    /// Wrong address or password; which one is not said.
    #[error("This e-mail address and password do not belong together.")]
    WrongCredentials,
    /// A link from a mail that is used, replaced or too old.
    #[error("This link has been used or is too old. Ask for a new one.")]
    LinkUnusable,
    /// A fault of ours; the number finds it in the log.
    #[error("Something went wrong on our side. Try again; if it stays, give the operator this number: {0}")]
    Internal(IncidentId),
}

impl AppError {
    /// One field with one reason.
    pub fn field(field: Field, reason: Reason) -> Self {
        Self::Invalid(vec![FieldError { field, reason }])
    }

    /// What is wrong with this field, when that is known.
    pub fn reason_for(&self, field: Field) -> Option<Reason> {
        match self {
            Self::Invalid(fields) => fields.iter().find(|error| error.field == field).map(|error| error.reason),
            _ => None,
        }
    }
}

/// What stands in the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Conflict {
    /// The organization address is in use, or was until recently.
    #[error("This address is taken. Choose another one.")]
    SlugTaken,
    /// A workspace of this name exists in the organization.
    #[error("The organization has a workspace of this name already.")]
    WorkspaceNameTaken,
    /// The change would leave no Admin.
    #[error("An organization needs at least one Admin. Make somebody else an Admin first.")]
    LastAdmin,
    /// The token does not work any more, so that it cannot be rotated.
    #[error("This token is revoked or expired. Create a new one.")]
    TokenNotActive,
    /// As many personal access tokens work as one person may have.
    #[error("You have too many personal access tokens that work. Revoke those that you no longer need.")]
    TooManyPersonalTokens,
    /// No terminal waits for the answer any more.
    #[error("No login waits with this code. It is confirmed, refused or too old: start again in the terminal.")]
    LoginOver,
    /// Search engines cannot list a private organization.
    #[error("The organization is private now. Make it public first.")]
    NotPublic,
    /// The plan has no room for another workspace.
    #[error("The plan allows no further workspace. See Plan and usage, delete one, or ask the operator for another plan.")]
    NoRoomForWorkspace,
    /// The plan has no room for so many members.
    #[error(
        "The plan allows no more members, and open invites count. See Plan and usage, revoke invites, or ask the operator for another plan."
    )]
    NoRoomForMembers,
    /// The plan has no room for the person who comes in.
    #[error("The organization has no room for another member. Ask one of its Admins, and come back then.")]
    NoRoomForYou,
    /// A purge of this workspace is going on.
    #[error("A purge of this workspace is going on. Wait until it is done.")]
    PurgeRunning,
    /// The invite was sent a moment ago.
    #[error("This invite was sent less than a minute ago. Wait a moment before you send it again.")]
    JustSent,
    /// The address got as many mails as it may get within a day.
    #[error("This address got enough invites today. Go on tomorrow, or hand over a link.")]
    TooManyMailsToOne,
    /// The person sent as many mails as they may send within a day.
    #[error("You have sent too many invites today. Go on tomorrow, or ask another Admin.")]
    TooManyMailsOfOne,
    /// The organization sent as many mails as it may send within a day.
    #[error("The organization has sent too many invites today. Go on tomorrow.")]
    TooManyMails,
    /// The invite was accepted or revoked.
    #[error("This invite was accepted or revoked meanwhile. Reload the page.")]
    InviteClosed,
    /// More open invites than an organization may have.
    #[error("The organization has too many open invites. Revoke those that are no longer needed.")]
    TooManyInvites,
    /// This takes a sign-in of the last minutes.
    #[error("For this you must have signed in within the last ten minutes. Sign out and in again, then go on.")]
    SignInAgain,
    /// An organization asks for the linked account.
    #[error("An organization that you are in requires this account. Leave it first, or ask one of its Admins.")]
    LinkRequired,
    /// Nobody could accept such an invite.
    #[error("No provider is configured on this server, so that nobody could accept such an invite.")]
    NoProvider,
    /// Without the link there would be no way to sign in.
    #[error("This is your only way to sign in. Set a password first.")]
    LastWayIn,
    /// The domain is on the organization's list.
    #[error("This domain is on the list already.")]
    DomainListed,
    /// Nobody can vouch who has no address at the domain.
    #[error("Vouching takes a confirmed address of your own at exactly this domain.")]
    NoAddressThere,
    /// Who was removed comes back neither by a domain nor by an invite from before.
    #[error("An Admin removed you from this organization. Ask one of its Admins for a new invite.")]
    WasRemoved,
    /// Only the operator creates organizations.
    #[error("On this server, organizations are created by whoever runs it. Ask them for one, or ask an Admin to invite you into theirs.")]
    OrgsByOperator,
    /// The change would leave organizations without an Admin.
    #[error("You are the last Admin of an organization. Make somebody else an Admin there, or delete it, then come back.")]
    LastAdminSomewhere,
    /// A part of a name or address means more people than can be looked for.
    #[error("More than 50 people fit these words. Go back and enter more of the name or the address.")]
    TooManyPeople,
    /// Something changed at the same moment.
    #[error("Something has changed at the same moment. Try again.")]
    JustChanged,
    /// The address is the one to which mail goes.
    #[error("This is your primary address. Make another one the primary address first.")]
    PrimaryAddress,
    /// The mailbox is not proven.
    #[error("This address is not confirmed. Open the link in the mail that was sent to it first.")]
    AddressNotConfirmed,
    /// Somebody else has proven the address.
    #[error("This address belongs to another account. Remove it there, or delete that account, then add it here again.")]
    AddressTaken,
    /// As many mails to prove an address as may be sent within a day.
    #[error("Enough mails of this kind were sent today. Go on tomorrow.")]
    TooManyAddressMails,
    /// The limit of what one owner may have.
    #[error("You have reached the limit of what can be created here. Delete what you no longer need.")]
    TooMany,
}

/// A field of a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Field {
    /// A person's, organization's, workspace's or token's name.
    Name,
    /// A workspace's name, in a form that also names its organization.
    Workspace,
    /// An e-mail address.
    Email,
    /// A password, the new one where there are two.
    Password,
    /// The password in use.
    CurrentPassword,
    /// An organization's address.
    Slug,
    /// A domain.
    Domain,
    /// A member's role.
    Role,
    /// A list of e-mail addresses.
    Addresses,
    /// A few words in a mail.
    Message,
    /// A token's access.
    Access,
    /// Who reads and who stores in a workspace.
    SetUp,
    /// A token's life.
    Expires,
    /// The longest life of CI access tokens.
    CiTokenDays,
    /// The longest life of personal access tokens.
    PersonalTokenDays,
    /// The code that a terminal shows.
    LoginCode,
    /// How long a rotated token goes on working.
    Overlap,
    /// Days of retention, or of age for a purge.
    Days,
    /// Gibibytes of retention.
    Gibibytes,
    /// Who may look at an organization.
    Visibility,
    /// A postal address.
    PostalAddress,
    /// A number of the tax office.
    TaxId,
    /// An artifact's hash.
    Hash,
    /// The name typed to confirm.
    Confirmation,
    /// Hosted domains at the provider.
    HostedDomains,
    /// The id of something chosen on the page.
    Id,
}

/// One field and what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// The field.
    pub field: Field,
    /// What is wrong.
    pub reason: Reason,
}

/// Collects what is wrong with a form, so that all of it is said at once.
#[derive(Debug, Default)]
pub struct Check(Vec<FieldError>);

impl Check {
    /// Keeps the value, or notes the reason.
    pub fn take<T>(&mut self, field: Field, parsed: Result<T, Reason>) -> Option<T> {
        parsed.map_err(|reason| self.0.push(FieldError { field, reason })).ok()
    }

    /// Goes on only when nothing was noted; `value` is `Some` exactly then.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, AppError> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => Err(AppError::Invalid(self.0)),
        }
    }
}

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            // All of them come from the shape of a request, which a stranger chooses.
            ServerFnErrorErr::Args(_)
            | ServerFnErrorErr::MissingArg(_)
            | ServerFnErrorErr::Deserialization(_)
            | ServerFnErrorErr::UnsupportedRequestMethod(_)
            | ServerFnErrorErr::Registration(_)
            | ServerFnErrorErr::Request(_)
            | ServerFnErrorErr::Response(_)
            | ServerFnErrorErr::ServerError(_)
            | ServerFnErrorErr::MiddlewareError(_)
            | ServerFnErrorErr::Serialization(_) => Self::BadForm,
        }
    }
}
