//! Who asks from the command line or from CI: from the headers to what they may do, without the database when warm.
//!
//! A CI access token counts by itself. A personal access token counts in the workspace that the Nx Cloud id names, while
//! its owner is a member whose sign-in opens the organization; else what counts is the Nx Cloud id alone. A token that is
//! unknown, expired or revoked opens nothing, also beside a good id: whoever sent it believes that it counts.

use std::sync::Arc;

use app::domain::access::{CachePermission, Grant};
use app::domain::ids::{CiTokenId, OrgId, PersonalTokenId, WorkspaceId};
use app::domain::names::{NxCloudId, OrgName, OrgSlug, WorkspaceName};
use app::domain::token::earlier;
use aws_lc_rs::digest;
use axum::http::{HeaderMap, header};
use chrono::{DateTime, TimeDelta, Utc};
use moka::sync::Cache;

use super::epoch::Epoch;
use super::proof;
use super::secret::{SecretHash, SecretHasher, SecretKind, is_well_formed};
use crate::error::Result;
use crate::state::State;
use crate::store::ci_tokens::{self, DeadToken};
use crate::store::personal_tokens::{self, LivingPersonalToken};
use crate::store::unscoped::{self, FoundWorkspace};
use crate::wire;
use crate::wire::whoami::Notice;

/// A personal access token hangs on more than what raises the epoch (the clock of the provider's last word), so it is
/// looked at again after this long.
const PERSONAL_LASTS: TimeDelta = TimeDelta::seconds(60);

/// Header in which Nx Console sends a person's token.
const PERSONAL_ACCESS_TOKEN: &str = "nx-cloud-personal-access-token";

/// Which token it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TokenId {
    /// A CI access token.
    Ci(CiTokenId),
    /// A personal access token.
    Personal(PersonalTokenId),
}

/// A credential that was checked.
#[derive(Debug)]
pub struct Living {
    /// What it may do.
    pub grant: Grant,
    /// Which token; the Nx Cloud id alone is none.
    pub token: Option<TokenId>,
    /// Its name, for what it stores.
    pub name: String,
    /// Where it works.
    pub workspace: WorkspaceId,
    /// The name of the workspace.
    pub workspace_name: WorkspaceName,
    /// Its Nx Cloud id.
    pub nx_cloud_id: NxCloudId,
    /// The organization of the workspace.
    pub org: OrgId,
    /// Its name.
    pub org_name: OrgName,
    /// Its address.
    pub org_slug: OrgSlug,
    /// When this value of it stops working.
    pub ends_at: Option<DateTime<Utc>>,
    /// Why something better that was sent does not count.
    pub notice: Option<Notice>,
}

impl Living {
    /// Whether the workspace is somebody's. The runs of others are not recorded: nobody could look at them.
    pub fn is_claimed(&self) -> bool {
        self.org != OrgId::UNCLAIMED
    }
}

/// Proof that a credential may do what was asked with the cache of one workspace.
#[derive(Debug, Clone)]
pub struct CacheScope(Arc<Living>);

impl CacheScope {
    /// The workspace.
    pub fn workspace(&self) -> WorkspaceId {
        self.0.workspace
    }

    /// Its organization.
    pub fn org(&self) -> OrgId {
        self.0.org
    }

    /// The credential that asks.
    pub fn credential(&self) -> &Living {
        &self.0
    }
}

/// Proof that a credential may have its runs recorded in one workspace.
#[derive(Debug, Clone)]
pub struct RunScope(Arc<Living>);

impl RunScope {
    /// The workspace.
    pub fn workspace(&self) -> WorkspaceId {
        self.0.workspace
    }

    /// Its organization.
    pub fn org(&self) -> OrgId {
        self.0.org
    }

    /// The credential that asks.
    pub fn credential(&self) -> &Living {
        &self.0
    }
}

/// A credential that is known to live; what it may do is asked with [`Credential::scope`].
#[derive(Debug, Clone)]
pub struct Credential(Arc<Living>);

impl Credential {
    /// The proof for this permission, if the credential gives it.
    pub fn scope(&self, permission: CachePermission) -> Option<CacheScope> {
        self.0.grant.grants(permission).then(|| CacheScope(self.0.clone()))
    }

    /// The proof that its runs are recorded, if they are.
    pub fn runs(&self) -> Option<RunScope> {
        (self.0.grant.grants(CachePermission::RecordRuns) && self.0.is_claimed()).then(|| RunScope(self.0.clone()))
    }

    /// What it is.
    pub fn living(&self) -> &Living {
        &self.0
    }
}

/// What a client has sent to say who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presented<'a> {
    /// The value behind `Authorization: Bearer`.
    pub token: Option<&'a str>,
    /// The Nx Cloud id.
    pub nx_cloud_id: Option<&'a str>,
}

impl<'a> Presented<'a> {
    /// What the headers say.
    pub fn by(headers: &'a HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self { token: text(header::AUTHORIZATION.as_str()).and_then(bearer_value), nx_cloud_id: text(wire::NX_CLOUD_ID) }
    }

