//! A domain whose people may join an organization.

use app::domain::ids::{DomainInviteId, OrgId, UserId};
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "domain_invites")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DomainInviteId,
    pub org_id: OrgId,
    pub domain: String,
    pub role: String,
    pub challenge: String,
    pub added_by: String,
    pub added_at: DateTimeUtc,
    pub vouched_by: Option<UserId>,
    pub proven_at: Option<DateTimeUtc>,
    pub silent_since: Option<DateTimeUtc>,
    pub lapsed_at: Option<DateTimeUtc>,
    pub checked_at: Option<DateTimeUtc>,
    pub answer: Option<String>,
    pub next_check_at: Option<DateTimeUtc>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
