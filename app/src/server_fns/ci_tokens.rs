//! Forms about CI access tokens.

use leptos::prelude::*;

use super::{field, org, workspace};
use crate::backend::ci_tokens::NewCiToken;
use crate::domain::access::TokenAccess;
use crate::domain::names::{Reason, TokenName};
use crate::domain::token::{LONGEST_OVERLAP_HOURS, TokenLife};
use crate::error::{AppError, Check, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Makes a token; its value is shown once, on the next page.
#[server(prefix = "/do", endpoint = "ci-tokens/create")]
pub async fn create_ci_token(
    org_slug: String,
    workspace_id: String,
    name: String,
    #[server(default)] access: String,
    #[server(default)] expires: String,
) -> Result<(), AppError> {
    let request = request();
    let (slug, id) = (org(&org_slug)?, workspace(&workspace_id)?);
    let mut check = Check::default();
    let name = check.take(Field::Name, TokenName::parse(&name));
    let access = check.take(Field::Access, access.parse::<TokenAccess>().map_err(|_| Reason::NotAChoice));
    let life = check.take(Field::Expires, TokenLife::parse(&expires));
    let token = check.finish(name.zip(access).zip(life).map(|((name, access), life)| NewCiToken { name, access, life }))?;
    let issued = request.backend.ci_tokens.create(&request.caller, &slug, id, token).await?;
    request.visit.notify(Notice::TokenIssued(issued));
    http::redirect(&paths::workspace_tokens(&slug, id));
    Ok(())
}

/// Gives a token a new value; the old one goes on working for a while.
#[server(prefix = "/do", endpoint = "ci-tokens/rotate")]
pub async fn rotate_ci_token(
    org_slug: String,
    workspace_id: String,
    token: String,
    #[server(default)] overlap_hours: String,
) -> Result<(), AppError> {
    let request = request();
    let (slug, id) = (org(&org_slug)?, workspace(&workspace_id)?);
    let token = token.parse().map_err(|_| AppError::NotFound)?;
    let hours = overlap_hours.trim().parse().ok().filter(|hours| *hours <= LONGEST_OVERLAP_HOURS);
    let hours = field(Field::Overlap, hours.ok_or(Reason::NotInRange(0, u32::from(LONGEST_OVERLAP_HOURS))))?;
    let issued = request.backend.ci_tokens.rotate(&request.caller, &slug, id, token, hours).await?;
    request.visit.notify(Notice::TokenIssued(issued));
    http::redirect(&paths::workspace_tokens(&slug, id));
    Ok(())
}

/// Takes a token back, at once.
#[server(prefix = "/do", endpoint = "ci-tokens/revoke")]
pub async fn revoke_ci_token(org_slug: String, workspace_id: String, token: String) -> Result<(), AppError> {
    let request = request();
    let (slug, id) = (org(&org_slug)?, workspace(&workspace_id)?);
    let token = token.parse().map_err(|_| AppError::NotFound)?;
    let name = request.backend.ci_tokens.revoke(&request.caller, &slug, id, token).await?;
    request.visit.notify(Notice::TokenRevoked(name.into()));
    http::redirect(&paths::workspace_tokens(&slug, id));
    Ok(())
}
