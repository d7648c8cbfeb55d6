//! What a person did, and what was done to them, for themselves.

use app::domain::ids::{AuditEventId, UserId};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::events::StoredEvent;
use crate::auth::access::OrgScope;
use crate::error::Result;
use crate::store::entities::audit_events::{Column, Entity};

/// Whose doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// The person's own.
    Own,
    /// Of somebody else, to the person's account or membership.
    OfOthers,
}

/// Events of a person in one organization, or outside of all; so many at most, the oldest first.
pub async fn of_person(
    db: &impl ConnectionTrait,
    scope: Option<&OrgScope>,
    user: UserId,
    doing: Doing,
    after: Option<(DateTime<Utc>, AuditEventId)>,
    limit: u64,
) -> Result<Vec<StoredEvent>> {
    let id = user.to_string();
    let mut fits = Condition::all().add(scope.map_or_else(|| Column::OrgId.is_null(), |scope| Column::OrgId.eq(scope.id())));
    fits = match doing {
        Doing::Own => fits.add(Column::ActorId.eq(id)),
        Doing::OfOthers => {
            fits.add(Column::ObjectId.eq(&id)).add(Condition::any().add(Column::ActorId.is_null()).add(Column::ActorId.ne(id)))
        }
    };
    if let Some((at, id)) = after {
        let later = Condition::any().add(Column::At.gt(at)).add(Condition::all().add(Column::At.eq(at)).add(Column::Id.gt(id)));
        fits = fits.add(Column::At.gte(at)).add(later);
    }
    let query = Entity::find().filter(fits).order_by_asc(Column::At).order_by_asc(Column::Id).limit(limit);
    Ok(query.all(db).await?.into_iter().map(Into::into).collect())
}
