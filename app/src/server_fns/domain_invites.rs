//! Forms about domains whose people may join, from both sides.

use leptos::prelude::*;

use super::org;
use crate::domain::names::Reason;
use crate::error::{AppError, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Puts a domain on the list.
#[server(prefix = "/do", endpoint = "domain-invites/add")]
pub async fn add_domain(org_slug: String, domain: String, role: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let role = role.parse().map_err(|_| AppError::field(Field::Role, Reason::NotAChoice))?;
    let domain = request.backend.domain_invites.add(&request.caller, &slug, &domain, role).await?;
    request.visit.notify(Notice::DomainAdded(domain.into()));
    http::redirect(&paths::org_domains(&slug));
    Ok(())
}

/// Gives those who join by it from now on another role.
#[server(prefix = "/do", endpoint = "domain-invites/set-role")]
pub async fn set_domain_role(org_slug: String, id: String, role: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let role = role.parse().map_err(|_| AppError::field(Field::Role, Reason::NotAChoice))?;
    let domain = request.backend.domain_invites.set_role(&request.caller, &slug, id, role).await?;
    request.visit.notify(Notice::DomainRoleChanged(domain.into()));
    http::redirect(&paths::org_domains(&slug));
    Ok(())
}

/// Vouches for a domain by an address of one's own.
#[server(prefix = "/do", endpoint = "domain-invites/vouch")]
pub async fn vouch_for_domain(org_slug: String, id: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let domain = request.backend.domain_invites.vouch(&request.caller, &slug, id).await?;
    request.visit.notify(Notice::DomainVouched(domain.into()));
    http::redirect(&paths::org_domains(&slug));
    Ok(())
}

/// Asks DNS now whether it proves a domain.
#[server(prefix = "/do", endpoint = "domain-invites/check")]
pub async fn check_domain(org_slug: String, id: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let (domain, proven) = request.backend.domain_invites.check(&request.caller, &slug, id).await?;
    let domain = domain.into();
    request.visit.notify(if proven { Notice::DomainProven(domain) } else { Notice::DomainNotProven(domain) });
    http::redirect(&paths::org_domains(&slug));
    Ok(())
}

/// Takes a domain off the list.
#[server(prefix = "/do", endpoint = "domain-invites/remove")]
pub async fn remove_domain(org_slug: String, id: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let id = id.parse().map_err(|_| AppError::NotFound)?;
    let domain = request.backend.domain_invites.remove(&request.caller, &slug, id).await?;
    request.visit.notify(Notice::DomainRemoved(domain.into()));
    http::redirect(&paths::org_domains(&slug));
    Ok(())
}

/// The signed-in person joins by the domain of their address.
#[server(prefix = "/do", endpoint = "domain-invites/join")]
pub async fn join_by_domain(org_slug: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let slug = request.backend.domain_invites.join(&request.caller, &org(&org_slug)?).await?;
    request.visit.notify(Notice::OrgJoined);
    http::redirect(&paths::org(&slug));
    Ok(())
}
