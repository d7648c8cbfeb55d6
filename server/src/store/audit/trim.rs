//! What retention deletes of the audit log. A chain loses its beginning only, and keeps the hash of the last event that
//! went, so that the rest can still be verified. What does not hold is not deleted: nobody gets rid of traces by waiting.

use app::domain::ids::OrgId;
use chrono::{DateTime, Utc};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::chain;
use crate::error::Result;
use crate::store::entities::{audit_events, audit_heads};

/// Deletes the oldest events of a chain, so many at most, as far as they are older than this; how many went.
pub async fn trim_chain(tx: &DatabaseTransaction, org: OrgId, before: DateTime<Utc>, most: u64) -> Result<u64> {
    let Some(head) = chain::head(tx, org).await? else { return Ok(0) };
    let (mut seq, mut hash) = (head.anchor_seq, head.anchor_hash);
    for event in chain::after(tx, org, seq, most).await?.into_iter().take_while(|event| event.at < before) {
        if !chain::holds(&hash, seq + 1, &event) {
            tracing::error!(%org, sequence = seq + 1, "the audit log is broken here and is kept; run `buildkeep audit verify`");
            break;
        }
        (seq, hash) = (seq + 1, event.hash.unwrap_or_default());
    }
    if seq == head.anchor_seq {
        return Ok(0);
    }
    let moved = audit_heads::Entity::update_many()
        .col_expr(audit_heads::Column::AnchorSeq, Expr::value(seq))
        .col_expr(audit_heads::Column::AnchorHash, Expr::value(hash))
        .filter(audit_heads::Column::OrgId.eq(org))
        .filter(audit_heads::Column::AnchorSeq.eq(head.anchor_seq))
        .exec(tx)
        .await?;
    if moved.rows_affected == 0 {
        // Another server did it meanwhile.
        return Ok(0);
    }
    let deleted = audit_events::Entity::delete_many()
        .filter(audit_events::Column::OrgId.eq(org))
        .filter(audit_events::Column::Seq.lte(seq))
        .exec(tx)
        .await?;
    Ok(deleted.rows_affected)
}

/// Deletes events that stand in no chain, so many at most, as far as they are older than this; how many went.
pub async fn trim_unchained(db: &impl ConnectionTrait, before: DateTime<Utc>, most: u64) -> Result<u64> {
    let ids = audit_events::Entity::find()
        .select_only()
        .column(audit_events::Column::Id)
        .filter(audit_events::Column::Seq.is_null())
        .filter(audit_events::Column::At.lt(before))
        .order_by_asc(audit_events::Column::At)
        .limit(most)
        .into_tuple::<app::domain::ids::AuditEventId>()
        .all(db)
        .await?;
    let deleted = audit_events::Entity::delete_many().filter(audit_events::Column::Id.is_in(ids)).exec(db).await?;
    Ok(deleted.rows_affected)
}
