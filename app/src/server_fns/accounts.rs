//! Forms about a person's account.

use leptos::prelude::*;

use super::field;
use crate::backend::accounts::{ChosenPassword, NewAccount, TokensThen};
use crate::domain::names::{Email, PersonName, Reason};
use crate::domain::password;
use crate::domain::secret::PlainSecret;
use crate::error::{AppError, Check, Field};
use crate::notice::Notice;
use crate::request::{Theme, request};
use crate::{http, paths};

/// Sends a link to choose a password; the answer is the same for a known address.
#[server(prefix = "/do", endpoint = "accounts/sign-up")]
pub async fn sign_up(name: String, email: String, #[server(default)] next: String) -> Result<(), AppError> {
    let request = request();
    let mut check = Check::default();
    let name = check.take(Field::Name, PersonName::parse(&name));
    let email = check.take(Field::Email, Email::parse(&email));
    let next = paths::local_or_home(&next);
    let account = check.finish(name.zip(email).map(|(name, email)| NewAccount { name, email, next: next.clone() }))?;
    request.backend.accounts.sign_up(&request.caller, account).await?;
    http::redirect(&paths::check_mail_then(&next));
    Ok(())
}

/// Sets the password by the link from a mail, signs in, and goes on to where the person wanted to be.
#[server(prefix = "/do", endpoint = "accounts/choose-password")]
pub async fn choose_password(
    link: String,
    password: String,
    name: Option<String>,
    #[server(default)] revoke_tokens: bool,
) -> Result<(), AppError> {
    let request = request();
    let name = field(Field::Name, name.map(|name| PersonName::parse(&name)).transpose())?;
    let (link, password, tokens) = (PlainSecret::new(link), PlainSecret::new(password), TokensThen::ticked(revoke_tokens));
    let chosen = ChosenPassword { link, password, name, tokens };
    let (user, next) = request.backend.accounts.choose_password(&request.caller, chosen).await?;
    request.visit.begin(user).await?;
    request.visit.notify(Notice::PasswordChosen);
    http::redirect(&paths::local_or_home(&next.unwrap_or_default()));
    Ok(())
}

/// Signs in with address and password, and goes on to `next`.
#[server(prefix = "/do", endpoint = "accounts/sign-in")]
pub async fn sign_in(email: String, password: String, #[server(default)] next: String) -> Result<(), AppError> {
    let request = request();
    // A malformed address has no account; saying so earlier would be a second answer.
    let email = Email::parse(&email).map_err(|_| AppError::WrongCredentials)?;
    let user = request.backend.accounts.sign_in(&request.caller, email, PlainSecret::new(password)).await?;
    request.visit.begin(user).await?;
    http::redirect(&paths::local_or_home(&next));
    Ok(())
}

/// Ends this browser's session.
#[server(prefix = "/do", endpoint = "accounts/sign-out")]
pub async fn sign_out() -> Result<(), AppError> {
    let request = request();
    request.visit.end().await?;
    request.visit.notify(Notice::SignedOut);
    http::redirect(paths::SIGN_IN);
    Ok(())
}

/// Sends a link to choose a new password; the answer is the same for an unknown address.
#[server(prefix = "/do", endpoint = "accounts/forgot-password")]
pub async fn forgot_password(email: String, #[server(default)] next: String) -> Result<(), AppError> {
    let request = request();
    let email = field(Field::Email, Email::parse(&email))?;
    let next = paths::local_or_home(&next);
    request.backend.accounts.forgot_password(&request.caller, email, &next).await?;
    http::redirect(&paths::check_mail_then(&next));
    Ok(())
}

/// Sets a new password; other sessions end.
#[server(prefix = "/do", endpoint = "accounts/change-password")]
pub async fn change_password(current: String, password: String, #[server(default)] revoke_tokens: bool) -> Result<(), AppError> {
    let request = request();
    let user = request.caller.user()?;
    field(Field::Password, password::check_new(&password, &user.email))?;
    let (current, password, tokens) = (PlainSecret::new(current), PlainSecret::new(password), TokensThen::ticked(revoke_tokens));
    request.backend.accounts.change_password(&request.caller, current, password, tokens).await?;
    request.visit.notify(Notice::PasswordChanged);
    http::redirect(paths::ACCOUNT_SECURITY);
    Ok(())
}

/// Sends the person a link to choose a password, who has none or has forgotten it.
#[server(prefix = "/do", endpoint = "accounts/send-password-link")]
pub async fn send_password_link() -> Result<(), AppError> {
    let request = request();
    let email = request.caller.user()?.email.clone();
    request.backend.accounts.send_password_link(&request.caller).await?;
    request.visit.notify(Notice::PasswordLinkSent(email.into()));
    http::redirect(paths::ACCOUNT_SECURITY);
    Ok(())
}

/// Changes the person's own name.
#[server(prefix = "/do", endpoint = "accounts/rename")]
pub async fn rename(name: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let name = field(Field::Name, PersonName::parse(&name))?;
    request.backend.accounts.rename(&request.caller, name).await?;
    request.visit.notify(Notice::AccountSaved);
    http::redirect(paths::ACCOUNT);
    Ok(())
}

/// Chooses light, dark or the system's theme for this browser; needs no account.
#[server(prefix = "/do", endpoint = "accounts/choose-theme")]
pub async fn choose_theme(theme: String, #[server(default)] next: String) -> Result<(), AppError> {
    let request = request();
    let chosen = Theme::ALL.into_iter().find(|known| known.as_str() == theme);
    let theme = field(Field::Id, chosen.ok_or(Reason::NotAChoice))?;
    request.visit.choose_theme(theme);
    http::redirect(&paths::local_or_home(&next));
    Ok(())
}
