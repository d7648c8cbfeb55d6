//! Where a client has found the credential of a run, and what the check-up looks for: runs of pull requests that store,
//! tokens that stand in `nx.json`, and runs with an encryption key.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;
use sea_orm_migration::sea_orm::ConnectionTrait;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table("runs").add_column(text_null("credential_source")).to_owned()).await?;
        for index in [
            r#"CREATE INDEX "runs_pull_requests" ON "runs" ("workspace_id", "credential_id", "id") WHERE "pull_request""#,
            r#"CREATE INDEX "runs_nx_json" ON "runs" ("workspace_id", "credential_id", "id") WHERE "credential_source" = 'nx-json'"#,
            r#"CREATE INDEX "runs_encrypted" ON "runs" ("workspace_id", "id") WHERE "encrypted""#,
        ] {
            manager.get_connection().execute_unprepared(index).await?;
        }
        Ok(())
    }
}
