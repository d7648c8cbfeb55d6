//! Use cases. The order in each: gate, rules, store, audit and mail; one transaction.

pub mod access_levels;
pub mod account_deletion;
pub mod account_export;
pub mod account_mails;
pub mod accounts;
pub mod addresses;
pub mod artifacts;
pub mod audit;
pub mod billing;
pub mod cache;
pub mod ci_tokens;
pub mod client_cache;
pub mod connections;
pub mod current_password;
pub mod domain_invites;
pub mod identities;
pub mod invites;
pub mod limits;
pub mod logins;
pub mod members;
pub mod naming;
pub mod orgs;
pub mod personal_tokens;
pub mod retention;
pub mod room;
pub mod runs;
pub mod sessions;
pub mod set_up;
pub mod sign_up;
pub mod statistics;
pub mod token_policy;
pub mod transfers;
pub mod usage;
pub mod whoami;
pub mod workspaces;

use std::sync::Arc;

use app::backend::Backend;

use crate::state::State;

/// The services, as pages and server functions ask for them.
pub fn backend(state: &Arc<State>) -> Backend {
    Backend {
        accounts: Arc::new(accounts::Accounts(state.clone())),
        addresses: Arc::new(addresses::Addresses(state.clone())),
        account_deletion: Arc::new(account_deletion::AccountDeletion(state.clone())),
        sessions: Arc::new(sessions::Sessions(state.clone())),
        orgs: Arc::new(orgs::Orgs(state.clone())),
        members: Arc::new(members::Members(state.clone())),
        identities: Arc::new(identities::Identities(state.clone())),
        invites: Arc::new(invites::Invites(state.clone())),
        domain_invites: Arc::new(domain_invites::DomainInvites(state.clone())),
        workspaces: Arc::new(workspaces::Workspaces(state.clone())),
        ci_tokens: Arc::new(ci_tokens::CiTokens(state.clone())),
        access_levels: Arc::new(access_levels::AccessLevels(state.clone())),
        token_policy: Arc::new(token_policy::TokenPolicies(state.clone())),
        personal_tokens: Arc::new(personal_tokens::PersonalTokens(state.clone())),
        logins: Arc::new(logins::Logins(state.clone())),
        artifacts: Arc::new(artifacts::Artifacts(state.clone())),
        connections: Arc::new(connections::Connections(state.clone())),
        set_up: Arc::new(set_up::SetUps(state.clone())),
        runs: Arc::new(runs::Runs(state.clone())),
        statistics: Arc::new(statistics::Statistics(state.clone())),
        audit: Arc::new(audit::Audit(state.clone())),
        billing: Arc::new(billing::Billing(state.clone())),
    }
}
