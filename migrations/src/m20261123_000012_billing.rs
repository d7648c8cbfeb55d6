//! Plans of organizations, what they used each day, and which of their limits were told of.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, binary_null, date, integer, text, text_null, timestamp_with_time_zone, uuid};

use crate::table::belongs_to;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("billing")
                    .col(uuid("org_id").primary_key())
                    // Name of a plan in the configuration; none is the default plan.
                    .col(text_null("plan"))
                    // Name, addresses and tax id, sealed under the organization's key.
                    .col(binary_null("sealed_contact"))
                    .foreign_key(&mut belongs_to("org_id", "orgs"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("usage_days")
                    .col(uuid("org_id"))
                    .col(date("day"))
                    .col(big_integer("members"))
                    .col(big_integer("workspaces"))
                    .col(big_integer("artifact_bytes"))
                    .primary_key(Index::create().col("org_id").col("day"))
                    .foreign_key(&mut belongs_to("org_id", "orgs"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("transfer_days")
                    .col(uuid("org_id"))
                    .col(date("day"))
                    .col(big_integer("bytes_in"))
                    .col(big_integer("bytes_out"))
                    .primary_key(Index::create().col("org_id").col("day"))
                    .foreign_key(&mut belongs_to("org_id", "orgs"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("limit_mails")
                    .col(uuid("org_id"))
                    // First day of the month.
                    .col(date("month"))
                    .col(text("measure"))
                    .col(integer("percent"))
                    .col(timestamp_with_time_zone("told_at"))
                    .primary_key(Index::create().col("org_id").col("month").col("measure").col("percent"))
                    .foreign_key(&mut belongs_to("org_id", "orgs"))
                    .to_owned(),
            )
            .await
    }
}
