//! The audit log: written in the transaction of the change that it tells of.

use app::domain::ids::{AuditEventId, OrgId};
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, EntityTrait};

use super::entities::audit_events;
use crate::clock::Clock;
use crate::error::Result;
use app::request::{Actor, Caller};

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An account has its first or a new password by a link.
    PasswordChosen,
    /// The password was changed by its owner.
    PasswordChanged,
    /// Somebody signed in.
    SignedIn,
    /// Wrong password.
    SignInFailed,
    /// A session was ended by its owner.
    SessionEnded,
    /// Created.
    Created,
    /// Has another name.
    Renamed,
    /// Has another address.
    Moved,
    /// Deleted.
    Deleted,
    /// Somebody was asked to come in.
    Invited,
    /// An invite was sent again, under a new link.
    InviteResent,
    /// A link of an invite was made to be handed over.
    InviteLinked,
    /// A member came in.
    Joined,
    /// A member has another role.
    RoleChanged,
    /// A member was taken out.
    Removed,
    /// A member left.
    Left,
    /// Retention changed.
    RetentionChanged,
    /// A token has a new value.
    Rotated,
    /// A token was taken back.
    Revoked,
    /// Artifacts are deleted on demand.
    Purged,
}

impl Action {
    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordChosen => "password-chosen",
            Self::PasswordChanged => "password-changed",
            Self::SignedIn => "signed-in",
            Self::SignInFailed => "sign-in-failed",
            Self::SessionEnded => "session-ended",
            Self::Created => "created",
            Self::Renamed => "renamed",
            Self::Moved => "moved",
            Self::Deleted => "deleted",
            Self::Invited => "invited",
            Self::InviteResent => "invite-resent",
            Self::InviteLinked => "invite-linked",
            Self::Joined => "joined",
            Self::RoleChanged => "role-changed",
            Self::Removed => "removed",
            Self::Left => "left",
            Self::RetentionChanged => "retention-changed",
            Self::Rotated => "rotated",
            Self::Revoked => "revoked",
            Self::Purged => "purged",
        }
    }
}

/// What it was done to: kind, id and the name at that time.
pub struct Object<'a> {
    /// `org`, `member`, `invite`, `workspace`, `ci-token`, `artifacts` or `account`.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Its name then.
    pub name: &'a str,
}

/// Writes an event. `details` says before and after, never a secret.
pub async fn record(
    db: &impl ConnectionTrait,
    clock: &Clock,
    caller: &Caller,
    org: Option<OrgId>,
    action: Action,
    object: Object<'_>,
    details: Option<serde_json::Value>,
) -> Result<()> {
    let (actor_kind, actor_id, actor_name) = match &caller.actor {
        Actor::Anonymous => ("anonymous", None, String::new()),
        Actor::User(user) => ("user", Some(user.id.to_string()), user.name.to_string()),
        Actor::Operator => ("operator", None, "Operator".to_owned()),
    };
    let event = audit_events::ActiveModel {
        id: Set(AuditEventId::from_uuid(clock.new_id())),
        org_id: Set(org),
        actor_kind: Set(actor_kind.to_owned()),
        actor_id: Set(actor_id),
        actor_name: Set(actor_name),
        action: Set(action.as_str().to_owned()),
        object_kind: Set(object.kind.to_owned()),
        object_id: Set(object.id),
        object_name: Set(object.name.to_owned()),
        details: Set(details.map(|details| details.to_string())),
        address: Set(caller.address.clone()),
        incident: Set(caller.incident.to_string()),
        at: Set(clock.now()),
    };
    audit_events::Entity::insert(event).exec_without_returning(db).await?;
    Ok(())
}
