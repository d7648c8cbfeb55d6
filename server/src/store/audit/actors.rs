//! Who there is in the log of an organization, by a part of their name or address.
//!
//! Names at the time of an event are found by jumping through the index from one to the next, so that it takes as long as
//! there are people, however many events there are. From there on a person is their id.

use std::collections::BTreeSet;

use app::domain::ids::OrgId;
use app::domain::text::Sought;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Statement};

use super::ActorIs;
use crate::auth::access::OrgScope;
use crate::error::Result;
use crate::store::entities::audit_events;
use crate::store::members;

/// More names are not looked through.
const MOST_NAMES: u32 = 20_000;

/// Those whose name, then or now, or address holds these words; so many at most.
pub async fn actors_like(db: &impl ConnectionTrait, scope: &OrgScope, words: &Sought, most: usize) -> Result<BTreeSet<ActorIs>> {
    let mut found: BTreeSet<_> = members::like(db, scope, words, most as u64).await?.into_iter().map(ActorIs::Id).collect();
    for name in names(db, scope.id()).await?.into_iter().filter(|name| words.is_in(name)) {
        if found.len() >= most {
            break;
        }
        let of_name = audit_events::Entity::find()
            .filter(audit_events::Column::OrgId.eq(scope.id()))
            .filter(audit_events::Column::ActorName.eq(&name));
        if of_name.filter(audit_events::Column::ActorId.is_null()).limit(1).one(db).await?.is_some() {
            found.insert(ActorIs::Named(name.clone()));
        }
        found.extend(ids(db, scope.id(), &name).await?.into_iter().filter_map(|id| id.parse().ok()).map(ActorIs::Id));
    }
    Ok(found.into_iter().take(most).collect())
}

/// Every name that did something, once. The log is never written again, so no keys stand beside them.
async fn names(db: &impl ConnectionTrait, org: OrgId) -> Result<Vec<String>> {
    let sql = format!(
        "WITH RECURSIVE found(it) AS ( \
           SELECT min(actor_name) FROM audit_events WHERE org_id = $1 \
           UNION ALL \
           SELECT (SELECT min(actor_name) FROM audit_events WHERE org_id = $1 AND actor_name > it) FROM found WHERE it IS NOT NULL \
         ) SELECT it FROM found WHERE it IS NOT NULL LIMIT {MOST_NAMES}"
    );
    texts(db, &sql, [org.into()]).await
}

/// The ids of those who had this name.
async fn ids(db: &impl ConnectionTrait, org: OrgId, name: &str) -> Result<Vec<String>> {
    let sql = "WITH RECURSIVE found(it) AS ( \
           SELECT min(actor_id) FROM audit_events WHERE org_id = $1 AND actor_name = $2 \
           UNION ALL \
           SELECT (SELECT min(actor_id) FROM audit_events WHERE org_id = $1 AND actor_name = $2 AND actor_id > it) FROM found WHERE it IS NOT NULL \
         ) SELECT it FROM found WHERE it IS NOT NULL";
    texts(db, sql, [org.into(), name.into()]).await
}

async fn texts<const VALUES: usize>(db: &impl ConnectionTrait, sql: &str, values: [sea_orm::Value; VALUES]) -> Result<Vec<String>> {
    let rows = db.query_all_raw(Statement::from_sql_and_values(db.get_database_backend(), sql, values)).await?;
    Ok(rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?)
}
