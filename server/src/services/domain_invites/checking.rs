//! Whether DNS proves a domain: asked by an Admin, and each day by a worker. DNS is asked outside of any transaction.

use app::domain::domain_invite::{DnsAnswer, ProofChange, RETRY_EVERY, record_name};
use app::domain::ids::{DomainInviteId, OrgId};
use app::domain::names::{DomainName, OrgSlug};
use app::domain::permission::Permission;
use app::request::{Actor, Caller};
use sea_orm::DatabaseTransaction;

use super::{DomainInvites, found, object};
use crate::auth::access;
use crate::auth::actor::new_incident;
use crate::auth::change;
use crate::error::Result;
use crate::state::State;
use crate::store::audit::{Action, record};
use crate::store::domain_invites::{self, DomainInvite};
use crate::store::unscoped;

async fn ask(state: &State, row: &DomainInvite) -> DnsAnswer {
    state.dns.ask(&record_name(&row.domain), &row.challenge).await
}

/// Writes down what DNS said. The organization is locked; the domain may have gone while DNS was asked.
async fn settle(tx: &DatabaseTransaction, state: &State, caller: &Caller, row: (OrgId, DomainInviteId), answer: &DnsAnswer) -> Result<()> {
    let Some(row) = domain_invites::find_checked(tx, row.0, row.1).await? else { return Ok(()) };
    let now = state.clock.now();
    let (proof, change) = row.proof.after(answer, now);
    domain_invites::set_answer(tx, &row, answer, proof, now).await?;
    let action = match change {
        Some(ProofChange::Proven) => Action::DomainProven,
        Some(ProofChange::Lapsed) => Action::DomainLapsed,
        None => return Ok(()),
    };
    let details = serde_json::json!({ "answer": answer.describe() });
    record(tx, &state.clock, caller, Some(row.org), action, object(&row), Some(details)).await
}

impl DomainInvites {
    /// An Admin asks now; says whether the record is there.
    pub(super) async fn check_now(&self, caller: &Caller, slug: &OrgSlug, id: DomainInviteId) -> Result<(DomainName, bool)> {
        let state = &self.0;
        let scope = access::org(state.db.read(), caller, slug, Permission::ManageMembers).await?;
        let row = found(state.db.read(), &scope, id).await?;
        if let Actor::User(user) = &caller.actor {
            state.dns.count(user.id)?;
        }
        let answer = ask(state, &row).await;
        let tx = change::begin(state, caller).await?;
        // They may have lost the role meanwhile.
        let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
        settle(&tx, state, caller, (scope.id(), id), &answer).await?;
        tx.commit().await?;
        Ok((row.domain, answer == DnsAnswer::Found))
    }
}

/// Checks the proofs that are due; each is checked by one server. Returns how many these were.
pub async fn check_due(state: &State) -> Result<u64> {
    let mut checked = 0;
    loop {
        let now = state.clock.now();
        let Some(row) = domain_invites::claim(state.db.write(), now, now + RETRY_EVERY).await? else { return Ok(checked) };
        let answer = ask(state, &row).await;
        let caller = Caller { actor: Actor::Server, address: String::new(), incident: new_incident(state) };
        let tx = state.db.begin_without_session().await?;
        if unscoped::lock_org(&tx, row.org).await? {
            settle(&tx, state, &caller, (row.org, row.id), &answer).await?;
        }
        tx.commit().await?;
        checked += 1;
        if answer != DnsAnswer::Found {
            tracing::warn!(domain = %row.domain, answer = answer.describe(), "the proof of a domain could not be found");
        }
    }
}
