//! The only way to change something on somebody's behalf: a transaction in which it is asked again who they are.
//!
//! Whoever sent a request was looked up when it began. What it changes counts at its commit; so the session, the account
//! and what the provider says of it are read again inside, and what the gate asks (role, rule of sign-in) comes from
//! there. Neither can end meanwhile: on SQLite one transaction writes at a time; on PostgreSQL each person has a lock,
//! shared by what they change, taken alone by what ends sessions or the link to the provider. It is the first statement
//! of the transaction and there is one of it, so that nobody waits in a circle.

use app::domain::ids::UserId;
use app::error::AppError;
use app::request::{Actor, Caller, SignedIn};
use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::proof;
use super::session::SessionData;
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::sessions::Hold;
use crate::store::{ci_tokens, sessions, users};

/// A transaction, and who changes something in it.
pub struct Change {
    tx: DatabaseTransaction,
    caller: Caller,
}

impl Change {
    /// Who changes something, as they are now.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The person signed in, as they are now.
    pub fn user(&self) -> Result<&SignedIn, AppError> {
        self.caller.user()
    }

    /// Makes it so.
    pub async fn commit(self) -> Result<()> {
        Ok(self.tx.commit().await?)
    }

    /// Makes it so, of a change that takes access away: from the return on nothing remembered here says otherwise, on
    /// other servers within a second.
    ///
    /// The epoch is raised last. Whoever lets something in holds it as their last statement too, so each sees the other,
    /// and neither waits for the other's rows with it in hand.
    pub async fn commit_taking_access(self, state: &State) -> Result<()> {
        ci_tokens::raise_access_epoch(&self.tx).await?;
        self.tx.commit().await?;
        state.access_changed();
        Ok(())
    }

    /// Leaves everything as it was.
    pub async fn rollback(self) -> Result<()> {
        Ok(self.tx.rollback().await?)
    }
}

/// Begins what somebody changes, unless their session has ended.
pub async fn begin(state: &State, caller: &Caller) -> Result<Change> {
    begin_holding(state, caller, Hold::Shared).await
}

/// The same for what ends sessions of the caller, or their link to the provider: it waits until what these have begun to
/// change is done.
pub async fn begin_ending(state: &State, caller: &Caller) -> Result<Change> {
    begin_holding(state, caller, Hold::Alone).await
}

async fn begin_holding(state: &State, caller: &Caller, hold: Hold) -> Result<Change> {
    let tx = state.db.begin_without_session().await?;
    let caller = match &caller.actor {
        Actor::User(user) => {
            sessions::hold(&tx, user.id, hold).await?;
            Caller { actor: Actor::User(prove(state, &tx, user).await?), ..caller.clone() }
        }
        Actor::Anonymous | Actor::Operator | Actor::Server => caller.clone(),
    };
    Ok(Change { tx, caller })
}

/// The same where something else than a session stands behind it: a link from a mail, or the provider's word. It is about
/// this person, if there is one yet.
pub async fn begin_ending_of(state: &State, caller: &Caller, user: Option<UserId>) -> Result<Change> {
    begin_about(state, caller, user, Hold::Alone).await
}

/// Begins what makes a session for this person, whose password was checked before: it counts as it is now.
pub async fn begin_entering(state: &State, caller: &Caller, user: Option<UserId>) -> Result<Change> {
    begin_about(state, caller, user, Hold::Shared).await
}

async fn begin_about(state: &State, caller: &Caller, user: Option<UserId>, hold: Hold) -> Result<Change> {
    let tx = state.db.begin_without_session().await?;
    if let Some(user) = user {
        sessions::hold(&tx, user, hold).await?;
    }
    Ok(Change { tx, caller: caller.clone() })
}

/// The caller as they are now, or the error that sends to the sign-in page: for answers that take long to send.
pub async fn still(state: &State, caller: &Caller) -> Result<Caller> {
    let actor = match &caller.actor {
        Actor::User(user) => Actor::User(prove(state, state.db.read(), user).await?),
        same @ (Actor::Anonymous | Actor::Operator | Actor::Server) => same.clone(),
    };
    Ok(Caller { actor, ..caller.clone() })
}

async fn prove(state: &State, db: &impl ConnectionTrait, was: &SignedIn) -> Result<SignedIn> {
    let ended = AppError::Unauthenticated;
    let session = sessions::find_of(db, was.id, was.session, state.clock.now()).await?.ok_or_else(|| ended.clone())?;
    let data: SessionData = serde_json::from_str(&session.data).map_err(|_| Error::Stored("session"))?;
    let user = users::find(db, was.id).await?.ok_or(ended)?;
    let proof = match &state.provider {
        Some(provider) => proof::of(state, db, provider, (user.id, data.identity)).await?,
        None => None,
    };
    Ok(SignedIn { id: user.id, name: user.name, email: user.email, session: data.id, began: data.began, proof })
}

impl std::ops::Deref for Change {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

#[async_trait]
impl ConnectionTrait for Change {
    fn get_database_backend(&self) -> DbBackend {
        self.tx.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.tx.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.tx.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.tx.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.tx.query_all_raw(statement).await
    }
}