    /// What Nx Console says, which sends all that it finds: a person's token counts before the one of CI, which comes
    /// without a scheme.
    pub fn by_nx_console(headers: &'a HeaderMap) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty());
        let of_ci = || text(header::AUTHORIZATION.as_str()).map(|value| bearer_value(value).unwrap_or(value));
        Self { token: text(PERSONAL_ACCESS_TOKEN).or_else(of_ci), nx_cloud_id: text(wire::NX_CLOUD_ID) }
    }
}

/// What was remembered or found of a credential.
#[derive(Debug, Clone)]
enum Found {
    Living(Arc<Living>, Option<DateTime<Utc>>),
    Dead(Arc<DeadToken>),
    Unknown,
    UnknownWorkspace,
}

/// What a credential is worth.
#[derive(Debug, Clone)]
pub enum Checked {
    /// It lives.
    Good(Credential),
    /// A CI access token that is known and works no more.
    Dead(Arc<DeadToken>),
    /// A token that is not known, or a personal one that works no more.
    Unknown,
    /// No workspace has this Nx Cloud id.
    UnknownWorkspace,
    /// Nothing was sent.
    Nothing,
}

type Key = (Option<SecretHash>, Option<NxCloudId>);

/// Credentials that were checked, with the epoch at which the check began.
pub struct Credentials {
    hasher: Arc<SecretHasher>,
    known: Cache<Key, (Epoch, Found)>,
}

impl Credentials {
    /// Remembers up to some ten thousand, wrong ones too.
    pub fn new(hasher: Arc<SecretHasher>) -> Self {
        Self { hasher, known: Cache::new(20_000) }
    }

    /// Who it is that presents this.
    pub async fn check(&self, state: &State, presented: &Presented<'_>) -> Result<Checked> {
        let kind = match presented.token {
            Some(text) => match [SecretKind::CiToken, SecretKind::PersonalToken].into_iter().find(|kind| is_well_formed(*kind, text)) {
                Some(kind) => Some((kind, self.hasher.hash(text))),
                None => return Ok(Checked::Unknown),
            },
            None => None,
        };
        let id = match (&kind, presented.nx_cloud_id) {
            // It knows its workspace.
            (Some((SecretKind::CiToken, _)), _) | (_, None) => None,
            (_, Some(text)) => match NxCloudId::parse(text) {
                Ok(id) => Some(id),
                Err(_) => return Ok(Checked::UnknownWorkspace),
            },
        };
        if kind.is_none() && id.is_none() {
            return Ok(Checked::Nothing);
        }
        let key = (kind.as_ref().map(|(_, hash)| hash.clone()), id);
        let now = state.clock.now();
        let found = match self.known.get(&key) {
            Some((began, found)) if state.epoch.is_current(began) && holds(&found, now) => found,
            Some(_) | None => {
                let began = state.epoch.now();
                let found = find(state, kind.as_ref().map(|(kind, hash)| (*kind, hash)), key.1.as_ref(), now).await?;
                self.known.insert(key, (began, found.clone()));
                found
            }
        };
        Ok(match found {
            Found::Living(living, _) => Checked::Good(Credential(living)),
            Found::Dead(token) => Checked::Dead(token),
            Found::Unknown => Checked::Unknown,
            Found::UnknownWorkspace => Checked::UnknownWorkspace,
        })
    }

    /// The personal access token that was sent, if it works; whatever workspace was sent with it.
    pub async fn personal_token(&self, state: &State, presented: &Presented<'_>) -> Result<Option<LivingPersonalToken>> {
        match presented.token.filter(|text| is_well_formed(SecretKind::PersonalToken, text)) {
            Some(text) => personal_tokens::find_by_value(state.db.read(), &self.hasher.hash(text), state.clock.now()).await,
            None => Ok(None),
        }
    }

    /// What a personal access token that was checked before is worth in a workspace now.
    pub async fn still(&self, state: &State, token: PersonalTokenId, workspace: WorkspaceId) -> Result<Option<Credential>> {
        let (db, now) = (state.db.read(), state.clock.now());
        let Some(token) = personal_tokens::find_living(db, token, now).await? else { return Ok(None) };
        let Some(workspace) = unscoped::find_workspace(db, workspace).await? else { return Ok(None) };
        let (living, _) = personal(state, token, workspace, now).await?;
        Ok(Some(Credential(living)))
    }

    /// The secret of a CI execution, together with the token that uses it, as it is stored: neither alone finds anything.
    pub fn execution(&self, credential: &Living, secret: &str) -> Option<[u8; 32]> {
        let Some(TokenId::Ci(token)) = credential.token else { return None };
        let fits = secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit());
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(b"buildkeep execution");
        hash.update(token.as_bytes());
        hash.update(secret.to_ascii_lowercase().as_bytes());
        fits.then(|| hash.finish().as_ref().try_into().ok()).flatten()
    }
}

