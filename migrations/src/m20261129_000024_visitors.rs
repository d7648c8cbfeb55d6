//! Whether visitors of a public organization read task logs, and whether its Admins were told in full what visitors see.
//! One that is public already goes on as it was; its Admins are told. And addresses of deleted organizations, which nobody
//! takes for a while.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{boolean, text, timestamp_with_time_zone};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in ["hides_logs", "visitors_accepted"] {
            manager.alter_table(Table::alter().table("orgs").add_column(boolean(column).default(false)).to_owned()).await?;
        }
        manager
            .create_table(
                Table::create().table("reserved_slugs").col(text("slug").primary_key()).col(timestamp_with_time_zone("until")).to_owned(),
            )
            .await
    }
}
