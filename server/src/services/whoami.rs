//! What a credential is told of itself.

use app::domain::access::{CachePermission, Grant};
use app::paths;

use crate::auth::credential::Credential;
use crate::state::State;
use crate::wire::whoami::{Access, Credential as Told, CredentialKind, SharedAccess, Whoami, Workspace};

/// What this credential is and may do. The Nx Cloud id may stand in a public repository: to it alone, the organization has
/// no name.
pub fn of(state: &State, credential: &Credential) -> Whoami {
    let living = credential.living();
    let may = |permission| living.grant.grants(permission);
    let (kind, told) = match living.grant {
        Grant::CiToken(_) => (CredentialKind::CiToken, true),
        Grant::PersonalToken(_) => (CredentialKind::PersonalAccessToken, true),
        Grant::NxCloudId(_) => (CredentialKind::NxCloudId, false),
    };
    let page = || format!("{}{}", state.site.public_url, paths::workspace(&living.org_slug, living.workspace));
    Whoami {
        server_version: state.site.version.to_owned(),
        workspace: Workspace {
            nx_cloud_id: living.nx_cloud_id.to_string(),
            name: told.then(|| living.workspace_name.to_string()),
            organization: told.then(|| living.org_name.to_string()),
            url: told.then(page),
        },
        credential: Told { kind, name: told.then(|| living.name.clone()), expires_at: living.ends_at },
        access: Access {
            shared: if may(CachePermission::WriteShared) {
                SharedAccess::ReadWrite
            } else if may(CachePermission::ReadShared) {
                SharedAccess::Read
            } else {
                SharedAccess::None
            },
            execution: may(CachePermission::UseExecution) && !may(CachePermission::WriteShared),
            records_runs: credential.runs().is_some(),
        },
        notice: living.notice,
    }
}
