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
use sea_orm::{ConnectionTrait, DatabaseTransaction};

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
    checked: CheckedAt,
}

/// What is needed to ask again.
#[derive(Debug, Clone)]
struct CheckedAt {
    /// What was presented.
    key: Key,
    /// The access epoch of the database, read before anything else of it was.
    epoch: i64,
    /// The same of this server.
    seen: Epoch,
    /// Until when time alone changes nothing.
    lasts: Option<DateTime<Utc>>,
}

impl Living {
    /// Whether the credential still gives this permission, in the transaction that makes something of it count. Asked as
    /// its last thing: the epoch is held until the commit, so that whoever takes access comes before it or after it.
    pub async fn holds_in(&self, state: &State, tx: &DatabaseTransaction, permission: CachePermission) -> Result<bool> {
        let epoch = ci_tokens::hold_access_epoch(tx).await?;
        self.holds_at(state, tx, epoch, permission).await
    }

    /// The same for several credentials of one transaction, which has read and holds this epoch.
    pub async fn holds_at(&self, state: &State, tx: &DatabaseTransaction, epoch: i64, permission: CachePermission) -> Result<bool> {
        let now = state.clock.now();
        if self.checked.epoch == epoch && self.checked.lasts.is_none_or(|end| end > now) {
            return Ok(true);
        }
        Ok(self.again(state, tx, permission, now).await?.is_some())
    }

    /// The same credential as it is now, if it still gives this permission where it did.
    async fn again(
        &self,
        state: &State,
        db: &impl ConnectionTrait,
        permission: CachePermission,
        now: DateTime<Utc>,
    ) -> Result<Option<Arc<Self>>> {
        Ok(match find(state, db, &self.checked.key, now).await? {
            Found::Living(now) => {
                let is_same = (now.token, now.workspace, now.org) == (self.token, self.workspace, self.org);
                (is_same && now.grant.grants(permission)).then_some(now)
            }
            Found::Dead(_) | Found::Unknown | Found::UnknownWorkspace => None,
        })
    }

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
    pub fn credential(&self) -> &Arc<Living> {
        &self.0
    }
}

/// A credential that reads something for a while.
pub struct Reading {
    state: Arc<State>,
    living: Arc<Living>,
    permission: CachePermission,
}

impl Reading {
    /// This credential reads by this permission.
    pub fn new(state: &Arc<State>, scope: &CacheScope, permission: CachePermission) -> Self {
        Self { state: state.clone(), living: scope.0.clone(), permission }
    }

    /// Whether nothing has happened that could have ended it. Costs nothing.
    pub fn is_undisturbed(&self) -> bool {
        let checked = &self.living.checked;
        self.state.epoch.is_current(checked.seen) && checked.lasts.is_none_or(|end| end > self.state.clock.now())
    }

