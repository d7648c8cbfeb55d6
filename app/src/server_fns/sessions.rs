//! Forms about signed-in browsers.

use leptos::prelude::*;

use crate::error::AppError;
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Ends one of the person's sessions.
#[server(prefix = "/do", endpoint = "sessions/end")]
pub async fn end_session(session: String) -> Result<(), AppError> {
    let request = request();
    request.caller.user()?;
    let session = session.parse().map_err(|_| AppError::NotFound)?;
    request.backend.sessions.end(&request.caller, session).await?;
    request.visit.notify(Notice::SessionEnded);
    http::redirect(paths::ACCOUNT_SECURITY);
    Ok(())
}

/// Ends all of the person's sessions but this one.
#[server(prefix = "/do", endpoint = "sessions/end-others")]
pub async fn end_other_sessions() -> Result<(), AppError> {
    let request = request();
    request.backend.sessions.end_others(&request.caller).await?;
    request.visit.notify(Notice::OtherSessionsEnded);
    http::redirect(paths::ACCOUNT_SECURITY);
    Ok(())
}
