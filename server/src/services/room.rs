//! Room for artifacts of those who may store only so much: workspaces that nobody has claimed, CI executions, and whoever has no token.
//!
//! The bound holds at the write. What is on its way counts as if it were stored, with the length that was announced; so many at once
//! get no further than one after the other.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use app::domain::artifact::ArtifactScope;
use app::domain::ids::{OrgId, WorkspaceId};

use crate::auth::credential::CacheScope;
use crate::error::Result;
use crate::state::State;
use crate::store::{artifacts, workspaces};

/// What is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Bounded {
    Workspace(WorkspaceId),
    Executions(WorkspaceId),
    Execution(WorkspaceId, ArtifactScope),
}

/// Bytes on their way into what is bounded.
#[derive(Debug, Default)]
pub struct Coming(Mutex<HashMap<Bounded, u64>>);

impl Coming {
    fn lock(&self) -> MutexGuard<'_, HashMap<Bounded, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Room that is kept for one artifact until this is dropped.
pub struct Room {
    state: Arc<State>,
    kept: Vec<Bounded>,
    bytes: u64,
}

impl Room {
    /// Counts the artifact as coming, and tells how much comes into this place together with it.
    fn keep(&mut self, place: Bounded) -> u64 {
        let mut coming = self.state.coming.lock();
        let bytes = coming.entry(place).or_insert(0);
        *bytes = bytes.saturating_add(self.bytes);
        self.kept.push(place);
        *bytes
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let mut coming = self.state.coming.lock();
        for place in &self.kept {
            if let Some(bytes) = coming.get_mut(place) {
                *bytes = bytes.saturating_sub(self.bytes);
                if *bytes == 0 {
                    coming.remove(place);
                }
            }
        }
    }
}

/// Why there is no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// In the workspace, for callers without a token.
    #[error("the workspace keeps no more from callers without an access token; one that nobody has claimed keeps little in all")]
    Workspace,
    /// For artifacts of this CI execution, or of all of them.
    #[error("the artifacts of CI executions have reached their limit")]
    Execution,
    /// For callers without a token: the disk is nearly full.
    #[error("the server's disk is nearly full, and stores nothing without an access token")]
    Disk,
}

/// Bytes of the largest artifact that is stored there.
pub fn largest(state: &State, org: OrgId) -> u64 {
    let all = state.config.artifact_limit();
    if org == OrgId::UNCLAIMED { all.min(state.config.bounds.unclaimed_artifact) } else { all }
}

/// Keeps room for an artifact of this length, or of the largest when that is not known.
pub async fn keep(state: &Arc<State>, scope: &CacheScope, kind: ArtifactScope, length: Option<u64>) -> Result<Result<Room, NoRoom>> {
    let bytes = length.unwrap_or_else(|| largest(state, scope.org()));
    let mut room = Room { state: state.clone(), kept: Vec::new(), bytes };
    if scope.credential().token.is_none() && state.disk.is_nearly_full(state.config.keep_free_mib) {
        return Ok(Err(NoRoom::Disk));
    }
    let (workspace, db) = (scope.workspace(), state.db.read());
    // What is coming is counted before what is there: in between nothing gets by.
    if scope.credential().token.is_none() {
        let coming = room.keep(Bounded::Workspace(workspace));
        let (stored, retention) = workspaces::held(db, scope).await?;
        let limit = if scope.org() == OrgId::UNCLAIMED {
            state.config.bounds.unclaimed_workspace
        } else {
            // What has been unused for longest goes when the limit is passed, a little later; until then not much more comes.
            retention.bytes().map_or(u64::MAX, |limit| limit.saturating_add(limit / 10))
        };
        if stored.saturating_add(coming) > limit {
            return Ok(Err(NoRoom::Workspace));
        }
    }
    if matches!(kind, ArtifactScope::Execution(_)) {
        let (of_all, of_one) = (room.keep(Bounded::Executions(workspace)), room.keep(Bounded::Execution(workspace, kind)));
        let limit = state.config.execution_limit();
        let all = artifacts::execution_bytes(db, scope).await?.saturating_add(of_all);
        let one = artifacts::bytes_of_execution(db, scope, kind).await?.saturating_add(of_one);
        if all > limit || one > limit / state.config.bounds.execution_parts.max(1) {
            return Ok(Err(NoRoom::Execution));
        }
    }
    Ok(Ok(room))
}
