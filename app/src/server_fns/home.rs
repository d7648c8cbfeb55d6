//! On which page a form stands: the page that answers it when it is refused.

use crate::domain::names::OrgSlug;
use crate::paths;

/// The page of the form that posts to this server function, by the fields that were sent. The form itself says it more
/// exactly (which part of a list, say), so this counts for posts that do not.
///
/// `None` when the fields do not name what the page is about, or there is no such server function.
pub fn page_of(form: &str, field: impl Fn(&str) -> String) -> Option<String> {
    let org = || OrgSlug::parse(&field("org_slug")).ok();
    let workspace = || org().zip(field("workspace_id").parse().ok());
    let with = |path: &str, name: &'static str| {
        let value = Some(field(name)).filter(|value| !value.is_empty());
        paths::with_query(path, &value.map(|value| (name, value)).into_iter().collect::<Vec<_>>())
    };
    Some(match form.strip_prefix(paths::FORMS_PREFIX)? {
        "accounts/sign-up" => paths::SIGN_UP.to_owned(),
        "accounts/sign-in" => with(paths::SIGN_IN, "next"),
        "accounts/forgot-password" => paths::FORGOT_PASSWORD.to_owned(),
        "accounts/choose-password" => with(paths::CHOOSE_PASSWORD, "link"),
        "accounts/sign-out" | "invites/accept" => paths::HOME.to_owned(),
        "accounts/rename" | "accounts/choose-theme" => paths::ACCOUNT.to_owned(),
        "accounts/delete" => paths::ACCOUNT_DATA.to_owned(),
        "accounts/change-password" | "accounts/send-password-link" | "sessions/end" | "sessions/end-others" | "identities/unlink" => {
            paths::ACCOUNT_SECURITY.to_owned()
        }
        "identities/link" => paths::ACCOUNT_LINK.to_owned(),
        "addresses/add" | "addresses/resend" | "addresses/remove" | "addresses/make-primary" => paths::ACCOUNT_ADDRESSES.to_owned(),
        "addresses/confirm" => paths::confirm_address(&field("link")),
        "personal-tokens/create" | "personal-tokens/revoke" => paths::ACCOUNT_TOKENS.to_owned(),
        "logins/confirm" | "logins/refuse" => with(paths::LOGIN_DEVICE, "code"),
        "connections/accept" | "connections/accept-into-new" => paths::connect(&field("code")),
        "orgs/create" => paths::NEW_ORG.to_owned(),
        "orgs/rename" | "orgs/change-slug" | "orgs/change-visibility" | "orgs/set-visitor-logs" | "orgs/delete" | "token-policy/set" => {
            paths::org_settings(&org()?)
        }
        "billing/save-contact" => paths::org_usage(&org()?),
        "members/set-role" | "members/remove" | "members/leave" => paths::org_members(&org()?),
        "invites/create" | "invites/resend" | "invites/revoke" | "invites/link" => paths::org_invites(&org()?),
        "invites/join" | "invites/switch" => paths::invite(&field("link")),
        "domain-invites/add" | "domain-invites/set-role" | "domain-invites/vouch" | "domain-invites/check" | "domain-invites/remove" => {
            paths::org_domains(&org()?)
        }
        "domain-invites/join" => paths::join(&org()?),
        "identities/set-rule" => paths::org_sign_in(&org()?),
        "workspaces/create" => paths::new_workspace(&org()?),
        "workspaces/rename" | "workspaces/set-retention" | "workspaces/delete" => {
            let (org, id) = workspace()?;
            paths::workspace_settings(&org, id)
        }
        "ci-tokens/create" | "ci-tokens/rotate" | "ci-tokens/revoke" | "access-levels/set-id" | "access-levels/set-personal" => {
            let (org, id) = workspace()?;
            paths::workspace_tokens(&org, id)
        }
        "set-up/apply" => {
            let (org, id) = workspace()?;
            paths::workspace_set_up(&org, id)
        }
        "artifacts/delete" | "artifacts/purge" => {
            let (org, id) = workspace()?;
            paths::workspace_artifacts(&org, id)
        }
        _ => return None,
    })
}
