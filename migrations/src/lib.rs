//! The database schema, step by step, for SQLite and PostgreSQL alike.
//!
//! A step that has been released is never changed; a new one is added. Nothing of ours is imported, so that
//! an old step does not change its meaning with the code.
//!
//! All missing steps run in one transaction. SQLite watches over foreign keys meanwhile and cannot be told not to
//! (`PRAGMA foreign_keys` does nothing within a transaction): to drop a table would delete the rows that refer to it. So a
//! step adds tables, columns and indexes, and never makes a table anew that others refer to.

mod m20261121_000001_accounts;
mod m20261121_000002_orgs;
mod m20261121_000003_workspaces;
mod m20261121_000004_artifacts;
mod m20261121_000005_records;
mod m20261122_000006_invites;
mod m20261122_000007_audit_chain;
mod m20261123_000008_account;
mod m20261123_000009_domain_invites;
mod m20261123_000010_public_orgs;
mod m20261123_000011_identities;
mod m20261123_000012_billing;
mod m20261124_000013_credentials;
mod m20261124_000014_logins;
mod m20261124_000015_connections;
mod m20261124_000016_runs;
mod m20261125_000017_credential_source;
mod m20261129_000019_networks;
mod m20261129_000022_name_keys;
mod m20261129_000023_mail;
mod m20261129_000024_visitors;
mod m20261129_000025_incomplete_runs;
mod name_key;
mod table;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// All steps, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261121_000001_accounts::Migration),
            Box::new(m20261121_000002_orgs::Migration),
            Box::new(m20261121_000003_workspaces::Migration),
            Box::new(m20261121_000004_artifacts::Migration),
            Box::new(m20261121_000005_records::Migration),
            Box::new(m20261122_000006_invites::Migration),
            Box::new(m20261122_000007_audit_chain::Migration),
            Box::new(m20261123_000008_account::Migration),
            Box::new(m20261123_000009_domain_invites::Migration),
            Box::new(m20261123_000010_public_orgs::Migration),
            Box::new(m20261123_000011_identities::Migration),
            Box::new(m20261123_000012_billing::Migration),
            Box::new(m20261124_000013_credentials::Migration),
            Box::new(m20261124_000014_logins::Migration),
            Box::new(m20261124_000015_connections::Migration),
            Box::new(m20261124_000016_runs::Migration),
            Box::new(m20261125_000017_credential_source::Migration),
            Box::new(m20261129_000019_networks::Migration),
            Box::new(m20261129_000022_name_keys::Migration),
            Box::new(m20261129_000023_mail::Migration),
            Box::new(m20261129_000024_visitors::Migration),
            Box::new(m20261129_000025_incomplete_runs::Migration),
        ]
    }
}
