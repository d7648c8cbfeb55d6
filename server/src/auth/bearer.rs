//! `Authorization: Bearer …` of the cache API: from the text to what it may do, without the database when warm.

use std::sync::Arc;

use app::domain::access::CachePermission;
use app::domain::ids::{OrgId, WorkspaceId};
use chrono::{DateTime, Utc};
use moka::sync::Cache;

use super::epoch::{AccessEpoch, Epoch};
use super::secret::{SecretHash, SecretHasher, SecretKind, is_well_formed};
use crate::error::Result;
use crate::store::ci_tokens::{self, DeadToken, LivingToken};
use crate::store::db::Db;

/// Proof that a credential may do what was asked with the cache of one workspace.
#[derive(Debug, Clone)]
pub struct CacheScope(Arc<LivingToken>);

impl CacheScope {
    /// The workspace.
    pub fn workspace(&self) -> WorkspaceId {
        self.0.workspace
    }

    /// Its organization.
    pub fn org(&self) -> OrgId {
        self.0.org
    }

    /// The token that asks.
    pub fn token(&self) -> &LivingToken {
        &self.0
    }
}

/// A token that is known to live; what it may do is asked with [`Credential::scope`].
#[derive(Debug, Clone)]
pub struct Credential(Arc<LivingToken>);

impl Credential {
    /// The proof for this permission, if the token gives it.
    pub fn scope(&self, permission: CachePermission) -> Option<CacheScope> {
        self.0.access.grants(permission).then(|| CacheScope(self.0.clone()))
    }
}

/// Tokens that were checked, by their hash, with the epoch at which the check began.
pub struct Bearers {
    hasher: Arc<SecretHasher>,
    known: Cache<SecretHash, (Epoch, Found)>,
}

/// What a value is.
#[derive(Debug, Clone)]
enum Found {
    Living(Arc<LivingToken>),
    Dead(Arc<DeadToken>),
    Nothing,
}

/// What a header value is worth.
#[derive(Debug, Clone)]
pub enum Checked {
    /// A living token.
    Good(Credential),
    /// A token that is known and works no more.
    Dead(Arc<DeadToken>),
    /// Anything else.
    Unknown,
}

impl Bearers {
    /// Remembers up to some ten thousand tokens, wrong ones too.
    pub fn new(hasher: Arc<SecretHasher>) -> Self {
        Self { hasher, known: Cache::new(20_000) }
    }

    /// The token behind this header value.
    pub async fn check(&self, db: &Db, epoch: &AccessEpoch, header: Option<&str>, now: DateTime<Utc>) -> Result<Checked> {
        let Some(text) = header.and_then(bearer_value).filter(|text| is_well_formed(SecretKind::CiToken, text)) else {
            return Ok(Checked::Unknown);
        };
        let hash = self.hasher.hash(text);
        let token = match self.known.get(&hash) {
            Some((began, found)) if epoch.is_current(began) && holds(&found, now) => found,
            Some(_) | None => {
                let began = epoch.now();
                let found = match ci_tokens::find_by_value(db.read(), &hash, now).await? {
                    Some(Ok(living)) => Found::Living(Arc::new(living)),
                    Some(Err(dead)) => Found::Dead(Arc::new(dead)),
                    None => Found::Nothing,
                };
                self.known.insert(hash, (began, found.clone()));
                found
            }
        };
        Ok(match token {
            Found::Living(token) => Checked::Good(Credential(token)),
            Found::Dead(token) => Checked::Dead(token),
            Found::Nothing => Checked::Unknown,
        })
    }
}

/// Whether time alone has not changed what was found.
fn holds(found: &Found, now: DateTime<Utc>) -> bool {
    match found {
        Found::Living(token) => token.ends_at.is_none_or(|end| end > now),
        Found::Dead(_) | Found::Nothing => true,
    }
}

/// The scheme's name is case-insensitive (RFC 9110, 11.1).
fn bearer_value(header: &str) -> Option<&str> {
    let (scheme, value) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(value.trim())
}
