//! Organizations.

use app::backend::orgs::OrgView;
use app::domain::identity::SignInRule;
use app::domain::ids::{OrgId, UserId};
use app::domain::names::{OrgName, OrgSlug};
use app::domain::standing::Standing;
use app::domain::token::TokenPolicy;
use app::domain::visibility::{Visibility, VisitorLogs};
use app::error::Conflict;
use app::request::SignedIn;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::entities::{members, old_org_slugs, org_keys, orgs, reserved_slugs, workspaces};
use super::unscoped::{sign_in_rule, visitor_logs};
use crate::auth::access::OrgScope;
use crate::error::{Error, Result, unique_or};

/// A data key of an organization, sealed under the master key.
pub struct WrappedKey {
    /// Its version, from 1 up.
    pub version: u32,
    /// The sealed key.
    pub wrapped: Vec<u8>,
}

/// Adds an organization without members.
pub async fn insert(
    db: &impl ConnectionTrait,
    id: OrgId,
    slug: &OrgSlug,
    name: &OrgName,
    key: WrappedKey,
    now: DateTime<Utc>,
) -> Result<()> {
    let used_before = old_org_slugs::Entity::find_by_id(slug.as_str()).one(db).await?;
    if used_before.is_some() || is_reserved(db, slug, now).await? {
        return Err(Conflict::SlugTaken.into());
    }
    let row = orgs::ActiveModel {
        id: Set(id),
        slug: Set(slug.clone().into()),
        name: Set(name.clone().into()),
        visibility: Set(Visibility::default().as_str().to_owned()),
        created_at: Set(now),
        ..Default::default()
    };
    orgs::Entity::insert(row).exec_without_returning(db).await.map_err(unique_or(Conflict::SlugTaken))?;
    let key = org_keys::ActiveModel {
        org_id: Set(id),
        version: Set(key.version.cast_signed()),
        wrapped_key: Set(key.wrapped),
        created_at: Set(now),
    };
    org_keys::Entity::insert(key).exec_without_returning(db).await?;
    Ok(())
}

/// The organizations that a person is in, by name. Of one that their sign-in does not open they learn no more than that
/// they are in it.
pub async fn of_user(db: &impl ConnectionTrait, user: &SignedIn) -> Result<Vec<OrgView>> {
    let memberships = members::Entity::find().filter(members::Column::UserId.eq(user.id)).all(db).await?;
    let ids: Vec<OrgId> = memberships.iter().map(|row| row.org_id).collect();
    let rows = orgs::Entity::find()
        .filter(orgs::Column::Id.is_in(ids))
        .order_by_asc(orgs::Column::Name)
        .order_by_asc(orgs::Column::Id)
        .all(db)
        .await?;
    let mut views = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(membership) = memberships.iter().find(|membership| membership.org_id == row.id) else { continue };
        let kept_out = sign_in_rule(&row).admits(user.proof.as_ref()).err();
        let (members, workspaces) = if kept_out.is_some() { (0, 0) } else { counts(db, row.id).await? };
        views.push(OrgView {
            id: row.id,
            slug: OrgSlug::parse(&row.slug).map_err(|_| Error::Stored("slug"))?,
            name: OrgName::from_stored(&row.name),
            standing: Standing::Member(membership.role.parse().map_err(|_| Error::Stored("role"))?),
            visibility: row.visibility.parse().map_err(|_| Error::Stored("visibility"))?,
            visitor_logs: visitor_logs(&row),
            visitors_accepted: row.visitors_accepted,
            kept_out,
            created_at: row.created_at,
            members,
            workspaces,
            warnings: Vec::new(),
        });
    }
    Ok(views)
}

/// How many organizations a person is in.
pub async fn count_of_user(db: &impl ConnectionTrait, user: UserId) -> Result<u64> {
    Ok(members::Entity::find().filter(members::Column::UserId.eq(user)).count(db).await?)
}

async fn counts(db: &impl ConnectionTrait, org: OrgId) -> Result<(u64, u64)> {
    let members = members::Entity::find().filter(members::Column::OrgId.eq(org)).count(db).await?;
    let workspaces = workspaces::Entity::find().filter(workspaces::Column::OrgId.eq(org)).count(db).await?;
    Ok((members, workspaces))
}

/// The organization with its counts, unless the caller's sign-in does not open it.
pub async fn view(db: &impl ConnectionTrait, scope: &OrgScope) -> Result<OrgView> {
    let row = orgs::Entity::find_by_id(scope.id()).one(db).await?.ok_or(Error::Stored("organization"))?;
    let (members, workspaces) = if scope.is_shut() { (0, 0) } else { counts(db, scope.id()).await? };
    Ok(scope.view(row.created_at, members, workspaces))
}

/// The organization's sealed data keys, the newest first; none when it is gone.
pub async fn wrapped_keys(db: &impl ConnectionTrait, org: OrgId) -> Result<Vec<WrappedKey>> {
    let rows = org_keys::Entity::find().filter(org_keys::Column::OrgId.eq(org)).order_by_desc(org_keys::Column::Version).all(db).await?;
    Ok(rows.into_iter().map(|row| WrappedKey { version: row.version.cast_unsigned(), wrapped: row.wrapped_key }).collect())
}

