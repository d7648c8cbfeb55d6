//! Networks: from which people have signed in lately, and from which terminals ask for a token.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary_len, text_null, timestamp_with_time_zone, uuid};

use crate::table::{belongs_to, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("known_networks")
                    // HMAC of the network and the address of the account.
                    .col(binary_len("network", 32).primary_key())
                    .col(uuid("user_id"))
                    .col(timestamp_with_time_zone("seen_at"))
                    .foreign_key(&mut belongs_to("user_id", "users"))
                    .to_owned(),
            )
            .await?;
        index(manager, "known_networks", &["user_id"], false).await?;
        index(manager, "known_networks", &["seen_at"], false).await?;
        manager.alter_table(Table::alter().table("logins").add_column(text_null("network")).to_owned()).await
    }
}
