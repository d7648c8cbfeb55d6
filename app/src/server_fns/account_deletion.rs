//! The form that ends an account.

use leptos::prelude::*;

use crate::domain::secret::PlainSecret;
use crate::error::AppError;
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Deletes the person's own account.
#[server(prefix = "/do", endpoint = "accounts/delete")]
pub async fn delete_account(#[server(default)] confirmation: String, #[server(default)] current: String) -> Result<(), AppError> {
    let request = request();
    request.backend.account_deletion.delete(&request.caller, &confirmation, PlainSecret::new(current)).await?;
    request.visit.end().await?;
    request.visit.notify(Notice::AccountDeleted);
    http::redirect(paths::HOME);
    Ok(())
}
