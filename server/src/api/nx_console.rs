//! What Nx Console, the editor's extension, and its MCP server ask of the server (MIT): `/nx-cloud/nx-console/…` and
//! `/nx-cloud/mcp-context/…`.
//!
//! They send every credential that they find on the machine, and show people the body of a refusal as it is.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State as Extracted};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::{self, Refused};
use crate::auth::credential::Presented;
use crate::error::Result as Found;
use crate::services::runs::nx_console::questions::{ExecutionSearch, LogRequest, Recent, RunSearch, TaskSearch};
use crate::services::runs::nx_console::{Viewer, opened_log};
use crate::state::State;
use crate::wire::problem::Code;

/// Bytes of a question.
const MOST_BYTES: usize = 64 << 10;
/// Branches in a question; editors send about ten.
const MOST_BRANCHES: usize = 50;

/// A refusal whose body people read.
pub struct Said(Refused);

impl<E: Into<Refused>> From<E> for Said {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Said {
    fn into_response(self) -> Response {
        self.0.in_plain_text()
    }
}

type Answer<T> = Result<Json<T>, Said>;
type Name = Result<Path<String>, PathRejection>;

fn unauthorized(code: Code, message: impl Into<String>) -> Said {
    Said(Refused::new(StatusCode::UNAUTHORIZED, code, message))
}

fn named(name: Name) -> String {
    name.map(|Path(name)| name).unwrap_or_default()
}

async fn viewer<'a>(state: &'a State, parts: &Parts) -> Result<Viewer<'a>, Said> {
    let presented = Presented::by_nx_console(&parts.headers);
    if presented.nx_cloud_id.is_none() && parts.headers.contains_key("nx-cloud-personal-access-token") {
        let message = "nx.json has no nxCloudId, so it is not known which workspace this is. Run `npx nx-cloud convert-to-nx-cloud-id`.";
        return Err(unauthorized(Code::UnknownWorkspace, message));
    }
    let credential = problem::credential_of(state, parts, &presented).await?;
    Viewer::of(state, credential).await?.map_err(|shut| unauthorized(Code::NoAccess, shut.to_string()))
}

/// Answers a question. Who asks is found out before the body is read, and again behind it: it may have lasted longer than
/// the access.
async fn answer<Q: DeserializeOwned, T: Serialize>(
    state: &State,
    request: Request,
    find: impl AsyncFnOnce(Viewer<'_>, Q) -> Result<T, Said>,
) -> Answer<T> {
    let (parts, body) = request.into_parts();
    viewer(state, &parts).await?;
    let question = problem::json(body, MOST_BYTES).await?;
    Ok(Json(find(viewer(state, &parts).await?, question).await?))
}

fn there<T>(found: Found<Option<T>>, message: &'static str) -> Result<T, Said> {
    found?.ok_or_else(|| Said(Refused::not_found(message)))
}

/// `POST /nx-cloud/nx-console/ci-pipeline-executions`: the newest one of each of some branches.
pub async fn recent(Extracted(state): Extracted<Arc<State>>, request: Request) -> impl IntoResponse {
    answer(&state, request, async |viewer, asked: Recent| {
        if asked.branches.len() > MOST_BRANCHES {
            return Err(Said(Refused::too_large(format!("Ask for at most {MOST_BRANCHES} branches."))));
        }
        Ok(viewer.recent(&asked.branches).await?)
    })
    .await
}

/// `POST /nx-cloud/nx-console/ci-pipeline-executions/terminal-outputs`: where the log of a task is.
pub async fn terminal_output(Extracted(state): Extracted<Arc<State>>, request: Request) -> impl IntoResponse {
    answer(&state, request, async |viewer, asked: LogRequest| {
        there(viewer.log(&asked).await, "Nothing was kept of the log of this task in this run.")
    })
    .await
}

/// `GET /nx-cloud/nx-console/terminal-outputs/{ticket}`: the log. Editors send no credential here.
pub async fn log(Extracted(state): Extracted<Arc<State>>, ticket: Name) -> Result<Response, Said> {
    let packed = there(opened_log(&state, &named(ticket)).await, "This address does not work any more. Ask for the log again.")?;
    Ok(([(header::CONTENT_TYPE, "application/gzip"), (header::CACHE_CONTROL, "no-store")], Body::from_stream(packed)).into_response())
}

/// `POST /nx-cloud/mcp-context/pipeline-executions/search`.
pub async fn search_executions(Extracted(state): Extracted<Arc<State>>, request: Request) -> impl IntoResponse {
    answer(&state, request, async |viewer, asked: ExecutionSearch| Ok(viewer.search_executions(&asked).await?)).await
}

/// `GET /nx-cloud/mcp-context/pipeline-executions/{execution}`.
pub async fn execution(Extracted(state): Extracted<Arc<State>>, name: Name, request: Request) -> Result<Response, Said> {
    let viewer = viewer(&state, &request.into_parts().0).await?;
    let found = there(viewer.execution(&named(name)).await, "There is no such CI pipeline execution in this workspace.")?;
    Ok(Json(found).into_response())
}

/// `POST /nx-cloud/mcp-context/runs/search`.
pub async fn search_runs(Extracted(state): Extracted<Arc<State>>, request: Request) -> impl IntoResponse {
    answer(&state, request, async |viewer, asked: RunSearch| Ok(viewer.search_runs(&asked).await?)).await
}

/// `GET /nx-cloud/mcp-context/runs/{run}`.
pub async fn run(Extracted(state): Extracted<Arc<State>>, name: Name, request: Request) -> Result<Response, Said> {
    let viewer = viewer(&state, &request.into_parts().0).await?;
    let missing = "There is no such run in this workspace.";
    let id = there(Ok(named(name).parse().ok()), missing)?;
    Ok(Json(there(viewer.run(id).await, missing)?).into_response())
}

/// `POST /nx-cloud/mcp-context/tasks/search`.
pub async fn search_tasks(Extracted(state): Extracted<Arc<State>>, request: Request) -> impl IntoResponse {
    answer(&state, request, async |viewer, asked: TaskSearch| Ok(viewer.search_tasks(&asked).await?)).await
}

/// `POST /nx-cloud/mcp-context/tasks/details`.
pub async fn task_details(Extracted(state): Extracted<Arc<State>>, request: Request) -> impl IntoResponse {
    answer(&state, request, async |viewer, asked: TaskSearch| Ok(viewer.task_details(&asked).await?)).await
}
