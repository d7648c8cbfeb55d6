//! The remote cache: artifacts come and go here, sealed, written once.
//!
//! Storing: the sealed bytes first, durably; then the row that names them; then the answer. A crash in between leaves
//! bytes without a name, which the sweeper removes. Reading: the row (or the memory of it), then the bytes; nothing
//! leaves before the frame that holds it is verified.

use std::sync::Arc;

use app::domain::access::CachePermission;
use app::domain::artifact::{ArtifactScope, PutOutcome};
use app::domain::ids::ArtifactId;
use app::domain::names::ArtifactHash;
use axum::body::{Body, BodyDataStream};

use crate::auth::credential::{CacheScope, Reading};
use crate::blob::{BlobKey, BlobReader};
use crate::error::{Error, Result};
use crate::seal::{SealContext, SealError, Sealer};
use crate::services::naming::{self, Named};
use crate::services::retention::delete_blobs;
use crate::services::room::{self, NoRoom};
use crate::state::{ArtifactKey, State};
use crate::store::artifacts::{self, NewArtifact, StoredArtifact};
use crate::transfer::{self, Announced, Content, Limits, ReceiveError, SendError};

/// What the bytes of an artifact are bound to: moved anywhere else they do not open.
fn context(scope: &CacheScope, kind: ArtifactScope, hash: &ArtifactHash) -> SealContext {
    SealContext::new("artifact")
        .with(scope.org().as_bytes())
        .with(scope.workspace().as_bytes())
        .with(kind.to_string().as_bytes())
        .with(hash.as_str().as_bytes())
}

/// An artifact on its way out.
pub struct Found {
    /// Where it lies.
    pub artifact: Arc<StoredArtifact>,
    /// Its verified content.
    pub content: Content,
}

/// Reads an artifact; `None` when there is none, or its bytes are not what was stored.
pub async fn get(state: &Arc<State>, scope: &CacheScope, kind: ArtifactScope, hash: &ArtifactHash) -> Result<Option<Found>> {
    let found = read(state, scope, kind, hash).await?;
    if let Some(found) = &found {
        state.usage.hit(scope.workspace(), found.artifact.id, state.clock.now());
    }
    Ok(found.map(|mut found| {
        let (state, org) = (state.clone(), scope.org());
        found.content = found.content.counted(move |bytes| state.usage.sent(org, bytes, state.clock.now()));
        found
    }))
}

async fn read(state: &Arc<State>, scope: &CacheScope, kind: ArtifactScope, hash: &ArtifactHash) -> Result<Option<Found>> {
    let Place::Taken(artifact, reader) = locate(state, scope, kind, hash).await? else { return Ok(None) };
    let keys = state.keys.of(&state.db, scope.org()).await?;
    match transfer::send(reader, &keys, &context(scope, kind, hash), artifact.bytes).await {
        Ok(content) => {
            let place = (scope.workspace(), kind, hash.clone());
            let content = content.when_damaged({
                let (state, artifact) = (state.clone(), artifact.clone());
                move |error| {
                    if !is_damage(*error) {
                        return;
                    }
                    let error = error.to_string();
                    tokio::spawn(async move {
                        if let Err(error) = give_up(&state, place, &artifact, &error).await {
                            tracing::error!(%error, "a damaged artifact could not be deleted");
                        }
                    });
                }
            });
            let content = content.while_allowed(Reading::new(state, scope, reads(kind)));
            Ok(Some(Found { artifact, content }))
        }
        Err(SendError::Storage(error)) => Err(error.into()),
        // Asked of what is sent behind the beginning.
        Err(SendError::NotAllowed) => Ok(None),
        Err(SendError::Seal(error)) if is_damage(error) => {
            give_up(state, (scope.workspace(), kind, hash.clone()), &artifact, &error.to_string()).await?;
            Ok(None)
        }
        // A miss, and a line in the log.
        Err(SendError::Seal(error)) => Err(error.into()),
    }
}

/// What it takes to read artifacts of this kind.
const fn reads(kind: ArtifactScope) -> CachePermission {
    match kind {
        ArtifactScope::Shared => CachePermission::ReadShared,
        ArtifactScope::Execution(_) => CachePermission::UseExecution,
    }
}

/// Whether the bytes are wrong, rather than this server unable to open them: their key or their format may be newer than
/// what it knows, and then they are good for others.
const fn is_damage(error: SealError) -> bool {
    match error {
        SealError::Altered => true,
        SealError::Format | SealError::UnknownKey(_) | SealError::TooLong | SealError::Random => false,
    }
}

/// Deletes an artifact that is damaged or lost: as long as it takes its key, nobody could store a good copy.
async fn give_up(state: &State, place: ArtifactKey, artifact: &StoredArtifact, why: &str) -> Result<()> {
    tracing::error!(artifact = %artifact.id, why, "an artifact is damaged: it is deleted, so that it can be stored again");
    metrics::counter!("buildkeep_damaged_artifacts_total").increment(1);
    let tx = state.db.begin_without_session().await?;
    artifacts::delete(&tx, place.0, std::slice::from_ref(artifact)).await?;
    tx.commit().await?;
    state.found.invalidate(&place);
    delete_blobs(state, std::slice::from_ref(artifact)).await
}

