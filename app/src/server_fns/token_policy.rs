//! The form about how long an organization lets tokens live.

use leptos::prelude::*;

use super::org;
use crate::domain::token::TokenPolicy;
use crate::error::{AppError, Check, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Says how long tokens may live; what is left empty is without limit.
#[server(prefix = "/do", endpoint = "token-policy/set")]
pub async fn set_token_policy(
    org_slug: String,
    #[server(default)] ci_days: String,
    #[server(default)] personal_days: String,
) -> Result<(), AppError> {
    let request = request();
    let slug = org(&org_slug)?;
    let mut check = Check::default();
    let ci = check.take(Field::CiTokenDays, TokenPolicy::parse_days(&ci_days));
    let personal = check.take(Field::PersonalTokenDays, TokenPolicy::parse_days(&personal_days));
    let policy = check.finish(ci.zip(personal).map(|(ci_days, personal_days)| TokenPolicy { ci_days, personal_days }))?;
    request.backend.token_policy.set(&request.caller, &slug, policy).await?;
    request.visit.notify(Notice::Saved);
    http::redirect(&paths::org_settings(&slug));
    Ok(())
}
