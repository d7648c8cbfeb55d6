//! The events of each organization become a chain, and can be searched.
//!
//! Events from before this step stay outside of the chain: it starts with the first event after it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, binary, binary_null, timestamp_with_time_zone, uuid};

use crate::table::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("audit_heads")
                    // No reference: the chain outlives the organization.
                    .col(uuid("org_id").primary_key())
                    // The newest event: with it goes every one that was cut off behind it.
                    .col(big_integer("seq"))
                    .col(binary("hash"))
                    // The last event that retention deleted, or 0 and zeros: here the chain that is kept begins.
                    .col(big_integer("anchor_seq"))
                    .col(binary("anchor_hash"))
                    .col(timestamp_with_time_zone("started_at"))
                    .to_owned(),
            )
            .await?;
        for column in [big_integer_null("seq"), binary_null("hash")] {
            manager.alter_table(Table::alter().table("audit_events").add_column(column).to_owned()).await?;
        }
        manager.drop_index(Index::drop().name("audit_events_org_id_id").table("audit_events").to_owned()).await?;
        index(manager, "audit_events", &["org_id", "seq"], true).await?;
        // One for each way to search: each gives the newest first without sorting.
        index(manager, "audit_events", &["org_id", "at", "id"], false).await?;
        for column in ["actor_id", "actor_name", "action", "object_kind", "object_id"] {
            index(manager, "audit_events", &["org_id", column, "at", "id"], false).await?;
        }
        // The two that stand side by side in the filter; every other pair reads all events of one of them.
        index(manager, "audit_events", &["org_id", "object_kind", "action", "at", "id"], false).await?;
        // For retention: what stands in no chain.
        let unchained = "CREATE INDEX audit_events_unchained ON audit_events (at) WHERE seq IS NULL";
        manager.get_connection().execute_unprepared(unchained).await?;
        Ok(())
    }
}
