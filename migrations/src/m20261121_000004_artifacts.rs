//! Artifacts of the remote cache, and purges of them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, pk_uuid, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid};

use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

use crate::table::{belongs_to, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("artifacts")
                    .col(pk_uuid("id"))
                    .col(uuid("workspace_id"))
                    .col(text("scope"))
                    .col(text("hash"))
                    // Where the sealed bytes lie.
                    .col(text("blob"))
                    .col(big_integer("bytes"))
                    .col(text("created_by"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("last_read_at"))
                    // `last_read_at`, or `created_at` before the first read: what retention goes by.
                    .col(timestamp_with_time_zone("last_used_at"))
                    .col(big_integer("hits").default(0))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    .to_owned(),
            )
            .await?;
        if manager.get_database_backend() == DbBackend::Postgres {
            // Hashes are searched by prefix: byte order, whatever the locale of the cluster.
            manager.get_connection().execute_unprepared(r#"ALTER TABLE "artifacts" ALTER COLUMN "hash" TYPE text COLLATE "C""#).await?;
        }
        index(manager, "artifacts", &["workspace_id", "scope", "hash"], true).await?;
        index(manager, "artifacts", &["workspace_id", "id"], false).await?;
        index(manager, "artifacts", &["workspace_id", "last_used_at"], false).await?;
        index(manager, "artifacts", &["blob"], true).await?;
        manager
            .create_table(
                Table::create()
                    .table("purges")
                    .col(pk_uuid("id"))
                    .col(uuid("workspace_id"))
                    // Artifacts last used before this moment go.
                    .col(timestamp_with_time_zone("used_before"))
                    .col(big_integer("total"))
                    .col(big_integer("done").default(0))
                    .col(timestamp_with_time_zone("started_at"))
                    .col(timestamp_with_time_zone_null("finished_at"))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    .to_owned(),
            )
            .await?;
        index(manager, "purges", &["workspace_id", "id"], false).await?;
        Ok(())
    }
}
