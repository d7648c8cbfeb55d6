//! Everything that the server keeps about a person, as one JSON file for themselves. It is read and sent batch by batch.
//!
//! Of what others did to them it holds what and when, but neither who nor from where: that is theirs.

use std::collections::VecDeque;
use std::sync::Arc;

use app::domain::ids::{AuditEventId, InviteId, UserId};
use app::error::AppError;
use app::request::Caller;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{Stream, TryStreamExt as _, stream};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};

use crate::auth::access::{self, OrgScope};
use crate::auth::change;
use crate::auth::invited;
use crate::error::{Error, Result, answer};
use crate::services::accounts::account;
use crate::state::State;
use crate::store::audit::{Action, Doing, StoredEvent, of_person, record};
use crate::store::quotas::Quota;
use crate::store::{addresses, identities, members, personal_tokens, quotas, sessions, unscoped, users};

/// Rows read at once.
const BATCH: u64 = 1000;
/// Downloads of one person within an hour.
const MOST: i32 = 5;

/// Everything about a person.
pub struct AccountExport(pub Arc<State>);

/// The events of one organization, or of none, by whom.
type Source = (Option<OrgScope>, Doing);

/// What is still to be written.
enum Rest {
    All,
    Invites { after: Option<InviteId> },
    Events { sources: VecDeque<Source>, after: Option<(DateTime<Utc>, AuditEventId)>, first: bool },
    Nothing,
}

impl AccountExport {
    /// The bytes of the file. That somebody takes it is an event itself.
    pub async fn export(&self, caller: &Caller) -> Result<impl Stream<Item = Result<Bytes, AppError>> + use<>, AppError> {
        let user = caller.user()?.id;
        answer(caller, self.begin(caller, user)).await?;
        let (state, of, caller) = (self.0.clone(), caller.clone(), caller.clone());
        let parts = stream::try_unfold(Rest::All, move |rest| {
            let (state, of) = (state.clone(), of.clone());
            // A reader may take long: for each part it is asked again whether they are still signed in.
            async move { part(&state, &change::still(&state, &of).await?, user, rest).await }
        });
        Ok(parts.map_err(move |error: Error| error.shown_to(&caller)))
    }

