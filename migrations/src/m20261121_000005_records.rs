//! What happened (audit events) and what is to be sent (mails).

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    binary, integer, pk_uuid, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid_null,
};

use crate::table::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("audit_events")
                    .col(pk_uuid("id"))
                    // No references: events outlive what they tell of.
                    .col(uuid_null("org_id"))
                    .col(text("actor_kind"))
                    .col(text_null("actor_id"))
                    .col(text("actor_name"))
                    .col(text("action"))
                    .col(text("object_kind"))
                    .col(text("object_id"))
                    .col(text("object_name"))
                    .col(text_null("details"))
                    .col(text("address"))
                    .col(text("incident"))
                    .col(timestamp_with_time_zone("at"))
                    .to_owned(),
            )
            .await?;
        index(manager, "audit_events", &["org_id", "id"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("mails")
                    .col(pk_uuid("id"))
                    .col(text("recipient"))
                    // Subject and text, sealed: they hold links that open doors.
                    .col(binary("sealed_message"))
                    .col(integer("attempts").default(0))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("next_attempt_at"))
                    .col(timestamp_with_time_zone_null("given_up_at"))
                    .col(text_null("last_error"))
                    .to_owned(),
            )
            .await?;
        index(manager, "mails", &["given_up_at", "next_attempt_at"], false).await?;
        Ok(())
    }
}
