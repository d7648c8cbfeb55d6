//! The few queries that no scope can guard, because they are how a scope comes about.

use std::collections::HashSet;

use app::domain::access::{IdAccess, TokenAccess};
use app::domain::identity::SignInRule;
use app::domain::ids::{InviteId, OrgId, UserId, WorkspaceId};
use app::domain::names::{DomainName, Email, NxCloudId, OrgName, OrgSlug, WorkspaceName};
use app::domain::role::Role;
use app::domain::standing::Standing;
use app::domain::token::TokenPolicy;
use app::domain::visibility::{Visibility, VisitorLogs};
use chrono::{DateTime, Utc};
use sea_orm::sea_query::ExprTrait as _;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationDef};

use super::entities::{domain_invites, invites, members, old_org_slugs, orgs, workspaces};
use crate::auth::secret::SecretHash;
use crate::error::{Error, Result};

/// An organization as the gate needs it.
pub struct FoundOrg {
    /// Its id.
    pub id: OrgId,
    /// Its address now.
    pub slug: OrgSlug,
    /// Its name.
    pub name: OrgName,
    /// How its members have to sign in.
    pub sign_in: SignInRule,
    /// Who may look at it.
    pub visibility: Visibility,
    /// Whether visitors may read task logs.
    pub visitor_logs: VisitorLogs,
    /// Whether an Admin has been shown what visitors see.
    pub visitors_accepted: bool,
    /// How long it lets tokens live.
    pub tokens: TokenPolicy,
}

