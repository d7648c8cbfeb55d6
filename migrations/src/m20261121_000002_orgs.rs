//! Organizations, the addresses they had, and who is in them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary, integer, pk_uuid, text, text_uniq, timestamp_with_time_zone, uuid};

use crate::table::{belongs_to, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("orgs")
                    .col(pk_uuid("id"))
                    .col(text_uniq("slug"))
                    .col(text("name"))
                    .col(timestamp_with_time_zone("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("org_keys")
                    .col(uuid("org_id"))
                    .col(integer("version"))
                    // A data key of the organization, sealed under the master key. With the row goes all that it sealed.
                    .col(binary("wrapped_key"))
                    .col(timestamp_with_time_zone("created_at"))
                    .primary_key(Index::create().col("org_id").col("version"))
                    .foreign_key(&mut belongs_to("org_id", "orgs"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("old_org_slugs")
                    .col(text("slug").primary_key())
                    .col(uuid("org_id"))
                    .col(timestamp_with_time_zone("retired_at"))
                    .foreign_key(&mut belongs_to("org_id", "orgs"))
                    .to_owned(),
            )
            .await?;
        index(manager, "old_org_slugs", &["org_id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("members")
                    .col(uuid("org_id"))
                    .col(uuid("user_id"))
                    .col(text("role"))
                    .col(text("joined_by"))
                    .col(timestamp_with_time_zone("joined_at"))
                    .primary_key(Index::create().col("org_id").col("user_id"))
                    .foreign_key(&mut belongs_to("org_id", "orgs"))
                    .foreign_key(&mut belongs_to("user_id", "users"))
                    .to_owned(),
            )
            .await?;
        index(manager, "members", &["org_id", "joined_at", "user_id"], false).await?;
        index(manager, "members", &["org_id", "role"], false).await?;
        index(manager, "members", &["user_id"], false).await?;
        Ok(())
    }
}
