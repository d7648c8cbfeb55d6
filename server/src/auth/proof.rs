//! What an account at the OpenID provider is worth now.

use app::domain::identity::{Proof, Standing};
use app::domain::ids::{IdentityId, UserId};
use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::ConnectionTrait;

use crate::config::Config;
use crate::error::Result;
use crate::oidc::Provider;
use crate::state::State;
use crate::store::identities::{self, Identity};

/// For so long an account counts after the provider's last word on it.
pub fn grace(config: &Config) -> TimeDelta {
    TimeDelta::hours(i64::from(config.oidc_grace_hours))
}

/// Closed when in doubt: it counts only as long as the provider has confirmed it lately. Where the provider gives no lasting
/// permission to ask, the last sign-in is its last word, so that whoever loses the account there is out within the same bound.
pub fn standing(identity: &Identity, config: &Config, now: DateTime<Utc>) -> Standing {
    match identity {
        Identity { ended_at: Some(_), .. } => Standing::Ended,
        Identity { confirmed_at, .. } if now - *confirmed_at > grace(config) => Standing::Unconfirmed,
        _ => Standing::Living,
    }
}

/// The proof that a session carries. None when the link was removed since, or is with another provider than the one of now.
pub async fn of(
    state: &State,
    db: &impl ConnectionTrait,
    provider: &Provider,
    (user, identity): (UserId, Option<IdentityId>),
) -> Result<Option<Proof>> {
    let Some(id) = identity else { return Ok(None) };
    let found = identities::of_user(db, user, provider.issuer()).await?.filter(|identity| identity.id == id);
    let standing = |identity: &Identity| standing(identity, &state.config, state.clock.now());
    Ok(found.map(|identity| Proof { standing: standing(&identity), hosted_domain: identity.hosted_domain }))
}

/// What the person's account at the provider proves, whichever session it opened: a personal access token belongs to none.
pub async fn of_person(state: &State, db: &impl ConnectionTrait, user: UserId) -> Result<Option<Proof>> {
    let Some(provider) = &state.provider else { return Ok(None) };
    let found = identities::of_user(db, user, provider.issuer()).await?;
    Ok(found
        .map(|identity| Proof { standing: standing(&identity, &state.config, state.clock.now()), hosted_domain: identity.hosted_domain }))
}
