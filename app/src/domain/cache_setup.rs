//! What has to stand where so that nx uses a workspace: lines to copy, the same on every page that shows them.

use super::names::NxCloudId;

/// The variable with the address of the remote cache (nx 20.8 to 24).
pub const SERVER_VARIABLE: &str = "NX_SELF_HOSTED_REMOTE_CACHE_SERVER";
/// The variable with the token for it.
pub const TOKEN_VARIABLE: &str = "NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN";
/// The variable with the token of a connected nx.
pub const CLIENT_TOKEN_VARIABLE: &str = "NX_CLOUD_ACCESS_TOKEN";
/// The variable that makes nx build without the remote cache.
pub const OFF_VARIABLE: &str = "NX_DISABLE_REMOTE_CACHE";

/// Commands of a POSIX shell for nx with the client.
pub fn client_shell(public_url: &str, token: &str) -> String {
    format!("export NX_CLOUD_API={public_url}\nexport {CLIENT_TOKEN_VARIABLE}={token}")
}

/// Lines of a `.env` file.
pub fn environment(public_url: &str, token: &str) -> String {
    format!("{SERVER_VARIABLE}={public_url}\n{TOKEN_VARIABLE}={token}")
}

/// Part of a GitHub Actions workflow.
pub fn github_actions(public_url: &str) -> String {
    format!("env:\n  {SERVER_VARIABLE}: {public_url}\n  {TOKEN_VARIABLE}: ${{{{ secrets.BUILDKEEP_TOKEN }}}}")
}

/// Part of a GitLab pipeline: the default branch writes, all others read.
pub fn gitlab_ci(public_url: &str) -> String {
    format!(
        "variables:\n  {SERVER_VARIABLE}: {public_url}\n  {TOKEN_VARIABLE}: $BUILDKEEP_READ_ONLY\n\n\
         build:\n  script: npx nx run-many -t build\n  rules:\n    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH\n      variables:\n        \
         {TOKEN_VARIABLE}: $BUILDKEEP_READ_WRITE\n    - when: on_success"
    )
}

/// `nx.json` of nx 19.7 and later.
pub fn nx_json(public_url: &str, id: &NxCloudId) -> String {
    format!("{{\n  \"nxCloudId\": \"{id}\",\n  \"nxCloudUrl\": \"{public_url}\"\n}}")
}

/// `nx.json` of nx before 19.6.
pub fn nx_json_tasks_runner(public_url: &str, id: &NxCloudId) -> String {
    format!(
        "{{\n  \"tasksRunnerOptions\": {{\n    \"default\": {{\n      \"runner\": \"nx-cloud\",\n      \"options\": {{\n        \
         \"nxCloudId\": \"{id}\",\n        \"url\": \"{public_url}\"\n      }}\n    }}\n  }}\n}}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_what_the_tools_read() {
        assert_eq!(
            environment("https://keep.example", "bkci_x"),
            "NX_SELF_HOSTED_REMOTE_CACHE_SERVER=https://keep.example\nNX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN=bkci_x"
        );
        assert!(github_actions("https://keep.example").ends_with("${{ secrets.BUILDKEEP_TOKEN }}"));
        let id = NxCloudId::parse("0123456789abcdef01234567").unwrap();
        assert!(nx_json_tasks_runner("https://keep.example", &id).contains("\"nxCloudId\": \"0123456789abcdef01234567\""));
    }
}
