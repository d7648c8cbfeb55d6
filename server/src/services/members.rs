//! Who is in an organization.

use std::sync::Arc;

use app::backend::Page;
use app::backend::members::{JoinedBy, MemberRow, Members as Port, PublicMemberRow};
use app::domain::ids::UserId;
use app::domain::member::{MemberChange, check_change};
use app::domain::names::{OrgName, OrgSlug, PersonName};
use app::domain::permission::Permission;
use app::domain::role::Role;
use app::domain::text::Sought;
use app::error::{AppError, Conflict};
use app::request::Caller;
use async_trait::async_trait;
use sea_orm::DatabaseTransaction;
use serde_json::json;

use crate::auth::access::{self, OrgScope};
use crate::auth::change::{self, Change};
use crate::error::{Result, answer};
use crate::services::invites::closing;
use crate::state::State;
use crate::store::audit::{Action, Object, record};
use crate::store::members;
use crate::store::users::User;

/// Who is in an organization.
pub struct Members(pub Arc<State>);

fn cursor(after: Option<&str>) -> Result<Option<UserId>> {
    Ok(after.map(str::parse).transpose().map_err(|_| AppError::NotFound)?)
}

impl Members {
    /// The member, if the change leaves an Admin. The scope's organization is locked.
    async fn allowed(&self, tx: &DatabaseTransaction, scope: &OrgScope, user: UserId, change: MemberChange) -> Result<MemberRow> {
        let member = members::find(tx, scope, user).await?.ok_or(AppError::NotFound)?;
        let admins = members::count_admins(tx, scope).await?;
        check_change(member.role, change, admins).map_err(|_| Conflict::LastAdmin)?;
        Ok(member)
    }

    /// Adds an account, as the operator; says whether it was not in before.
    pub async fn add_by_operator(&self, caller: &Caller, slug: &OrgSlug, user: &User, role: Role) -> Result<bool> {
        let tx = change::begin(&self.0, caller).await?;
        let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
        let added = members::insert(&tx, scope.id(), user.id, role, JoinedBy::Operator, self.0.clock.now()).await?;
        if added {
            closing::close_of_member(&self.0, &tx, caller, scope.id(), (user.id, &user.name)).await?;
            let object = Object { kind: "member", id: user.id.to_string(), name: user.name.as_str() };
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::Joined, object, Some(json!({ "role": role }))).await?;
        }
        tx.commit().await?;
        Ok(added)
    }

    async fn take_out(&self, tx: Change, caller: &Caller, scope: &OrgScope, user: UserId, action: Action) -> Result<MemberRow> {
        let member = self.allowed(&tx, scope, user, MemberChange::Remove).await?;
        members::delete(&tx, scope, user).await?;
        if action == Action::Removed {
            members::remember_removal(&tx, scope, user, self.0.clock.now()).await?;
        }
        closing::close_of_leaver(&self.0, &tx, caller, scope.id(), user).await?;
        let object = Object { kind: "member", id: user.to_string(), name: member.name.as_str() };
        let details = json!({ "role": member.role });
        record(&tx, &self.0.clock, caller, Some(scope.id()), action, object, Some(details)).await?;
        tx.commit_taking_access(&self.0).await?;
        Ok(member)
    }
}

#[async_trait]
impl Port for Members {
    async fn list(&self, caller: &Caller, slug: &OrgSlug, search: &str, after: Option<&str>) -> Result<Page<MemberRow>, AppError> {
        answer(caller, async {
            let scope = access::org(self.0.db.read(), caller, slug, Permission::ViewAddresses).await?;
            members::list(self.0.db.read(), &scope, &Sought::in_names(search), cursor(after)?).await
        })
        .await
    }

    async fn list_public(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        search: &str,
        after: Option<&str>,
    ) -> Result<Page<PublicMemberRow>, AppError> {
        answer(caller, async {
            let scope = access::org(self.0.db.read(), caller, slug, Permission::ViewMembers).await?;
            members::list_public(self.0.db.read(), &scope, &Sought::in_names(search), cursor(after)?).await
        })
        .await
    }

    async fn set_role(&self, caller: &Caller, slug: &OrgSlug, user: UserId, role: Role) -> Result<PersonName, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
            let member = self.allowed(&tx, &scope, user, MemberChange::SetRole(role)).await?;
            members::set_role(&tx, &scope, user, role).await?;
            let object = Object { kind: "member", id: user.to_string(), name: member.name.as_str() };
            let details = json!({ "before": member.role, "after": role });
            record(&tx, &self.0.clock, caller, Some(scope.id()), Action::RoleChanged, object, Some(details)).await?;
            tx.commit().await?;
            Ok(member.name)
        })
        .await
    }

    async fn remove(&self, caller: &Caller, slug: &OrgSlug, user: UserId) -> Result<PersonName, AppError> {
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::ManageMembers).await?;
            Ok(self.take_out(tx, caller, &scope, user, Action::Removed).await?.name)
        })
        .await
    }

    async fn leave(&self, caller: &Caller, slug: &OrgSlug) -> Result<OrgName, AppError> {
        let user = caller.user()?;
        answer(caller, async {
            let tx = change::begin(&self.0, caller).await?;
            let scope = access::org_for_change(&tx, slug, Permission::LeaveOrg).await?;
            self.take_out(tx, caller, &scope, user.id, Action::Left).await?;
            Ok(scope.name().clone())
        })
        .await
    }
}
