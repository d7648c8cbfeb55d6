//! Links that `nx connect` prints: each claims a workspace, or creates one.
//!
//! While it was nobody's, whoever knew its id could store what they liked; so a claim throws all artifacts away. One that
//! is stored at the same moment is sealed for the hidden organization, and does not open in the new one.

pub mod for_nx;

use std::sync::Arc;

use app::backend::connections::{Connected, ConnectionView, Connections as Port, Offer, Owner};
use app::backend::members::JoinedBy;
use app::domain::access::IdAccess;
use app::domain::ids::WorkspaceId;
use app::domain::names::WorkspaceName;
use app::domain::permission::Permission;
use app::domain::secret::PlainSecret;
use app::error::AppError;
use app::request::Caller;
use async_trait::async_trait;
use sea_orm::DatabaseTransaction;

use super::{orgs, retention, workspaces};
use crate::auth::access::{self, OrgScope};
use crate::auth::change;
use crate::auth::secret::{SecretHash, SecretKind, is_well_formed};
use crate::error::{Result, answer};
use crate::state::State;
use crate::store::artifacts::StoredArtifact;
use crate::store::audit::{Action, Object, record};
use crate::store::connections::{self, Connection, Lock};
use crate::store::unclaimed;

/// Links that `nx connect` prints.
pub struct Connections(pub Arc<State>);

impl Connections {
    fn hash(&self, code: &PlainSecret) -> Result<SecretHash> {
        let fits = is_well_formed(SecretKind::Connection, code.expose());
        Ok(fits.then(|| self.0.hasher.hash(code.expose())).ok_or(AppError::LinkUnusable)?)
    }

    async fn claim(
        &self,
        tx: &DatabaseTransaction,
        caller: &Caller,
        scope: &OrgScope,
        id: WorkspaceId,
        name: &WorkspaceName,
    ) -> Result<Vec<StoredArtifact>> {
        workspaces::require_room(&self.0, tx, caller, scope).await?;
        let gone = retention::delete_all(tx, id).await?;
        if !unclaimed::claim(tx, scope, id, name).await? {
            return Err(AppError::LinkUnusable.into());
        }
        let object = Object { kind: "workspace", id: id.to_string(), name: name.as_str() };
        record(tx, &self.0.clock, caller, Some(scope.id()), Action::Claimed, object, None).await?;
        Ok(gone)
    }

    async fn use_up(&self, tx: &DatabaseTransaction, code: &SecretHash) -> Result<Connection> {
        let now = self.0.clock.now();
        let link = connections::find(tx, code, Lock::ForUse, now).await?.ok_or(AppError::LinkUnusable)?;
        connections::set_used(tx, link.id, now).await?;
        Ok(link)
    }
}

const fn offer(link: &Connection) -> Offer {
    match link.workspace {
        Some(_) => Offer::Claim,
        None => Offer::Create { names_other: link.names_other },
    }
}

#[async_trait]
impl Port for Connections {
    async fn open(&self, caller: &Caller, code: &PlainSecret) -> Result<ConnectionView, AppError> {
        caller.user()?;
        answer(caller, async {
            let (hash, now) = (self.hash(code)?, self.0.clock.now());
            let link = connections::find(self.0.db.read(), &hash, Lock::None, now).await?.ok_or(AppError::LinkUnusable)?;
            Ok(ConnectionView { offer: offer(&link), name: link.name })
        })
        .await
    }

    async fn accept(&self, caller: &Caller, code: &PlainSecret, owner: Owner, name: WorkspaceName) -> Result<Connected, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let state = &self.0;
            let tx = change::begin(state, caller).await?;
            let slug = match owner {
                Owner::Existing(slug) => slug,
                Owner::New(org, slug) => {
                    orgs::create_in(state, &tx, caller, user.id, JoinedBy::Created, &org, &slug).await?;
                    slug
                }
            };
            // First the organization, as everywhere: two who use links never wait for each other.
            let scope = access::org_for_change(&tx, &slug, Permission::CreateWorkspace).await?;
            let link = self.use_up(&tx, &self.hash(code)?).await?;
            let (workspace, gone) = match link.workspace {
                Some(id) => (id, self.claim(&tx, caller, &scope, id, &name).await?),
                None => (workspaces::create_in(state, &tx, caller, &scope, name, IdAccess::DEFAULT).await?.0.id, Vec::new()),
            };
            if link.workspace.is_none() {
                tx.commit().await?;
            } else {
                tx.commit_taking_access(state).await?;
                state.found.invalidate_all();
                let state = state.clone();
                // What is left, the sweeper takes.
                tokio::spawn(async move {
                    if let Err(error) = retention::delete_blobs(&state, &gone).await {
                        tracing::warn!(%error, "bytes of a claimed workspace could not be deleted yet");
                    }
                });
            }
            Ok(Connected { org: slug, workspace, offer: offer(&link) })
        })
        .await
    }
}
