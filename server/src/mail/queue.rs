//! The mail queue: filled in the transaction of the change that causes a message, emptied by a worker.
//!
//! A message is claimed by putting its next attempt off, before it is sent. A server that dies in between leaves it
//! to be sent again later: it may then arrive twice, it is never lost.

use app::domain::ids::MailId;
use app::domain::names::Email;
use chrono::TimeDelta;
use futures_util::future::join_all;
use sea_orm::ConnectionTrait;

use super::NotSent;
use super::messages::{Mail, render};
use crate::error::Result;
use crate::state::State;
use crate::store::mails;

/// Waits between attempts, in minutes; after the last one the message is given up. One that the mail server will never
/// take is given up at once.
const WAITS: [i64; 8] = [1, 2, 5, 15, 60, 180, 360, 720];

/// Queues a mail in the caller's transaction. Wake the worker after the commit with `state.mail_waiting.notify_one()`.
pub async fn push(db: &impl ConnectionTrait, state: &State, to: &Email, mail: &Mail<'_>) -> Result<MailId> {
    let sealed = state.mailer.seal(to, &render(mail, &state.site.public_url)?)?;
    let id = MailId::from_uuid(state.clock.new_id());
    mails::insert(db, id, to, sealed, state.clock.now()).await?;
    Ok(id)
}

/// Messages that are sent at the same time: two hundred invites are not to hold up a link for a new password.
const LANES: usize = 4;

/// Sends what is due. Returns how many messages were handled.
pub async fn send_due(state: &State) -> Result<usize> {
    // Each of them to its end, also when another one fails: a message that was sent has to be noted as sent.
    let handled = join_all((0..LANES).map(|_| send_one_by_one(state))).await;
    handled.into_iter().sum()
}

async fn send_one_by_one(state: &State) -> Result<usize> {
    let mut handled = 0;
    loop {
        // What is begun is finished; what is not waits for the next start, or for another server.
        if state.is_stopping() {
            return Ok(handled);
        }
        let now = state.clock.now();
        // Long enough for one slow mail server, so that a second worker does not send it as well.
        let Some(mail) = mails::claim(state.db.write(), now, now + TimeDelta::minutes(2)).await? else { return Ok(handled) };
        handled += 1;
        let draft = match state.mailer.unseal(&mail.recipient, mail.sealed_message) {
            Ok(draft) => draft,
            Err(error) => {
                tracing::error!(mail = %mail.id, %error, "a queued message cannot be opened and is given up");
                mails::put_off(state.db.write(), mail.id, "cannot be opened", None, now).await?;
                continue;
            }
        };
        match state.mailer.send(mail.id, &mail.recipient, draft, state.clock.now()).await {
            Ok(()) => {
                mails::delete(state.db.write(), mail.id).await?;
                metrics::counter!("buildkeep_mails_sent_total").increment(1);
            }
            Err(NotSent { why, for_good }) => {
                let attempt = usize::try_from(mail.attempts).unwrap_or(1).saturating_sub(1);
                let retry_at = WAITS.get(attempt).filter(|_| !for_good).map(|minutes| state.clock.now() + TimeDelta::minutes(*minutes));
                tracing::warn!(mail = %mail.id, attempt = mail.attempts, error = why, given_up = retry_at.is_none(), "a message could not be sent");
                metrics::counter!("buildkeep_mail_failures_total").increment(1);
                mails::put_off(state.db.write(), mail.id, &why, retry_at, state.clock.now()).await?;
            }
        }
    }
}
