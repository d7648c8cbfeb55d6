//! Gives stored artifacts their names, all that wait at the same time in one transaction: a commit waits for the disk,
//! and one wait does for all of them. With one commit for each, they would queue up behind each other's disk.
//!
//! A name makes an artifact visible. Whether its credential may still do that is asked in the same transaction: the body
//! may have come minutes after it was checked.

use std::sync::{Arc, Mutex, PoisonError};

use app::domain::access::CachePermission;
use app::domain::artifact::ArtifactScope;
use sea_orm::{ConnectionTrait as _, DbBackend};
use tokio::sync::oneshot;

use crate::auth::credential::Living;
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::artifacts::{self, NewArtifact};
use crate::store::ci_tokens;

/// Names given in one transaction at most: few enough that other writers do not wait long.
const BATCH: usize = 100;

/// What became of an artifact that waited for its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// It has it, durably.
    Stored,
    /// Another one has it.
    Taken,
    /// Its credential may not store it any more, or its workspace is gone.
    Refused,
}

/// An artifact, and the credential that stores it.
struct New {
    artifact: NewArtifact,
    by: Arc<Living>,
}

impl New {
    /// What its credential has to give.
    const fn permission(&self) -> CachePermission {
        match self.artifact.scope {
            ArtifactScope::Shared => CachePermission::WriteShared,
            ArtifactScope::Execution(_) => CachePermission::UseExecution,
        }
    }
}

struct Waiting {
    new: New,
    named: oneshot::Sender<Result<Named>>,
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

/// Names an artifact that this credential stores.
pub async fn name(state: &Arc<State>, artifact: NewArtifact, by: Arc<Living>) -> Result<Named> {
    let (named, answer) = oneshot::channel();
    state.naming.change(|waiting| waiting.push(Waiting { new: New { artifact, by }, named }));
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
    let (new, named): (Vec<_>, Vec<_>) = batch.into_iter().map(|waiting| (waiting.new, waiting.named)).unzip();
    let mut outcomes = vec![];
    match commit(state, &new).await {
        Ok(named) => outcomes.extend(named.into_iter().map(Ok)),
        // One that cannot be named, because its workspace is gone, must not be in the way of the others. Any other fault
        // is one of the database: asking it a hundred times would only let everybody wait.
        Err(error) if error.is_missing_parent() => {
            for one in &new {
                outcomes.push(match commit(state, std::slice::from_ref(one)).await {
                    Ok(named) => Ok(named.first().copied().unwrap_or(Named::Refused)),
                    Err(error) if error.is_missing_parent() => Ok(Named::Refused),
                    Err(error) => Err(error),
                });
            }
        }
        Err(error) => {
            outcomes.push(Err(error));
            outcomes.extend(new.iter().skip(1).map(|_| Err(Error::Together)));
        }
    }
    for (named, outcome) in named.into_iter().zip(outcomes) {
        // Nobody listens when the client went away; the artifact is there all the same.
        let _ = named.send(outcome);
    }
}

/// Names all of them whose credentials still hold. The others are found out after the names were given; then it begins
/// again without them.
async fn commit(state: &State, new: &[New]) -> Result<Vec<Named>> {
    let mut outcomes = vec![Named::Stored; new.len()];
    loop {
        let (places, artifacts): (Vec<usize>, Vec<&NewArtifact>) = (0..)
            .zip(new)
            .filter(|(place, _)| outcomes.get(*place).is_some_and(|outcome| *outcome != Named::Refused))
            .map(|(place, new)| (place, &new.artifact))
            .unzip();
        if artifacts.is_empty() {
            return Ok(outcomes);
        }
        let tx = state.db.begin_without_session().await?;
        if tx.get_database_backend() == DbBackend::Postgres {
            // Whoever deletes a big workspace must not keep the uploads of all others waiting.
            tx.execute_unprepared("SET LOCAL lock_timeout = '2s'").await?;
        }
        let inserted = artifacts::insert(&tx, &artifacts).await?;
        // Last: from here on nobody takes access away before the commit.
        let epoch = ci_tokens::hold_access_epoch(&tx).await?;
        let mut all_hold = true;
        for (place, inserted) in places.into_iter().zip(inserted) {
            let (Some(new), Some(outcome)) = (new.get(place), outcomes.get_mut(place)) else { continue };
            *outcome = if !new.by.holds_at(state, &tx, epoch, new.permission()).await? {
                all_hold = false;
                Named::Refused
            } else if inserted {
                Named::Stored
            } else {
                Named::Taken
            };
        }
        if all_hold {
            tx.commit().await?;
            return Ok(outcomes);
        }
        tx.rollback().await?;
    }
}
