//! Organizations.

use std::sync::Arc;

use app::backend::members::JoinedBy;
use app::backend::orgs::{OrgView, Orgs as Port};
use app::domain::ids::{OrgId, UserId};
use app::domain::names::{OrgName, OrgSlug, Reason};
use app::domain::permission::Permission;
use app::domain::role::Role;
use app::domain::text;
use app::domain::visibility::{VisibilityChange, VisitorLogs};
use app::error::{AppError, Conflict, Field};
use app::request::Caller;
use async_trait::async_trait;
use chrono::TimeDelta;
use sea_orm::DatabaseTransaction;
use serde_json::json;

use super::limits;
use crate::auth::access;
use crate::auth::access::OrgScope;
use crate::auth::change;
use crate::error::{Result, answer};
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::{invites, members, orgs};

/// One person can be in so many organizations before creating another is refused.
const MOST_PER_PERSON: u64 = 100;

/// Nobody takes the address of a deleted organization for so long: mails, nx.json files and links still lead there.
const SLUG_RESERVED: TimeDelta = TimeDelta::days(90);

/// Organizations.
pub struct Orgs(pub Arc<State>);

fn object(scope: &OrgScope) -> Object<'_> {
    Object { kind: "org", id: scope.id().to_string(), name: scope.name().as_str() }
}

/// Creates an organization whose only member is this person, an Admin, in a transaction that does more.
pub async fn create_in(
    state: &State,
    tx: &DatabaseTransaction,
    caller: &Caller,
    admin: UserId,
    how: JoinedBy,
    name: &OrgName,
    slug: &OrgSlug,
) -> Result<OrgId> {
    if !state.site.everyone_creates_orgs && how != JoinedBy::Operator {
        return Err(Conflict::OrgsByOperator.into());
    }
    let (id, now) = (OrgId::from_uuid(state.clock.new_id()), state.clock.now());
    let key = state.keys.new_org_key(id)?;
    if orgs::count_of_user(tx, admin).await? >= MOST_PER_PERSON {
        return Err(Conflict::TooMany.into());
    }
    orgs::insert(tx, id, slug, name, key, now).await?;
    members::insert(tx, id, admin, Role::Admin, how, now).await?;
    let object = Object { kind: "org", id: id.to_string(), name: name.as_str() };
    record(tx, &state.clock, caller, Some(id), Action::Created, object, Some(json!({ "slug": slug }))).await?;
    Ok(id)
}

impl Orgs {
    async fn write_visitor_logs(&self, tx: &DatabaseTransaction, caller: &Caller, scope: &OrgScope, logs: VisitorLogs) -> Result<()> {
        orgs::set_visitor_logs(tx, scope, logs).await?;
        if logs != scope.visitor_logs() {
            let details = json!({ "after": logs.as_str() });
            record(tx, &self.0.clock, caller, Some(scope.id()), Action::VisitorLogsChanged, object(scope), Some(details)).await?;
        }
        Ok(())
    }

    /// Creates an organization whose only member is this person, an Admin.
    pub async fn create_for(&self, caller: &Caller, admin: UserId, how: JoinedBy, name: &OrgName, slug: &OrgSlug) -> Result<OrgId> {
        let tx = change::begin(&self.0, caller).await?;
        let id = create_in(&self.0, &tx, caller, admin, how, name, slug).await?;
        tx.commit().await?;
        Ok(id)
    }
}

#[async_trait]
impl Port for Orgs {
    async fn list(&self, caller: &Caller) -> Result<Vec<OrgView>, AppError> {
        let user = caller.user()?;
        answer(caller, orgs::of_user(self.0.db.read(), user)).await
    }

    async fn create(&self, caller: &Caller, name: OrgName, slug: OrgSlug) -> Result<(), AppError> {
        let user = caller.user()?;
        answer(caller, async { self.create_for(caller, user.id, JoinedBy::Created, &name, &slug).await.map(drop) }).await
    }

    async fn open(&self, caller: &Caller, slug: &OrgSlug) -> Result<OrgView, AppError> {
        answer(caller, async {
            let scope = access::org(self.0.db.read(), caller, slug, Permission::ViewOrg).await?;
            limits::with_warnings(&self.0, &scope, orgs::view(self.0.db.read(), &scope).await?).await
        })
        .await
    }

    async fn rename(&self, caller: &Caller, slug: &OrgSlug, name: OrgName) -> Result<(), AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::EditOrg).await?;
            orgs::rename(&tx, &scope, &name).await?;
            let details = json!({ "before": scope.name(), "after": name });
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::Renamed, object(&scope), Some(details)).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    async fn change_slug(&self, caller: &Caller, slug: &OrgSlug, new: OrgSlug) -> Result<(), AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::EditOrg).await?;
            if new == *scope.slug() {
                return Ok(());
            }
            orgs::change_slug(&tx, &scope, &new, self.0.clock.now()).await?;
            let details = json!({ "before": scope.slug(), "after": new });
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::Moved, object(&scope), Some(details)).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    async fn change_visibility(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        change: VisibilityChange,
        logs: VisitorLogs,
        confirmation: &str,
    ) -> Result<(), AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ChangeVisibility).await?;
            let before = scope.visibility();
            let after = before.after(change).map_err(|_| Conflict::NotPublic)?;
            if after == before {
                return Ok(());
            }
            if !before.is_public() {
                if !text::is_same(confirmation, scope.name().as_str()) {
                    return Err(AppError::field(Field::Confirmation, Reason::DoesNotMatch).into());
                }
                self.write_visitor_logs(&tx, caller, &scope, logs).await?;
            }
            orgs::set_visibility(&tx, &scope, after).await?;
            let details = json!({ "before": before, "after": after });
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::VisibilityChanged, object(&scope), Some(details)).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    async fn set_visitor_logs(&self, caller: &Caller, slug: &OrgSlug, logs: VisitorLogs) -> Result<(), AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ChangeVisibility).await?;
            if !scope.visibility().is_public() {
                return Err(Conflict::NotPublic.into());
            }
            self.write_visitor_logs(&tx, caller, &scope, logs).await?;
            tx.commit().await?;
            Ok(())
        })
        .await
    }

    async fn delete(&self, caller: &Caller, slug: &OrgSlug, confirmation: &str) -> Result<OrgName, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::DeleteOrg).await?;
            if !text::is_same(confirmation, scope.name().as_str()) {
                return Err(AppError::field(Field::Confirmation, Reason::DoesNotMatch).into());
            }
            invites::cancel_mails(&tx, scope.id(), None).await?;
            orgs::delete(&tx, &scope, self.0.clock.now() + SLUG_RESERVED).await?;
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::Deleted, object(&scope), None).await?;
            tx.commit_taking_access(&self.0).await?;
            self.0.db.forget_deleted().await?;
            Ok(scope.name().clone())
        })
        .await
    }
}
