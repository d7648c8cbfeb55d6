//! Who is in an organization.

use app::backend::Page;
use app::backend::members::{JoinedBy, MemberRow};
use app::domain::ids::{OrgId, UserId};
use app::domain::names::{Email, PersonName};
use app::domain::role::Role;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, Func, LikeExpr, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::entities::{members, users};
use crate::auth::access::OrgScope;
use crate::error::{Error, Result};

/// Rows on one page of the list.
const PAGE: u64 = 100;

#[derive(FromQueryResult)]
struct Found {
    user_id: UserId,
    name: String,
    email: String,
    role: String,
    joined_by: String,
    joined_at: DateTime<Utc>,
}

impl TryFrom<Found> for MemberRow {
    type Error = Error;

    fn try_from(row: Found) -> Result<Self> {
        Ok(Self {
            user: row.user_id,
            name: PersonName::parse(&row.name).map_err(|_| Error::Stored("person's name"))?,
            email: Email::parse(&row.email).map_err(|_| Error::Stored("e-mail address"))?,
            role: row.role.parse().map_err(|_| Error::Stored("role"))?,
            joined_at: row.joined_at,
            joined_by: JoinedBy::ALL.into_iter().find(|how| how.as_str() == row.joined_by).ok_or(Error::Stored("way of joining"))?,
        })
    }
}

fn joined_with_users(scope: &OrgScope) -> sea_orm::Select<members::Entity> {
    members::Entity::find()
        .select_only()
        .columns([members::Column::UserId, members::Column::Role, members::Column::JoinedBy, members::Column::JoinedAt])
        .column_as(users::Column::Name, "name")
        .column_as(users::Column::Email, "email")
        .join(JoinType::InnerJoin, members::Entity::belongs_to(users::Entity).from(members::Column::UserId).to(users::Column::Id).into())
        .filter(members::Column::OrgId.eq(scope.id()))
}

/// Members whose name or address contains `search`, the longest in first.
pub async fn list(db: &impl ConnectionTrait, scope: &OrgScope, search: &str, after: Option<UserId>) -> Result<Page<MemberRow>> {
    let mut query = joined_with_users(scope);
    if !search.is_empty() {
        let pattern = || LikeExpr::new(format!("%{}%", escape_like(&search.to_lowercase()))).escape('\\');
        let name = Expr::expr(Func::lower(Expr::col((users::Entity, users::Column::Name))));
        query =
            query.filter(Condition::any().add(name.like(pattern())).add(Expr::col((users::Entity, users::Column::Email)).like(pattern())));
    }
    if let Some(after) = after
        && let Some(last) = members::Entity::find_by_id((scope.id(), after)).one(db).await?
    {
        let later = Condition::any()
            .add(members::Column::JoinedAt.gt(last.joined_at))
            .add(Condition::all().add(members::Column::JoinedAt.eq(last.joined_at)).add(members::Column::UserId.gt(after)));
        // Said again as one bound on the index, which neither database derives from the alternative.
        query = query.filter(members::Column::JoinedAt.gte(last.joined_at)).filter(later);
    }
    let mut rows = query
        .order_by_asc(members::Column::JoinedAt)
        .order_by_asc(members::Column::UserId)
        .limit(PAGE + 1)
        .into_model::<Found>()
        .all(db)
        .await?;
    let more = rows.len() as u64 > PAGE;
    rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let next = if more { rows.last().map(|row| row.user_id.to_string()) } else { None };
    Ok(Page { rows: rows.into_iter().map(TryInto::try_into).collect::<Result<_>>()?, next })
}

/// `%` and `_` mean themselves.
pub fn escape_like(text: &str) -> String {
    text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_")
}

/// One member.
pub async fn find(db: &impl ConnectionTrait, scope: &OrgScope, user: UserId) -> Result<Option<MemberRow>> {
    joined_with_users(scope)
        .filter(members::Column::UserId.eq(user))
        .into_model::<Found>()
        .one(db)
        .await?
        .map(TryInto::try_into)
        .transpose()
}

/// How many Admins there are.
pub async fn count_admins(db: &impl ConnectionTrait, scope: &OrgScope) -> Result<u64> {
    let admins =
        members::Entity::find().filter(members::Column::OrgId.eq(scope.id())).filter(members::Column::Role.eq(Role::Admin.as_str()));
    Ok(admins.count(db).await?)
}

/// Adds a person; says whether they were not in before.
pub async fn insert(db: &impl ConnectionTrait, org: OrgId, user: UserId, role: Role, how: JoinedBy, now: DateTime<Utc>) -> Result<bool> {
    let row = members::ActiveModel {
        org_id: Set(org),
        user_id: Set(user),
        role: Set(role.as_str().to_owned()),
        joined_by: Set(how.as_str().to_owned()),
        joined_at: Set(now),
    };
    let added = members::Entity::insert(row)
        .on_conflict(OnConflict::columns([members::Column::OrgId, members::Column::UserId]).do_nothing().to_owned())
        .exec_without_returning(db)
        .await?;
    Ok(added > 0)
}

/// Gives a member another role.
pub async fn set_role(db: &impl ConnectionTrait, scope: &OrgScope, user: UserId, role: Role) -> Result<()> {
    members::Entity::update_many()
        .col_expr(members::Column::Role, Expr::value(role.as_str()))
        .filter(members::Column::OrgId.eq(scope.id()))
        .filter(members::Column::UserId.eq(user))
        .exec(db)
        .await?;
    Ok(())
}

/// Takes a member out.
pub async fn delete(db: &impl ConnectionTrait, scope: &OrgScope, user: UserId) -> Result<()> {
    members::Entity::delete_by_id((scope.id(), user)).exec(db).await?;
    Ok(())
}
