//! The account at the provider, as it would be for each persona.

use app::backend::identities::{Identities, IdentityView, KeptOut, Preview, WaysIn};
use app::domain::identity::{SignInProblem, SignInRule, Standing};
use app::domain::ids::IdentityId;
use app::domain::names::{OrgSlug, Reason};
use app::domain::permission::Permission;
use app::domain::secret::PlainSecret;
use app::error::{AppError, Field};
use app::request::Caller;
use async_trait::async_trait;

use super::backend::Fake;
use super::data;

#[async_trait]
impl Identities for Fake {
    async fn ways_in(&self, caller: &Caller) -> Result<WaysIn, AppError> {
        caller.user()?;
        let identity = IdentityView {
            email: Some("ada@acme.com".to_owned()),
            hosted_domain: Some("acme.com".to_owned()),
            standing: Standing::Living,
            linked_at: data::now(),
            confirmed_at: data::now(),
        };
        Ok(WaysIn { password: true, identity: Some(identity) })
    }

    async fn pending_link(&self, caller: &Caller, _: &str) -> Result<String, AppError> {
        caller.user()?;
        Ok("ada@acme.com".to_owned())
    }

    async fn link(&self, _: &Caller, _: &str, _: PlainSecret) -> Result<(IdentityId, String), AppError> {
        Err(AppError::field(Field::CurrentPassword, Reason::WrongPassword))
    }

    async fn unlink(&self, caller: &Caller) -> Result<(), AppError> {
        caller.user().map(drop)
    }

    async fn rule(&self, caller: &Caller, slug: &OrgSlug) -> Result<SignInRule, AppError> {
        self.org(caller, slug, Permission::EditOrg)?;
        Ok(SignInRule::default())
    }

    async fn preview(&self, caller: &Caller, slug: &OrgSlug, rule: &SignInRule) -> Result<Preview, AppError> {
        self.org(caller, slug, Permission::EditOrg)?;
        let own = if rule.hosted_domains.is_empty() { Ok(()) } else { Err(SignInProblem::OtherDomain) };
        let bob = KeptOut { name: data::name("Bob"), email: data::name("bob@example.com"), linked: None };
        Ok(Preview { own, kept_out: 1, first: vec![bob] })
    }

    async fn set_rule(&self, caller: &Caller, slug: &OrgSlug, _: SignInRule) -> Result<(), AppError> {
        self.org(caller, slug, Permission::EditOrg).map(drop)
    }
}
