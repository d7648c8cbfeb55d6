//! Outgoing mail: sealed in the queue of the database, sent by SMTP, or written as `.eml` files when no mail server is
//! configured.

mod folder;
mod lines;
pub mod messages;
pub mod queue;
pub mod settings;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use app::domain::ids::MailId;
use app::domain::names::Email;
use app::domain::secret::PlainSecret;
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use chrono::{DateTime, Utc};
use lettre::message::header::{ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, MessageBuilder, MultiPart, SinglePart};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::{Category, Code, Severity};
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use serde::{Deserialize, Serialize};

use self::folder::{MailFolder, file_name};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::seal::SealError;

/// Why mail cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The setting is not an SMTP address.
    #[error("setting `smtp_url`: write it as smtp://user:password@host:587?tls=required or smtps://user:password@host ({0})")]
    Url(lettre::transport::smtp::Error),
    /// The folder for mail files cannot be made.
    #[error("the mail folder {0} cannot be made: {1}")]
    Folder(String, std::io::Error),
    /// The sender is no address.
    #[error("setting `mail_from`: {0}")]
    Sender(lettre::address::AddressError),
    /// The key for the queue is not usable.
    #[error("the key of the mail queue is not usable")]
    Key,
}

enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Files(MailFolder),
}

/// A message as it waits in the queue.
#[derive(Serialize, Deserialize)]
pub struct Draft {
    /// A word for the kind of mail. Messages of older versions have none.
    #[serde(default)]
    pub kind: String,
    /// Subject line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// The address to open, of a mail that is about one: without a mail server the operator finds it in the log.
    #[serde(default)]
    pub link: Option<PlainSecret>,
}

/// RFC 3834, 5: nobody's holiday notice is to answer.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// A mail server has this long to take a message: less than the claim on the message lasts.
const SEND_TIME: Duration = Duration::from_mins(1);

/// Why a message was not sent.
#[derive(Debug)]
pub struct NotSent {
    /// For the operator, and for the Admin whose invite it was: the mail server's answer, never the message.
    pub why: String,
    /// The mail server will never take it: there is no such mailbox, or it refuses us (RFC 5321, 4.2.3: 55x). Other
    /// refusals, such as a wrong password of ours, can be mended meanwhile.
    pub for_good: bool,
}

impl NotSent {
    fn for_now(error: &impl ToString) -> Self {
        Self { why: error.to_string(), for_good: false }
    }
}

impl From<lettre::transport::smtp::Error> for NotSent {
    fn from(error: lettre::transport::smtp::Error) -> Self {
        let is_final = |code: Code| code.severity == Severity::PermanentNegativeCompletion && code.category == Category::MailSystem;
        Self { for_good: error.status().is_some_and(is_final), why: error.to_string() }
    }
}

/// Seals messages for the queue, and sends them.
pub struct Mailer {
    transport: Transport,
    from: Mailbox,
    /// The name of this server among mail servers.
    host: String,
    key: RandomizedNonceKey,
    /// In milliseconds.
    send_time: AtomicU64,
}

impl Mailer {
    /// Sets up what the configuration names.
    pub fn new(config: &Config, key: &[u8; 32]) -> Result<Self, MailError> {
        let transport = if let Some(url) = &config.smtp_url {
            let smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(url).map_err(MailError::Url)?;
            let smtp = smtp.hello_name(ClientId::Domain(config.mail_host())).timeout(Some(Duration::from_secs(20)));
            Transport::Smtp(smtp.build())
        } else {
            let folder = config.mail_dir();
            let shown = folder.display().to_string();
            Transport::Files(MailFolder::new(folder).map_err(|error| MailError::Folder(shown, error))?)
        };
        let from = config.mail_from.parse().map_err(MailError::Sender)?;
        let key = RandomizedNonceKey::new(&AES_256_GCM, key).map_err(|_| MailError::Key)?;
        let mailer = Self { transport, from, host: config.mail_host(), key, send_time: AtomicU64::default() };
        mailer.set_send_time(SEND_TIME);
        Ok(mailer)
    }

