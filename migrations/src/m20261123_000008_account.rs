//! Several addresses for each person, limits that all servers share, and what searches for a person's traces need.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary_null, integer, text, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null};

use crate::table::{belongs_to, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        addresses(manager).await?;
        manager
            .create_table(
                Table::create()
                    .table("quotas")
                    // Whose limit, and of what.
                    .col(text("subject").primary_key())
                    .col(timestamp_with_time_zone("began_at"))
                    .col(integer("used"))
                    .to_owned(),
            )
            .await?;
        index(manager, "quotas", &["began_at"], false).await?;
        // No reference: an invite outlives the account of whoever sent it.
        let inviter = uuid_null("invited_by_id");
        manager.alter_table(Table::alter().table("invites").add_column(inviter).to_owned()).await?;
        index(manager, "invites", &["invited_by_id", "id"], false).await?;
        // When it was last written down that this token was refused.
        let noted = timestamp_with_time_zone_null("refusal_noted_at");
        manager.alter_table(Table::alter().table("ci_tokens").add_column(noted).to_owned()).await?;
        for column in ["action", "object_kind"] {
            index(manager, "audit_events", &["org_id", "actor_id", column, "at", "id"], false).await?;
        }
        // Who there is, by name: a search goes from one to the next, and on to their events by the id.
        manager.drop_index(Index::drop().name("audit_events_org_id_actor_name_at_id").table("audit_events").to_owned()).await?;
        index(manager, "audit_events", &["org_id", "actor_name", "actor_id"], false).await
    }
}

async fn addresses(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("addresses")
                .col(uuid("user_id"))
                .col(text("email"))
                .col(timestamp_with_time_zone("added_at"))
                .col(timestamp_with_time_zone_null("confirmed_at"))
                // Of the link that proves the mailbox, as long as nobody has used it.
                .col(binary_null("link_hash"))
                .col(timestamp_with_time_zone("link_expires_at"))
                .primary_key(Index::create().col("user_id").col("email"))
                .foreign_key(&mut belongs_to("user_id", "users"))
                .to_owned(),
        )
        .await?;
    index(manager, "addresses", &["link_hash"], true).await?;
    let db = manager.get_connection();
    // Anybody may claim an address; only one person has proven it.
    db.execute_unprepared("CREATE UNIQUE INDEX addresses_confirmed ON addresses (email) WHERE confirmed_at IS NOT NULL").await?;
    let copied = "INSERT INTO addresses (user_id, email, added_at, confirmed_at, link_expires_at) \
         SELECT id, email, created_at, email_confirmed_at, created_at FROM users WHERE email_confirmed_at IS NOT NULL";
    db.execute_unprepared(copied).await.map(drop)
}
