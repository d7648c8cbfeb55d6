//! Domains whose people may join an organization, from both sides.

mod admissible;
mod checking;
mod joining;

pub use checking::check_due;

use std::sync::Arc;

use app::backend::domain_invites::{DomainInviteRow, DomainInvites as Port, JoinLink, JoinOffer};
use app::domain::domain_invite::{DomainState, MOST, Proof};
use app::domain::ids::DomainInviteId;
use app::domain::names::{DomainName, OrgSlug};
use app::domain::permission::Permission;
use app::domain::role::Role;
use app::domain::text;
use app::error::{AppError, Conflict, Field};
use app::request::{Actor, Caller};
use async_trait::async_trait;
use sea_orm::ConnectionTrait;
use serde_json::json;

use crate::auth::access::{self, OrgScope};
use crate::auth::at_domain;
use crate::auth::change;
use crate::auth::secret;
use crate::error::{Result, answer};
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::domain_invites::{self, DomainInvite};

/// Domains whose people may join an organization.
pub struct DomainInvites(pub Arc<State>);

fn object(domain: &DomainInvite) -> Object<'_> {
    Object { kind: "domain-invite", id: domain.id.to_string(), name: domain.domain.as_str() }
}

async fn found(db: &impl ConnectionTrait, scope: &OrgScope, id: DomainInviteId) -> Result<DomainInvite> {
    Ok(domain_invites::find(db, scope, id).await?.ok_or(AppError::NotFound)?)
}

async fn state_of(db: &impl ConnectionTrait, row: &DomainInvite) -> Result<DomainState> {
    let Proof { proven_at, silent_since, lapsed_at } = row.proof;
    if let Some(since) = proven_at {
        return Ok(DomainState::Proven { since, silent_since });
    }
    if let Some(user) = row.vouched_by
        && let Some(by) = at_domain::voucher(db, row.org, user, &row.domain).await?
    {
        return Ok(DomainState::Vouched { by });
    }
    Ok(lapsed_at.map_or(DomainState::Closed, |since| DomainState::Lapsed { since }))
}

/// Whether who asks has an address of their own at the domain.
async fn may_vouch(db: &impl ConnectionTrait, caller: &Caller, domain: &DomainName) -> Result<bool> {
    match &caller.actor {
        Actor::User(user) => at_domain::has_address(db, user.id, domain).await,
        Actor::Operator | Actor::Server | Actor::Anonymous => Ok(false),
    }
}

#[async_trait]
impl Port for DomainInvites {
    async fn list(&self, caller: &Caller, slug: &OrgSlug) -> Result<Vec<DomainInviteRow>, AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let scope = access::org(db, caller, slug, Permission::ManageMembers).await?;
            let mut rows = Vec::new();
            for row in domain_invites::list(db, &scope).await? {
                rows.push(DomainInviteRow {
                    id: row.id,
                    state: state_of(db, &row).await?,
                    may_vouch: may_vouch(db, caller, &row.domain).await?,
                    readable: text::to_unicode(row.domain.as_str()),
                    domain: row.domain,
                    role: row.role,
                    added_by: row.added_by,
                    added_at: row.added_at,
                    challenge: row.challenge,
                    checked: row.checked,
                });
            }
            Ok(rows)
        })
        .await
    }

    async fn add(&self, caller: &Caller, slug: &OrgSlug, typed: &str, role: Role) -> Result<DomainName, AppError> {
        answer(caller, async {
            let state = &self.0;
            let tx = change::begin(state, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
            let domain = admissible::parse(typed).map_err(|reason| AppError::field(Field::Domain, reason))?;
            if domain_invites::count(&tx, &scope).await? >= MOST {
                return Err(Conflict::TooMany.into());
            }
            let (added_by, user) = match &caller.actor {
                Actor::User(user) => (user.name.to_string(), Some(user.id)),
                Actor::Operator | Actor::Server | Actor::Anonymous => ("The operator".to_owned(), None),
            };
            let vouches = may_vouch(&tx, caller, &domain).await?;
            let row = DomainInvite {
                id: DomainInviteId::from_uuid(state.clock.new_id()),
                org: scope.id(),
                domain,
                role,
                challenge: secret::challenge()?,
                added_by,
                added_at: state.clock.now(),
                vouched_by: user.filter(|_| vouches),
                proof: Proof::default(),
                checked: None,
            };
            domain_invites::insert(&tx, row.clone()).await?;
            let details = json!({ "role": role, "vouched": vouches });
            record(&tx, &state.clock, caller, Some(scope.id()), Action::DomainAdded, object(&row), Some(details)).await?;
            tx.commit().await?;
            Ok(row.domain)
        })
        .await
    }

    async fn set_role(&self, caller: &Caller, slug: &OrgSlug, id: DomainInviteId, role: Role) -> Result<DomainName, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
            let row = found(&tx, &scope, id).await?;
            if row.role != role {
                domain_invites::set_role(&tx, &scope, id, role).await?;
                let details = json!({ "before": row.role, "after": role });
                record(&tx, &self.0.clock, caller, Some(scope.id()), Action::RoleChanged, object(&row), Some(details)).await?;
            }
            tx.commit().await?;
            Ok(row.domain)
        })
        .await
    }

    async fn vouch(&self, caller: &Caller, slug: &OrgSlug, id: DomainInviteId) -> Result<DomainName, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
            let row = found(&tx, &scope, id).await?;
            if !may_vouch(&tx, caller, &row.domain).await? {
                return Err(Conflict::NoAddressThere.into());
            }
            domain_invites::set_voucher(&tx, &scope, id, user.id).await?;
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::DomainVouched, object(&row), None).await?;
            tx.commit().await?;
            Ok(row.domain)
        })
        .await
    }

    async fn check(&self, caller: &Caller, slug: &OrgSlug, id: DomainInviteId) -> Result<(DomainName, bool), AppError> {
        answer(caller, self.check_now(caller, slug, id)).await
    }

    async fn remove(&self, caller: &Caller, slug: &OrgSlug, id: DomainInviteId) -> Result<DomainName, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
            let row = found(&tx, &scope, id).await?;
            domain_invites::delete(&tx, &scope, id).await?;
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::DomainRemoved, object(&row), None).await?;
            tx.commit().await?;
            Ok(row.domain)
        })
        .await
    }

    async fn open(&self, caller: &Caller, slug: &OrgSlug) -> Result<JoinLink, AppError> {
        let user = caller.user()?;
        answer(caller, self.look(user.id, slug)).await
    }

    async fn offers(&self, caller: &Caller) -> Result<Vec<JoinOffer>, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let offers = at_domain::offers(self.0.db.read(), user.id).await?;
            Ok(offers.into_iter().map(at_domain::AtDomain::view).collect())
        })
        .await
    }

    async fn join(&self, caller: &Caller, slug: &OrgSlug) -> Result<OrgSlug, AppError> {
        let user = caller.user()?;
        answer(caller, self.come_in(caller, user, slug)).await
    }
}
