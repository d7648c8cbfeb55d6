//! The chain of an organization's events: each one carries its number and a hash over the one before and itself.
//!
//! The hash is plain SHA-256, without a key: whoever has a download of the log can check it alone, and compare its end
//! with what `buildkeep audit verify` says later. Against somebody who can write to the database and makes the whole
//! chain anew, only such a copy helps; a key on the same machine would not for long.
//!
//! Events that belong to no organization stand in no chain: no Admin reads them, and all sign-ins of the server would
//! have to wait for each other.

use app::domain::ids::{AuditEventId, OrgId};
use aws_lc_rs::digest::{Context, SHA256};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::json;

use crate::error::{Error, Result};
use crate::store::entities::{audit_events, audit_heads};

/// Before the first event.
const NOTHING: [u8; 32] = [0; 32];
/// Events read at once.
const BATCH: u64 = 1000;

/// The next place in a chain, held until the transaction ends.
pub(super) struct Place {
    org: OrgId,
    pub(super) seq: i64,
    before: Vec<u8>,
}

/// The hash of an event behind another one. What goes into it and how is a promise to those who keep downloads.
fn link(before: &[u8], seq: i64, event: &audit_events::Model) -> Vec<u8> {
    let content = json!([
        event.org_id,
        seq,
        event.id,
        event.at.timestamp_micros(),
        event.actor_kind,
        event.actor_id,
        event.actor_name,
        event.action,
        event.object_kind,
        event.object_id,
        event.object_name,
        event.details,
        event.address,
        event.incident,
    ]);
    let mut hash = Context::new(&SHA256);
    hash.update(before);
    hash.update(content.to_string().as_bytes());
    hash.finish().as_ref().to_vec()
}

/// Whether the event is what was written at this place.
pub(super) fn holds(before: &[u8], here: i64, event: &audit_events::Model) -> bool {
    event.seq == Some(here) && event.hash.as_ref() == Some(&link(before, here, event))
}

/// Takes the next place. The row of the head stays locked until the transaction ends.
pub(super) async fn take_place(tx: &DatabaseTransaction, org: OrgId, now: DateTime<Utc>) -> Result<Place> {
    let first = audit_heads::ActiveModel {
        org_id: Set(org),
        seq: Set(1),
        hash: Set(NOTHING.to_vec()),
        anchor_seq: Set(0),
        anchor_hash: Set(NOTHING.to_vec()),
        started_at: Set(now),
    };
    let next = Expr::col((audit_heads::Entity, audit_heads::Column::Seq)).add(1);
    audit_heads::Entity::insert(first)
        .on_conflict(OnConflict::column(audit_heads::Column::OrgId).value(audit_heads::Column::Seq, next).to_owned())
        .exec_without_returning(tx)
        .await?;
    let head = head(tx, org).await?.ok_or(Error::Stored("end of the audit log"))?;
    Ok(Place { org, seq: head.seq, before: head.hash })
}

/// Makes the event the end of the chain; its hash.
pub(super) async fn close(tx: &DatabaseTransaction, place: Place, event: &audit_events::Model) -> Result<Vec<u8>> {
    let hash = link(&place.before, place.seq, event);
    audit_heads::Entity::update_many()
        .col_expr(audit_heads::Column::Hash, Expr::value(hash.clone()))
        .filter(audit_heads::Column::OrgId.eq(place.org))
        .exec(tx)
        .await?;
    Ok(hash)
}

pub(super) async fn head(db: &impl ConnectionTrait, org: OrgId) -> Result<Option<audit_heads::Model>> {
    Ok(audit_heads::Entity::find_by_id(org).one(db).await?)
}

/// Events of the chain behind a place, in order.
pub(super) async fn after(db: &impl ConnectionTrait, org: OrgId, seq: i64, limit: u64) -> Result<Vec<audit_events::Model>> {
    let events = audit_events::Entity::find()
        .filter(audit_events::Column::OrgId.eq(org))
        .filter(audit_events::Column::Seq.gt(seq))
        .order_by_asc(audit_events::Column::Seq)
        .limit(limit);
    Ok(events.all(db).await?)
}

/// The organizations that have a chain, gone ones too.
pub async fn chains(db: &impl ConnectionTrait) -> Result<Vec<OrgId>> {
    Ok(audit_heads::Entity::find().select_only().column(audit_heads::Column::OrgId).into_tuple().all(db).await?)
}

