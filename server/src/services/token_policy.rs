//! How long an organization lets tokens live. It is looked at whenever one is used, so that it holds for those that were
//! made before.

use std::sync::Arc;

use app::backend::token_policy::TokenPolicies as Port;
use app::domain::names::OrgSlug;
use app::domain::permission::Permission;
use app::domain::token::TokenPolicy;
use app::error::AppError;
use app::request::Caller;
use async_trait::async_trait;
use serde_json::json;

use crate::auth::access;
use crate::auth::change;
use crate::error::answer;
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::orgs;

/// How long organizations let tokens live.
pub struct TokenPolicies(pub Arc<State>);

#[async_trait]
impl Port for TokenPolicies {
    async fn policy(&self, caller: &Caller, slug: &OrgSlug) -> Result<TokenPolicy, AppError> {
        answer(caller, async {
            let scope = access::org(self.0.db.read(), caller, slug, Permission::EditOrg).await?;
            Ok(scope.tokens())
        })
        .await
    }

    async fn set(&self, caller: &Caller, slug: &OrgSlug, policy: TokenPolicy) -> Result<(), AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::EditOrg).await?;
            if policy == scope.tokens() {
                return Ok(());
            }
            orgs::set_token_policy(&tx, &scope, policy).await?;
            let object = Object { kind: "org", id: scope.id().to_string(), name: scope.name().as_str() };
            let details = json!({ "before": scope.tokens(), "after": policy });
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::TokenPolicyChanged, object, Some(details)).await?;
            tx.commit_taking_access(&self.0).await?;
            Ok(())
        })
        .await
    }
}