async fn find(state: &State, token: Option<(SecretKind, &SecretHash)>, id: Option<&NxCloudId>, now: DateTime<Utc>) -> Result<Found> {
    let db = state.db.read();
    match token {
        Some((SecretKind::CiToken, hash)) => Ok(match ci_tokens::find_by_value(db, hash, now).await? {
            Some(Ok(token)) => match unscoped::find_workspace(db, token.workspace).await? {
                Some(workspace) => {
                    let lasts = workspace.org.tokens.ci_ends(token.created_at, token.ends_at);
                    if lasts.is_some_and(|end| end <= now) {
                        let dead = DeadToken { id: token.id, name: token.name, org: token.org, why: "expired" };
                        return Ok(Found::Dead(Arc::new(dead)));
                    }
                    let name = token.name;
                    Found::Living(living(workspace, Grant::CiToken(token.access), Some(TokenId::Ci(token.id)), name, lasts, None), lasts)
                }
                None => Found::Unknown,
            },
            Some(Err(dead)) => Found::Dead(Arc::new(dead)),
            None => Found::Unknown,
        }),
        Some((_, hash)) => {
            let Some(token) = personal_tokens::find_by_value(db, hash, now).await? else { return Ok(Found::Unknown) };
            let Some(workspace) = workspace(state, id).await? else { return Ok(Found::UnknownWorkspace) };
            let (living, lasts) = personal(state, token, workspace, now).await?;
            Ok(Found::Living(living, lasts))
        }
        None => Ok(match workspace(state, id).await? {
            Some(workspace) => Found::Living(by_id_alone(workspace, None), None),
            None => Found::UnknownWorkspace,
        }),
    }
}

/// What a person's token is worth in a workspace, and until when.
async fn personal(
    state: &State,
    token: LivingPersonalToken,
    workspace: FoundWorkspace,
    now: DateTime<Utc>,
) -> Result<(Arc<Living>, Option<DateTime<Utc>>)> {
    let too_old_at = workspace.org.tokens.personal_ends(token.created_at);
    let lasts = earlier(token.ends_at, Some(now + PERSONAL_LASTS));
    let refused = notice(state, &token, &workspace, too_old_at.is_some_and(|end| end <= now)).await?;
    Ok(match refused {
        None => {
            let (grant, ends_at) = (Grant::PersonalToken(workspace.personal_access), earlier(token.ends_at, too_old_at));
            let found = living(workspace, grant, Some(TokenId::Personal(token.id)), token.name, ends_at, None);
            (found, earlier(lasts, ends_at))
        }
        Some(notice) => (by_id_alone(workspace, Some(notice)), lasts),
    })
}

async fn workspace(state: &State, id: Option<&NxCloudId>) -> Result<Option<FoundWorkspace>> {
    match id {
        Some(id) => unscoped::find_workspace_by_nx_cloud_id(state.db.read(), id).await,
        None => Ok(None),
    }
}

/// Why a person's token does not count in this workspace.
async fn notice(state: &State, token: &LivingPersonalToken, workspace: &FoundWorkspace, too_old: bool) -> Result<Option<Notice>> {
    if unscoped::role_in(state.db.read(), workspace.org.id, token.user).await?.is_none() {
        return Ok(Some(Notice::NotAMember));
    }
    if too_old {
        return Ok(Some(Notice::TooOld));
    }
    let proof = proof::of_person(state, token.user).await?;
    Ok(workspace.org.sign_in.admits(proof.as_ref()).is_err().then_some(Notice::SignInRequired))
}

fn by_id_alone(workspace: FoundWorkspace, notice: Option<Notice>) -> Arc<Living> {
    let grant = Grant::NxCloudId(workspace.id_access);
    living(workspace, grant, None, "Nx Cloud id".to_owned(), None, notice)
}

fn living(
    workspace: FoundWorkspace,
    grant: Grant,
    token: Option<TokenId>,
    name: String,
    ends_at: Option<DateTime<Utc>>,
    notice: Option<Notice>,
) -> Arc<Living> {
    Arc::new(Living {
        grant,
        token,
        name,
        workspace: workspace.id,
        workspace_name: workspace.name,
        nx_cloud_id: workspace.nx_cloud_id,
        org: workspace.org.id,
        org_name: workspace.org.name,
        org_slug: workspace.org.slug,
        ends_at,
        notice,
    })
}

/// Whether time alone has not changed what was found.
fn holds(found: &Found, now: DateTime<Utc>) -> bool {
    match found {
        Found::Living(_, lasts) => lasts.is_none_or(|end| end > now),
        Found::Dead(_) | Found::Unknown | Found::UnknownWorkspace => true,
    }
}

/// The scheme's name is case-insensitive (RFC 9110, 11.1).
fn bearer_value(header: &str) -> Option<&str> {
    let (scheme, value) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(value.trim())
}
