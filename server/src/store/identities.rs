//! Accounts at the OpenID provider. The table belongs to no organization: every function names the person or the
//! account, except the list of those whom a rule of an organization would keep out.

use app::backend::identities::KeptOut;
use app::domain::identity::SignInRule;
use app::domain::ids::{IdentityId, OrgId, UserId};
use app::domain::names::{DomainName, Email, OrgSlug, PersonName};
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    RelationDef,
};

use super::entities::{identities, members, orgs, users};
use crate::auth::access::OrgScope;
use crate::error::{Error, Result};

/// A person's account at the provider.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Its id.
    pub id: IdentityId,
    /// Whose it is here.
    pub user: UserId,
    /// Who they are there.
    pub subject: String,
    /// The address that the provider told last.
    pub email: Option<String>,
    /// The hosted domain that it belongs to.
    pub hosted_domain: Option<String>,
    /// What the provider is asked with, sealed.
    pub refresh_token: Option<Vec<u8>>,
    /// When it was linked.
    pub linked_at: DateTime<Utc>,
    /// When the provider last said that it works.
    pub confirmed_at: DateTime<Utc>,
    /// When the provider was last asked.
    pub checked_at: DateTime<Utc>,
    /// When the provider said that it does not work.
    pub ended_at: Option<DateTime<Utc>>,
}

impl From<identities::Model> for Identity {
    fn from(row: identities::Model) -> Self {
        Self {
            id: row.id,
            user: row.user_id,
            subject: row.subject,
            email: row.email,
            hosted_domain: row.hosted_domain,
            refresh_token: row.refresh_token,
            linked_at: row.linked_at,
            confirmed_at: row.confirmed_at,
            checked_at: row.checked_at,
            ended_at: row.ended_at,
        }
    }
}

/// What the provider told when the person signed in.
#[derive(Debug, Clone)]
pub struct Told {
    /// The address.
    pub email: Option<String>,
    /// The hosted domain.
    pub hosted_domain: Option<String>,
    /// What to ask with, sealed; `None` leaves what is stored.
    pub refresh_token: Option<Vec<u8>>,
}

/// The account that the provider knows by this subject.
pub async fn find_by_subject(db: &impl ConnectionTrait, issuer: &str, subject: &str) -> Result<Option<Identity>> {
    let found = identities::Entity::find().filter(identities::Column::Issuer.eq(issuer)).filter(identities::Column::Subject.eq(subject));
    Ok(found.one(db).await?.map(Into::into))
}

/// The person's account at this provider.
pub async fn of_user(db: &impl ConnectionTrait, user: UserId, issuer: &str) -> Result<Option<Identity>> {
    let found = identities::Entity::find().filter(identities::Column::UserId.eq(user)).filter(identities::Column::Issuer.eq(issuer));
    Ok(found.one(db).await?.map(Into::into))
}

