//! The connection to SQLite or PostgreSQL.
//!
//! SQLite has one writer at a time. With `BEGIN IMMEDIATE` on a pool of exactly one connection, writers of this process wait in
//! the pool's fair queue instead of in SQLite's busy loop, and no transaction ever has to upgrade from reading to
//! writing (which SQLite refuses at once, whatever the time-out). The busy time-out is for the other processes
//! that may be at the file: operator commands. Readers have a pool of their own and never wait (WAL).

use std::time::Duration;

use migrations::{Migrator, MigratorTrait};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, IsolationLevel,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};

/// The database, by the two ways of using it.
#[derive(Clone)]
pub struct Db {
    read: DatabaseConnection,
    write: DatabaseConnection,
}

impl Db {
    /// Connects, and brings the schema up to date.
    pub async fn connect(url: &str) -> Result<Self, DbErr> {
        let db = if url.starts_with("sqlite:") {
            Self { write: Database::connect(sqlite(url, 1)).await?, read: Database::connect(sqlite(url, 8)).await? }
        } else {
            let pool = Database::connect(quiet(url, 16)).await?;
            Self { write: pool.clone(), read: pool }
        };
        db.migrate().await?;
        Ok(db)
    }

    /// All steps that are missing, in one transaction: a power cut or a step that fails leaves the schema that was there,
    /// with which the version of before goes on.
    async fn migrate(&self) -> Result<(), DbErr> {
        // Servers and operator commands may start at the same moment; one migrates, the others wait for it. On SQLite
        // the transaction itself is the lock.
        let tx = self.begin_without_session().await?;
        if tx.get_database_backend() == DbBackend::Postgres {
            tx.execute_unprepared("SELECT pg_advisory_xact_lock(7306095)").await?;
        }
        Migrator::up(&tx, None).await?;
        tx.commit().await
    }

    /// For single reads.
    pub const fn read(&self) -> &DatabaseConnection {
        &self.read
    }

    /// For single writes of the server itself.
    pub const fn write(&self) -> &DatabaseConnection {
        &self.write
    }

    /// For changes behind which no session stands: workers, terminals, links from mails, sign-in. What somebody signed in
    /// changes begins with `auth::change`.
    pub async fn begin_without_session(&self) -> Result<DatabaseTransaction, DbErr> {
        self.write
            .begin_with_options(TransactionOptions {
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
                ..TransactionOptions::default()
            })
            .await
    }

    /// For several reads that are to see the same moment.
    pub async fn snapshot(&self) -> Result<DatabaseTransaction, DbErr> {
        // SQLite gives every transaction that, and knows no other level.
        let isolation_level = (self.read.get_database_backend() == DbBackend::Postgres).then_some(IsolationLevel::RepeatableRead);
        self.read.begin_with_options(TransactionOptions { isolation_level, ..TransactionOptions::default() }).await
    }

    /// Takes deleted rows out of the database's files, too: a deleted organization's key is to be nowhere. Best effort:
    /// whoever reads at this moment may keep a piece of SQLite's log or of PostgreSQL's table until the next time.
    pub async fn forget_deleted(&self) -> Result<(), DbErr> {
        let statement = match self.write.get_database_backend() {
            DbBackend::Postgres => "VACUUM org_keys",
            // `secure_delete` has overwritten the pages in the log, and this brings them into the file and empties the log.
            // Not for as long as other statements wait: all writers wait for this one.
            _ => "PRAGMA busy_timeout = 200; PRAGMA wal_checkpoint(TRUNCATE); PRAGMA busy_timeout = 15000",
        };
        self.write.execute_unprepared(statement).await.map(drop)
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.read.ping().await
    }

    /// `SQLite` or `PostgreSQL`.
    pub fn kind(&self) -> &'static str {
        if self.read.get_database_backend() == DbBackend::Postgres { "PostgreSQL" } else { "SQLite" }
    }
}

fn quiet(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .sqlx_logging(false)
        .connect_timeout(Duration::from_secs(10))
        .acquire_timeout(Duration::from_secs(30));
    options
}

fn sqlite(url: &str, connections: u32) -> ConnectOptions {
    let mut options = quiet(url, connections);
    // A connection is worth keeping: a new one reads the schema again.
    // And a file does not hang up: no need to ask before each use whether it is still there.
    options.min_connections(1).test_before_acquire(false).map_sqlx_sqlite_opts(|options| {
        use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
        options
            .journal_mode(SqliteJournalMode::Wal)
            // An acknowledged write survives a power cut.
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(15))
            .foreign_keys(true)
            // What is deleted is overwritten: the key of an organization goes with it.
            .pragma("secure_delete", "ON")
            .create_if_missing(true)
    });
    options
}
