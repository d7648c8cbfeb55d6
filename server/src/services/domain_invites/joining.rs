//! The side of those who come in by the domain of their address.

use app::backend::domain_invites::JoinLink;
use app::backend::members::JoinedBy;
use app::domain::ids::UserId;
use app::domain::names::OrgSlug;
use app::domain::plan::Measure;
use app::error::{AppError, Conflict};
use app::request::{Caller, SignedIn};
use serde_json::json;

use super::DomainInvites;
use crate::auth::at_domain::{self, Visitor};
use crate::auth::change;
use crate::error::Result;
use crate::services::invites::closing;
use crate::services::limits;
use crate::store::audit::{Action, Object, record};
use crate::store::{members, users};

impl DomainInvites {
    /// What the join link leads a person to.
    pub(super) async fn look(&self, user: UserId, slug: &OrgSlug) -> Result<JoinLink> {
        Ok(match at_domain::by_link(self.0.db.read(), user, slug).await? {
            Visitor::Inside(slug) => JoinLink::Inside(slug),
            Visitor::Guest(guest) => JoinLink::Offer(guest.view()),
        })
    }

    /// Lets a person in. Doing it twice is doing it once.
    pub(super) async fn come_in(&self, caller: &Caller, user: &SignedIn, slug: &OrgSlug) -> Result<OrgSlug> {
        let state = &self.0;
        let tx = change::begin(state, caller).await?;
        let guest = match at_domain::by_link_for_change(&tx, user.id, slug).await? {
            Visitor::Inside(slug) => return Ok(slug),
            Visitor::Guest(guest) => guest,
        };
        // Behind the organization; they may be deleting their account.
        users::lock(&tx, user.id).await?.ok_or(AppError::Unauthenticated)?;
        guest.sign_in().admits(tx.user()?.proof.as_ref()).map_err(AppError::SignIn)?;
        limits::require_room(state, &tx, caller, guest.org(), Measure::Members, 1, Conflict::NoRoomForYou).await?;
        closing::close_of_member(state, &tx, caller, guest.org(), (user.id, &user.name)).await?;
        if members::insert(&tx, guest.org(), user.id, guest.role(), JoinedBy::Domain, state.clock.now()).await? {
            let member = Object { kind: "member", id: user.id.to_string(), name: user.name.as_str() };
            let details = json!({ "role": guest.role(), "domain": guest.domain() });
            record(&tx, &state.clock, caller, Some(guest.org()), Action::Joined, member, Some(details)).await?;
        }
        tx.commit().await?;
        Ok(guest.slug().clone())
    }
}
