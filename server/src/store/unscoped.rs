//! The few queries that no scope can guard, because they are how a scope comes about.

use app::domain::ids::{OrgId, UserId, WorkspaceId};
use app::domain::names::{OrgName, OrgSlug, WorkspaceName};
use app::domain::role::Role;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect};

use super::entities::{members, old_org_slugs, orgs, workspaces};
use crate::error::{Error, Result};

/// An organization as the gate needs it.
pub struct FoundOrg {
    /// Its id.
    pub id: OrgId,
    /// Its address now.
    pub slug: OrgSlug,
    /// Its name.
    pub name: OrgName,
}

/// Whether the row stays locked until the transaction ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrgLock {
    /// It does not.
    None,
    /// It does. SQLite needs none: a writing transaction is alone from its start.
    ForChange,
}

/// The organization at this address.
pub async fn find_org(db: &impl ConnectionTrait, slug: &OrgSlug, lock: OrgLock) -> Result<Option<FoundOrg>> {
    let mut query = orgs::Entity::find().filter(orgs::Column::Slug.eq(slug.as_str()));
    if lock == OrgLock::ForChange {
        query = query.lock_exclusive();
    }
    query.one(db).await?.map(found).transpose()
}

/// The organization that had this address before.
pub async fn find_org_by_old_slug(db: &impl ConnectionTrait, slug: &OrgSlug) -> Result<Option<FoundOrg>> {
    let Some(old) = old_org_slugs::Entity::find_by_id(slug.as_str()).one(db).await? else {
        return Ok(None);
    };
    orgs::Entity::find_by_id(old.org_id).one(db).await?.map(found).transpose()
}

/// The address of an organization, for the operator who names something in it by its id alone.
pub async fn slug_of(db: &impl ConnectionTrait, id: OrgId) -> Result<Option<OrgSlug>> {
    Ok(orgs::Entity::find_by_id(id).one(db).await?.map(found).transpose()?.map(|org| org.slug))
}

#[expect(clippy::needless_pass_by_value, reason = "a row is used up by what is made of it")]
fn found(row: orgs::Model) -> Result<FoundOrg> {
    Ok(FoundOrg {
        id: row.id,
        slug: OrgSlug::parse(&row.slug).map_err(|_| Error::Stored("slug"))?,
        name: OrgName::parse(&row.name).map_err(|_| Error::Stored("organization name"))?,
    })
}

/// The role of a person in an organization.
pub async fn role_in(db: &impl ConnectionTrait, org: OrgId, user: UserId) -> Result<Option<Role>> {
    let row = members::Entity::find_by_id((org, user)).one(db).await?;
    row.map(|row| row.role.parse().map_err(|_| Error::Stored("role"))).transpose()
}

/// The name of a workspace, if it is in this organization.
pub async fn workspace_name(db: &impl ConnectionTrait, org: OrgId, id: WorkspaceId) -> Result<Option<WorkspaceName>> {
    let row = workspaces::Entity::find_by_id(id).filter(workspaces::Column::OrgId.eq(org)).one(db).await?;
    row.map(|row| WorkspaceName::parse(&row.name).map_err(|_| Error::Stored("workspace name"))).transpose()
}
