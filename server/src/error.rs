//! What can go wrong inside the server, with its cause; people see only the `AppError` that it becomes.

use app::error::{AppError, Conflict};
use app::request::Caller;
use sea_orm::{DbErr, RuntimeErr, SqlErr};

use crate::auth::secret::NoRandomness;
use crate::blob::BlobError;
use crate::seal::SealError;

/// A failure with its cause.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing broke: the answer to the person is no.
    #[error(transparent)]
    App(#[from] AppError),
    /// The database failed.
    #[error("database")]
    Db(#[from] DbErr),
    /// A value in the database is not what the code writes there.
    #[error("the database holds an unexpected {0}")]
    Stored(&'static str),
    /// Sealed data could not be made or opened.
    #[error("sealing")]
    Seal(#[from] SealError),
    /// The artifact store failed.
    #[error("artifact store")]
    Blob(#[from] BlobError),
    /// No randomness.
    #[error(transparent)]
    Random(#[from] NoRandomness),
    /// The password hash could not be made or read.
    #[error("password hash: {0}")]
    Password(String),
    /// A mail could not be made.
    #[error("mail: {0}")]
    Mail(String),
    /// A table could not be written.
    #[error("CSV")]
    Csv(#[from] csv::Error),
    /// The session could not be stored.
    #[error("session")]
    Session(#[from] tower_sessions::session::Error),
    /// A transaction that did this together with others failed; one of them tells why.
    #[error("failed together with others")]
    Together,
    /// A background part of the server has stopped.
    #[error("a worker has stopped")]
    Stopped,
}

/// Result of the server's inner functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<Conflict> for Error {
    fn from(conflict: Conflict) -> Self {
        Self::App(AppError::Conflict(conflict))
    }
}

impl Error {
    /// Whether it is that a disk is full, ours or the database's.
    pub fn is_storage_full(&self) -> bool {
        match self {
            Self::Blob(error) => error.is_storage_full(),
            Self::Db(DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error))) => match &**error {
                // SQLITE_FULL, and `disk_full` of PostgreSQL.
                sqlx::Error::Database(error) => error.code().is_some_and(|code| code == "13" || code == "53100"),
                _ => false,
            },
            _ => false,
        }
    }

    /// What the caller is told. A failure of ours is logged here, once, under the number that they see.
    pub fn shown_to(self, caller: &Caller) -> AppError {
        match self {
            Self::App(error) => error,
            failure => {
                let cause = std::error::Error::source(&failure).map(ToString::to_string);
                tracing::error!(incident = %caller.incident, error = %failure, cause, "request failed: {failure}");
                metrics::counter!("buildkeep_failures_total").increment(1);
                AppError::Internal(caller.incident)
            }
        }
    }
}

impl Error {
    /// Whether a row could not be written because what it belongs to is gone.
    pub fn is_missing_parent(&self) -> bool {
        matches!(self, Self::Db(error) if matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))))
    }
}

/// Runs a service's work and turns its failure into what the caller is told.
pub async fn answer<T>(caller: &Caller, work: impl Future<Output = Result<T>> + Send) -> Result<T, AppError> {
    work.await.map_err(|error| error.shown_to(caller))
}

/// Turns a violated unique constraint into the conflict that it means at this place.
pub fn unique_or(conflict: Conflict) -> impl FnOnce(DbErr) -> Error {
    move |error| match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => conflict.into(),
        _ => error.into(),
    }
}
