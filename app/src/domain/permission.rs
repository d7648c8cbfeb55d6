//! Who may do what in the browser: one table, used by the guard on the server and by pages that hide a button.

use serde::{Deserialize, Serialize};

use super::role::Role;

/// One thing that somebody may or may not do in an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Permission {
    /// See the organization, its overview and its name.
    ViewOrg,
    /// Rename the organization, change its address, say how its members sign in and how long tokens live.
    EditOrg,
    /// Make the organization public or private, let search engines list it.
    ChangeVisibility,
    /// Delete the organization with everything in it.
    DeleteOrg,
    /// See who is in and in which role.
    ViewMembers,
    /// See the members' e-mail addresses and how they came in.
    ViewAddresses,
    /// Change roles, remove people.
    ManageMembers,
    /// Give up one's own membership.
    LeaveOrg,
    /// See the workspaces, their size and their use.
    ViewWorkspaces,
    /// See what to put where so that nx uses a workspace, its Nx Cloud id among it, and what its credentials may do.
    ConnectWorkspace,
    /// Create a workspace.
    CreateWorkspace,
    /// Rename a workspace, change how long it keeps artifacts.
    EditWorkspace,
    /// Delete a workspace with its artifacts and tokens.
    DeleteWorkspace,
    /// See, create, rotate and revoke CI access tokens, choose what the other credentials may do.
    ManageTokens,
    /// See which artifacts are stored.
    ViewArtifacts,
    /// Delete artifacts, one or many.
    PurgeArtifacts,
    /// See runs with their tasks, and the statistics made of them.
    ViewRuns,
    /// Read and download what tasks printed.
    ViewLogs,
    /// Read and download the audit log.
    ViewAudit,
    /// See plan and usage, change the billing contact.
    ManageBilling,
}

impl Permission {
    /// Every permission, in the order of the printed matrix.
    pub const ALL: [Self; 20] = [
        Self::ViewOrg,
        Self::EditOrg,
        Self::ChangeVisibility,
        Self::DeleteOrg,
        Self::ViewMembers,
        Self::ViewAddresses,
        Self::ManageMembers,
        Self::LeaveOrg,
        Self::ViewWorkspaces,
        Self::ConnectWorkspace,
        Self::CreateWorkspace,
        Self::EditWorkspace,
        Self::DeleteWorkspace,
        Self::ManageTokens,
        Self::ViewArtifacts,
        Self::PurgeArtifacts,
        Self::ViewRuns,
        Self::ViewLogs,
        Self::ViewAudit,
        Self::ManageBilling,
    ];

    /// What it means, in words for the matrix.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::ViewOrg => "See the organization",
            Self::EditOrg => "Rename the organization, change its address",
            Self::ChangeVisibility => "Make the organization public or private",
            Self::DeleteOrg => "Delete the organization",
            Self::ViewMembers => "See the members",
            Self::ViewAddresses => "See the members' e-mail addresses",
            Self::ManageMembers => "Change roles, remove members",
            Self::LeaveOrg => "Leave the organization",
            Self::ViewWorkspaces => "See workspaces and their use",
            Self::ConnectWorkspace => "See how to connect nx to a workspace, and its access levels",
            Self::CreateWorkspace => "Create workspaces",
            Self::EditWorkspace => "Rename workspaces, change what they keep",
            Self::DeleteWorkspace => "Delete workspaces",
            Self::ManageTokens => "Manage CI access tokens, choose access levels",
            Self::ViewArtifacts => "See which artifacts are stored",
            Self::PurgeArtifacts => "Delete artifacts",
            Self::ViewRuns => "See runs, their tasks and statistics",
            Self::ViewLogs => "Read task logs",
            Self::ViewAudit => "Read and download the audit log",
            Self::ManageBilling => "See plan and usage, change the billing contact",
        }
    }
}

impl Role {
    /// Whether a member in this role may do it.
    pub const fn grants(self, permission: Permission) -> bool {
        match self {
            Self::Admin => match permission {
                Permission::ViewOrg
                | Permission::EditOrg
                | Permission::ChangeVisibility
                | Permission::DeleteOrg
                | Permission::ViewMembers
                | Permission::ViewAddresses
                | Permission::ManageMembers
                | Permission::LeaveOrg
                | Permission::ViewWorkspaces
                | Permission::ConnectWorkspace
                | Permission::CreateWorkspace
                | Permission::EditWorkspace
                | Permission::DeleteWorkspace
                | Permission::ManageTokens
                | Permission::ViewArtifacts
                | Permission::PurgeArtifacts
                | Permission::ViewRuns
                | Permission::ViewLogs
                | Permission::ViewAudit
                | Permission::ManageBilling => true,
            },
            Self::Member => match permission {
                Permission::ViewOrg
                | Permission::ViewMembers
                | Permission::ViewAddresses
                | Permission::LeaveOrg
                | Permission::ViewWorkspaces
                | Permission::ConnectWorkspace
                | Permission::ViewArtifacts
                | Permission::ViewRuns
                | Permission::ViewLogs => true,
                Permission::EditOrg
                | Permission::ChangeVisibility
                | Permission::DeleteOrg
                | Permission::ManageMembers
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
