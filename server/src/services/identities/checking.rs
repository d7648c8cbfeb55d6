//! The background check whether accounts at the provider still work, for members of organizations that ask for it.

use std::sync::Arc;

use app::domain::identity::told_domain;
use app::domain::ids::IncidentId;
use app::request::{Actor, Caller};
use chrono::TimeDelta;
use futures_util::StreamExt as _;
use serde_json::json;

use super::{Identities, token_context};
use crate::auth::change;
use crate::error::{Error, Result};
use crate::oidc::Checked;
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::identities::{self, Identity};
use crate::store::users;

/// Accounts that are asked about at the same time.
const AT_ONCE: usize = 8;
/// Accounts of one round; the next one follows at once when there are more.
const ROUND: u64 = 200;

/// Asks about every account whose last check is as long ago as the configuration says. Returns how many there were.
pub async fn check_due(state: &Arc<State>) -> Result<usize> {
    let Some(provider) = &state.provider else { return Ok(0) };
    let mut checked = 0;
    loop {
        let since = state.clock.now() - TimeDelta::minutes(i64::from(state.config.oidc_check_minutes));
        let due = identities::due(state.db.read(), provider.issuer(), since, ROUND).await?;
        let round = due.len();
        let results: Vec<Result<()>> =
            futures_util::stream::iter(due).map(|identity| check_to_the_end(state, identity)).buffer_unordered(AT_ONCE).collect().await;
        checked += round;
        results.into_iter().collect::<Result<Vec<()>>>()?;
        if (round as u64) < ROUND {
            return Ok(checked);
        }
    }
}

/// Also when the server stops meanwhile: the provider may have given a new refresh token for the old one, which has to be
/// kept.
async fn check_to_the_end(state: &Arc<State>, identity: Identity) -> Result<()> {
    let state = state.clone();
    tokio::spawn(async move { check_one(&state, identity).await }).await.map_err(|_| Error::Stopped)?
}

async fn check_one(state: &Arc<State>, identity: Identity) -> Result<()> {
    let Some(provider) = &state.provider else { return Ok(()) };
    if !identities::claim(state.db.write(), &identity, state.clock.now()).await? {
        return Ok(());
    }
    let sealed = identity.refresh_token.as_deref().ok_or(Error::Stored("identity without a refresh token"))?;
    let token = state.keys.master().open_value(&token_context(identity.id), sealed)?;
    let token = std::str::from_utf8(&token).map_err(|_| Error::Stored("refresh token"))?.to_owned();
    match provider.check(&identity.subject, &token).await {
        Checked::Living { hosted_domain, refresh_token } => {
            let hosted_domain = hosted_domain.as_deref().map(told_domain);
            // What is missing in a later token has not changed.
            let moved = |now: &String| identity.hosted_domain.as_ref().is_some_and(|before| before != now);
            if hosted_domain.as_ref().is_some_and(moved) {
                return end(state, &identity, "it belongs to another domain").await;
            }
            let own = Identities(state.clone());
            let refresh_token = refresh_token.map(|token| own.seal_token(identity.id, &token)).transpose()?;
            identities::confirm(state.db.write(), &identity, (refresh_token, hosted_domain), state.clock.now()).await
        }
        Checked::Refused(why) => {
            tracing::info!(identity = %identity.id, why, "the provider refuses an account");
            end(state, &identity, "the provider refuses it").await
        }
        Checked::Unknown(why) => {
            tracing::warn!(identity = %identity.id, why, "the provider could not be asked about an account");
            Ok(())
        }
    }
}

/// Shuts the account out of every organization that asks for the provider. The rest of the person's sessions goes on.
async fn end(state: &Arc<State>, identity: &Identity, why: &str) -> Result<()> {
    let caller = Caller { actor: Actor::Server, address: String::new(), incident: IncidentId::from_uuid(state.clock.new_id()) };
    let tx = change::begin_ending_of(state, &caller, Some(identity.user)).await?;
    if !identities::end(&tx, identity, state.clock.now()).await? {
        return Ok(());
    }
    let Some(user) = users::find(&tx, identity.user).await? else { return Ok(()) };
    let details = json!({ "with": state.config.oidc_name(), "because": why });
    for (org, _) in identities::requiring_orgs_of(&tx, user.id).await? {
        let member = Object { kind: "member", id: user.id.to_string(), name: user.name.as_str() };
        record(&tx, &state.clock, &caller, Some(org), Action::ProviderRefused, member, Some(details.clone())).await?;
    }
    tx.commit_taking_access(state).await?;
    Ok(())
}
