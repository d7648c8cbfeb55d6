//! Who may make an account: as the operator says, and whoever was invited.

use app::domain::names::Email;
use sea_orm::ConnectionTrait;

use crate::error::Result;
use crate::state::State;
use crate::store::unscoped;

/// Whether somebody who proves this mailbox may have an account. Whether there is an invite is told to nobody else.
pub async fn is_open_to(state: &State, db: &impl ConnectionTrait, email: &Email) -> Result<bool> {
    if state.site.sign_up.admits(email) {
        return Ok(true);
    }
    Ok(!unscoped::invites_for(db, std::slice::from_ref(email), state.clock.now()).await?.is_empty())
}
