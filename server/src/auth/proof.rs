//! What an account at the OpenID provider is worth now.

use app::domain::identity::{Proof, Standing};
use app::domain::ids::IdentityId;
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;

use crate::config::Config;
use crate::error::Result;
use crate::store::identities::{self, Identity};

/// Closed when in doubt: it counts only as long as the provider has confirmed it lately.
pub fn standing(identity: &Identity, config: &Config, now: DateTime<Utc>) -> Standing {
    let grace = TimeDelta::hours(i64::from(config.oidc_grace_hours));
    match identity {
        Identity { ended_at: Some(_), .. } => Standing::Ended,
        Identity { refresh_token: None, .. } => Standing::NotLasting,
        Identity { confirmed_at, .. } if now - *confirmed_at > grace => Standing::Unconfirmed,
        _ => Standing::Living,
    }
}

/// The proof that a session carries; none when the link was removed since.
pub async fn of(db: &impl ConnectionTrait, config: &Config, identity: Option<IdentityId>, now: DateTime<Utc>) -> Result<Option<Proof>> {
    let Some(id) = identity else { return Ok(None) };
    let found = identities::find(db, id).await?;
    Ok(found.map(|identity| Proof { standing: standing(&identity, config, now), hosted_domain: identity.hosted_domain }))
}
