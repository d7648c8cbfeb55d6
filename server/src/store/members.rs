//! Who is in an organization.

mod removed;

pub use removed::{remember as remember_removal, removals};

use app::backend::Page;
use app::backend::members::{JoinedBy, MemberRow, PublicMemberRow};
use app::domain::ids::{OrgId, UserId};
use app::domain::names::{Email, PersonName};
use app::domain::role::Role;
use app::domain::text::Sought;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::entities::{members, users};
use super::named;
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
            name: PersonName::from_stored(&row.name),
            email: Email::from_stored(&row.email),
            role: row.role.parse().map_err(|_| Error::Stored("role"))?,
            joined_at: row.joined_at,
            joined_by: JoinedBy::ALL.into_iter().find(|how| how.as_str() == row.joined_by).ok_or(Error::Stored("way of joining"))?,
        })
    }
}

/// A member without what is not for everybody.
#[derive(FromQueryResult)]
struct FoundName {
    user_id: UserId,
    name: String,
    role: String,
    joined_at: DateTime<Utc>,
}

impl TryFrom<FoundName> for PublicMemberRow {
    type Error = Error;

    fn try_from(row: FoundName) -> Result<Self> {
        Ok(Self {
            name: PersonName::from_stored(&row.name),
            role: row.role.parse().map_err(|_| Error::Stored("role"))?,
            joined_at: row.joined_at,
        })
    }
}

type Select = sea_orm::Select<members::Entity>;

fn joined_with_users(scope: &OrgScope) -> Select {
    named_by_users(scope).column(members::Column::JoinedBy).column_as(users::Column::Email, "email")
}

fn named_by_users(scope: &OrgScope) -> Select {
    members::Entity::find()
        .select_only()
        .columns([members::Column::UserId, members::Column::Role, members::Column::JoinedAt])
        .column_as(users::Column::Name, "name")
        .join(JoinType::InnerJoin, members::Entity::belongs_to(users::Entity).from(members::Column::UserId).to(users::Column::Id).into())
        .filter(members::Column::OrgId.eq(scope.id()))
}

/// One part of the list, the longest in first.
async fn part(db: &impl ConnectionTrait, scope: &OrgScope, mut query: Select, after: Option<UserId>) -> Result<Select> {
    if let Some(after) = after
        && let Some(last) = members::Entity::find_by_id((scope.id(), after)).one(db).await?
    {
        let later = Condition::any()
            .add(members::Column::JoinedAt.gt(last.joined_at))
            .add(Condition::all().add(members::Column::JoinedAt.eq(last.joined_at)).add(members::Column::UserId.gt(after)));
        // Said again as one bound on the index, which neither database derives from the alternative.
        query = query.filter(members::Column::JoinedAt.gte(last.joined_at)).filter(later);
    }
    Ok(query.order_by_asc(members::Column::JoinedAt).order_by_asc(members::Column::UserId).limit(PAGE + 1))
}

fn name_holds(words: &Sought) -> Condition {
    Condition::any().add(Expr::col((users::Entity, users::Column::NameKey)).like(named::holds(words)))
}

fn page<Row, View: TryFrom<Row, Error = Error>>(mut rows: Vec<Row>, id: impl Fn(&Row) -> UserId) -> Result<Page<View>> {
    let more = rows.len() as u64 > PAGE;
    rows.truncate(usize::try_from(PAGE).unwrap_or(usize::MAX));
    let next = if more { rows.last().map(|row| id(row).to_string()) } else { None };
    Ok(Page { rows: rows.into_iter().map(TryInto::try_into).collect::<Result<_>>()?, next })
}

/// Members whose name or address holds the words, for those who may see addresses.
pub async fn list(db: &impl ConnectionTrait, scope: &OrgScope, search: &Sought, after: Option<UserId>) -> Result<Page<MemberRow>> {
    let mut query = joined_with_users(scope);
    if !search.is_empty() {
        query = query.filter(name_or_address_holds(search));
    }
    page(part(db, scope, query, after).await?.into_model::<Found>().all(db).await?, |row| row.user_id)
}

/// Members whose name holds the words, for everybody: no address is read, and none is searched.
pub async fn list_public(
    db: &impl ConnectionTrait,
    scope: &OrgScope,
    search: &Sought,
    after: Option<UserId>,
) -> Result<Page<PublicMemberRow>> {
    let mut query = named_by_users(scope);
    if !search.is_empty() {
        query = query.filter(name_holds(search));
    }
    page(part(db, scope, query, after).await?.into_model::<FoundName>().all(db).await?, |row| row.user_id)
}

/// Members whose name or address holds these words, so many at most.
pub async fn like(db: &impl ConnectionTrait, scope: &OrgScope, words: &Sought, most: u64) -> Result<Vec<UserId>> {
    let ids = joined_with_users(scope).filter(name_or_address_holds(words)).limit(most).into_model::<Found>().all(db).await?;
    Ok(ids.into_iter().map(|row| row.user_id).collect())
}

fn name_or_address_holds(words: &Sought) -> Condition {
    name_holds(words).add(Expr::col((users::Entity, users::Column::Email)).like(named::address_holds(words)))
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

/// Adds a person; says whether they were not in before. That an Admin once removed them is forgotten.
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
    if added > 0 {
        removed::forget(db, org, user).await?;
    }
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
