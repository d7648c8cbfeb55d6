//! Links in mails: several of one kind work beside each other, each remembers where it leads on to, and a name counts only
//! once the link that it was given with is used.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{binary_len, binary_null, text, text_null, timestamp_with_time_zone, timestamp_with_time_zone_null, uuid};
use sea_orm_migration::sea_orm::DbBackend;

use crate::table::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // What a new person called themselves; where the link leads on to, sealed; when it was used.
        for column in [text_null("name"), binary_null("sealed_next"), timestamp_with_time_zone_null("used_at")] {
            manager.alter_table(Table::alter().table("mail_links").add_column(column).to_owned()).await?;
        }
        let db = manager.get_connection();
        // Whoever signed up with an address that they have not proven may be anybody: the name waits with the link.
        db.execute_unprepared(
            "UPDATE mail_links SET name = (SELECT users.name FROM users WHERE users.id = mail_links.user_id AND users.email_confirmed_at IS NULL)",
        )
        .await?;
        let before_the_at = match manager.get_database_backend() {
            DbBackend::Sqlite => "substr(email, 1, instr(email, '@') - 1)",
            _ => "split_part(email, '@', 1)",
        };
        // Addresses are kept in lower case and ASCII: such a name is its own key.
        let renamed = format!("UPDATE users SET name = {before_the_at}, name_key = {before_the_at} WHERE email_confirmed_at IS NULL");
        db.execute_unprepared(&renamed).await?;
        address_links(manager).await
    }
}

/// Links that prove a mailbox get a table of their own.
async fn address_links(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    manager
        .create_table(
            Table::create()
                .table("address_links")
                .col(binary_len("secret_hash", 32).primary_key())
                .col(uuid("user_id"))
                .col(text("email"))
                .col(timestamp_with_time_zone("expires_at"))
                .foreign_key(
                    ForeignKey::create()
                        .from_col("user_id")
                        .from_col("email")
                        .to_tbl("addresses")
                        .to_col("user_id")
                        .to_col("email")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
    index(manager, "address_links", &["user_id", "email"], false).await?;
    index(manager, "address_links", &["expires_at"], false).await?;
    let copied = "INSERT INTO address_links (secret_hash, user_id, email, expires_at) \
         SELECT link_hash, user_id, email, link_expires_at FROM addresses WHERE link_hash IS NOT NULL AND confirmed_at IS NULL";
    manager.get_connection().execute_unprepared(copied).await?;
    manager.drop_index(Index::drop().name("addresses_link_hash").table("addresses").to_owned()).await?;
    manager.alter_table(Table::alter().table("addresses").drop_column("link_hash").to_owned()).await
}
