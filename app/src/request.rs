//! What a page or a server function knows of the request: who asks, and the services that answer.
//!
//! `server` provides one per request, through the same closure for pages and server functions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use leptos::prelude::expect_context;

use crate::backend::Backend;
use crate::domain::identity::Proof;
use crate::domain::ids::{IdentityId, IncidentId, SessionId, UserId};
use crate::domain::invite::InviteResult;
use crate::domain::names::{Email, PersonName};
use crate::domain::sign_up::SignUpRule;
use crate::error::AppError;
use crate::notice::Notice;

/// Somebody signed in, through one browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedIn {
    /// Who.
    pub id: UserId,
    /// Their name.
    pub name: PersonName,
    /// Their address.
    pub email: Email,
    /// This browser's session.
    pub session: SessionId,
    /// When it began.
    pub began: DateTime<Utc>,
    /// What opened it beside a password, if anything did.
    pub proof: Option<Proof>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// Nobody that we know.
    Anonymous,
    /// A person in a browser.
    User(SignedIn),
    /// The operator, at the command line of the server itself.
    Operator,
    /// The server itself, beside all requests.
    Server,
}

/// Who asks, from where: what a gate decides on and an audit event records.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub actor: Actor,
    /// The address of the client, as far as the configured proxies can be trusted.
    pub address: String,
    /// The name of this request in logs and events.
    pub incident: IncidentId,
}

impl Caller {
    /// The person signed in, or the error that sends to the sign-in page.
    pub fn user(&self) -> Result<&SignedIn, AppError> {
        match &self.actor {
            Actor::User(user) => Ok(user),
            Actor::Anonymous | Actor::Operator | Actor::Server => Err(AppError::Unauthenticated),
        }
    }
}

/// The browser's side of a request: its session and the message that the next page shows.
#[async_trait]
pub trait Visit: Send + Sync {
    /// Starts a new session for this person, under a new secret; an older one of this browser ends.
    async fn begin(&self, user: UserId) -> Result<(), AppError>;
    /// Ends this browser's session.
    async fn end(&self) -> Result<(), AppError>;
    /// Shows on the next page what happened to each line of a list: too much for a notice.
    async fn keep_results(&self, results: Vec<InviteResult>) -> Result<(), AppError>;
    /// What the page before has left to be shown; once.
    async fn take_results(&self) -> Result<Vec<InviteResult>, AppError>;
    /// An account at the OpenID provider that waits for the person's password to be linked, sealed.
    async fn pending_link(&self) -> Result<Option<String>, AppError>;
    /// The account at the OpenID provider was linked in this session: from now on it opens what asks for it.
    async fn linked(&self, identity: IdentityId) -> Result<(), AppError>;
    /// Shows this on the next page, once.
    fn notify(&self, notice: Notice);
    /// Remembers the colour theme of this browser.
    fn choose_theme(&self, theme: Theme);
}

/// Light, dark, or as the system says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Every theme, in the order in which the switch offers them.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The word in the cookie and in `data-theme`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads the word; anything else is the system's choice.
    pub fn parse(text: &str) -> Self {
        Self::ALL.into_iter().find(|theme| theme.as_str() == text).unwrap_or(Self::System)
    }
}

/// A form that was refused, for the page that answers it: why, and what had been typed, without anything secret.
#[derive(Debug, Clone, Default)]
pub struct Draft(Option<Arc<Refused>>);

#[derive(Debug)]
struct Refused {
    form: String,
    error: AppError,
    fields: Vec<(String, String)>,
    shown: AtomicBool,
}

impl Draft {
    /// The form that posts to this server function was refused, with these fields.
    pub fn refused(form: &str, error: AppError, fields: Vec<(String, String)>) -> Self {
        Self(Some(Arc::new(Refused { form: form.to_owned(), error, fields, shown: AtomicBool::new(false) })))
    }

    /// Why the form that posts to this server function was refused, if it was this one.
    pub fn error_of(&self, form: &str) -> Option<AppError> {
        self.0.as_ref().filter(|refused| refused.form == form).map(|refused| refused.error.clone())
    }

    /// What stood in this field, or nothing.
    pub fn get(&self, field: &str) -> String {
        let fields = self.0.iter().flat_map(|refused| &refused.fields);
        fields.clone().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// The page says why the form was refused.
    pub fn note_shown(&self) {
        if let Some(refused) = &self.0 {
            refused.shown.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the page that was rendered says why the form was refused.
    pub fn was_shown(&self) -> bool {
        self.0.as_ref().is_some_and(|refused| refused.shown.load(Ordering::Relaxed))
    }
}

/// What the server says about itself to pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The address under which people and nx reach this server, without a trailing slash.
    pub public_url: String,
    /// How people call the OpenID provider, when they can sign in through one.
    pub provider: Option<String>,
    /// Set when mail is written to files because no mail server is configured: the folder.
    pub mail_folder: Option<String>,
    /// Who may make an account.
    pub sign_up: SignUpRule,
    /// Whether everybody may create an organization, not only the operator.
    pub everyone_creates_orgs: bool,
    /// Version of the server.
    pub version: &'static str,
    /// The client that nx downloads from here.
    pub client: ClientFile,
}

/// The client that nx downloads, so that people can compare what they got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientFile {
    /// Its version.
    pub version: String,
    /// SHA-256 of the file, in hex.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// Everything that a page or a server function works with.
#[derive(Clone)]
pub struct Request {
    /// Who asks.
    pub caller: Caller,
    /// The services.
    pub backend: Backend,
    /// The browser's session and next message.
    pub visit: Arc<dyn Visit>,
    /// The message that this page is to show.
    pub notice: Option<Notice>,
    /// The form that was refused, when this page is the answer to it.
    pub draft: Draft,
    /// The colour theme.
    pub theme: Theme,
    /// The moment of the request.
    pub now: DateTime<Utc>,
    /// Path and query of the page: of the request, or of the page that holds a refused form.
    pub address: String,
    /// What the server says about itself.
    pub site: Arc<Site>,
}

/// The request that is being answered.
pub fn request() -> Request {
    expect_context::<Request>()
}