    /// Gives mail servers another time to take a message, for tests of those that say nothing.
    pub fn set_send_time(&self, time: Duration) {
        self.send_time.store(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Seals a message for this recipient.
    fn seal(&self, recipient: &Email, draft: &Draft) -> Result<Vec<u8>> {
        let mut sealed = serde_json::to_vec(draft).map_err(|error| Error::Mail(error.to_string()))?;
        let nonce = self.key.seal_in_place_append_tag(Aad::from(recipient.as_str()), &mut sealed).map_err(|_| SealError::Random)?;
        sealed.extend_from_slice(nonce.as_ref());
        Ok(sealed)
    }

    /// Opens a message of the queue.
    fn unseal(&self, recipient: &Email, mut sealed: Vec<u8>) -> Result<Draft> {
        let at = sealed.len().checked_sub(NONCE_LEN).ok_or(SealError::Format)?;
        let nonce = Nonce::try_assume_unique_for_key(&sealed.split_off(at)).map_err(|_| SealError::Format)?;
        let plain = self.key.open_in_place(nonce, Aad::from(recipient.as_str()), &mut sealed).map_err(|_| SealError::Altered)?;
        serde_json::from_slice(plain).map_err(|error| Error::Mail(error.to_string()))
    }

    fn send_time(&self) -> Duration {
        Duration::from_millis(self.send_time.load(Ordering::Relaxed))
    }

    /// What every message begins with. It has one id however often it is tried, so that it can be told from another one.
    fn headed(&self, id: MailId, recipient: &Email, subject: String, now: DateTime<Utc>) -> Result<MessageBuilder, NotSent> {
        let to = recipient.as_str().parse::<lettre::Address>().map_err(|error| NotSent::for_now(&error))?;
        Ok(Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .date(now.into())
            .message_id(Some(format!("<{}@{}>", id.as_uuid(), self.host)))
            .header(AutoSubmitted))
    }

    /// Sends one message.
    async fn send(&self, id: MailId, recipient: &Email, draft: Draft, now: DateTime<Utc>) -> Result<(), NotSent> {
        let Draft { kind, subject, text, html, link } = draft;
        let headed = self.headed(id, recipient, subject, now)?;
        match &self.transport {
            // lettre limits only how long connecting takes. A connection of its own for each message is closed with it:
            // one that was left in the middle of a message must never carry another.
            Transport::Smtp(smtp) => {
                let message = headed.multipart(MultiPart::alternative_plain_html(text, html)).map_err(|error| NotSent::for_now(&error))?;
                match tokio::time::timeout(self.send_time(), smtp.send(message)).await {
                    Ok(sent) => Ok(sent.map(drop)?),
                    Err(_) => Err(NotSent::for_now(&"the mail server has stopped answering")),
                }
            }
            Transport::Files(folder) => {
                let message = headed.singlepart(as_it_is(&text)).map_err(|error| NotSent::for_now(&error))?;
                let name = file_name(now, &kind, recipient, id);
                folder.write(name, message.formatted(), link.as_ref()).await.map_err(|error| NotSent::for_now(&error))
            }
        }
    }

    /// Whether the mail server answers; files always do.
    pub async fn check(&self) -> Result<(), String> {
        match &self.transport {
            Transport::Smtp(smtp) => match smtp.test_connection().await {
                Ok(true) => Ok(()),
                Ok(false) => Err("the mail server does not answer".to_owned()),
                Err(error) => Err(error.to_string()),
            },
            Transport::Files(_) => Ok(()),
        }
    }
}

/// The text without a transfer encoding, which would break links over lines. Its lines are as short as they have to be:
/// `lines::folded` saw to it.
fn as_it_is(text: &str) -> SinglePart {
    let encoding = if text.is_ascii() { ContentTransferEncoding::SevenBit } else { ContentTransferEncoding::EightBit };
    let body = Body::dangerous_pre_encoded(text.replace('\n', "\r\n").into_bytes(), encoding);
    SinglePart::builder().header(ContentType::TEXT_PLAIN).body(body)
}
