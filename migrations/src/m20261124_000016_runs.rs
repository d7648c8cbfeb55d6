//! Runs with their tasks and logs, and what is counted of them day by day.
//!
//! Names are sealed. What lists are filtered by exactly has a blind index: the first 16 bytes of an HMAC under a key of
//! the organization.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary, binary_len, binary_len_null, boolean, date, integer, integer_null, pk_uuid, small_integer, text,
    text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::table::{belongs_to, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        runs(manager).await?;
        tasks(manager).await?;
        statistics(manager).await
    }
}

async fn runs(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("runs")
                .col(pk_uuid("id"))
                .col(uuid("org_id"))
                .col(uuid("workspace_id"))
                .col(binary_len("key_hash", 32))
                // Command, branch, commit, author, CI system, machine, name of the credential.
                .col(binary("sealed"))
                .col(binary_len_null("branch_index", 16))
                .col(binary_len_null("author_index", 16))
                .col(binary_len("command_index", 16))
                .col(binary_len_null("execution_index", 16))
                .col(boolean("pull_request"))
                .col(boolean("ci"))
                .col(boolean("inner"))
                .col(boolean("cache"))
                .col(boolean("encrypted"))
                .col(text("credential"))
                .col(uuid_null("credential_id"))
                .col(text("access"))
                .col(text("status"))
                .col(timestamp_with_time_zone("started_at"))
                .col(timestamp_with_time_zone_null("ended_at"))
                // How far the client's clock is off.
                .col(big_integer("skew_ms"))
                // By the clock of the server: begun, heard of last, over.
                .col(timestamp_with_time_zone("created_at"))
                .col(timestamp_with_time_zone("heard_at"))
                .col(timestamp_with_time_zone_null("closed_at"))
                .col(integer("announced"))
                .col(integer("running").default(0))
                .col(integer("succeeded").default(0))
                .col(integer("failed").default(0))
                .col(integer("skipped").default(0))
                .col(integer("stopped").default(0))
                .col(integer("local_hits").default(0))
                .col(integer("remote_hits").default(0))
                .col(integer("misses").default(0))
                .col(integer("lost_uploads").default(0))
                .col(big_integer("log_bytes").default(0))
                .col(boolean("log_cut").default(false))
                .foreign_key(&mut belongs_to("org_id", "orgs"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .to_owned(),
        )
        .await?;
    index(manager, "runs", &["workspace_id", "key_hash"], true).await?;
    for place in ["workspace_id", "org_id"] {
        index(manager, "runs", &[place, "id"], false).await?;
        for field in ["branch_index", "author_index", "command_index", "execution_index", "status"] {
            index(manager, "runs", &[place, field, "id"], false).await?;
        }
    }
    // Those that may have died, and nothing else.
    let index = r#"CREATE INDEX "runs_running" ON "runs" ("heard_at") WHERE "status" = 'running'"#;
    manager.get_connection().execute_unprepared(index).await?;
    Ok(())
}

async fn tasks(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("run_tasks")
                .col(uuid("run_id"))
                .col(integer("number"))
                .col(small_integer("attempt"))
                // Whether there is no later attempt.
                .col(boolean("latest"))
                .col(uuid("workspace_id"))
                // Id, project, target, configuration, hash, options, what it waits for.
                .col(binary("sealed"))
                .col(binary_len("task_index", 16))
                .col(binary_len("project_index", 16))
                .col(binary_len_null("hash_index", 16))
                .col(binary_len_null("details_index", 16))
                .col(boolean("cacheable"))
                .col(boolean("continuous"))
                .col(text("status"))
                .col(text_null("cache"))
                .col(text_null("miss"))
                .col(text_null("stored"))
                .col(integer_null("code"))
                .col(timestamp_with_time_zone_null("started_at"))
                .col(timestamp_with_time_zone_null("ended_at"))
                .col(big_integer_null("duration_ms"))
                .primary_key(Index::create().col("run_id").col("number").col("attempt"))
                .foreign_key(&mut belongs_to("run_id", "runs"))
                .to_owned(),
        )
        .await?;
    index(manager, "run_tasks", &["workspace_id", "task_index", "run_id"], false).await?;
    index(manager, "run_tasks", &["workspace_id", "hash_index", "run_id"], false).await?;
    manager
        .create_table(
            Table::create()
                .table("run_logs")
                .col(uuid("run_id"))
                .col(integer("number"))
                .col(small_integer("attempt"))
                .col(integer("piece"))
                // Deflated, then sealed.
                .col(binary("sealed"))
                // Bytes and line ends of the text.
                .col(integer("bytes"))
                .col(integer("lines"))
                .primary_key(Index::create().col("run_id").col("number").col("attempt").col("piece"))
                .foreign_key(&mut belongs_to("run_id", "runs"))
                .to_owned(),
        )
        .await?;
    // What hashes were made of: the same for many tasks, so kept once, by a blind index of itself.
    manager
        .create_table(
            Table::create()
                .table("run_details")
                .col(uuid("workspace_id"))
                .col(binary_len("details_index", 16))
                .col(binary("sealed"))
                .col(date("used_on"))
                .primary_key(Index::create().col("workspace_id").col("details_index"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .to_owned(),
        )
        .await?;
    index(manager, "run_details", &["used_on"], false).await
}

async fn statistics(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // What days count: the workspace as a whole (kind 0), its projects (1), its tasks (2).
    manager
        .create_table(
            Table::create()
                .table("stat_subjects")
                .col(uuid("workspace_id"))
                .col(small_integer("kind"))
                .col(binary_len("subject", 16))
                .col(binary("sealed"))
                // How long a task took when it was run last.
                .col(big_integer_null("usual_ms"))
                .col(date("seen_on"))
                .primary_key(Index::create().col("workspace_id").col("kind").col("subject"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .to_owned(),
        )
        .await?;
    index(manager, "stat_subjects", &["seen_on"], false).await?;
    manager
        .create_table(
            Table::create()
                .table("stat_days")
                .col(uuid("workspace_id"))
                .col(small_integer("kind"))
                .col(date("day"))
                .col(binary_len("subject", 16))
                .col(big_integer("runs"))
                .col(big_integer("tasks"))
                .col(big_integer("executed"))
                .col(big_integer("failed"))
                .col(big_integer("stopped"))
                .col(big_integer("local_hits"))
                .col(big_integer("remote_hits"))
                .col(big_integer("misses"))
                .col(big_integer("time_ms"))
                .col(big_integer("saved_ms"))
                .primary_key(Index::create().col("workspace_id").col("kind").col("day").col("subject"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .to_owned(),
        )
        .await?;
    index(manager, "stat_days", &["day"], false).await?;
    manager
        .create_table(
            Table::create()
                .table("stat_times")
                .col(uuid("workspace_id"))
                .col(small_integer("kind"))
                .col(binary_len("subject", 16))
                .col(date("day"))
                // Of a histogram over times.
                .col(small_integer("bucket"))
                .col(big_integer("amount"))
                .primary_key(Index::create().col("workspace_id").col("kind").col("subject").col("day").col("bucket"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .to_owned(),
        )
        .await?;
    index(manager, "stat_times", &["day"], false).await?;
    // Hashes with which a task has succeeded and failed.
    manager
        .create_table(
            Table::create()
                .table("flaky_hashes")
                .col(uuid("workspace_id"))
                .col(binary_len("hash_index", 16))
                .col(binary_len("subject", 16))
                .col(timestamp_with_time_zone("seen_at"))
                .primary_key(Index::create().col("workspace_id").col("hash_index"))
                .foreign_key(&mut belongs_to("workspace_id", "workspaces"))
                .to_owned(),
        )
        .await?;
    index(manager, "flaky_hashes", &["workspace_id", "seen_at"], false).await
}
