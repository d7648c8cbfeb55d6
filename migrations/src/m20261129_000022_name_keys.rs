//! Names of people and workspaces get a key beside them, by which they are looked for and kept apart.
//!
//! Where an organization has several workspaces whose names differ in case or form alone, all stay; the oldest has the key,
//! and no new one can be added beside them.

use std::collections::HashSet;

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;
use sea_orm_migration::sea_orm::ConnectionTrait;
use sea_orm_migration::sea_orm::prelude::Uuid;

use crate::name_key::name_key;
use crate::table::index;

/// Rows read at once.
const BATCH: u64 = 1000;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["users", "workspaces"] {
            manager.alter_table(Table::alter().table(table).add_column(text_null("name_key")).to_owned()).await?;
        }
        fill(manager, "users", None).await?;
        fill(manager, "workspaces", Some("org_id")).await?;
        index(manager, "workspaces", &["org_id", "name_key"], true).await
    }
}

/// Gives the rows their keys, the oldest first: ids grow with time. Within one of `unique` a key is given once.
async fn fill(manager: &SchemaManager<'_>, table: &'static str, unique: Option<&'static str>) -> Result<(), DbErr> {
    let db = manager.get_connection();
    let mut given = HashSet::new();
    let mut last = Uuid::nil();
    loop {
        let mut next = Query::select();
        next.columns(["id", "name"]).from(table).and_where(Expr::col("id").gt(last)).order_by("id", Order::Asc).limit(BATCH);
        if let Some(column) = unique {
            next.column(column);
        }
        let rows = db.query_all(&next).await?;
        for row in &rows {
            last = row.try_get("", "id")?;
            let key = name_key(&row.try_get::<String>("", "name")?);
            if let Some(column) = unique
                && !given.insert((row.try_get::<Uuid>("", column)?, key.clone()))
            {
                continue;
            }
            let update = Query::update().table(table).value("name_key", key).and_where(Expr::col("id").eq(last)).to_owned();
            db.execute(&update).await?;
        }
        if (rows.len() as u64) < BATCH {
            return Ok(());
        }
    }
}
