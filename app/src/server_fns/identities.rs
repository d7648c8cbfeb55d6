//! Forms about accounts at the OpenID provider, and about organizations that ask for them.

use leptos::prelude::*;

use super::{field, org};
use crate::domain::identity::{SignInRule, read_hosted_domains};
use crate::domain::secret::PlainSecret;
use crate::error::{AppError, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Links the account at the provider that waits in this session.
#[server(prefix = "/do", endpoint = "identities/link")]
pub async fn link_identity(#[server(default)] current: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let sealed = request.visit.pending_link().await?.ok_or(AppError::LinkUnusable)?;
    let (identity, next) = request.backend.identities.link(&request.caller, &sealed, PlainSecret::new(current)).await?;
    request.visit.linked(identity).await?;
    request.visit.notify(Notice::Linked);
    http::redirect(&paths::local_or_home(&next));
    Ok(())
}

/// Removes the link with the account at the provider.
#[server(prefix = "/do", endpoint = "identities/unlink")]
pub async fn unlink() -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    request.backend.identities.unlink(&request.caller).await?;
    request.visit.notify(Notice::Unlinked);
    http::redirect(paths::ACCOUNT_SECURITY);
    Ok(())
}

/// Says how the members of an organization have to sign in.
#[server(prefix = "/do", endpoint = "identities/set-rule")]
pub async fn set_sign_in_rule(
    org_slug: String,
    #[server(default)] provider_only: bool,
    #[server(default)] domains: String,
) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let hosted_domains = field(Field::HostedDomains, read_hosted_domains(&domains))?;
    let rule = SignInRule { provider_only, hosted_domains: if provider_only { hosted_domains } else { Vec::new() } };
    request.backend.identities.set_rule(&request.caller, &slug, rule).await?;
    request.visit.notify(Notice::Saved);
    http::redirect(&paths::org_sign_in(&slug));
    Ok(())
}
