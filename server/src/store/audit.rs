//! The audit log: written in the transaction of the change that it tells of.

mod actors;
mod chain;
mod events;
mod person;
mod trim;

pub use actors::actors_like;
pub use app::domain::audit::Action;
pub use chain::{Broken, Chain, Fault, chains, chains_and_parts, verify};
pub use events::{ActorIs, Search, StoredEvent, search};
pub use person::{Doing, of_person};
pub use trim::{trim_chain, trim_unchained};

use app::domain::ids::{AuditEventId, OrgId};
use app::request::{Actor, Caller};
use sea_orm::{ActiveModelTrait as _, DatabaseTransaction, EntityTrait, IntoActiveModel as _};

use super::entities::audit_events;
use crate::clock::Clock;
use crate::error::Result;

/// What it was done to: kind, id and the name at that time.
pub struct Object<'a> {
    /// A word of [`ObjectKind`](app::domain::audit::ObjectKind).
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Its name then.
    pub name: &'a str,
}

/// Writes an event. `details` says before and after, never a secret. Call it last: until the transaction ends, nobody
/// else writes an event of the organization.
pub async fn record(
    tx: &DatabaseTransaction,
    clock: &Clock,
    caller: &Caller,
    org: Option<OrgId>,
    action: Action,
    object: Object<'_>,
    details: Option<serde_json::Value>,
) -> Result<()> {
    let (actor_kind, actor_id, actor_name) = match &caller.actor {
        // Who comes in by a link is signed in by the same request; who logs out a terminal has shown their token.
        Actor::Anonymous if matches!(action, Action::Joined | Action::LoggedOut) => {
            ("user", Some(object.id.clone()), object.name.to_owned())
        }
        Actor::Anonymous => ("anonymous", None, String::new()),
        Actor::User(user) => ("user", Some(user.id.to_string()), user.name.to_string()),
        Actor::Operator => ("operator", None, "Operator".to_owned()),
        Actor::Server => ("server", None, "Buildkeep".to_owned()),
    };
    // Id and time are taken when the place in the chain is, so that all three have the same order.
    let place = match org {
        Some(org) => Some(chain::take_place(tx, org, clock.now()).await?),
        None => None,
    };
    let mut event = audit_events::Model {
        id: AuditEventId::from_uuid(clock.new_id()),
        org_id: org,
        actor_kind: actor_kind.to_owned(),
        actor_id,
        actor_name,
        action: action.as_str().to_owned(),
        object_kind: object.kind.to_owned(),
        object_id: object.id,
        object_name: object.name.to_owned(),
        details: details.map(|details| details.to_string()),
        address: caller.address.clone(),
        incident: caller.incident.to_string(),
        at: clock.now(),
        seq: place.as_ref().map(|place| place.seq),
        hash: None,
    };
    if let Some(place) = place {
        event.hash = Some(chain::close(tx, place, &event).await?);
    }
    audit_events::Entity::insert(event.into_active_model().reset_all()).exec_without_returning(tx).await?;
    Ok(())
}
