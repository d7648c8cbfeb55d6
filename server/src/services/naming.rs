//! Gives stored artifacts their names, all that wait at the same time in one transaction: a commit waits for the disk,
//! and one wait does for all of them. With one commit for each, they would queue up behind each other's disk.

use std::sync::{Arc, Mutex, PoisonError};

use sea_orm::{ConnectionTrait as _, DbBackend, SqlErr};
use tokio::sync::oneshot;

use crate::error::{Error, Result};
use crate::state::State;
use crate::store::artifacts::{self, NewArtifact};

/// Names given in one transaction at most: few enough that other writers do not wait long.
const BATCH: usize = 100;

struct Waiting {
    artifact: NewArtifact,
    named: oneshot::Sender<Result<bool>>,
}

/// The artifacts that wait for their names.
#[derive(Default)]
pub struct Naming {
    waiting: Mutex<Vec<Waiting>>,
    turn: tokio::sync::Mutex<()>,
}

impl Naming {
    fn change<T>(&self, change: impl FnOnce(&mut Vec<Waiting>) -> T) -> T {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Names an artifact; `false` when its key is taken. After `Ok` the name is durable.
pub async fn name(state: &Arc<State>, artifact: NewArtifact) -> Result<bool> {
    let (named, answer) = oneshot::channel();
    state.naming.change(|waiting| waiting.push(Waiting { artifact, named }));
    let state = state.clone();
    // A task of its own: when a client goes away, its request is dropped, and with it would be the names of others.
    tokio::spawn(async move {
        let _turn = state.naming.turn.lock().await;
        let batch = state.naming.change(|waiting| waiting.drain(..waiting.len().min(BATCH)).collect());
        name_all(&state, batch).await;
    });
    answer.await.map_err(|_| Error::Stopped)?
}

async fn name_all(state: &State, batch: Vec<Waiting>) {
    let (artifacts, named): (Vec<_>, Vec<_>) = batch.into_iter().map(|waiting| (waiting.artifact, waiting.named)).unzip();
    let mut outcomes = vec![];
    match commit(state, &artifacts).await {
        Ok(inserted) => outcomes.extend(inserted.into_iter().map(Ok)),
        // One that cannot be named, because its workspace is gone, must not be in the way of the others. Any other fault
        // is one of the database: asking it a hundred times would only let everybody wait.
        Err(error) if artifacts.len() > 1 && is_missing_workspace(&error) => {
            for artifact in &artifacts {
                outcomes.push(commit(state, std::slice::from_ref(artifact)).await.map(|inserted| inserted == [true]));
            }
        }
        Err(error) => {
            outcomes.push(Err(error));
            outcomes.extend(artifacts.iter().skip(1).map(|_| Err(Error::Together)));
        }
    }
    for (named, outcome) in named.into_iter().zip(outcomes) {
        // Nobody listens when the client went away; the artifact is there all the same.
        let _ = named.send(outcome);
    }
}

fn is_missing_workspace(error: &Error) -> bool {
    matches!(error, Error::Db(error) if matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))))
}

async fn commit(state: &State, artifacts: &[NewArtifact]) -> Result<Vec<bool>> {
    if artifacts.is_empty() {
        return Ok(vec![]);
    }
    let tx = state.db.begin().await?;
    if tx.get_database_backend() == DbBackend::Postgres {
        // Whoever deletes a big workspace must not keep the uploads of all others waiting.
        tx.execute_unprepared("SET LOCAL lock_timeout = '2s'").await?;
    }
    let inserted = artifacts::insert(&tx, artifacts).await?;
    tx.commit().await?;
    Ok(inserted)
}
