//! Two hashes of one task: what they were made of, and what of that differs.

use std::collections::BTreeMap;

use app::backend::runs::{Comparison, OtherTask};
use app::domain::ids::RunId;
use app::error::AppError;

use super::Opened;
use super::details::difference;
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::runs::search::{self, RunRecord};
use crate::store::runs::tasks::{self, TaskRecord};

/// Runs to choose from.
const OTHERS: u64 = 20;

async fn here(state: &State, Opened { scope, run, .. }: &Opened, number: u32) -> Result<TaskRecord> {
    let attempts = tasks::attempts(state.db.read(), scope, run.id, number).await?;
    attempts.into_iter().next_back().ok_or_else(|| AppError::NotFound.into())
}

fn other(Opened { scope, keys, .. }: &Opened, run: &RunRecord, task: &TaskRecord) -> Result<OtherTask> {
    Ok(OtherTask {
        run: run.id,
        number: task.key.0,
        hash: keys.open_task(scope.id(), run.id, task.key, &task.sealed)?.hash,
        branch: keys.open_run(scope.id(), run.id, &run.sealed)?.branch,
        started_at: run.started_at,
        status: task.status,
        cache: task.cache,
        cacheable: task.cacheable,
        has_details: task.details.is_some(),
    })
}

/// The last runs of the same task.
pub async fn others(state: &State, opened: &Opened, number: u32) -> Result<Vec<OtherTask>> {
    let db = state.db.read();
    let task = here(state, opened, number).await?;
    let mut others = Vec::new();
    for (run, task) in tasks::same_task(db, &opened.scope, &task.task, opened.run.id, OTHERS).await? {
        if let Some(run) = search::find(db, &opened.scope, run).await? {
            others.push(other(opened, &run, &task)?);
        }
    }
    Ok(others)
}

/// What differs between the task and the same one in another run.
pub async fn compare(state: &State, opened: &Opened, number: u32, other_run: RunId) -> Result<Comparison> {
    let db = state.db.read();
    let task = here(state, opened, number).await?;
    let run = search::find(db, &opened.scope, other_run).await?.ok_or(AppError::NotFound)?;
    let there = tasks::same_task_in(db, &opened.scope, &task.task, run.id).await?.ok_or(AppError::NotFound)?;
    let other = other(opened, &run, &there)?;
    let (one, two) = (details(state, opened, &task).await?, details(state, opened, &there).await?);
    let (differences, same) = match one.zip(two) {
        Some((one, two)) => {
            let (differences, same) = difference(one, two);
            (Some(differences), same)
        }
        None => (None, 0),
    };
    Ok(Comparison { other, differences, same })
}

async fn details(state: &State, Opened { scope, keys, .. }: &Opened, task: &TaskRecord) -> Result<Option<BTreeMap<String, String>>> {
    let Some(index) = &task.details else { return Ok(None) };
    let Some(sealed) = tasks::details(state.db.read(), scope, index).await? else { return Ok(None) };
    let details = keys.open_details(scope.id(), index, &sealed)?;
    serde_json::from_slice(&details).map(Some).map_err(|_| Error::Stored("what a hash was made of"))
}
