//! The organizations that a person is in, as a whole.

use app::domain::ids::OrgId;
use app::domain::role::Role;
use app::domain::standing::Standing;
use app::error::{AppError, Conflict};
use app::request::Caller;
use sea_orm::ConnectionTrait;

use super::OrgScope;
use crate::auth::change::Change;
use crate::error::Result;
use crate::store::unscoped::FoundOrg;
use crate::store::{unscoped, users};

/// Every organization that the caller is in, with their role: for what they may know and undo of themselves, whether
/// their sign-in opens it or not.
pub async fn own_orgs(db: &impl ConnectionTrait, caller: &Caller) -> Result<Vec<OrgScope>> {
    let user = caller.user()?;
    let memberships = unscoped::memberships(db, user.id).await?;
    let scope = |(org, role): (FoundOrg, Role)| OrgScope {
        kept_out: org.sign_in.admits(user.proof.as_ref()).err(),
        id: org.id,
        slug: org.slug,
        name: org.name,
        standing: Standing::Member(role),
        visibility: org.visibility,
        visitor_logs: org.visitor_logs,
        visitors_accepted: org.visitors_accepted,
        sign_in: org.sign_in,
        tokens: org.tokens,
    };
    Ok(memberships.into_iter().map(scope).collect())
}

/// The same for a change. All of them stay locked until the transaction ends, in the order of their ids: whoever locks
/// several does it in this order, or two would wait for each other. The person is locked behind them, so that nobody puts
/// them into another one meanwhile; `Conflict` when that has just happened.
pub async fn own_orgs_for_change(tx: &Change) -> Result<Vec<OrgScope>> {
    let user = tx.user()?.id;
    let mut ids: Vec<OrgId> = unscoped::memberships(tx, user).await?.into_iter().map(|(org, _)| org.id).collect();
    ids.sort_unstable();
    for id in &ids {
        unscoped::lock_org(tx, *id).await?;
    }
    users::lock(tx, user).await?.ok_or(AppError::Unauthenticated)?;
    let scopes = own_orgs(tx, tx.caller()).await?;
    if scopes.iter().any(|scope| !ids.contains(&scope.id)) {
        return Err(Conflict::JustChanged.into());
    }
    Ok(scopes)
}
