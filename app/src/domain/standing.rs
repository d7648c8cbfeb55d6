//! How somebody stands to an organization that they may look at.

use std::fmt;

use super::permission::Permission;
use super::role::Role;
use super::visibility::VisitorLogs;

/// A member with a role, or a visitor of a public organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// They are in.
    Member(Role),
    /// They are not in, with an account or without; the organization is public. Its Admins decide about task logs.
    Visitor(VisitorLogs),
}

impl Standing {
    /// Every standing, the most powerful first.
    pub const ALL: [Self; 4] =
        [Self::Member(Role::Admin), Self::Member(Role::Member), Self::Visitor(VisitorLogs::Shown), Self::Visitor(VisitorLogs::Hidden)];

    /// Whether they are not in.
    pub const fn is_visitor(self) -> bool {
        self.role().is_none()
    }

    /// The role of a member.
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Member(role) => Some(role),
            Self::Visitor(_) => None,
        }
    }

    /// Whether they may do it.
    pub const fn grants(self, permission: Permission) -> bool {
        match self {
            Self::Member(role) => role.grants(permission),
            Self::Visitor(logs) => match permission {
                Permission::ViewOrg
                | Permission::ViewMembers
                | Permission::ViewWorkspaces
                | Permission::ViewArtifacts
                | Permission::ViewRuns => true,
                Permission::ViewLogs => logs.are_shown(),
                Permission::ChangeVisibility
                | Permission::EditOrg
                | Permission::DeleteOrg
                | Permission::ViewAddresses
                | Permission::ManageMembers
                | Permission::LeaveOrg
                | Permission::ConnectWorkspace
                | Permission::CreateWorkspace
                | Permission::EditWorkspace
                | Permission::DeleteWorkspace
                | Permission::ManageTokens
                | Permission::PurgeArtifacts
                | Permission::ViewAudit
                | Permission::ManageBilling => false,
            },
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(role) => role.fmt(out),
            Self::Visitor(VisitorLogs::Shown) => out.write_str("Visitor"),
            Self::Visitor(VisitorLogs::Hidden) => out.write_str("Visitor, logs hidden"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_may_nothing_that_a_member_may_not() {
        for permission in Permission::ALL {
            for logs in [VisitorLogs::Shown, VisitorLogs::Hidden] {
                assert!(!Standing::Visitor(logs).grants(permission) || Role::Member.grants(permission), "{permission:?}");
            }
        }
    }
}
