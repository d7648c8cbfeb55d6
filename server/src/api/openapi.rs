//! `GET /api/openapi.json`: the API for clients, described by the code that serves it.

use axum::response::{IntoResponse, Response};
use axum::{Json, http::header};
use utoipa::OpenApi;

use crate::wire::{artifacts, logins, problem, runs, whoami};

/// The document. `client/openapi.json` is a copy of it, from which the client's types are made.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Buildkeep",
        version = "1",
        description = "What Buildkeep's client for nx uses, open to other programs. \
            Credential: `Authorization: Bearer <CI access token>`, or `Bearer <personal access token>` with `Nx-Cloud-Id`, or `Nx-Cloud-Id` alone. \
            The HTTP cache of nx itself (`/v1/cache/{hash}`) is described by nx.",
        license(name = "Apache-2.0 OR MIT")
    ),
    paths(
        super::whoami::get,
        super::artifacts::lookup,
        super::artifacts::get,
        super::artifacts::put,
        super::logins::begin,
        super::logins::poll,
        super::personal_tokens::delete,
        super::runs::start,
        super::runs::report,
        super::runs::end,
    ),
    components(schemas(
        problem::Problem,
        whoami::Whoami,
        artifacts::Lookup,
        artifacts::Found,
        artifacts::Stored,
        runs::RunStart,
        runs::RunStarted,
        runs::Report,
        runs::RunEnd,
        logins::NewLogin,
        logins::Login,
        logins::LoginPoll,
        logins::LoginState,
    ))
)]
pub struct Document;

/// The document as it is published.
pub fn document() -> String {
    Document::openapi().to_pretty_json().unwrap_or_default()
}

/// `GET /api/openapi.json`.
pub async fn get() -> Response {
    ([(header::CACHE_CONTROL, "no-cache")], Json(Document::openapi())).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let document: serde_json::Value = serde_json::from_str(&document()).unwrap();
        let mut seen = HashSet::new();
        for operations in document["paths"].as_object().unwrap().values() {
            for operation in operations.as_object().unwrap().values() {
                let name = operation["operationId"].as_str().unwrap().to_owned();
                assert!(seen.insert(name.clone()), "operation_id = {name:?} is used twice");
            }
        }
    }

    #[test]
    fn the_client_has_the_document_of_this_server() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../client/openapi.json");
        let document = document() + "\n";
        if std::env::var_os("BUILDKEEP_TEST_WRITE_OPENAPI").is_some() {
            std::fs::write(path, &document).unwrap();
        }
        let copy = std::fs::read_to_string(path).unwrap_or_default();
        assert!(copy == document, "client/openapi.json is old: run this test with BUILDKEEP_TEST_WRITE_OPENAPI=1");
    }
}
