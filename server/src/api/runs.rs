//! `/api/v1/runs`: what clients tell of their `nx` commands. Thin: what is decided is decided in `services::runs::intake`.

use std::sync::Arc;

use app::domain::ids::RunId;
use app::paths;
use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State as Extracted};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::cache::drain;
use super::problem::{self, Refused, access_lost};
use crate::auth::actor::client_network;
use crate::auth::credential::RunScope;
use crate::network::seconds;
use crate::services::runs::intake::{self, Heard, Started};
use crate::services::{transfers, whoami};
use crate::state::State;
use crate::wire;
use crate::wire::problem::{Code, Problem};
use crate::wire::runs::{
    LogPiece, MOST_ATTEMPTS, MOST_PIECE_BYTES, MOST_PIECES, MOST_PIECES_IN_REPORT, MOST_REPORT_BYTES, MOST_TASKS, MOST_TASKS_IN_REPORT,
    Report, RunEnd, RunLink, RunStart, RunStarted, Task,
};

/// Bytes of what is said of a run at its start, or at its end.
const MOST_START_BYTES: usize = 64 << 10;

type RunPath = Result<Path<String>, PathRejection>;

fn unknown() -> Refused {
    Refused::not_found("There is no such run, or this is not its key.")
}

async fn heard(state: &State, parts: &Parts, heard: Heard) -> Result<StatusCode, Refused> {
    match heard {
        Heard::Taken => Ok(StatusCode::NO_CONTENT),
        Heard::Unknown => Err(unknown()),
        Heard::NotAllowed => Err(access_lost(problem::credential(state, parts).await)),
        Heard::Enough => {
            let message =
                "Without an access token no more is recorded in this workspace today. Run `nx login`, or set NX_CLOUD_ACCESS_TOKEN.";
            Err(Refused::new(StatusCode::FORBIDDEN, Code::OverLimit, message))
        }
        Heard::Over => Err(Refused::new(StatusCode::CONFLICT, Code::Conflict, "This run is over.")),
    }
}

fn is_key(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Begins a run. Sent again with the same key, it is the same run.
#[utoipa::path(
    post,
    path = "/api/v1/runs",
    operation_id = "start_run",
    request_body = RunStart,
    responses((status = 200, body = RunStarted), (status = "4XX", body = Problem)),
)]
pub async fn start(Extracted(state): Extracted<Arc<State>>, request: Request) -> Result<Json<RunStarted>, Refused> {
    let (parts, body) = request.into_parts();
    let credential = problem::credential(&state, &parts).await?;
    let network = client_network(&state, &parts.extensions, &parts.headers);
    state.intake.count_start(credential.living(), network).map_err(|time| Refused::rate_limited(seconds(time)))?;
    let told: RunStart = problem::json(body, MOST_START_BYTES).await?;
    if !is_key(&told.key) {
        return Err(Refused::invalid("`key` is not 64 hex characters."));
    }
    // The body may have lasted longer than the access.
    let credential = problem::credential(&state, &parts).await?;
    let whoami = whoami::of(&state, &credential);
    let Some(scope) = credential.runs() else { return Ok(Json(RunStarted { run: None, whoami })) };
    let id = match intake::start(&state, &scope, network, &told).await? {
        Started::Run(id) => id,
        // Over a limit of the plan, or of callers without a token, a run is not recorded; no build fails because of it.
        Started::NoRoom => return Ok(Json(RunStarted { run: None, whoami })),
        Started::NotAllowed => return Err(access_lost(problem::credential(&state, &parts).await)),
    };
    let url = format!("{}{}", state.site.public_url, paths::run_link(id));
    Ok(Json(RunStarted { run: Some(RunLink { id: id.to_string(), url }), whoami }))
}

/// Whose run it is, and the key that was sent.
async fn holder(state: &State, parts: &Parts, path: &RunPath) -> Result<(RunScope, RunId, String), Refused> {
    let credential = problem::credential(state, parts).await?;
    let scope = credential.runs().ok_or_else(unknown)?;
    let id = path.as_ref().ok().and_then(|Path(id)| id.parse().ok()).ok_or_else(unknown)?;
    let key = parts.headers.get(wire::RUN_KEY).and_then(|value| value.to_str().ok()).filter(|key| is_key(key)).ok_or_else(unknown)?;
    Ok((scope, id, key.to_owned()))
}