/// The same with those whose chain has lost its head, the oldest first. It reads all events.
pub async fn chains_and_parts(db: &impl ConnectionTrait) -> Result<Vec<OrgId>> {
    let heads = chains(db).await?;
    let headless = audit_events::Entity::find()
        .select_only()
        .column(audit_events::Column::OrgId)
        .distinct()
        .filter(audit_events::Column::Seq.is_not_null())
        .into_tuple::<Option<OrgId>>()
        .all(db)
        .await?;
    let mut chains: Vec<_> = heads.into_iter().chain(headless.into_iter().flatten()).collect();
    chains.sort_unstable();
    chains.dedup();
    Ok(chains)
}

/// A chain that was examined.
#[derive(Debug)]
pub struct Chain {
    /// Number of the first event that is kept; earlier ones were deleted by retention.
    pub first: i64,
    /// Number of the last event, as the head says.
    pub last: i64,
    /// Hash of the last event, as the head says.
    pub hash: Vec<u8>,
    /// The first link that does not hold.
    pub broken: Option<Broken>,
}

/// A link that does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// The place in the chain; `None` for an event that stands in no place.
    pub seq: Option<i64>,
    /// The event that stands there, or the next one.
    pub event: Option<(AuditEventId, DateTime<Utc>)>,
    /// What is wrong.
    pub fault: Fault,
}

/// What is wrong with a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The event is not what was written, or another one stands in its place.
    Changed,
    /// No event has this number.
    Missing,
    /// The event belongs to this place but stands at this other one.
    Reordered(i64),
    /// The row that says where the chain ends is gone or does not fit the events.
    Head,
    /// The event was written into the table after the chain began, but not into the chain.
    Outside,
}

/// Follows a chain to its first broken link. `tx` is to see one moment only.
pub async fn verify(tx: &DatabaseTransaction, org: OrgId) -> Result<Chain> {
    let Some(head) = head(tx, org).await? else {
        let broken = Some(Broken { seq: None, event: None, fault: Fault::Head });
        return Ok(Chain { first: 0, last: 0, hash: Vec::new(), broken });
    };
    let broken = match follow(tx, &head).await? {
        None => outside(tx, &head).await?,
        broken => broken,
    };
    Ok(Chain { first: head.anchor_seq + 1, last: head.seq, hash: head.hash, broken })
}

async fn follow(tx: &DatabaseTransaction, head: &audit_heads::Model) -> Result<Option<Broken>> {
    let (mut seq, mut hash) = (head.anchor_seq, head.anchor_hash.clone());
    loop {
        let events = after(tx, head.org_id, seq, BATCH).await?;
        let whole = events.len() as u64 == BATCH;
        for event in events {
            let here = seq + 1;
            let found = Some((event.id, event.at));
            if holds(&hash, here, &event) {
                (seq, hash) = (here, event.hash.unwrap_or_default());
                continue;
            }
            let fault = match belongs(tx, head.org_id, here, &hash).await? {
                Some((event, elsewhere)) => {
                    return Ok(Some(Broken { seq: Some(here), event: Some(event), fault: Fault::Reordered(elsewhere) }));
                }
                None if event.seq == Some(here) => Fault::Changed,
                None => Fault::Missing,
            };
            return Ok(Some(Broken { seq: Some(here), event: found, fault }));
        }
        if !whole {
            break;
        }
    }
    Ok(if seq < head.seq {
        Some(Broken { seq: Some(seq + 1), event: None, fault: Fault::Missing })
    } else if seq > head.seq || hash != head.hash {
        Some(Broken { seq: Some(head.seq), event: None, fault: Fault::Head })
    } else {
        None
    })
}

/// The event that was written at this place, with the place at which it stands now.
async fn belongs(tx: &DatabaseTransaction, org: OrgId, here: i64, before: &[u8]) -> Result<Option<((AuditEventId, DateTime<Utc>), i64)>> {
    let mut from = 0;
    loop {
        let events = after(tx, org, from, BATCH).await?;
        let Some(last) = events.last().and_then(|event| event.seq) else { return Ok(None) };
        let written_here =
            |event: &&audit_events::Model| event.seq != Some(here) && event.hash.as_ref() == Some(&link(before, here, event));
        if let Some(event) = events.iter().find(written_here) {
            return Ok(Some(((event.id, event.at), event.seq.unwrap_or_default())));
        }
        from = last;
    }
}

async fn outside(tx: &DatabaseTransaction, head: &audit_heads::Model) -> Result<Option<Broken>> {
    let event = audit_events::Entity::find()
        .filter(audit_events::Column::OrgId.eq(head.org_id))
        .filter(audit_events::Column::Seq.is_null())
        .filter(audit_events::Column::At.gte(head.started_at))
        .order_by_asc(audit_events::Column::At)
        .limit(1)
        .one(tx)
        .await?;
    Ok(event.map(|event| Broken { seq: None, event: Some((event.id, event.at)), fault: Fault::Outside }))
}
