//! How workspaces come from `nx connect`: first nobody's, then claimed by a link.

use chrono::TimeDelta;

use super::names::{NxCloudId, WorkspaceName};
use super::retention::Retention;

/// A workspace that nobody claims is deleted after so many days.
pub const UNCLAIMED_DAYS: u16 = 14;
/// What it keeps meanwhile.
pub const UNCLAIMED_RETENTION: Retention = Retention { days: Some(UNCLAIMED_DAYS), gibibytes: Some(1) };
/// A link works for so many days.
pub const LINK_DAYS: i64 = 7;
/// The link that claims a workspace is given out only so soon after the workspace was created, and once. nx asks for it
/// at once; whoever finds the Nx Cloud id later, in a public repository, gets none.
pub const GIVEN_OUT_WITHIN: TimeDelta = TimeDelta::minutes(15);

/// The name that an unclaimed workspace lies under: they have no other place that would tell them apart.
pub fn unclaimed_name(name: Option<&WorkspaceName>, id: &NxCloudId) -> String {
    let name: String = name.map_or("my-workspace", WorkspaceName::as_str).chars().take(55).collect();
    format!("{name} {id}")
}

/// What it was called when it was created.
pub fn name_of_unclaimed<'a>(stored: &'a str, id: &NxCloudId) -> &'a str {
    stored.strip_suffix(id.as_str()).unwrap_or(stored).trim_end()
}

/// A name for the workspace of a repository such as `acme/shop`, when there is one.
pub fn suggested_name(repository: &str) -> Option<WorkspaceName> {
    let name = repository.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    WorkspaceName::parse(name.strip_suffix(".git").unwrap_or(name)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workspace_keeps_its_name_while_nobody_has_it() {
        let id = NxCloudId::parse("0123456789abcdef01234567").unwrap();
        for name in ["shop", "@acme/shop", "ä shop", "0123456789abcdef01234567"] {
            let stored = unclaimed_name(Some(&WorkspaceName::parse(name).unwrap()), &id);
            assert!(WorkspaceName::parse(&stored).is_ok());
            assert_eq!(name_of_unclaimed(&stored, &id), name);
        }
        let long = unclaimed_name(Some(&WorkspaceName::parse(&"ä".repeat(80)).unwrap()), &id);
        assert!(WorkspaceName::parse(&long).is_ok());
        assert_eq!(name_of_unclaimed(&unclaimed_name(None, &id), &id), "my-workspace");
    }

    #[test]
    fn a_repository_suggests_a_name() {
        for (repository, name) in [("acme/shop", Some("shop")), ("shop.git", Some("shop")), ("group/sub/shop/", Some("shop")), ("/", None)]
        {
            assert_eq!(suggested_name(repository).as_ref().map(WorkspaceName::as_str), name, "{repository}");
        }
    }
}
