//! What `nx connect` asks for, without an account: a workspace that is nobody's yet, and a link for the browser.

use app::domain::connection::{GIVEN_OUT_WITHIN, LINK_DAYS, UNCLAIMED_DAYS};
use app::domain::ids::{ConnectionId, OrgId, WorkspaceId};
use app::domain::names::{NxCloudId, WorkspaceName};
use app::domain::secret::PlainSecret;
use chrono::TimeDelta;
use sea_orm::ConnectionTrait;

use crate::auth::secret::{SecretKind, generate};
use crate::error::Result;
use crate::network::ClientNetwork;
use crate::services::workspaces::new_nx_cloud_id;
use crate::state::State;
use crate::store::connections::{self, NewConnection};
use crate::store::quotas::{self, Quota};
use crate::store::{ci_tokens, unclaimed};

/// Workspaces that one network may create within a day.
const WORKSPACES: Quota = Quota { most: 20, within: TimeDelta::days(1) };
/// Links that one network may ask for within a day.
const LINKS: Quota = Quota { most: 100, within: TimeDelta::days(1) };
/// Links that there may be at once.
const MOST_LINKS: u64 = 20_000;
/// A longer name of a repository is none that people would recognize.
const LONGEST_REPOSITORY: usize = 200;

/// Why nx does not get what it asked for, in words that it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum No {
    /// The operator does not want it.
    #[error(
        "This server creates workspaces only for people who are signed in. Create one in the browser, and put its nxCloudId into nx.json."
    )]
    Off,
    /// There are too many of them.
    #[error("There are too many workspaces here that nobody has claimed. Create one in the browser, and put its nxCloudId into nx.json.")]
    Full,
    /// This network has asked too often.
    #[error("Too many requests came from your network today. Create the workspace in the browser, and put its nxCloudId into nx.json.")]
    TooMany,
}

/// Creates a workspace that nobody has.
pub async fn create(state: &State, network: ClientNetwork, name: Option<&WorkspaceName>) -> Result<Result<NxCloudId, No>> {
    let most = u64::from(state.config.unclaimed_workspaces);
    if most == 0 {
        return Ok(Err(No::Off));
    }
    let now = state.clock.now();
    let nx_cloud_id = new_nx_cloud_id()?;
    let tx = state.db.begin_without_session().await?;
    if is_over(&tx, "unclaimed workspaces", network, WORKSPACES, state).await? {
        return Ok(Err(No::TooMany));
    }
    if !unclaimed::has_org(&tx).await? {
        unclaimed::insert_org(&tx, state.keys.new_org_key(OrgId::UNCLAIMED)?, now).await?;
    }
    unclaimed::lock(&tx).await?;
    if unclaimed::count(&tx).await? >= most {
        return Ok(Err(No::Full));
    }
    unclaimed::insert(&tx, WorkspaceId::from_uuid(state.clock.new_id()), name, &nx_cloud_id, now).await?;
    tx.commit().await?;
    metrics::counter!("buildkeep_unclaimed_workspaces_total").increment(1);
    Ok(Ok(nx_cloud_id))
}

/// What nx tells when it asks for a link.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What stands in `nx.json`, or the token that nx has: only an Nx Cloud id is of use.
    pub access_token: Option<String>,
    /// The repository, such as `acme/shop`.
    pub repository: Option<String>,
}

/// Gives out a link. It claims the workspace that was created a moment ago, the first time that somebody asks; else it
/// creates one. From outside, both look the same.
pub async fn give_link(state: &State, network: ClientNetwork, asked: &Asked) -> Result<Result<PlainSecret, No>> {
    let now = state.clock.now();
    let secret = generate(SecretKind::Connection)?;
    let code = state.hasher.hash(secret.expose());
    let tx = state.db.begin_without_session().await?;
    if is_over(&tx, "links of nx connect", network, LINKS, state).await? {
        return Ok(Err(No::TooMany));
    }
    if connections::count(&tx).await? >= MOST_LINKS {
        return Ok(Err(No::Full));
    }
    let named = asked.access_token.as_deref().and_then(|text| NxCloudId::parse(text).ok());
    let found = match &named {
        Some(id) => unclaimed::find(&tx, id).await?,
        None => None,
    };
    let workspace = found.filter(|(_, created_at)| now - *created_at <= GIVEN_OUT_WITHIN).map(|(id, _)| id);
    let link = |workspace: Option<WorkspaceId>| NewConnection {
        id: ConnectionId::from_uuid(state.clock.new_id()),
        code: code.clone(),
        workspace,
        repository: asked.repository.clone().filter(|name| name.len() <= LONGEST_REPOSITORY),
        names_other: asked.access_token.is_some() && workspace.is_none(),
        expires_at: now + TimeDelta::days(LINK_DAYS),
    };
    let claims = workspace.is_some() && connections::insert(&tx, link(workspace)).await?;
    if !claims {
        connections::insert(&tx, link(None)).await?;
    }
    tx.commit().await?;
    Ok(Ok(secret))
}

async fn is_over(tx: &impl ConnectionTrait, what: &str, network: ClientNetwork, quota: Quota, state: &State) -> Result<bool> {
    Ok(quotas::take_in_network(tx, what, network, quota, state.clock.now()).await?.is_some())
}

/// Deletes workspaces that nobody claimed in time, and forgets old links.
pub async fn expire(state: &State) -> Result<()> {
    let now = state.clock.now();
    connections::delete_old(state.db.write(), now).await?;
    let tx = state.db.begin_without_session().await?;
    let deleted = unclaimed::delete_old(&tx, now - TimeDelta::days(i64::from(UNCLAIMED_DAYS))).await?;
    if deleted == 0 {
        return Ok(());
    }
    ci_tokens::raise_access_epoch(&tx).await?;
    tx.commit().await?;
    state.access_changed();
    tracing::info!(deleted, "workspaces that nobody had claimed were deleted");
    Ok(())
}
