//! Links that `nx connect` prints: each claims a workspace that nobody has, or creates one.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    binary_len_uniq, boolean, pk_uuid, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid_null,
};

use crate::table::{belongs_to, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("connections")
                    .col(pk_uuid("id"))
                    .col(binary_len_uniq("code_hash", 32))
                    // What it claims, once for each; without it, it creates one.
                    .col(uuid_null("workspace_id").unique_key())
                    .col(text_null("repository"))
                    .col(boolean("names_other"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .col(timestamp_with_time_zone_null("used_at"))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    .to_owned(),
            )
            .await?;
        index(manager, "connections", &["expires_at"], false).await
    }
}
