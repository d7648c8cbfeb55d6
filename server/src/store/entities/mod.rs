//! The rows as they lie in the database; known only inside `store`.

pub mod access_epoch;
pub mod addresses;
pub mod artifacts;
pub mod audit_events;
pub mod audit_heads;
pub mod billing;
pub mod ci_tokens;
pub mod domain_invites;
pub mod identities;
pub mod invites;
pub mod limit_mails;
pub mod mail_links;
pub mod mails;
pub mod members;
pub mod old_org_slugs;
pub mod org_keys;
pub mod orgs;
pub mod personal_tokens;
pub mod purges;
pub mod quotas;
pub mod removed_members;
pub mod sessions;
pub mod transfer_days;
pub mod usage_days;
pub mod users;
pub mod workspaces;
