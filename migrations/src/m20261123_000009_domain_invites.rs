//! Domains whose people may join an organization, and who was removed and so may not.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{pk_uuid, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null};

use crate::table::{belongs_to, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("domain_invites")
                    .col(pk_uuid("id"))
                    .col(uuid("org_id"))
                    .col(text("domain"))
                    .col(text("role"))
                    // Stands in public DNS.
                    .col(text("challenge"))
                    // A name, not a reference: it stays readable when the person is gone.
                    .col(text("added_by"))
                    .col(timestamp_with_time_zone("added_at"))
                    // Whether this person still is an Admin with an address there, is asked when it counts.
                    .col(uuid_null("vouched_by"))
                    .col(timestamp_with_time_zone_null("proven_at"))
                    .col(timestamp_with_time_zone_null("silent_since"))
                    .col(timestamp_with_time_zone_null("lapsed_at"))
                    .col(timestamp_with_time_zone_null("checked_at"))
                    // What DNS said: JSON.
                    .col(text_null("answer"))
                    .col(timestamp_with_time_zone_null("next_check_at"))
                    .foreign_key(&mut belongs_to("org_id", "orgs"))
                    .to_owned(),
            )
            .await?;
        index(manager, "domain_invites", &["org_id", "domain"], true).await?;
        index(manager, "domain_invites", &["domain"], false).await?;
        index(manager, "domain_invites", &["next_check_at"], false).await?;
        manager
            .create_table(
                Table::create()
                    .table("removed_members")
                    .col(uuid("org_id"))
                    // Person and address each count for themselves: neither a new account with the old address nor a new
                    // address of the old account leads back in. So neither refers to what may be deleted.
                    .col(uuid("user_id"))
                    .col(text("email"))
                    .col(timestamp_with_time_zone("removed_at"))
                    .primary_key(Index::create().col("org_id").col("user_id").col("email"))
                    .foreign_key(&mut belongs_to("org_id", "orgs"))
                    .to_owned(),
            )
            .await?;
        index(manager, "removed_members", &["org_id", "email"], false).await
    }
}
