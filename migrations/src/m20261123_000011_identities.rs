//! Accounts at an OpenID provider, and organizations and invites that ask for them.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    binary_null, boolean, pk_uuid, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
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
                    .table("identities")
                    .col(pk_uuid("id"))
                    .col(uuid("user_id"))
                    .col(text("issuer"))
                    .col(text("subject"))
                    .col(text_null("email"))
                    .col(text_null("hosted_domain"))
                    // Sealed.
                    .col(binary_null("refresh_token"))
                    .col(timestamp_with_time_zone("linked_at"))
                    // When the provider last said that the account works.
                    .col(timestamp_with_time_zone("confirmed_at"))
                    // When it was last asked, or is being asked.
                    .col(timestamp_with_time_zone("checked_at"))
                    // When it said that the account does not work.
                    .col(timestamp_with_time_zone_null("ended_at"))
                    .foreign_key(&mut belongs_to("user_id", "users"))
                    .to_owned(),
            )
            .await?;
        index(manager, "identities", &["issuer", "subject"], true).await?;
        index(manager, "identities", &["user_id", "issuer"], true).await?;
        index(manager, "identities", &["checked_at"], false).await?;
        for (table, column) in [
            ("orgs", boolean("requires_provider").default(false).take()),
            // Separated by blanks; empty for all.
            ("orgs", text("hosted_domains").default("").take()),
            ("invites", boolean("requires_provider").default(false).take()),
        ] {
            manager.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        Ok(())
    }
}
