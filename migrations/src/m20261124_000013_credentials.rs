//! Personal access tokens, the levels that say what they and the Nx Cloud id may do in a workspace, and what clients
//! tell of artifacts.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    binary_len_null, binary_len_uniq, boolean, pk_uuid, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid,
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
                    .table("personal_tokens")
                    .col(pk_uuid("id"))
                    .col(uuid("user_id"))
                    .col(text("name"))
                    .col(binary_len_uniq("secret_hash", 32))
                    .col(text("last_four"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone_null("expires_at"))
                    .col(timestamp_with_time_zone_null("revoked_at"))
                    .col(timestamp_with_time_zone_null("last_used_at"))
                    .col(text_null("last_used_from"))
                    .foreign_key(&mut belongs_to("user_id", "users"))
                    .to_owned(),
            )
            .await?;
        index(manager, "personal_tokens", &["user_id", "id"], false).await?;
        for column in ["id_access", "personal_access"] {
            manager.alter_table(Table::alter().table("workspaces").add_column(text(column).default("read-only")).to_owned()).await?;
        }
        manager.alter_table(Table::alter().table("artifacts").add_column(boolean("encrypted").default(false)).to_owned()).await?;
        manager.alter_table(Table::alter().table("artifacts").add_column(binary_len_null("sha256", 32)).to_owned()).await?;
        // Those of CI executions, which are few, are counted, and found by their age.
        let index = r#"CREATE INDEX "artifacts_executions" ON "artifacts" ("workspace_id", "created_at") WHERE "scope" <> 'shared'"#;
        manager.get_connection().execute_unprepared(index).await?;
        Ok(())
    }
}
