//! What happened in an organization, for its Admins.

mod export;

pub use export::{Format, defused};

use std::sync::Arc;

use app::backend::Page;
use app::backend::audit::Audit as Port;
use app::domain::audit::{Action, AuditEvent, AuditFilter, ObjectKind};
use app::domain::ids::AuditEventId;
use app::domain::names::{Email, OrgSlug};
use app::domain::permission::Permission;
use app::domain::text::Sought;
use app::error::{AppError, Conflict};
use app::request::Caller;
use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use sea_orm::ConnectionTrait;

use crate::auth::access::{self, OrgScope};
use crate::error::{Result, answer};
use crate::state::State;
use crate::store::audit::{ActorIs, Search, actors_like, search};
use crate::store::users;

/// Rows on one page.
const PAGE: u64 = 100;
/// People whom a part of a name or address may mean.
const MOST_ACTORS: usize = 50;

/// What happened in an organization.
pub struct Audit(pub Arc<State>);

#[async_trait]
impl Port for Audit {
    async fn list(&self, caller: &Caller, slug: &OrgSlug, filter: &AuditFilter, after: Option<&str>) -> Result<Page<AuditEvent>, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::org(db, caller, slug, Permission::ViewAudit).await?;
            let after = after.map(|text| read_cursor(text).ok_or(AppError::NotFound)).transpose()?;
            let Some(wanted) = wanted(db, &scope, filter).await? else { return Ok(Page { rows: Vec::new(), next: None }) };
            let found = search(db, &scope, &Search { after, ..wanted }, PAGE + 1).await?;
            let more = found.len() as u64 > PAGE;
            let mut rows: Vec<_> = found.into_iter().map(|found| found.event).collect();
            if more {
                rows.pop();
            }
            let next = rows.last().filter(|_| more).map(write_cursor);
            Ok(Page { rows, next })
        })
        .await
    }
}

/// The filter as the store understands it; `None` when nothing can fit.
async fn wanted(db: &impl ConnectionTrait, scope: &OrgScope, filter: &AuditFilter) -> Result<Option<Search>> {
    let actors = match filter.actor.as_str() {
        "" => None,
        text => Some(actors(db, scope, text).await?),
    };
    if actors.as_ref().is_some_and(Vec::is_empty) {
        return Ok(None);
    }
    let midnight = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
    Ok(Some(Search {
        actors,
        kind: filter.kind.map(ObjectKind::as_str),
        action: filter.action.map(Action::as_str),
        object: (!filter.object.is_empty()).then(|| filter.object.clone()),
        from: filter.from.map(midnight),
        until: filter.to.and_then(|day| day.checked_add_days(Days::new(1))).map(midnight),
        after: None,
    }))
}

/// Whom these words mean: an id, a whole address, or a part of a name or address.
async fn actors(db: &impl ConnectionTrait, scope: &OrgScope, words: &str) -> Result<Vec<ActorIs>> {
    if let Ok(id) = words.parse() {
        return Ok(vec![ActorIs::Id(id)]);
    }
    if let Ok(email) = Email::parse(words)
        && let Some(user) = users::find_by_email(db, &email).await?
    {
        return Ok(vec![ActorIs::Id(user.id)]);
    }
    let found = actors_like(db, scope, &Sought::in_names(words), MOST_ACTORS + 1).await?;
    if found.len() > MOST_ACTORS {
        return Err(Conflict::TooManyPeople.into());
    }
    Ok(found.into_iter().collect())
}

fn write_cursor(event: &AuditEvent) -> String {
    format!("{}-{}", event.at.timestamp_micros(), event.id)
}

fn read_cursor(text: &str) -> Option<(DateTime<Utc>, AuditEventId)> {
    let (at, id) = text.split_once('-')?;
    Some((DateTime::from_timestamp_micros(at.parse().ok()?)?, id.parse().ok()?))
}