/// Gives it another name.
pub async fn rename(db: &impl ConnectionTrait, scope: &OrgScope, name: &OrgName) -> Result<()> {
    orgs::Entity::update_many()
        .col_expr(orgs::Column::Name, Expr::value(name.as_str()))
        .filter(orgs::Column::Id.eq(scope.id()))
        .exec(db)
        .await?;
    Ok(())
}

/// Says how its members have to sign in.
pub async fn set_sign_in_rule(db: &impl ConnectionTrait, scope: &OrgScope, rule: &SignInRule) -> Result<()> {
    orgs::Entity::update_many()
        .col_expr(orgs::Column::RequiresProvider, Expr::value(rule.provider_only))
        .col_expr(orgs::Column::HostedDomains, Expr::value(rule.domains(" ")))
        .filter(orgs::Column::Id.eq(scope.id()))
        .exec(db)
        .await?;
    Ok(())
}

/// Says how long its tokens may live.
pub async fn set_token_policy(db: &impl ConnectionTrait, scope: &OrgScope, policy: TokenPolicy) -> Result<()> {
    orgs::Entity::update_many()
        .col_expr(orgs::Column::LongestCiDays, Expr::value(policy.ci_days.map(i32::from)))
        .col_expr(orgs::Column::LongestPersonalDays, Expr::value(policy.personal_days.map(i32::from)))
        .filter(orgs::Column::Id.eq(scope.id()))
        .exec(db)
        .await?;
    Ok(())
}

/// Lets others, or nobody else, look at it.
pub async fn set_visibility(db: &impl ConnectionTrait, scope: &OrgScope, visibility: Visibility) -> Result<()> {
    orgs::Entity::update_many()
        .col_expr(orgs::Column::Visibility, Expr::value(visibility.as_str()))
        .filter(orgs::Column::Id.eq(scope.id()))
        .exec(db)
        .await?;
    Ok(())
}

/// Says whether visitors may read task logs. Whoever does has been shown what visitors see.
pub async fn set_visitor_logs(db: &impl ConnectionTrait, scope: &OrgScope, logs: VisitorLogs) -> Result<()> {
    orgs::Entity::update_many()
        .col_expr(orgs::Column::HidesLogs, Expr::value(!logs.are_shown()))
        .col_expr(orgs::Column::VisitorsAccepted, Expr::value(true))
        .filter(orgs::Column::Id.eq(scope.id()))
        .exec(db)
        .await?;
    Ok(())
}

/// Gives it another address and keeps the old one for it. An address that it had before may be taken again.
pub async fn change_slug(db: &impl ConnectionTrait, scope: &OrgScope, new: &OrgSlug, now: DateTime<Utc>) -> Result<()> {
    if let Some(old) = old_org_slugs::Entity::find_by_id(new.as_str()).one(db).await? {
        if old.org_id != scope.id() {
            return Err(Conflict::SlugTaken.into());
        }
        old_org_slugs::Entity::delete_by_id(new.as_str()).exec(db).await?;
    } else if is_reserved(db, new, now).await? {
        return Err(Conflict::SlugTaken.into());
    }
    orgs::Entity::update_many()
        .col_expr(orgs::Column::Slug, Expr::value(new.as_str()))
        .filter(orgs::Column::Id.eq(scope.id()))
        .exec(db)
        .await
        .map_err(unique_or(Conflict::SlugTaken))?;
    let old = old_org_slugs::ActiveModel { slug: Set(scope.slug().clone().into()), org_id: Set(scope.id()), retired_at: Set(now) };
    old_org_slugs::Entity::insert(old).exec_without_returning(db).await?;
    Ok(())
}

/// Whether the address belonged to an organization that was deleted lately.
async fn is_reserved(db: &impl ConnectionTrait, slug: &OrgSlug, now: DateTime<Utc>) -> Result<bool> {
    let reserved = reserved_slugs::Entity::find_by_id(slug.as_str()).filter(reserved_slugs::Column::Until.gt(now));
    Ok(reserved.one(db).await?.is_some())
}

/// Gives up addresses that were reserved long enough.
pub async fn release_slugs(db: &impl ConnectionTrait, now: DateTime<Utc>) -> Result<()> {
    reserved_slugs::Entity::delete_many().filter(reserved_slugs::Column::Until.lte(now)).exec(db).await?;
    Ok(())
}

/// Deletes it, its key, its members, workspaces, tokens and the rows of its artifacts; the sweeper takes the bytes. All
/// addresses that it ever had are nobody's until then.
pub async fn delete(db: &impl ConnectionTrait, scope: &OrgScope, reserved_until: DateTime<Utc>) -> Result<()> {
    let old = old_org_slugs::Entity::find().filter(old_org_slugs::Column::OrgId.eq(scope.id())).all(db).await?;
    let slugs = old.into_iter().map(|old| old.slug).chain([scope.slug().clone().into()]);
    let rows = slugs.map(|slug| reserved_slugs::ActiveModel { slug: Set(slug), until: Set(reserved_until) });
    let again = OnConflict::column(reserved_slugs::Column::Slug).update_column(reserved_slugs::Column::Until).to_owned();
    reserved_slugs::Entity::insert_many(rows).on_conflict(again).exec_without_returning(db).await?;
    orgs::Entity::delete_by_id(scope.id()).exec(db).await?;
    Ok(())
}
