//! Who is asking, and what they may do.

pub mod access;
pub mod actor;
pub mod at_domain;
pub mod attempts;
pub mod change;
pub mod client_address;
pub mod cookies;
pub mod credential;
pub mod epoch;
pub mod forms;
pub mod invited;
pub mod log_ticket;
pub mod password;
pub mod proof;
pub mod refusals;
pub mod refused;
pub mod secret;
pub mod session;
pub mod sso_attempts;
pub mod strangers;
pub mod token_refusals;
pub mod visit;
