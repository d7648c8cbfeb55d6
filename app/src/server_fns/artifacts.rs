//! Forms about artifacts.

use leptos::prelude::*;

use super::{field, org, workspace};
use crate::backend::artifacts::Purge;
use crate::domain::names::{ArtifactHash, Reason};
use crate::error::{AppError, Field};
use crate::notice::Notice;
use crate::request::request;
use crate::{http, paths};

/// Deletes one artifact.
#[server(prefix = "/do", endpoint = "artifacts/delete")]
pub async fn delete_artifact(org_slug: String, workspace_id: String, hash: String) -> Result<(), AppError> {
    let request = request();
    let (slug, id) = (org(&org_slug)?, workspace(&workspace_id)?);
    let hash = field(Field::Hash, ArtifactHash::parse(&hash))?;
    request.backend.artifacts.delete(&request.caller, &slug, id, &hash).await?;
    request.visit.notify(Notice::ArtifactDeleted);
    http::redirect(&paths::workspace_artifacts(&slug, id));
    Ok(())
}

/// Starts to delete all artifacts (`which` = `all`), or those not used for some days (`older`).
#[server(prefix = "/do", endpoint = "artifacts/purge")]
pub async fn purge_artifacts(
    org_slug: String,
    workspace_id: String,
    #[server(default)] which: String,
    #[server(default)] days: String,
) -> Result<(), AppError> {
    let request = request();
    let (slug, id) = (org(&org_slug)?, workspace(&workspace_id)?);
    let purge = match which.as_str() {
        "all" => Purge::All,
        "older" => Purge::OlderThanDays(field(Field::Days, Purge::days(&days).ok_or(Purge::NOT_IN_RANGE))?),
        _ => return Err(AppError::field(Field::Id, Reason::NotAChoice)),
    };
    request.backend.artifacts.purge(&request.caller, &slug, id, purge).await?;
    request.visit.notify(Notice::PurgeStarted);
    http::redirect(&paths::workspace_artifacts(&slug, id));
    Ok(())
}