impl FoundOrg {
    /// What somebody is to it who is not in it; nothing when it is private.
    pub fn visitor(&self) -> Option<Standing> {
        self.visibility.is_public().then_some(Standing::Visitor(self.visitor_logs))
    }
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

fn days(stored: Option<i32>) -> Result<Option<u16>> {
    stored.map(u16::try_from).transpose().map_err(|_| Error::Stored("longest life of tokens"))
}

/// Whether visitors may read task logs.
pub(super) const fn visitor_logs(row: &orgs::Model) -> VisitorLogs {
    if row.hides_logs { VisitorLogs::Hidden } else { VisitorLogs::Shown }
}

#[expect(clippy::needless_pass_by_value, reason = "a row is used up by what is made of it")]
fn found(row: orgs::Model) -> Result<FoundOrg> {
    Ok(FoundOrg {
        id: row.id,
        slug: if row.id == OrgId::UNCLAIMED {
            OrgSlug::unclaimed()
        } else {
            OrgSlug::parse(&row.slug).map_err(|_| Error::Stored("slug"))?
        },
        name: OrgName::from_stored(&row.name),
        sign_in: sign_in_rule(&row),
        visibility: row.visibility.parse().map_err(|_| Error::Stored("visibility"))?,
        visitor_logs: visitor_logs(&row),
        visitors_accepted: row.visitors_accepted,
        tokens: TokenPolicy { ci_days: days(row.longest_ci_days)?, personal_days: days(row.longest_personal_days)? },
    })
}

/// A workspace as a credential finds it.
pub struct FoundWorkspace {
    /// Its id.
    pub id: WorkspaceId,
    /// Its name.
    pub name: WorkspaceName,
    /// The id in `nx.json`.
    pub nx_cloud_id: NxCloudId,
    /// Its organization.
    pub org: FoundOrg,
    /// What the Nx Cloud id alone may do.
    pub id_access: IdAccess,
    /// What personal access tokens of members may do.
    pub personal_access: TokenAccess,
}

/// The workspace with this Nx Cloud id.
pub async fn find_workspace_by_nx_cloud_id(db: &impl ConnectionTrait, id: &NxCloudId) -> Result<Option<FoundWorkspace>> {
    let found = workspaces::Entity::find().filter(workspaces::Column::NxCloudId.eq(id.as_str())).one(db).await?;
    match found {
        Some(row) => found_workspace(db, row).await,
        None => Ok(None),
    }
}

/// The workspace with this id.
pub async fn find_workspace(db: &impl ConnectionTrait, id: WorkspaceId) -> Result<Option<FoundWorkspace>> {
    match workspaces::Entity::find_by_id(id).one(db).await? {
        Some(row) => found_workspace(db, row).await,
        None => Ok(None),
    }
}

async fn found_workspace(db: &impl ConnectionTrait, row: workspaces::Model) -> Result<Option<FoundWorkspace>> {
    let Some(org) = orgs::Entity::find_by_id(row.org_id).one(db).await? else { return Ok(None) };
    Ok(Some(FoundWorkspace {
        id: row.id,
        name: WorkspaceName::from_stored(&row.name),
        nx_cloud_id: NxCloudId::parse(&row.nx_cloud_id).map_err(|_| Error::Stored("nxCloudId"))?,
        org: found(org)?,
        id_access: row.id_access.parse().map_err(|_| Error::Stored("ID access level"))?,
        personal_access: row.personal_access.parse().map_err(|_| Error::Stored("PAT access level"))?,
    }))
}

/// How the members of an organization have to sign in.
pub(super) fn sign_in_rule(row: &orgs::Model) -> SignInRule {
    let hosted_domains = row.hosted_domains.split_whitespace().map(DomainName::from_stored).collect();
    SignInRule { provider_only: row.requires_provider, hosted_domains }
}

/// Locks an organization that is known by its id; `false` when it is gone.
pub async fn lock_org(db: &impl ConnectionTrait, id: OrgId) -> Result<bool> {
    Ok(orgs::Entity::find_by_id(id).lock_exclusive().one(db).await?.is_some())
}

/// How an invite is found by the one who is invited.
#[derive(Debug, Clone)]
pub enum InviteKey {
    /// By the secret of one of its links.
    Link(SecretHash),
    /// By its id, for a person who is signed in with the invited address.
    Id(InviteId),
}

/// An invite as the gate needs it.
pub struct FoundInvite {
    /// Its id.
    pub id: InviteId,
    /// Into which organization.
    pub org: FoundOrg,
    /// Who is invited.
    pub email: Email,
    /// As what.
    pub role: Role,
    /// Name of the Admin who invited.
    pub invited_by: String,
    /// When it was last sent.
    pub sent_at: DateTime<Utc>,
    /// Until when it can be accepted.
    pub expires_at: DateTime<Utc>,
    /// Who accepted it.
    pub accepted_by: Option<UserId>,
    /// Whether it can no longer be accepted by anybody else.
    pub is_closed: bool,
    /// Whether the Admin who invited wants them to sign in through the provider.
    pub requires_provider: bool,
    /// Whether it was found by the link from the mail.
    pub by_mail: bool,
}

fn found_invite(row: invites::Model, org: orgs::Model, link: Option<&SecretHash>) -> Result<FoundInvite> {
    Ok(FoundInvite {
        id: row.id,
        org: found(org)?,
        email: Email::from_stored(&row.email),
        role: row.role.parse().map_err(|_| Error::Stored("role"))?,
        invited_by: row.invited_by,
        sent_at: row.sent_at,
        expires_at: row.expires_at,
        accepted_by: row.accepted_by,
        is_closed: row.accepted_at.is_some() || row.revoked_at.is_some(),
        requires_provider: row.requires_provider,
        by_mail: link.is_some() && row.mail_hash.as_ref() == link,
    })
}

fn invites_with_orgs() -> sea_orm::SelectTwo<invites::Entity, orgs::Entity> {
    let with_org: RelationDef = invites::Entity::belongs_to(orgs::Entity).from(invites::Column::OrgId).to(orgs::Column::Id).into();
    invites::Entity::find().join(JoinType::InnerJoin, with_org).select_also(orgs::Entity)
}

/// The invite behind a link or with an id.
pub async fn find_invite(db: &impl ConnectionTrait, key: &InviteKey) -> Result<Option<FoundInvite>> {
    let (condition, link) = match key {
        InviteKey::Link(hash) => {
            let either = invites::Column::MailHash.eq(hash.clone()).or(invites::Column::CopyHash.eq(hash.clone()));
            (either, Some(hash))
        }
        InviteKey::Id(id) => (invites::Column::Id.eq(*id), None),
    };
    match invites_with_orgs().filter(condition).one(db).await? {
        Some((row, Some(org))) => found_invite(row, org, link).map(Some),
        Some((_, None)) | None => Ok(None),
    }
}

/// Invites that wait for one of these addresses.
pub async fn invites_for(db: &impl ConnectionTrait, emails: &[Email], now: DateTime<Utc>) -> Result<Vec<FoundInvite>> {
    let rows = invites_with_orgs()
        .filter(invites::Column::Email.is_in(emails.iter().map(Email::as_str)))
        .filter(invites::Column::AcceptedAt.is_null())
        .filter(invites::Column::RevokedAt.is_null())
        .filter(invites::Column::ExpiresAt.gt(now))
        .order_by_asc(invites::Column::Id)
        .limit(100)
        .all(db)
        .await?;
    rows.into_iter().filter_map(|(row, org)| org.map(|org| found_invite(row, org, None))).collect()
}

/// A listed domain as the gate needs it.
pub struct FoundDomainInvite {
    /// Into which organization.
    pub org: FoundOrg,
    /// The domain.
    pub domain: DomainName,
    /// As what.
    pub role: Role,
    /// Whether DNS proves it.
    pub proven: bool,
    /// Who vouches for it, if they still can.
    pub vouched_by: Option<UserId>,
}

/// Which organizations list one of these domains: this one, or all of which DNS proves it.
pub async fn domain_invites(db: &impl ConnectionTrait, domains: &[&str], only: Option<OrgId>) -> Result<Vec<FoundDomainInvite>> {
    let with_org: RelationDef =
        domain_invites::Entity::belongs_to(orgs::Entity).from(domain_invites::Column::OrgId).to(orgs::Column::Id).into();
    let whose = match only {
        Some(org) => domain_invites::Column::OrgId.eq(org),
        None => domain_invites::Column::ProvenAt.is_not_null(),
    };
    let rows = domain_invites::Entity::find()
        .join(JoinType::InnerJoin, with_org)
        .select_also(orgs::Entity)
        .filter(domain_invites::Column::Domain.is_in(domains.iter().copied()))
        .filter(whose)
        .order_by_asc(orgs::Column::Name)
        .order_by_asc(domain_invites::Column::Id)
        .limit(100)
        .all(db)
        .await?;
    let found = |(row, org): (domain_invites::Model, Option<orgs::Model>)| {
        let found = |org| {
            Ok(FoundDomainInvite {
                org: found(org)?,
                domain: DomainName::from_stored(&row.domain),
                role: row.role.parse().map_err(|_| Error::Stored("role"))?,
                proven: row.proven_at.is_some(),
                vouched_by: row.vouched_by,
            })
        };
        org.map(found)
    };
    rows.into_iter().filter_map(found).collect()
}

/// An invite that a person sent, for themselves.
pub struct SentInvite {
    /// Its id.
    pub id: InviteId,
    /// What is kept of it, without its links.
    pub value: serde_json::Value,
}

/// Invites that a person sent, in the order in which they were made; so many at most. What an organization is called now,
/// only its members are told.
pub async fn invites_by(db: &impl ConnectionTrait, user: UserId, after: Option<InviteId>, limit: u64) -> Result<Vec<SentInvite>> {
    let theirs = members::Entity::find().select_only().column(members::Column::OrgId).filter(members::Column::UserId.eq(user));
    let own: HashSet<OrgId> = theirs.into_tuple().all(db).await?.into_iter().collect();
    let mut query = invites_with_orgs().filter(invites::Column::InvitedById.eq(user));
    if let Some(after) = after {
        query = query.filter(invites::Column::Id.gt(after));
    }
    let rows = query.order_by_asc(invites::Column::Id).limit(limit).all(db).await?;
    let sent = |(row, org): (invites::Model, Option<orgs::Model>)| SentInvite {
        id: row.id,
        value: serde_json::json!({
            "id": row.id,
            "organization": org.filter(|org| own.contains(&org.id)).map(|org| org.name),
            "address": row.email,
            "role": row.role,
            "message": row.message,
            "created_at": row.created_at,
            "sent_at": row.sent_at,
            "expires_at": row.expires_at,
            "accepted_at": row.accepted_at,
            "revoked_at": row.revoked_at,
        }),
    };
    Ok(rows.into_iter().map(sent).collect())
}

/// The organizations that a person is in, with their role.
pub async fn memberships(db: &impl ConnectionTrait, user: UserId) -> Result<Vec<(FoundOrg, Role)>> {
    let with_org: RelationDef = members::Entity::belongs_to(orgs::Entity).from(members::Column::OrgId).to(orgs::Column::Id).into();
    let rows = members::Entity::find()
        .filter(members::Column::UserId.eq(user))
        .join(JoinType::InnerJoin, with_org)
        .select_also(orgs::Entity)
        .order_by_asc(members::Column::OrgId)
        .all(db)
        .await?;
    let both = |(member, org): (members::Model, Option<orgs::Model>)| {
        org.map(|org| Ok((found(org)?, member.role.parse().map_err(|_| Error::Stored("role"))?)))
    };
    rows.into_iter().filter_map(both).collect()
}

/// The role of a person in an organization.
pub async fn role_in(db: &impl ConnectionTrait, org: OrgId, user: UserId) -> Result<Option<Role>> {
    let row = members::Entity::find_by_id((org, user)).one(db).await?;
    row.map(|row| row.role.parse().map_err(|_| Error::Stored("role"))).transpose()
}

/// The name of a workspace, if it is in this organization.
pub async fn workspace_name(db: &impl ConnectionTrait, org: OrgId, id: WorkspaceId) -> Result<Option<WorkspaceName>> {
    let row = workspaces::Entity::find_by_id(id).filter(workspaces::Column::OrgId.eq(org)).one(db).await?;
    Ok(row.map(|row| WorkspaceName::from_stored(row.name)))
}
