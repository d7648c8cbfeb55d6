//! People's accounts at the OpenID provider, and organizations that ask for them.
//!
//! A person is known by issuer and subject, never by the address alone: whoever gets an address later, or runs a
//! provider that vouches for any address, must not get an account with it.

mod arrival;
pub mod checking;
mod linking;

pub use arrival::Arrival;

use std::sync::Arc;

use app::backend::identities::{Identities as Port, IdentityView, Preview, WaysIn};
use app::domain::identity::SignInRule;
use app::domain::ids::IdentityId;
use app::domain::names::OrgSlug;
use app::domain::permission::Permission;
use app::domain::secret::PlainSecret;
use app::error::AppError;
use app::request::{Actor, Caller};
use async_trait::async_trait;
use serde_json::json;

use crate::auth::change;
use crate::auth::{access, proof};
use crate::error::{Result, answer};
use crate::oidc::Provider;
use crate::seal::SealContext;
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::{identities, orgs, users};

/// So many of those whom a rule keeps out are named.
const NAMED: u64 = 50;

/// People's accounts at the OpenID provider.
pub struct Identities(pub Arc<State>);

fn token_context(id: IdentityId) -> SealContext {
    SealContext::new("refresh token").with(id.as_bytes())
}

impl Identities {
    fn provider(&self) -> Result<&Provider> {
        Ok(self.0.provider.as_ref().ok_or(AppError::NotFound)?)
    }

    fn seal_token(&self, id: IdentityId, token: &str) -> Result<Vec<u8>> {
        Ok(self.0.keys.master().seal_value(&token_context(id), token.as_bytes())?)
    }

    fn described(&self, rule: &SignInRule) -> serde_json::Value {
        let domains = (!rule.hosted_domains.is_empty()).then(|| rule.domains(", "));
        match (rule.provider_only, domains) {
            (false, _) => json!({}),
            (true, None) => json!({ "with": self.0.config.oidc_name() }),
            (true, Some(domains)) => json!({ "with": self.0.config.oidc_name(), "domains": domains }),
        }
    }
}

#[async_trait]
impl Port for Identities {
    async fn ways_in(&self, caller: &Caller) -> Result<WaysIn, AppError> {
        let signed_in = caller.user()?;
        answer(caller, async {
            let user = users::find(self.0.db.read(), signed_in.id).await?.ok_or(AppError::Unauthenticated)?;
            let identity = match &self.0.provider {
                Some(provider) => identities::of_user(self.0.db.read(), signed_in.id, provider.issuer()).await?,
                None => None,
            };
            let identity = identity.map(|identity| IdentityView {
                standing: proof::standing(&identity, &self.0.config, self.0.clock.now()),
                email: identity.email,
                hosted_domain: identity.hosted_domain,
                linked_at: identity.linked_at,
                confirmed_at: identity.confirmed_at,
            });
            Ok(WaysIn { password: user.password_hash.is_some(), identity })
        })
        .await
    }

    async fn pending_link(&self, caller: &Caller, sealed: &str) -> Result<String, AppError> {
        let user = caller.user()?;
        answer(caller, async { self.pending_address(user, sealed) }).await
    }

    async fn link(&self, caller: &Caller, sealed: &str, password: PlainSecret) -> Result<(IdentityId, String), AppError> {
        let user = caller.user()?;
        answer(caller, self.link_pending(caller, user, sealed, password)).await
    }

    async fn unlink(&self, caller: &Caller) -> Result<(), AppError> {
        let user = caller.user()?;
        answer(caller, self.unlink_now(caller, user)).await
    }

    async fn rule(&self, caller: &Caller, slug: &OrgSlug) -> Result<SignInRule, AppError> {
        answer(caller, async {
            let scope = access::org(self.0.db.read(), caller, slug, Permission::EditOrg).await?;
            Ok(scope.sign_in().clone())
        })
        .await
    }

    async fn preview(&self, caller: &Caller, slug: &OrgSlug, rule: &SignInRule) -> Result<Preview, AppError> {
        answer(caller, async {
            let scope = access::org(self.0.db.read(), caller, slug, Permission::EditOrg).await?;
            let own = match &caller.actor {
                Actor::User(user) => rule.admits(user.proof.as_ref()),
                Actor::Anonymous | Actor::Operator | Actor::Server => Ok(()),
            };
            let since = self.0.clock.now() - proof::grace(&self.0.config);
            let (kept_out, first) = identities::kept_out(self.0.db.read(), &scope, (self.provider()?.issuer(), since), rule, NAMED).await?;
            Ok(Preview { own, kept_out, first })
        })
        .await
    }

    async fn set_rule(&self, caller: &Caller, slug: &OrgSlug, rule: SignInRule) -> Result<(), AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::EditOrg).await?;
            if rule.provider_only {
                // Without a provider nobody could get in again.
                self.provider()?;
            }
            // Whoever makes the rule has shown that it can be met.
            if let Actor::User(user) = &tx.caller().actor {
                rule.admits(user.proof.as_ref()).map_err(AppError::SignIn)?;
            }
            if rule == *scope.sign_in() {
                return Ok(());
            }
            orgs::set_sign_in_rule(&tx, &scope, &rule).await?;
            let details = json!({ "before": self.described(scope.sign_in()), "after": self.described(&rule) });
            let object = Object { kind: "org", id: scope.id().to_string(), name: scope.name().as_str() };
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::SignInRuleChanged, object, Some(details)).await?;
            tx.commit_taking_access(&self.0).await?;
            Ok(())
        })
        .await
    }
}