    async fn begin(&self, caller: &Caller, id: UserId) -> Result<()> {
        let now = self.0.clock.now();
        let tx = change::begin(&self.0, caller).await?;
        let quota = Quota { most: MOST, within: TimeDelta::hours(1) };
        if let Some(wait) = quotas::take(&tx, &format!("export by {id}"), quota, now).await? {
            return Err(AppError::RateLimited(u32::try_from(wait.num_seconds()).unwrap_or(u32::MAX)).into());
        }
        let user = users::find(&tx, id).await?.ok_or(AppError::Unauthenticated)?;
        record(&tx, &self.0.clock, caller, None, Action::Exported, account(&user), None).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The next part of the file, and what is left behind it.
async fn part(state: &State, caller: &Caller, user: UserId, rest: Rest) -> Result<Option<(Bytes, Rest)>> {
    let db = state.db.read();
    Ok(match rest {
        Rest::All => {
            let head = head(state, caller, user).await?.to_string();
            // The lists follow in the same object.
            let open = format!("{},\"invites_sent\":[", head.strip_suffix('}').unwrap_or(&head));
            Some((open.into(), Rest::Invites { after: None }))
        }
        Rest::Invites { after } => {
            let sent = unscoped::invites_by(db, user, after, BATCH).await?;
            let mut text = list(after.is_none(), sent.iter().map(|invite| invite.value.clone()));
            if let Some(last) = sent.last().filter(|_| sent.len() as u64 == BATCH) {
                return Ok(Some((text.into(), Rest::Invites { after: Some(last.id) })));
            }
            text.push_str("],\"events\":[");
            // What their sign-in does not open, it does not open here either.
            let orgs = access::own_orgs(db, caller).await?.into_iter().filter(|org| !org.is_shut()).map(Some);
            let sources = [None].into_iter().chain(orgs).flat_map(|org| [(org.clone(), Doing::Own), (org, Doing::OfOthers)]);
            Some((text.into(), Rest::Events { sources: sources.collect(), after: None, first: true }))
        }
        Rest::Events { mut sources, after, first } => {
            let Some((org, doing)) = sources.front() else { return Ok(Some(("]}\n".into(), Rest::Nothing))) };
            let events = of_person(db, org.as_ref(), user, *doing, after, BATCH).await?;
            let text = list(first, events.iter().map(|stored| event(org.as_ref(), *doing, stored)));
            let after = events.last().filter(|_| events.len() as u64 == BATCH).map(|last| (last.event.at, last.event.id));
            if after.is_none() {
                sources.pop_front();
            }
            Some((text.into(), Rest::Events { sources, after, first: first && events.is_empty() }))
        }
        Rest::Nothing => None,
    })
}

/// Values of a list, with the comma that parts them from those before.
fn list(first: bool, values: impl Iterator<Item = Value>) -> String {
    let mut first = first;
    values.fold(String::new(), |mut text, value| {
        text.push_str(if std::mem::take(&mut first) { "\n" } else { ",\n" });
        text.push_str(&value.to_string());
        text
    })
}

fn org(scope: &OrgScope) -> Value {
    json!({ "id": scope.id(), "name": scope.name(), "address": scope.slug() })
}

async fn head(state: &State, caller: &Caller, id: UserId) -> Result<Value> {
    let (db, now) = (state.db.read(), state.clock.now());
    let user = users::find(db, id).await?.ok_or(AppError::Unauthenticated)?;
    let addresses = addresses::of_user(db, id).await?.into_iter().map(
        |row| json!({ "address": row.email, "is_primary": row.is_primary, "added_at": row.added_at, "confirmed_at": row.confirmed_at }),
    );
    let sessions = sessions::of_user(db, id, now).await?.into_iter().map(|row| {
        json!({
            "id": row.id,
            "browser": row.device,
            "address": row.address,
            "began_at": row.created_at,
            "last_used_at": row.last_seen_at,
            "expires_at": row.expires_at,
        })
    });
    let tokens = personal_tokens::of_user(db, id, now).await?.into_iter().map(|row| {
        let (used_at, used_from) = row.last_used.unzip();
        json!({
            "id": row.id,
            "name": row.name,
            "last_four": row.last_four,
            "created_at": row.created_at,
            "expires_at": row.expires_at,
            "state": row.state,
            "last_used_at": used_at,
            "last_used_from": used_from,
        })
    });
    let linked = identities::all_of_user(db, id).await?.into_iter().map(|(issuer, row)| {
        json!({
            "provider": issuer,
            "subject": row.subject,
            "address": row.email,
            "hosted_domain": row.hosted_domain,
            "linked_at": row.linked_at,
            "confirmed_at": row.confirmed_at,
            "ended_at": row.ended_at,
        })
    });
    let waiting = invited::waiting_for(db, caller.user()?, now).await?.into_iter().map(|invited| {
        let invite = invited.view(true, true);
        json!({
            "id": invite.id,
            "organization": invite.org,
            "address": invite.email,
            "role": invite.role,
            "invited_by": invite.invited_by,
            "expires_at": invite.expires_at,
        })
    });
    Ok(json!({
        "exported_at": now,
        "server": state.site.public_url,
        "profile": {
            "id": id,
            "name": user.name,
            "primary_address": user.email,
            "has_password": user.password_hash.is_some(),
            "created_at": users::created_at(db, id).await?,
        },
        "identities": linked.collect::<Vec<_>>(),
        "addresses": addresses.collect::<Vec<_>>(),
        "sessions": sessions.collect::<Vec<_>>(),
        "personal_access_tokens": tokens.collect::<Vec<_>>(),
        "memberships": memberships(db, caller, id).await?,
        "invites_waiting": waiting.collect::<Vec<_>>(),
    }))
}

async fn memberships(db: &impl ConnectionTrait, caller: &Caller, id: UserId) -> Result<Vec<Value>> {
    let mut rows = Vec::new();
    for scope in access::own_orgs(db, caller).await? {
        if let Some(member) = members::find(db, &scope, id).await? {
            let how = member.joined_by.as_str();
            rows.push(json!({ "organization": org(&scope), "role": member.role, "joined_at": member.joined_at, "joined_by": how }));
        }
    }
    Ok(rows)
}

fn event(scope: Option<&OrgScope>, doing: Doing, stored: &StoredEvent) -> Value {
    let event = &stored.event;
    let details: Option<Value> = stored.details.as_deref().and_then(|text| serde_json::from_str(text).ok());
    let mut value = json!({
        "id": event.id,
        "time": event.at,
        "organization": scope.map(org),
        "action": event.action,
        "object": { "kind": event.object.kind, "id": event.object.id, "name": event.object.name },
        "details": details,
        "by_you": doing == Doing::Own,
    });
    // What somebody tried with the account itself, its owner may follow up.
    if doing == Doing::Own || scope.is_none() {
        value["address"] = json!(event.address);
        value["request"] = json!(event.request);
    }
    value
}