/// What is behind a key.
enum Place {
    /// No artifact.
    Free,
    /// An artifact whose bytes are gone.
    Lost(Arc<StoredArtifact>),
    /// An artifact, and its bytes.
    Taken(Arc<StoredArtifact>, Box<dyn BlobReader>),
}

async fn locate(state: &State, scope: &CacheScope, kind: ArtifactScope, hash: &ArtifactHash) -> Result<Place> {
    let key = (scope.workspace(), kind, hash.clone());
    if let Some(artifact) = state.found.get(&key) {
        if let Some(reader) = open(state, &artifact).await? {
            return Ok(Place::Taken(artifact, reader));
        }
        // Deleted since it was remembered, perhaps by another server, which may have stored it anew.
        state.found.invalidate(&key);
    }
    let Some(artifact) = artifacts::find(state.db.read(), scope, kind, hash).await?.map(Arc::new) else {
        return Ok(Place::Free);
    };
    let Some(reader) = open(state, &artifact).await? else { return Ok(Place::Lost(artifact)) };
    state.found.insert(key, artifact.clone());
    Ok(Place::Taken(artifact, reader))
}

async fn open(state: &State, artifact: &StoredArtifact) -> Result<Option<Box<dyn BlobReader>>> {
    let key = BlobKey::parse(&artifact.blob).ok_or(Error::Stored("blob key"))?;
    Ok(state.blobs.open(&key).await?)
}

/// Whether the key is taken: asked before a body is read, to spare what would be thrown away.
///
/// An artifact whose bytes are lost gives way to the good copy that somebody brings. Not before: when the whole store is
/// away for a while, misses must not delete what comes back with it.
pub async fn exists(state: &State, scope: &CacheScope, kind: ArtifactScope, hash: &ArtifactHash) -> Result<bool> {
    match locate(state, scope, kind, hash).await? {
        Place::Free => Ok(false),
        Place::Taken(..) => Ok(true),
        Place::Lost(artifact) => {
            give_up(state, (scope.workspace(), kind, hash.clone()), &artifact, "its bytes are gone").await?;
            Ok(false)
        }
    }
}

/// Why an upload was not stored, apart from a key that is taken.
#[derive(Debug, thiserror::Error)]
pub enum PutError {
    /// The body is not acceptable or could not be written.
    #[error(transparent)]
    Receive(#[from] ReceiveError),
    /// The credential may not store it any more: that was taken away while the body came.
    #[error("the credential has lost its access during the upload")]
    NotAllowed,
    /// There is no room for it.
    #[error(transparent)]
    NoRoom(#[from] NoRoom),
    /// The server failed.
    #[error(transparent)]
    Inner(#[from] Error),
}

/// Stores an artifact, unless its key is taken.
pub async fn put(
    state: &Arc<State>,
    scope: &CacheScope,
    (kind, hash): (ArtifactScope, &ArtifactHash),
    announced: Announced,
    body: &mut BodyDataStream,
) -> Result<PutOutcome, PutError> {
    let limit = room::largest(state, scope.org());
    // Until the artifact is named, and so counted by itself.
    let _room = room::keep(state, scope, kind, announced.length).await??;
    let keys = state.keys.of(&state.db, scope.org()).await?;
    let sealer = Sealer::new(&keys, &context(scope, kind, hash)).map_err(Error::from)?;
    let key = BlobKey::random(scope.workspace().as_uuid()).map_err(Error::from)?;
    let received = transfer::receive(body, announced, Limits::for_artifacts(limit), sealer, state.blobs.create(&key)).await?;

    let now = state.clock.now();
    state.usage.received(scope.org(), received.plain_bytes, now);
    let new = NewArtifact {
        id: ArtifactId::from_uuid(state.clock.new_id()),
        workspace: scope.workspace(),
        scope: kind,
        hash: hash.clone(),
        blob: key.to_string(),
        bytes: received.plain_bytes,
        format: announced.format,
        sha256: announced.sha256,
        created_by: scope.credential().name.clone(),
        created_at: now,
    };
    let by = scope.credential();
    let mut named = naming::name(state, new.clone(), by.clone()).await;
    // The key may be taken by an artifact whose bytes are lost.
    if matches!(named, Ok(Named::Taken)) && !exists(state, scope, kind, hash).await? {
        named = naming::name(state, new, by.clone()).await;
    }
    match named {
        Ok(Named::Stored) => {
            metrics::counter!("buildkeep_artifacts_stored_total").increment(1);
            metrics::counter!("buildkeep_artifact_bytes_stored_total").increment(received.plain_bytes);
            Ok(PutOutcome::Created)
        }
        Ok(Named::Refused) => {
            state.blobs.delete(&key).await.map_err(Error::from)?;
            Err(PutError::NotAllowed)
        }
        Ok(Named::Taken) => {
            // Unless the row is ours after all: a commit whose answer was lost was tried twice.
            if !artifacts::unnamed(state.db.read(), vec![key.to_string()]).await?.is_empty() {
                state.blobs.delete(&key).await.map_err(Error::from)?;
            }
            Ok(PutOutcome::AlreadyThere)
        }
        // Whether the row is there is not known, so the bytes stay; the sweeper knows later.
        Err(error) => Err(error.into()),
    }
}

/// The content as a response body.
pub fn body(content: Content) -> Body {
    match content {
        Content::Whole(bytes) => Body::from(bytes),
        Content::Stream(stream) => Body::from_stream(stream),
    }
}
