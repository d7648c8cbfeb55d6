//! Forms about a person's e-mail addresses.

use leptos::prelude::*;

use super::field;
use crate::domain::names::Email;
use crate::domain::secret::PlainSecret;
use crate::error::{AppError, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Claims an address; a link goes to it.
#[server(prefix = "/do", endpoint = "addresses/add")]
pub async fn add_address(email: String, #[server(default)] current: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let email = field(Field::Email, Email::parse(&email))?;
    request.backend.addresses.add(&request.caller, email.clone(), PlainSecret::new(current)).await?;
    request.visit.notify(Notice::AddressMailSent(email.into()));
    http::redirect(paths::ACCOUNT_ADDRESSES);
    Ok(())
}

/// Sends the link to a claimed address again.
#[server(prefix = "/do", endpoint = "addresses/resend")]
pub async fn resend_address(address: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let email = Email::parse(&address).map_err(|_| AppError::NotFound)?;
    request.backend.addresses.resend(&request.caller, email.clone()).await?;
    request.visit.notify(Notice::AddressMailSent(email.into()));
    http::redirect(paths::ACCOUNT_ADDRESSES);
    Ok(())
}

/// Proves a mailbox by the link from a mail, for the person who is signed in and has asked for it.
#[server(prefix = "/do", endpoint = "addresses/confirm")]
pub async fn confirm_address(link: String) -> Result<(), AppError> {
    let request = request();
    let email = request.backend.addresses.confirm(&request.caller, &PlainSecret::new(link)).await?;
    request.visit.notify(Notice::AddressConfirmed(email.into()));
    http::redirect(paths::ACCOUNT_ADDRESSES);
    Ok(())
}

/// Takes an address away.
#[server(prefix = "/do", endpoint = "addresses/remove")]
pub async fn remove_address(address: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let email = Email::parse(&address).map_err(|_| AppError::NotFound)?;
    request.backend.addresses.remove(&request.caller, email.clone()).await?;
    request.visit.notify(Notice::AddressRemoved(email.into()));
    http::redirect(paths::ACCOUNT_ADDRESSES);
    Ok(())
}

/// Makes a proven address the primary one.
#[server(prefix = "/do", endpoint = "addresses/make-primary")]
pub async fn make_address_primary(address: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let email = Email::parse(&address).map_err(|_| AppError::NotFound)?;
    request.backend.addresses.make_primary(&request.caller, email.clone()).await?;
    request.visit.notify(Notice::PrimaryAddressChanged(email.into()));
    http::redirect(paths::ACCOUNT_ADDRESSES);
    Ok(())
}
