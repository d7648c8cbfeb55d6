//! Whom an Admin removed. Known by person and by mailbox, so that neither a new account nor a new address leads back in.

use std::collections::HashMap;

use app::domain::ids::{OrgId, UserId};
use app::domain::names::Email;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{ExprTrait as _, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use crate::auth::access::OrgScope;
use crate::error::Result;
use crate::store::entities::removed_members;
use crate::store::users;

/// Remembers that an Admin removed this person.
pub async fn remember(db: &impl ConnectionTrait, scope: &OrgScope, user: UserId, now: DateTime<Utc>) -> Result<()> {
    let mut addresses: Vec<String> = users::confirmed_addresses(db, user).await?.iter().map(Email::mailbox).collect();
    addresses.sort_unstable();
    addresses.dedup();
    if addresses.is_empty() {
        // Nobody's address: the person alone counts.
        addresses.push(String::new());
    }
    let row = |email| removed_members::ActiveModel { org_id: Set(scope.id()), user_id: Set(user), email: Set(email), removed_at: Set(now) };
    let known = [removed_members::Column::OrgId, removed_members::Column::UserId, removed_members::Column::Email];
    let again = OnConflict::columns(known).do_nothing().to_owned();
    removed_members::Entity::insert_many(addresses.into_iter().map(row)).on_conflict(again).exec_without_returning(db).await?;
    Ok(())
}

fn about(orgs: &[OrgId], user: UserId, addresses: &[Email]) -> sea_orm::Condition {
    let same = removed_members::Column::UserId.eq(user).or(removed_members::Column::Email.is_in(addresses.iter().map(Email::mailbox)));
    sea_orm::Condition::all().add(removed_members::Column::OrgId.is_in(orgs.iter().copied())).add(same)
}

/// From which of these organizations an Admin removed this person, who has these addresses, and when last; those are left
/// out that have let them in since.
pub async fn removals(
    db: &impl ConnectionTrait,
    orgs: &[OrgId],
    user: UserId,
    addresses: &[Email],
) -> Result<HashMap<OrgId, DateTime<Utc>>> {
    let rows = removed_members::Entity::find().filter(about(orgs, user, addresses)).order_by_asc(removed_members::Column::RemovedAt);
    Ok(rows.all(db).await?.into_iter().map(|row| (row.org_id, row.removed_at)).collect())
}

/// Forgets it: somebody has let them in again.
pub(super) async fn forget(db: &impl ConnectionTrait, org: OrgId, user: UserId) -> Result<()> {
    let addresses = users::confirmed_addresses(db, user).await?;
    removed_members::Entity::delete_many().filter(about(&[org], user, &addresses)).exec(db).await?;
    Ok(())
}
