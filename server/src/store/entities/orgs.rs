//! An organization.

use app::domain::ids::OrgId;
use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orgs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrgId,
    pub slug: String,
    pub name: String,
    pub requires_provider: bool,
    pub hosted_domains: String,
    pub visibility: String,
    pub hides_logs: bool,
    pub visitors_accepted: bool,
    pub created_at: DateTimeUtc,
    pub longest_ci_days: Option<i32>,
    pub longest_personal_days: Option<i32>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
