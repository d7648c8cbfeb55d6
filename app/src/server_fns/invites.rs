//! Forms about invites, from both sides.

use leptos::prelude::*;

use super::{field, org};
use crate::backend::invites::NewInvites;
use crate::domain::invite::read_list;
use crate::domain::names::{InviteMessage, PersonName, Reason};
use crate::domain::secret::PlainSecret;
use crate::error::{AppError, Check, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Invites a list of people; the next page says for each line what happened.
#[server(prefix = "/do", endpoint = "invites/create")]
pub async fn create_invites(
    org_slug: String,
    addresses: String,
    #[server(default)] role: String,
    #[server(default)] message: String,
    #[server(default)] requires_provider: bool,
) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let mut check = Check::default();
    let lines = check.take(Field::Addresses, read_list(&addresses));
    let role = check.take(Field::Role, role.parse().map_err(|_| Reason::NotAChoice));
    let message = (!message.trim().is_empty()).then(|| InviteMessage::parse(&message)).transpose();
    let message = check.take(Field::Message, message);
    let new = lines.zip(role).zip(message).map(|((lines, role), message)| NewInvites { lines, role, message, requires_provider });
    let results = request.backend.invites.invite(&request.caller, &slug, check.finish(new)?).await?;
    request.visit.keep_results(results).await?;
    http::redirect(&paths::org_invites(&slug));
    Ok(())
}

/// Sends an invite again, under a new link.
#[server(prefix = "/do", endpoint = "invites/resend")]
pub async fn resend_invite(org_slug: String, invite: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let id = invite.parse().map_err(|_| AppError::NotFound)?;
    let email = request.backend.invites.resend(&request.caller, &slug, id).await?;
    request.visit.notify(Notice::InviteResent(email.into()));
    http::redirect(&paths::org_invites(&slug));
    Ok(())
}

/// Takes an invite back.
#[server(prefix = "/do", endpoint = "invites/revoke")]
pub async fn revoke_invite(org_slug: String, invite: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let id = invite.parse().map_err(|_| AppError::NotFound)?;
    let email = request.backend.invites.revoke(&request.caller, &slug, id).await?;
    request.visit.notify(Notice::InviteRevoked(email.into()));
    http::redirect(&paths::org_invites(&slug));
    Ok(())
}

/// Makes a link to hand over; it is shown once, on the next page.
#[server(prefix = "/do", endpoint = "invites/link")]
pub async fn link_invite(org_slug: String, invite: String) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let id = invite.parse().map_err(|_| AppError::NotFound)?;
    let issued = request.backend.invites.new_link(&request.caller, &slug, id).await?;
    request.visit.notify(Notice::InviteLink(issued));
    http::redirect(&paths::org_invites(&slug));
    Ok(())
}

/// The signed-in person accepts an invite for their address.
#[server(prefix = "/do", endpoint = "invites/accept")]
pub async fn accept_invite(invite: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let id = invite.parse().map_err(|_| AppError::NotFound)?;
    let slug = request.backend.invites.accept(&request.caller, id).await?;
    request.visit.notify(Notice::OrgJoined);
    http::redirect(&paths::org(&slug));
    Ok(())
}

/// Whoever holds the link from the mail accepts it, with the password of their account or with a new account.
#[server(prefix = "/do", endpoint = "invites/join")]
pub async fn join_by_invite(link: String, password: String, name: Option<String>) -> Result<(), AppError> {
    let request = request();
    let name = field(Field::Name, name.map(|name| PersonName::parse(&name)).transpose())?;
    let (link, password) = (PlainSecret::new(link), PlainSecret::new(password));
    let (user, slug) = request.backend.invites.join(&request.caller, link, name, password).await?;
    request.visit.begin(user).await?;
    request.visit.notify(Notice::OrgJoined);
    http::redirect(&paths::org(&slug));
    Ok(())
}

/// Signs out, to accept an invite as somebody else.
#[server(prefix = "/do", endpoint = "invites/switch")]
pub async fn switch_account(link: String) -> Result<(), AppError> {
    let request = request();
    request.visit.end().await?;
    http::redirect(&paths::invite(&link));
    Ok(())
}
