//! Events as they are searched for: by page for people, by batch for downloads.

use std::collections::BTreeMap;

use app::domain::audit::{AuditActor, AuditEvent, AuditObject, Details};
use app::domain::ids::{AuditEventId, UserId};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::{Expr, ExprTrait as _, Func};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use crate::auth::access::OrgScope;
use crate::error::Result;
use crate::store::entities::audit_events;

/// Which events are wanted.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// By one of these; `None` for anybody.
    pub actors: Option<Vec<ActorIs>>,
    /// Kind of object.
    pub kind: Option<&'static str>,
    /// Action.
    pub action: Option<&'static str>,
    /// Id of the object.
    pub object: Option<String>,
    /// Not before.
    pub from: Option<DateTime<Utc>>,
    /// Before.
    pub until: Option<DateTime<Utc>>,
    /// Older than this event.
    pub after: Option<(DateTime<Utc>, AuditEventId)>,
}

/// By what an actor is known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActorIs {
    /// The person's id.
    Id(UserId),
    /// The name of one who has no id: the operator.
    Named(String),
}

/// So many events at most are read for each of several actors, to be merged: few enough for a page.
const MERGED: u64 = 200;

/// An event with its place in the chain.
#[derive(Debug, Clone)]
pub struct StoredEvent {
    /// What it tells.
    pub event: AuditEvent,
    /// The details as they were written: JSON.
    pub details: Option<String>,
    /// The place in the chain; `None` for an event from before the chain.
    pub seq: Option<i64>,
    /// The hash over the event before and this one.
    pub hash: Option<Vec<u8>>,
}

impl From<audit_events::Model> for StoredEvent {
    fn from(row: audit_events::Model) -> Self {
        let mut details = BTreeMap::new();
        if let Some(Ok(value)) = row.details.as_deref().map(serde_json::from_str::<Value>) {
            flatten("", value, &mut details);
        }
        let event = AuditEvent {
            id: row.id,
            at: row.at,
            actor: AuditActor { kind: row.actor_kind, id: row.actor_id, name: row.actor_name },
            action: row.action,
            object: AuditObject { kind: row.object_kind, id: row.object_id, name: row.object_name },
            details: Details::new(details),
            address: row.address,
            request: row.incident,
        };
        Self { event, details: row.details, seq: row.seq, hash: row.hash }
    }
}

fn flatten(name: &str, value: Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(inner) => {
            for (key, value) in inner {
                flatten(&if name.is_empty() { key } else { format!("{name}.{key}") }, value, into);
            }
        }
        Value::String(text) => {
            into.insert(name.to_owned(), text);
        }
        value @ (Value::Bool(_) | Value::Number(_) | Value::Array(_)) => {
            into.insert(name.to_owned(), value.to_string());
        }
    }
}

/// So many events at most, the newest first.
///
/// Of several actors, a page takes the newest of each, which stand side by side in the index, and merges them: neither one
/// who did almost nothing nor one who did almost everything makes it slow. A download reads the whole log anyway.
pub async fn search(db: &impl ConnectionTrait, scope: &OrgScope, search: &Search, limit: u64) -> Result<Vec<StoredEvent>> {
    let fits = matching(scope, search);
    let Some(actors) = &search.actors else { return newest(db, fits, limit).await };
    if actors.len() > 1 && limit > MERGED {
        let names = actors.iter().map(|actor| match actor {
            ActorIs::Id(id) => id.to_string(),
            ActorIs::Named(name) => name.clone(),
        });
        // Not a plain column: the database is to follow the index by time.
        let who = Func::coalesce([Expr::col(audit_events::Column::ActorId), Expr::col(audit_events::Column::ActorName)]);
        return newest(db, fits.add(Expr::expr(who).is_in(names)), limit).await;
    }
    let mut merged = Vec::new();
    for actor in actors {
        let by = match actor {
            ActorIs::Id(id) => Condition::all().add(audit_events::Column::ActorId.eq(id.to_string())),
            ActorIs::Named(name) => {
                Condition::all().add(audit_events::Column::ActorId.is_null()).add(audit_events::Column::ActorName.eq(name))
            }
        };
        merged.extend(newest(db, fits.clone().add(by), limit).await?);
    }
    merged.sort_by_key(|stored| std::cmp::Reverse((stored.event.at, stored.event.id)));
    merged.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(merged)
}

async fn newest(db: &impl ConnectionTrait, fits: Condition, limit: u64) -> Result<Vec<StoredEvent>> {
    let query = audit_events::Entity::find()
        .filter(fits)
        .order_by_desc(audit_events::Column::At)
        .order_by_desc(audit_events::Column::Id)
        .limit(limit);
    Ok(query.all(db).await?.into_iter().map(Into::into).collect())
}

/// What is wanted, whoever did it.
fn matching(scope: &OrgScope, search: &Search) -> Condition {
    use audit_events::Column;
    let mut fits = Condition::all()
        .add(Column::OrgId.eq(scope.id()))
        .add_option(search.kind.map(|kind| Column::ObjectKind.eq(kind)))
        .add_option(search.action.map(|action| Column::Action.eq(action)))
        .add_option(search.object.as_ref().map(|object| Column::ObjectId.eq(object)))
        .add_option(search.from.map(|from| Column::At.gte(from)))
        .add_option(search.until.map(|until| Column::At.lt(until)));
    if let Some((at, id)) = search.after {
        let older = Condition::any().add(Column::At.lt(at)).add(Condition::all().add(Column::At.eq(at)).add(Column::Id.lt(id)));
        // Said again as one bound on the index, which neither database derives from the alternative.
        fits = fits.add(Column::At.lte(at)).add(older);
    }
    fits
}
