//! Forms with which a person lets a terminal log in, or not.

use leptos::prelude::*;

use super::field;
use crate::domain::login::UserCode;
use crate::domain::token::TokenLife;
use crate::error::{AppError, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Lets the terminal have a token.
#[server(prefix = "/do", endpoint = "logins/confirm")]
pub async fn confirm_login(code: String, #[server(default)] expires: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let code = field(Field::LoginCode, UserCode::parse(&code))?;
    let life = field(Field::Expires, TokenLife::parse(&expires))?;
    let name = request.backend.logins.confirm(&request.caller, &code, life).await?;
    request.visit.notify(Notice::LoginConfirmed(name.into()));
    http::redirect(paths::ACCOUNT_TOKENS);
    Ok(())
}

/// Lets it have none.
#[server(prefix = "/do", endpoint = "logins/refuse")]
pub async fn refuse_login(code: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let code = field(Field::LoginCode, UserCode::parse(&code))?;
    let name = request.backend.logins.refuse(&request.caller, &code).await?;
    request.visit.notify(Notice::LoginRefused(name.into()));
    http::redirect(paths::ACCOUNT_TOKENS);
    Ok(())
}
