//! People, their sessions, and the links sent to them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    binary_len, binary_len_uniq, pk_uuid, text, text_null, text_uniq, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
    uuid_null, uuid_uniq,
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
                    .table("users")
                    .col(pk_uuid("id"))
                    .col(text_uniq("email"))
                    .col(text("name"))
                    .col(text_null("password_hash"))
                    .col(timestamp_with_time_zone_null("email_confirmed_at"))
                    .col(timestamp_with_time_zone("created_at"))
                    .to_owned(),
            )
            .await?;
        manager
            .create_table(
                Table::create()
                    .table("sessions")
                    // HMAC of the secret in the cookie; the secret itself is nowhere.
                    .col(binary_len("secret_hash", 32).primary_key())
                    .col(uuid_uniq("id"))
                    .col(uuid_null("user_id"))
                    .col(text("data"))
                    .col(text("device"))
                    .col(text("address"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("last_seen_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .foreign_key(&mut belongs_to("user_id", "users"))
                    .to_owned(),
            )
            .await?;
        index(manager, "sessions", &["user_id"], false).await?;
        index(manager, "sessions", &["expires_at"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("mail_links")
                    .col(pk_uuid("id"))
                    .col(uuid("user_id"))
                    .col(binary_len_uniq("secret_hash", 32))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("expires_at"))
                    .foreign_key(&mut belongs_to("user_id", "users"))
                    .to_owned(),
            )
            .await?;
        index(manager, "mail_links", &["user_id"], false).await?;
        Ok(())
    }
}
