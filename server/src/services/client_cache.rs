//! The remote cache for clients that ask with one question for many artifacts, and that know CI executions.
//!
//! A credential that may store for everyone does; one that may not, and belongs to a CI execution, stores for that
//! execution alone. What it may is decided here and nowhere by what a client says of itself.

use std::sync::Arc;

use app::domain::access::CachePermission;
use app::domain::artifact::ArtifactScope;
use app::domain::names::ArtifactHash;

use super::cache::{self, Found};
use super::limits;
use crate::auth::credential::{CacheScope, Credential};
use crate::error::Result;
use crate::state::State;
use crate::store::artifacts::{self, StoredArtifact};
use crate::wire::artifacts::Store;

/// What a credential reads, and where it stores.
pub struct Access {
    /// The proof that it may read.
    pub scope: CacheScope,
    /// What it reads, the most common first.
    pub reads: Vec<ArtifactScope>,
    /// Where its new artifacts go; `None` when it may only read.
    pub writes: Option<ArtifactScope>,
}

impl Access {
    /// What this credential may do that presents the secret of an execution, or none; `None` when it may do nothing.
    pub fn of(state: &State, credential: &Credential, execution: Option<&str>) -> Option<Self> {
        let scope = credential.scope(CachePermission::ReadShared)?;
        if credential.scope(CachePermission::WriteShared).is_some() {
            return Some(Self { scope, reads: vec![ArtifactScope::Shared], writes: Some(ArtifactScope::Shared) });
        }
        let own = credential.scope(CachePermission::UseExecution).and_then(|scope| {
            let secret = state.credentials.execution(scope.credential(), execution?)?;
            Some(ArtifactScope::Execution(secret))
        });
        Some(Self { scope, reads: [ArtifactScope::Shared].into_iter().chain(own).collect(), writes: own })
    }
}

/// Those of these hashes that are there. The others are counted as misses.
pub async fn lookup(
    state: &State,
    access: &Access,
    hashes: &[ArtifactHash],
) -> Result<Vec<(ArtifactScope, ArtifactHash, Arc<StoredArtifact>)>> {
    let found = artifacts::find_many(state.db.read(), &access.scope, &access.reads, hashes).await?;
    let missed = hashes.len().saturating_sub(found.len());
    state.usage.missed(access.scope.workspace(), missed as u64);
    Ok(found
        .into_iter()
        .map(|(kind, hash, artifact)| {
            let artifact = Arc::new(artifact);
            // It is about to be asked for.
            state.found.insert((access.scope.workspace(), kind, hash.clone()), artifact.clone());
            (kind, hash, artifact)
        })
        .collect())
}

/// Where new artifacts go now.
pub async fn store(state: &State, access: &Access) -> Result<Store> {
    let (to, room) = match access.writes {
        None => return Ok(Store::ReadOnly),
        Some(ArtifactScope::Shared) => (Store::Shared, true),
        Some(ArtifactScope::Execution(_)) => (Store::Execution, limits::takes_execution(state, &access.scope).await?),
    };
    let takes = room && limits::takes_writes(state, access.scope.org()).await?;
    Ok(if takes { to } else { Store::OverLimit })
}

/// Reads an artifact from where the credential may read.
pub async fn get(state: &Arc<State>, access: &Access, hash: &ArtifactHash) -> Result<Option<Found>> {
    for kind in &access.reads {
        if let Some(found) = cache::get(state, &access.scope, *kind, hash).await? {
            return Ok(Some(found));
        }
    }
    state.usage.missed(access.scope.workspace(), 1);
    Ok(None)
}