/// Takes what has happened in a run since the last report.
#[utoipa::path(
    post,
    path = "/api/v1/runs/{run}/report",
    operation_id = "report_run",
    params(
        ("run" = String, Path, description = "Id of the run."),
        ("Buildkeep-Run-Key" = String, Header, description = "The `key` that started the run."),
    ),
    request_body = Report,
    responses(
        (status = 204),
        (status = 409, body = Problem, description = "The run has been over for a while."),
        (status = "4XX", body = Problem),
        (status = 507, body = Problem, description = "The disk of the server is full; to try again does not help."),
        (status = 503, body = Problem),
    ),
)]
pub async fn report(Extracted(state): Extracted<Arc<State>>, path: RunPath, request: Request) -> Result<StatusCode, Refused> {
    let (parts, body) = request.into_parts();
    let admitted = async {
        let (scope, ..) = holder(&state, &parts, &path).await?;
        let network = client_network(&state, &parts.extensions, &parts.headers);
        let place = transfers::take(&state.intake.places, scope.credential(), network).ok_or_else(Refused::busy)?;
        Ok((network, place))
    };
    let (network, _place) = match admitted.await {
        Ok(admitted) => admitted,
        Err(refused) => {
            // A report is large enough for the client to be still sending.
            drain(&mut body.into_data_stream()).await;
            return Err(refused);
        }
    };
    let report = readable(&problem::json(body, MOST_REPORT_BYTES).await?)?;
    // The body may have lasted longer than the access.
    let (scope, id, key) = holder(&state, &parts, &path).await?;
    heard(&state, &parts, intake::report(&state, (&scope, network), id, &key, report).await?).await
}

/// A report whose entries are not read yet: one that cannot be read must not take the others with it.
#[derive(Deserialize)]
struct Entries {
    #[serde(default)]
    tasks: Vec<Box<RawValue>>,
    #[serde(default)]
    logs: Vec<Box<RawValue>>,
}

/// The entries that can be read and keep to their bounds; an error when there are too many, or none of them can.
fn readable(told: &Entries) -> Result<Report, Refused> {
    if told.tasks.len() > MOST_TASKS_IN_REPORT {
        return Err(Refused::too_large(format!("Send at most {MOST_TASKS_IN_REPORT} tasks in a report.")));
    }
    if told.logs.len() > MOST_PIECES_IN_REPORT {
        return Err(Refused::too_large(format!("Send at most {MOST_PIECES_IN_REPORT} pieces of logs in a report.")));
    }
    let mut first = None;
    let mut left_out = 0_u32;
    let mut note = |refused: Refused| {
        left_out += 1;
        first.get_or_insert(refused);
    };
    let tasks: Vec<Task> = told.tasks.iter().filter_map(|entry| read(entry, task_in_bounds).map_err(&mut note).ok()).collect();
    let logs: Vec<LogPiece> = told.logs.iter().filter_map(|entry| read(entry, piece_in_bounds).map_err(&mut note).ok()).collect();
    match first {
        Some(refused) if tasks.is_empty() && logs.is_empty() => return Err(refused),
        Some(_) => tracing::debug!(left_out, "entries of a run's report could not be read; the others were taken"),
        None => {}
    }
    Ok(Report { tasks, logs })
}

fn read<T: DeserializeOwned>(entry: &RawValue, check: fn(&T) -> Result<(), Refused>) -> Result<T, Refused> {
    let read = serde_json::from_str(entry.get()).map_err(|error| Refused::invalid(error.to_string()))?;
    check(&read)?;
    Ok(read)
}

fn attempt_in_bounds(number: u32, attempt: u16) -> Result<(), Refused> {
    if number < MOST_TASKS && (1..=MOST_ATTEMPTS).contains(&attempt) {
        return Ok(());
    }
    Err(Refused::invalid(format!("Tasks have numbers below {MOST_TASKS}, and attempts from 1 to {MOST_ATTEMPTS}.")))
}

fn task_in_bounds(task: &Task) -> Result<(), Refused> {
    attempt_in_bounds(task.number, task.attempt)
}

fn piece_in_bounds(piece: &LogPiece) -> Result<(), Refused> {
    if piece.text.len() > MOST_PIECE_BYTES {
        return Err(Refused::too_large(format!("A piece of a log has at most {MOST_PIECE_BYTES} bytes.")));
    }
    if piece.piece >= MOST_PIECES {
        return Err(Refused::invalid(format!("Pieces of logs have numbers below {MOST_PIECES}.")));
    }
    attempt_in_bounds(piece.task, piece.attempt)
}

/// Ends a run.
#[utoipa::path(
    post,
    path = "/api/v1/runs/{run}/end",
    operation_id = "end_run",
    params(
        ("run" = String, Path, description = "Id of the run."),
        ("Buildkeep-Run-Key" = String, Header, description = "The `key` that started the run."),
    ),
    request_body = RunEnd,
    responses(
        (status = 204),
        (status = 409, body = Problem, description = "The run has been over for a while."),
        (status = "4XX", body = Problem),
    ),
)]
pub async fn end(Extracted(state): Extracted<Arc<State>>, path: RunPath, request: Request) -> Result<StatusCode, Refused> {
    let (parts, body) = request.into_parts();
    holder(&state, &parts, &path).await?;
    let told: RunEnd = problem::json(body, MOST_START_BYTES).await?;
    // The body may have lasted longer than the access.
    let (scope, id, key) = holder(&state, &parts, &path).await?;
    heard(&state, &parts, intake::end(&state, &scope, id, &key, &told).await?).await
}
