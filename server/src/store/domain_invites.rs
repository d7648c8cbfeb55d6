//! Domains whose people may join an organization, as its Admins and the daily check see and change them.

use app::domain::domain_invite::{DnsAnswer, Proof};
use app::domain::ids::{DomainInviteId, OrgId, UserId};
use app::domain::names::DomainName;
use app::domain::role::Role;
use chrono::{DateTime, Utc};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder};

use super::entities::domain_invites;
use crate::auth::access::OrgScope;
use crate::error::{Error, Result, unique_or};

/// A listed domain.
#[derive(Debug, Clone)]
pub struct DomainInvite {
    /// Its id.
    pub id: DomainInviteId,
    /// Into which organization.
    pub org: OrgId,
    /// The domain.
    pub domain: DomainName,
    /// As what its people join.
    pub role: Role,
    /// The value of the TXT record.
    pub challenge: String,
    /// Name of the Admin who added it.
    pub added_by: String,
    /// When.
    pub added_at: DateTime<Utc>,
    /// Who vouches for it, if they still can.
    pub vouched_by: Option<UserId>,
    /// How it stands with DNS.
    pub proof: Proof,
    /// When DNS was last asked, and what it said.
    pub checked: Option<(DateTime<Utc>, DnsAnswer)>,
}

impl TryFrom<domain_invites::Model> for DomainInvite {
    type Error = Error;

    fn try_from(row: domain_invites::Model) -> Result<Self> {
        let answer = row.answer.as_deref().map(serde_json::from_str).transpose().map_err(|_| Error::Stored("answer of DNS"))?;
        Ok(Self {
            id: row.id,
            org: row.org_id,
            domain: DomainName::from_stored(&row.domain),
            role: row.role.parse().map_err(|_| Error::Stored("role"))?,
            challenge: row.challenge,
            added_by: row.added_by,
            added_at: row.added_at,
            vouched_by: row.vouched_by,
            proof: Proof { proven_at: row.proven_at, silent_since: row.silent_since, lapsed_at: row.lapsed_at },
            checked: row.checked_at.zip(answer),
        })
    }
}

fn of(org: OrgId) -> sea_orm::Select<domain_invites::Entity> {
    domain_invites::Entity::find().filter(domain_invites::Column::OrgId.eq(org))
}

/// All of an organization, by name.
pub async fn list(db: &impl ConnectionTrait, scope: &OrgScope) -> Result<Vec<DomainInvite>> {
    let rows = of(scope.id()).order_by_asc(domain_invites::Column::Domain).all(db).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// How many an organization lists.
pub async fn count(db: &impl ConnectionTrait, scope: &OrgScope) -> Result<u64> {
    Ok(of(scope.id()).count(db).await?)
}

/// One of an organization.
pub async fn find(db: &impl ConnectionTrait, scope: &OrgScope, id: DomainInviteId) -> Result<Option<DomainInvite>> {
    find_checked(db, scope.id(), id).await
}

/// One of an organization, for the check that no person asked for.
pub async fn find_checked(db: &impl ConnectionTrait, org: OrgId, id: DomainInviteId) -> Result<Option<DomainInvite>> {
    of(org).filter(domain_invites::Column::Id.eq(id)).one(db).await?.map(TryInto::try_into).transpose()
}

/// Lists a domain; a conflict when it is listed.
pub async fn insert(db: &impl ConnectionTrait, new: DomainInvite) -> Result<()> {
    let row = domain_invites::ActiveModel {
        id: Set(new.id),
        org_id: Set(new.org),
        domain: Set(new.domain.into()),
        role: Set(new.role.as_str().to_owned()),
        challenge: Set(new.challenge),
        added_by: Set(new.added_by),
        added_at: Set(new.added_at),
        vouched_by: Set(new.vouched_by),
        proven_at: Set(None),
        silent_since: Set(None),
        lapsed_at: Set(None),
        checked_at: Set(None),
        answer: Set(None),
        next_check_at: Set(None),
    };
    let listed = unique_or(app::error::Conflict::DomainListed);
    domain_invites::Entity::insert(row).exec_without_returning(db).await.map_err(listed)?;
    Ok(())
}

async fn change(db: &impl ConnectionTrait, org: OrgId, id: DomainInviteId, row: domain_invites::ActiveModel) -> Result<()> {
    domain_invites::Entity::update_many()
        .set(row)
        .filter(domain_invites::Column::OrgId.eq(org))
        .filter(domain_invites::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Lets its people join as something else from now on.
pub async fn set_role(db: &impl ConnectionTrait, scope: &OrgScope, id: DomainInviteId, role: Role) -> Result<()> {
    change(db, scope.id(), id, domain_invites::ActiveModel { role: Set(role.as_str().to_owned()), ..Default::default() }).await
}

/// Stores who vouches for it.
pub async fn set_voucher(db: &impl ConnectionTrait, scope: &OrgScope, id: DomainInviteId, voucher: UserId) -> Result<()> {
    change(db, scope.id(), id, domain_invites::ActiveModel { vouched_by: Set(Some(voucher)), lapsed_at: Set(None), ..Default::default() })
        .await
}

/// Takes it off the list.
pub async fn delete(db: &impl ConnectionTrait, scope: &OrgScope, id: DomainInviteId) -> Result<()> {
    domain_invites::Entity::delete_many()
        .filter(domain_invites::Column::OrgId.eq(scope.id()))
        .filter(domain_invites::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Stores what DNS said, and how the domain stands by that. Whoever vouched for one that lapsed has to do so anew.
pub async fn set_answer(db: &impl ConnectionTrait, row: &DomainInvite, answer: &DnsAnswer, proof: Proof, now: DateTime<Utc>) -> Result<()> {
    let answer = serde_json::to_string(answer).map_err(|_| Error::Stored("answer of DNS"))?;
    let lapsed = row.proof.proven_at.is_some() && proof.proven_at.is_none();
    let row_now = domain_invites::ActiveModel {
        vouched_by: Set(if lapsed { None } else { row.vouched_by }),
        proven_at: Set(proof.proven_at),
        silent_since: Set(proof.silent_since),
        lapsed_at: Set(proof.lapsed_at),
        checked_at: Set(Some(now)),
        answer: Set(Some(answer)),
        next_check_at: Set(proof.next_check(now)),
        ..Default::default()
    };
    change(db, row.org, row.id, row_now).await
}

/// Takes the next proof that is to be checked, and puts it off to `retry_at`, so that no other server checks it meanwhile.
pub async fn claim(db: &impl ConnectionTrait, now: DateTime<Utc>, retry_at: DateTime<Utc>) -> Result<Option<DomainInvite>> {
    loop {
        let due = domain_invites::Entity::find()
            .filter(domain_invites::Column::NextCheckAt.lte(now))
            .order_by_asc(domain_invites::Column::NextCheckAt)
            .one(db)
            .await?;
        let Some(row) = due else { return Ok(None) };
        let claimed = domain_invites::Entity::update_many()
            .col_expr(domain_invites::Column::NextCheckAt, Expr::value(retry_at))
            .filter(domain_invites::Column::Id.eq(row.id))
            .filter(domain_invites::Column::NextCheckAt.eq(row.next_check_at))
            .exec(db)
            .await?;
        if claimed.rows_affected == 1 {
            return row.try_into().map(Some);
        }
    }
}
