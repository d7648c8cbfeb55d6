//! Forms about personal access tokens.

use leptos::prelude::*;

use crate::backend::personal_tokens::NewPersonalToken;
use crate::domain::names::TokenName;
use crate::domain::secret::PlainSecret;
use crate::domain::token::TokenLife;
use crate::error::{AppError, Check, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Makes a token; its value is shown once, on the next page.
#[server(prefix = "/do", endpoint = "personal-tokens/create")]
pub async fn create_personal_token(
    name: String,
    #[server(default)] expires: String,
    #[server(default)] current: String,
) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let mut check = Check::default();
    let name = check.take(Field::Name, TokenName::parse(&name));
    let life = check.take(Field::Expires, TokenLife::parse(&expires));
    let current = PlainSecret::new(current);
    let token = check.finish(name.zip(life).map(|(name, life)| NewPersonalToken { name, life, current }))?;
    let issued = request.backend.personal_tokens.create(&request.caller, token).await?;
    request.visit.notify(Notice::PersonalTokenIssued(issued));
    http::redirect(paths::ACCOUNT_TOKENS);
    Ok(())
}

/// Takes a token back, at once.
#[server(prefix = "/do", endpoint = "personal-tokens/revoke")]
pub async fn revoke_personal_token(token: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let token = token.parse().map_err(|_| AppError::NotFound)?;
    let name = request.backend.personal_tokens.revoke(&request.caller, token).await?;
    request.visit.notify(Notice::TokenRevoked(name.into()));
    http::redirect(paths::ACCOUNT_TOKENS);
    Ok(())
}
