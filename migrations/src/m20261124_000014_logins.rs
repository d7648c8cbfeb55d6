//! Terminals that ask for a personal access token, and how long organizations let tokens live.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    binary_len_uniq, integer, integer_null, pk_uuid, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid_null,
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
                    .table("logins")
                    .col(pk_uuid("id"))
                    .col(binary_len_uniq("device_hash", 32))
                    .col(binary_len_uniq("code_hash", 32))
                    .col(text("device"))
                    .col(text("address"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .col(timestamp_with_time_zone_null("polled_at"))
                    .col(integer("interval_seconds"))
                    .col(uuid_null("user_id"))
                    .col(uuid_null("token_id"))
                    .col(timestamp_with_time_zone_null("token_expires_at"))
                    .col(timestamp_with_time_zone_null("refused_at"))
                    .col(timestamp_with_time_zone_null("granted_at"))
                    .foreign_key(&mut belongs_to("user_id", "users"))
                    .to_owned(),
            )
            .await?;
        index(manager, "logins", &["expires_at"], false).await?;
        index(manager, "logins", &["user_id"], false).await?;
        for column in ["longest_ci_days", "longest_personal_days"] {
            manager.alter_table(Table::alter().table("orgs").add_column(integer_null(column)).to_owned()).await?;
        }
        Ok(())
    }
}
