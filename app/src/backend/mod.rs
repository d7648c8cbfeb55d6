//! What pages and server functions may ask of the server: one trait per noun, implemented in `server::services`.
//!
//! Each method takes the [`Caller`](crate::request::Caller) and decides itself whether that caller may.

pub mod access_levels;
pub mod account_deletion;
pub mod accounts;
pub mod addresses;
pub mod artifacts;
pub mod audit;
pub mod billing;
pub mod ci_tokens;
pub mod connections;
pub mod domain_invites;
pub mod identities;
pub mod invites;
pub mod logins;
pub mod members;
pub mod orgs;
pub mod personal_tokens;
pub mod runs;
pub mod sessions;
pub mod set_up;
pub mod statistics;
pub mod token_policy;
pub mod workspaces;

use std::sync::Arc;

/// All services.
#[derive(Clone)]
pub struct Backend {
    /// People and their passwords.
    pub accounts: Arc<dyn accounts::Accounts>,
    /// Their e-mail addresses.
    pub addresses: Arc<dyn addresses::Addresses>,
    /// How their accounts end.
    pub account_deletion: Arc<dyn account_deletion::AccountDeletion>,
    /// Signed-in browsers.
    pub sessions: Arc<dyn sessions::Sessions>,
    /// Organizations.
    pub orgs: Arc<dyn orgs::Orgs>,
    /// Who is in them.
    pub members: Arc<dyn members::Members>,
    /// Accounts at the OpenID provider.
    pub identities: Arc<dyn identities::Identities>,
    /// Who is asked to come in.
    pub invites: Arc<dyn invites::Invites>,
    /// The domains whose people may join.
    pub domain_invites: Arc<dyn domain_invites::DomainInvites>,
    /// Their workspaces.
    pub workspaces: Arc<dyn workspaces::Workspaces>,
    /// The workspaces' CI access tokens.
    pub ci_tokens: Arc<dyn ci_tokens::CiTokens>,
    /// What the workspaces' other credentials may do.
    pub access_levels: Arc<dyn access_levels::AccessLevels>,
    /// How long organizations let tokens live.
    pub token_policy: Arc<dyn token_policy::TokenPolicies>,
    /// Tokens of people.
    pub personal_tokens: Arc<dyn personal_tokens::PersonalTokens>,
    /// Terminals that ask for one.
    pub logins: Arc<dyn logins::Logins>,
    /// The workspaces' artifacts.
    pub artifacts: Arc<dyn artifacts::Artifacts>,
    /// Links that claim or create workspaces.
    pub connections: Arc<dyn connections::Connections>,
    /// Who reads and who stores in the workspaces, as a whole.
    pub set_up: Arc<dyn set_up::SetUps>,
    /// Their runs.
    pub runs: Arc<dyn runs::Runs>,
    /// What is counted of these.
    pub statistics: Arc<dyn statistics::WorkspaceStatistics>,
    /// What happened.
    pub audit: Arc<dyn audit::Audit>,
    /// Their plans, and what they use of them.
    pub billing: Arc<dyn billing::Billing>,
}

/// A part of a long list, and where the next part starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Goes into the address of the next page; `None` on the last one.
    pub next: Option<String>,
}
