//! Invites into organizations.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    binary_null, integer, pk_uuid, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::table::{belongs_to, index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .create_table(
                Table::create()
                    .table("invites")
                    .col(pk_uuid("id"))
                    .col(uuid("org_id"))
                    .col(text("email"))
                    .col(text("role"))
                    .col(text_null("message"))
                    // A name, not a reference: it stays readable when the person is gone.
                    .col(text("invited_by"))
                    .col(timestamp_with_time_zone("created_at"))
                    .col(timestamp_with_time_zone("sent_at"))
                    // Mails so far, for the limits of mails.
                    .col(integer("sends").default(1))
                    .col(timestamp_with_time_zone("expires_at"))
                    // Of the link in the mail, which proves the mailbox.
                    .col(binary_null("mail_hash"))
                    // Of the link that an Admin copied, which proves nothing.
                    .col(binary_null("copy_hash"))
                    // The mail as long as it is in the queue.
                    .col(uuid_null("mail_id"))
                    .col(timestamp_with_time_zone_null("accepted_at"))
                    .col(uuid_null("accepted_by"))
                    .col(timestamp_with_time_zone_null("revoked_at"))
                    .foreign_key(&mut belongs_to("org_id", "orgs"))
                    .to_owned(),
            )
            .await?;
        index(manager, "invites", &["org_id", "id"], false).await?;
        index(manager, "invites", &["org_id", "sent_at"], false).await?;
        index(manager, "invites", &["mail_hash"], true).await?;
        index(manager, "invites", &["copy_hash"], true).await?;
        // One open invite for each address of an organization; also the index for those that wait for a person.
        for (name, unique, columns) in [("invites_open", "UNIQUE ", "email, org_id"), ("invites_open_by_org", "", "org_id, id")] {
            let open = "accepted_at IS NULL AND revoked_at IS NULL";
            let statement = format!("CREATE {unique}INDEX {name} ON invites ({columns}) WHERE {open}");
            manager.get_connection().execute_unprepared(&statement).await?;
        }
        Ok(())
    }
}
