//! The remote cache: artifacts come and go here, sealed, written once.
//!
//! Storing: the sealed bytes first, durably; then the row that names them; then the answer. A crash in between leaves
//! bytes without a name, which the sweeper removes. Reading: the row (or the memory of it), then the bytes; nothing
//! leaves before the frame that holds it is verified.

use std::sync::Arc;

use app::domain::artifact::{ArtifactScope, PutOutcome};
use app::domain::ids::ArtifactId;
use app::domain::names::ArtifactHash;
use axum::body::{Body, BodyDataStream};

use crate::auth::bearer::CacheScope;
use crate::blob::BlobKey;
use crate::error::{Error, Result};
use crate::seal::{SealContext, Sealer};
use crate::services::retention::delete_blobs;
use crate::state::State;
use crate::store::artifacts::{self, NewArtifact, StoredArtifact};
use crate::transfer::{self, Content, Limits, ReceiveError, SendError};

/// What the bytes of an artifact are bound to: moved anywhere else they do not open.
fn context(scope: &CacheScope, kind: ArtifactScope, hash: &ArtifactHash) -> SealContext {
    SealContext::new("artifact")
        .with(scope.org().as_bytes())
        .with(scope.workspace().as_bytes())
        .with(kind.as_str().as_bytes())
        .with(hash.as_str().as_bytes())
}

/// An artifact on its way out.
pub struct Found {
    /// Its size.
    pub bytes: u64,
    /// Its verified content.
    pub content: Content,
}

/// Reads an artifact; `None` when there is none, or its bytes are not what was stored.
pub async fn get(state: &State, scope: &CacheScope, hash: &ArtifactHash) -> Result<Option<Found>> {
    let found = read(state, scope, ArtifactScope::Shared, hash).await?;
    match &found {
        Some((artifact, _)) => state.usage.hit(scope.workspace(), artifact.id, state.clock.now()),
        None => state.usage.miss(scope.workspace()),
    }
    Ok(found.map(|(_, found)| found))
}

async fn read(state: &State, scope: &CacheScope, kind: ArtifactScope, hash: &ArtifactHash) -> Result<Option<(Arc<StoredArtifact>, Found)>> {
    let Some(artifact) = locate(state, scope, kind, hash).await? else { return Ok(None) };
    let key = BlobKey::parse(&artifact.blob).ok_or(Error::Stored("blob key"))?;
    let Some(reader) = state.blobs.open(&key).await? else {
        // Deleted by another server since it was looked up; or lost, which `doctor` would tell.
        state.found.invalidate(&(scope.workspace(), kind, hash.clone()));
        return Ok(None);
    };
    let keys = state.keys.of(&state.db, scope.org()).await?;
    match transfer::send(reader, &keys, &context(scope, kind, hash), artifact.bytes).await {
        Ok(content) => {
            let bytes = artifact.bytes;
            Ok(Some((artifact, Found { bytes, content })))
        }
        Err(SendError::Storage(error)) => Err(error.into()),
        Err(SendError::Seal(error)) => {
            tracing::error!(artifact = %artifact.id, %error, "an artifact is damaged: it is deleted and answered as a miss");
            metrics::counter!("buildkeep_damaged_artifacts_total").increment(1);
            delete_damaged(state, scope, kind, hash, &artifact).await?;
            Ok(None)
        }
    }
}

/// Makes room for a good copy: as long as the key is taken, nobody could store one.
async fn delete_damaged(
    state: &State,
    scope: &CacheScope,
    kind: ArtifactScope,
    hash: &ArtifactHash,
    artifact: &StoredArtifact,
) -> Result<()> {
    let tx = state.db.begin().await?;
    artifacts::delete(&tx, scope.workspace(), std::slice::from_ref(artifact)).await?;
    tx.commit().await?;
    state.found.invalidate(&(scope.workspace(), kind, hash.clone()));
    delete_blobs(state, std::slice::from_ref(artifact)).await
}

async fn locate(state: &State, scope: &CacheScope, kind: ArtifactScope, hash: &ArtifactHash) -> Result<Option<Arc<StoredArtifact>>> {
    let key = (scope.workspace(), kind, hash.clone());
    if let Some(artifact) = state.found.get(&key) {
        return Ok(Some(artifact));
    }
    let artifact = artifacts::find(state.db.read(), scope, kind, hash).await?.map(Arc::new);
    if let Some(artifact) = &artifact {
        state.found.insert(key, artifact.clone());
    }
    Ok(artifact)
}

/// Why an upload was not stored, apart from a key that is taken.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The body is not acceptable or could not be written.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The server failed.
    #[error(transparent)]
    Inner(#[from] Error),
}

/// Stores an artifact, unless its key is taken.
pub async fn put(
    state: &State,
    scope: &CacheScope,
    hash: &ArtifactHash,
    length: Option<u64>,
    body: &mut BodyDataStream,
) -> Result<PutOutcome, PutError> {
    let kind = ArtifactScope::Shared;
    let limit = state.config.artifact_limit();
    let keys = state.keys.of(&state.db, scope.org()).await?;
    let sealer = Sealer::new(&keys, &context(scope, kind, hash)).map_err(Error::from)?;
    let key = BlobKey::random(scope.workspace().as_uuid()).map_err(Error::from)?;
    let received = transfer::receive(body, length, Limits::for_artifacts(limit), sealer, state.blobs.create(&key)).await?;

    let now = state.clock.now();
    let new = NewArtifact {
        id: ArtifactId::from_uuid(state.clock.new_id()),
        workspace: scope.workspace(),
        scope: kind,
        hash: hash.clone(),
        blob: key.to_string(),
        bytes: received.plain_bytes,
        created_by: scope.token().name.clone(),
        created_at: now,
    };
    match name(state, &new).await {
        Ok(true) => {
            metrics::counter!("buildkeep_artifacts_stored_total").increment(1);
            metrics::counter!("buildkeep_artifact_bytes_stored_total").increment(received.plain_bytes);
            Ok(PutOutcome::Created)
        }
        Ok(false) => {
            state.blobs.delete(&key).await.map_err(Error::from)?;
            Ok(PutOutcome::AlreadyThere)
        }
        // Whether the row is there is not known, so the bytes stay; the sweeper knows later.
        Err(error) => Err(error.into()),
    }
}

async fn name(state: &State, new: &NewArtifact) -> Result<bool> {
    let tx = state.db.begin().await?;
    let named = artifacts::insert(&tx, new).await?;
    tx.commit().await?;
    Ok(named)
}

/// Whether the key is taken: asked before a body is read, to spare what would be thrown away.
pub async fn exists(state: &State, scope: &CacheScope, hash: &ArtifactHash) -> Result<bool> {
    Ok(locate(state, scope, ArtifactScope::Shared, hash).await?.is_some())
}

/// The content as a response body.
pub fn body(content: Content) -> Body {
    match content {
        Content::Whole(bytes) => Body::from(bytes),
        Content::Stream(stream) => Body::from_stream(stream),
    }
}