/// All accounts that the person has linked, with their issuers: also of a provider that is no longer configured.
pub async fn all_of_user(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<(String, Identity)>> {
    let rows = identities::Entity::find().filter(identities::Column::UserId.eq(user)).order_by_asc(identities::Column::Id).all(db).await?;
    Ok(rows.into_iter().map(|row| (row.issuer.clone(), row.into())).collect())
}

/// Links an account. Two at the same moment: the second one fails by the unique index.
pub async fn insert(
    db: &impl ConnectionTrait,
    (id, user): (IdentityId, UserId),
    (issuer, subject): (&str, &str),
    told: Told,
    now: DateTime<Utc>,
) -> Result<()> {
    let row = identities::ActiveModel {
        id: Set(id),
        user_id: Set(user),
        issuer: Set(issuer.to_owned()),
        subject: Set(subject.to_owned()),
        email: Set(told.email),
        hosted_domain: Set(told.hosted_domain),
        refresh_token: Set(told.refresh_token),
        linked_at: Set(now),
        confirmed_at: Set(now),
        checked_at: Set(now),
        ended_at: Set(None),
    };
    identities::Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

/// The person has signed in with it: it works, whatever was known before.
pub async fn renew(db: &impl ConnectionTrait, id: IdentityId, told: Told, now: DateTime<Utc>) -> Result<()> {
    let mut renewal = identities::Entity::update_many()
        .col_expr(identities::Column::Email, Expr::value(told.email))
        .col_expr(identities::Column::HostedDomain, Expr::value(told.hosted_domain))
        .col_expr(identities::Column::ConfirmedAt, Expr::value(now))
        .col_expr(identities::Column::CheckedAt, Expr::value(now))
        .col_expr(identities::Column::EndedAt, Expr::value(None::<DateTime<Utc>>));
    if let Some(token) = told.refresh_token {
        renewal = renewal.col_expr(identities::Column::RefreshToken, Expr::value(token));
    }
    renewal.filter(identities::Column::Id.eq(id)).exec(db).await?;
    Ok(())
}

/// The provider says that it works, of the token that it was asked with: a newer one of the person's own stays. What it does not
/// tell stays as it is.
pub async fn confirm(
    db: &impl ConnectionTrait,
    asked: &Identity,
    (refresh_token, hosted_domain): (Option<Vec<u8>>, Option<String>),
    now: DateTime<Utc>,
) -> Result<()> {
    let mut confirmation = identities::Entity::update_many().col_expr(identities::Column::ConfirmedAt, Expr::value(now));
    if let Some(token) = refresh_token {
        confirmation = confirmation.col_expr(identities::Column::RefreshToken, Expr::value(token));
    }
    if let Some(domain) = hosted_domain {
        confirmation = confirmation.col_expr(identities::Column::HostedDomain, Expr::value(domain));
    }
    confirmation
        .filter(identities::Column::Id.eq(asked.id))
        .filter(identities::Column::EndedAt.is_null())
        .filter(identities::Column::RefreshToken.eq(asked.refresh_token.clone()))
        .exec(db)
        .await?;
    Ok(())
}

/// The provider says that it does not work, of the token that it was asked with: not when the person has signed in with
/// it meanwhile. Says whether that is news.
pub async fn end(db: &impl ConnectionTrait, asked: &Identity, now: DateTime<Utc>) -> Result<bool> {
    let ended = identities::Entity::update_many()
        .col_expr(identities::Column::EndedAt, Expr::value(now))
        .col_expr(identities::Column::RefreshToken, Expr::value(None::<Vec<u8>>))
        .filter(identities::Column::Id.eq(asked.id))
        .filter(identities::Column::EndedAt.is_null())
        .filter(identities::Column::RefreshToken.eq(asked.refresh_token.clone()))
        .exec(db)
        .await?;
    Ok(ended.rows_affected > 0)
}

/// Removes the link; says whether there was one.
pub async fn delete(db: &impl ConnectionTrait, user: UserId, issuer: &str) -> Result<bool> {
    let removal =
        identities::Entity::delete_many().filter(identities::Column::UserId.eq(user)).filter(identities::Column::Issuer.eq(issuer));
    Ok(removal.exec(db).await?.rows_affected > 0)
}

fn requiring() -> Condition {
    Condition::all().add(orgs::Column::RequiresProvider.eq(true))
}

fn memberships_in_requiring() -> sea_orm::Select<members::Entity> {
    let org: RelationDef = members::Entity::belongs_to(orgs::Entity).from(members::Column::OrgId).to(orgs::Column::Id).into();
    members::Entity::find().join(JoinType::InnerJoin, org).filter(requiring())
}

/// Accounts that opened an organization which asks for the provider, and that the provider was not asked about since.
pub async fn due(db: &impl ConnectionTrait, issuer: &str, since: DateTime<Utc>, most: u64) -> Result<Vec<Identity>> {
    let of_members = memberships_in_requiring().select_only().column(members::Column::UserId);
    let due = identities::Entity::find()
        .filter(identities::Column::Issuer.eq(issuer))
        .filter(identities::Column::CheckedAt.lte(since))
        .filter(identities::Column::EndedAt.is_null())
        .filter(identities::Column::RefreshToken.is_not_null())
        .filter(identities::Column::UserId.in_subquery(of_members.into_query()))
        .order_by_asc(identities::Column::CheckedAt)
        .limit(most);
    Ok(due.all(db).await?.into_iter().map(Into::into).collect())
}

/// Takes the next check of it; `false` when another server has taken it.
pub async fn claim(db: &impl ConnectionTrait, due: &Identity, now: DateTime<Utc>) -> Result<bool> {
    let claimed = identities::Entity::update_many()
        .col_expr(identities::Column::CheckedAt, Expr::value(now))
        .filter(identities::Column::Id.eq(due.id))
        .filter(identities::Column::CheckedAt.eq(due.checked_at))
        .exec(db)
        .await?;
    Ok(claimed.rows_affected > 0)
}

/// The organizations of a person that ask for the provider, always in the same order.
pub async fn requiring_orgs_of(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<(OrgId, OrgSlug)>> {
    let ids = memberships_in_requiring().select_only().column(members::Column::OrgId).filter(members::Column::UserId.eq(user));
    let rows = orgs::Entity::find().filter(orgs::Column::Id.in_subquery(ids.into_query())).order_by_asc(orgs::Column::Id).all(db).await?;
    rows.into_iter().map(|row| Ok((row.id, OrgSlug::parse(&row.slug).map_err(|_| Error::Stored("slug"))?))).collect()
}

/// How many members this rule would keep out until they link an account or sign in with it again, and the first of them by
/// name. `since` is when the provider must have confirmed an account that it does not let us ask about.
pub async fn kept_out(
    db: &impl ConnectionTrait,
    scope: &OrgScope,
    (issuer, since): (&str, DateTime<Utc>),
    rule: &SignInRule,
    most: u64,
) -> Result<(u64, Vec<KeptOut>)> {
    let mut fitting = identities::Entity::find()
        .select_only()
        .column(identities::Column::UserId)
        .filter(identities::Column::Issuer.eq(issuer))
        .filter(identities::Column::EndedAt.is_null())
        .filter(Condition::any().add(identities::Column::RefreshToken.is_not_null()).add(identities::Column::ConfirmedAt.gte(since)));
    if !rule.hosted_domains.is_empty() {
        fitting = fitting.filter(identities::Column::HostedDomain.is_in(rule.hosted_domains.iter().map(DomainName::as_str)));
    }
    let member: RelationDef = users::Entity::belongs_to(members::Entity).from(users::Column::Id).to(members::Column::UserId).into();
    let people = users::Entity::find()
        .join(JoinType::InnerJoin, member)
        .filter(members::Column::OrgId.eq(scope.id()))
        .filter(users::Column::Id.not_in_subquery(fitting.into_query()));
    let count = people.clone().count(db).await?;
    let rows = people.order_by_asc(users::Column::Name).order_by_asc(users::Column::Id).limit(most).all(db).await?;
    let ids: Vec<UserId> = rows.iter().map(|row| row.id).collect();
    let linked = identities::Entity::find()
        .filter(identities::Column::Issuer.eq(issuer))
        .filter(identities::Column::UserId.is_in(ids))
        .all(db)
        .await?;
    let shown = rows.into_iter().map(|row| KeptOut {
        linked: linked
            .iter()
            .find(|identity| identity.user_id == row.id)
            .map(|identity| identity.hosted_domain.clone().unwrap_or_default()),
        name: PersonName::from_stored(row.name),
        email: Email::from_stored(row.email),
    });
    Ok((count, shown.collect()))
}
