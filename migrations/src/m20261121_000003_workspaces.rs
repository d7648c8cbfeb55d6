//! Workspaces and their CI access tokens.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, binary_len_null, binary_len_uniq, integer, integer_null, pk_uuid, text, text_null, text_uniq, timestamp_with_time_zone,
    timestamp_with_time_zone_null, uuid,
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
                    .table("workspaces")
                    .col(pk_uuid("id"))
                    .col(uuid("org_id"))
                    .col(text("name"))
                    .col(text_uniq("nx_cloud_id"))
                    .col(integer_null("retention_days"))
                    .col(integer_null("retention_gibibytes"))
                    .col(big_integer("artifact_count").default(0))
                    .col(big_integer("artifact_bytes").default(0))
                    .col(big_integer("hits").default(0))
                    .col(big_integer("misses").default(0))
                    .col(timestamp_with_time_zone("created_at"))
                    .foreign_key(&mut belongs_to("org_id", "orgs"))
                    .to_owned(),
            )
            .await?;
        index(manager, "workspaces", &["org_id", "name"], true).await?;
        manager
            .create_table(
                Table::create()
                    .table("ci_tokens")
                    .col(pk_uuid("id"))
                    .col(uuid("workspace_id"))
                    .col(text("name"))
                    .col(text("access"))
                    .col(binary_len_uniq("secret_hash", 32))
                    .col(text("last_four"))
                    // After a rotation: the value before, and until when it works.
                    .col(binary_len_null("old_secret_hash", 32).unique_key())
                    .col(timestamp_with_time_zone_null("old_works_until"))
                    // A name, not a reference: it stays readable when the person is gone.
                    .col(text("created_by"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("expires_at"))
                    .col(timestamp_with_time_zone_null("revoked_at"))
                    .col(timestamp_with_time_zone_null("last_used_at"))
                    .col(text_null("last_used_from"))
                    .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                    .to_owned(),
            )
            .await?;
        index(manager, "ci_tokens", &["workspace_id", "id"], false).await?;
        // One row: a number that grows with every change that takes access away. Servers that share the
        // database watch it, and forget what they remember of credentials when it has grown.
        manager
            .create_table(Table::create().table("access_epoch").col(integer("id").primary_key()).col(big_integer("epoch")).to_owned())
            .await?;
        manager
            .execute(Query::insert().into_table("access_epoch").columns(["id", "epoch"]).values_panic([1.into(), 1.into()]).to_owned())
            .await?;
        Ok(())
    }
}