    /// Asks again; says whether it may go on.
    pub async fn goes_on(&mut self) -> Result<bool> {
        let again = self.living.again(&self.state, self.state.db.read(), self.permission, self.state.clock.now()).await?;
        Ok(again.map(|living| self.living = living).is_some())
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

    /// Whether its runs may still be recorded, in the transaction that records, as its last thing.
    pub async fn holds_in(&self, state: &State, tx: &DatabaseTransaction) -> Result<bool> {
        self.0.holds_in(state, tx, CachePermission::RecordRuns).await
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
    Living(Arc<Living>),
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

/// What was presented.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Token {
    /// A value; it is stored as a hash.
    Value(SecretKind, SecretHash),
    /// It was checked before.
    Known(PersonalTokenId),
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    token: Option<Token>,
    id: Option<NxCloudId>,
}

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
        let token = match presented.token {
            Some(text) => match [SecretKind::CiToken, SecretKind::PersonalToken].into_iter().find(|kind| is_well_formed(*kind, text)) {
                Some(kind) => Some(Token::Value(kind, self.hasher.hash(text))),
                None => return Ok(Checked::Unknown),
            },
            None => None,
        };
        let id = match (&token, presented.nx_cloud_id) {
            // It knows its workspace.
            (Some(Token::Value(SecretKind::CiToken, _)), _) | (_, None) => None,
            (_, Some(text)) => match NxCloudId::parse(text) {
                Ok(id) => Some(id),
                Err(_) => return Ok(Checked::UnknownWorkspace),
            },
        };
        if token.is_none() && id.is_none() {
            return Ok(Checked::Nothing);
        }
        let key = Key { token, id };
        let now = state.clock.now();
        let found = match self.known.get(&key) {
            Some((began, found)) if state.epoch.is_current(began) && holds(&found, now) => found,
            Some(_) | None => {
                let began = state.epoch.now();
                let found = find(state, state.db.read(), &key, now).await?;
                self.known.insert(key, (began, found.clone()));
                found
            }
        };
        Ok(match found {
            Found::Living(living) => Checked::Good(Credential(living)),
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
        let Some(workspace) = unscoped::find_workspace(state.db.read(), workspace).await? else { return Ok(None) };
        let key = Key { token: Some(Token::Known(token)), id: Some(workspace.nx_cloud_id) };
        Ok(match find(state, state.db.read(), &key, state.clock.now()).await? {
            Found::Living(living) => Some(Credential(living)),
            Found::Dead(_) | Found::Unknown | Found::UnknownWorkspace => None,
        })
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

async fn find(state: &State, db: &impl ConnectionTrait, key: &Key, now: DateTime<Utc>) -> Result<Found> {
    let seen = state.epoch.now();
    // Before all else: what is read behind it is at least as new.
    let epoch = ci_tokens::access_epoch(db).await?;
    let at = |lasts| CheckedAt { key: key.clone(), epoch, seen, lasts };
    let token = match &key.token {
        Some(Token::Value(SecretKind::CiToken, hash)) => return of_ci(db, hash, now, at).await,
        Some(Token::Value(_, hash)) => personal_tokens::find_by_value(db, hash, now).await?,
        Some(Token::Known(id)) => personal_tokens::find_living(db, *id, now).await?,
        None => {
            let found = workspace(db, key.id.as_ref()).await?;
            return Ok(found.map_or(Found::UnknownWorkspace, |workspace| by_id_alone(workspace, None, at(None))));
        }
    };
    let Some(token) = token else { return Ok(Found::Unknown) };
    let Some(workspace) = workspace(db, key.id.as_ref()).await? else { return Ok(Found::UnknownWorkspace) };
    personal(state, db, token, workspace, now, at).await
}

async fn of_ci(
    db: &impl ConnectionTrait,
    hash: &SecretHash,
    now: DateTime<Utc>,
    at: impl FnOnce(Option<DateTime<Utc>>) -> CheckedAt,
) -> Result<Found> {
    let token = match ci_tokens::find_by_value(db, hash, now).await? {
        Some(Ok(token)) => token,
        Some(Err(dead)) => return Ok(Found::Dead(Arc::new(dead))),
        None => return Ok(Found::Unknown),
    };
    let Some(workspace) = unscoped::find_workspace(db, token.workspace).await? else { return Ok(Found::Unknown) };
    let lasts = workspace.org.tokens.ci_ends(token.created_at, token.ends_at);
    if lasts.is_some_and(|end| end <= now) {
        let dead = DeadToken { id: token.id, name: token.name, org: token.org, why: "expired" };
        return Ok(Found::Dead(Arc::new(dead)));
    }
    Ok(living(workspace, Grant::CiToken(token.access), (Some(TokenId::Ci(token.id)), token.name), lasts, None, at(lasts)))
}

/// What a person's token is worth in a workspace, and until when.
async fn personal(
    state: &State,
    db: &impl ConnectionTrait,
    token: LivingPersonalToken,
    workspace: FoundWorkspace,
    now: DateTime<Utc>,
    at: impl FnOnce(Option<DateTime<Utc>>) -> CheckedAt,
) -> Result<Found> {
    let too_old_at = workspace.org.tokens.personal_ends(token.created_at);
    let lasts = earlier(token.ends_at, Some(now + PERSONAL_LASTS));
    let refused = notice(state, db, &token, &workspace, too_old_at.is_some_and(|end| end <= now)).await?;
    Ok(match refused {
        None => {
            let (grant, ends_at) = (Grant::PersonalToken(workspace.personal_access), earlier(token.ends_at, too_old_at));
            living(workspace, grant, (Some(TokenId::Personal(token.id)), token.name), ends_at, None, at(earlier(lasts, ends_at)))
        }
        Some(notice) => by_id_alone(workspace, Some(notice), at(lasts)),
    })
}

async fn workspace(db: &impl ConnectionTrait, id: Option<&NxCloudId>) -> Result<Option<FoundWorkspace>> {
    match id {
        Some(id) => unscoped::find_workspace_by_nx_cloud_id(db, id).await,
        None => Ok(None),
    }
}

/// Why a person's token does not count in this workspace.
async fn notice(
    state: &State,
    db: &impl ConnectionTrait,
    token: &LivingPersonalToken,
    workspace: &FoundWorkspace,
    too_old: bool,
) -> Result<Option<Notice>> {
    if unscoped::role_in(db, workspace.org.id, token.user).await?.is_none() {
        return Ok(Some(Notice::NotAMember));
    }
    if too_old {
        return Ok(Some(Notice::TooOld));
    }
    let proof = proof::of_person(state, db, token.user).await?;
    Ok(workspace.org.sign_in.admits(proof.as_ref()).is_err().then_some(Notice::SignInRequired))
}

fn by_id_alone(workspace: FoundWorkspace, notice: Option<Notice>, checked: CheckedAt) -> Found {
    let grant = Grant::NxCloudId(workspace.id_access);
    living(workspace, grant, (None, "Nx Cloud id".to_owned()), None, notice, checked)
}

fn living(
    workspace: FoundWorkspace,
    grant: Grant,
    (token, name): (Option<TokenId>, String),
    ends_at: Option<DateTime<Utc>>,
    notice: Option<Notice>,
    checked: CheckedAt,
) -> Found {
    Found::Living(Arc::new(Living {
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
        checked,
    }))
}

/// Whether time alone has not changed what was found.
fn holds(found: &Found, now: DateTime<Utc>) -> bool {
    match found {
        Found::Living(living) => living.checked.lasts.is_none_or(|end| end > now),
        Found::Dead(_) | Found::Unknown | Found::UnknownWorkspace => true,
    }
}

/// The scheme's name is case-insensitive (RFC 9110, 11.1).
fn bearer_value(header: &str) -> Option<&str> {
    let (scheme, value) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(value.trim())
}
