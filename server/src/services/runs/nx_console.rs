//! Recorded runs as Nx Console and its MCP server (MIT) ask for them, for editors and for what works in them.
//!
//! A CI pipeline execution is what all runs with one execution id make up; its id here is the blind index of that, so it
//! fits into an address and is found by an index. Every list is bounded, and so is what is looked at for it.

mod executions;
mod listing;
mod log;
pub mod questions;
pub mod shapes;
mod tasks;

use app::backend::runs::RunView;
use app::domain::ids::RunId;
use app::domain::run::{RunStatus, TaskStatus};
use app::domain::run_filter::TaskOrder;
use chrono::{DateTime, Utc};

use super::sealing::RunKeys;
use super::{Opened, looking};
use crate::auth::access::{self, WorkspaceScope};
use crate::auth::credential::Credential;
use crate::error::Result;
use crate::state::State;
use crate::store::runs::BlindIndex;
use crate::store::runs::search::{self, Place, Search};
use crate::store::runs::tasks::TaskSearch;
use crate::wire::whoami::Notice;

pub use log::opened_log;

/// Tasks of a run that are named.
const MOST_TASKS: u64 = 1000;

/// Why a credential that is good shows no runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Shut {
    /// It is of CI.
    #[error(
        "A CI access token does not show runs: whoever can change a CI job would see them all. Run `nx login` to see them as yourself."
    )]
    CiToken,
    /// There is only the Nx Cloud id.
    #[error("Run `nx login` to see the runs of this workspace. Its nxCloudId alone does not show them.")]
    NotLoggedIn,
    /// It is of somebody else.
    #[error(
        "You are logged in, and are not a member of the organization that this workspace belongs to. Ask one of its Admins for an invite."
    )]
    NotAMember,
    /// The organization wants another sign-in.
    #[error("The organization asks for a sign-in that your account does not have now. Sign in there with your browser, and try again.")]
    SignInRequired,
    /// The organization wants younger tokens.
    #[error("Your personal access token is older than the organization takes. Run `nx login` again.")]
    TooOld,
}

/// Somebody who may look at the runs of a workspace.
pub struct Viewer<'a> {
    state: &'a State,
    credential: Credential,
    scope: WorkspaceScope,
    keys: RunKeys,
}

impl<'a> Viewer<'a> {
    /// Who looks with this credential, or why they may not.
    pub async fn of(state: &'a State, credential: Credential) -> Result<Result<Self, Shut>> {
        let Some(scope) = access::runs_by_credential(state.db.read(), &credential).await? else {
            let living = credential.living();
            return Ok(Err(match living.notice {
                Some(Notice::NotAMember) => Shut::NotAMember,
                Some(Notice::SignInRequired) => Shut::SignInRequired,
                Some(Notice::TooOld) => Shut::TooOld,
                None if living.token.is_some() => Shut::CiToken,
                None => Shut::NotLoggedIn,
            }));
        };
        let keys = RunKeys::of(state, scope.org().id()).await?;
        Ok(Ok(Self { state, credential, scope, keys }))
    }

    fn now(&self) -> DateTime<Utc> {
        self.state.clock.now()
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.state.site.public_url)
    }

    fn index(&self, field: &'static str, value: &str) -> BlindIndex {
        self.keys.index(field, value)
    }

    /// Runs, the newest first, and behind which the next ones are.
    async fn found(&self, search: &Search, most: u64) -> Result<(Vec<RunView>, Option<RunId>)> {
        let (runs, next) = search::list(self.state.db.read(), Place::Workspace(&self.scope), search, most).await?;
        let view = |run| looking::view(&self.keys, self.scope.org().standing(), self.scope.name().clone(), run);
        Ok((runs.into_iter().map(view).collect::<Result<_>>()?, next))
    }

    async fn opened(&self, id: RunId) -> Result<Option<Opened>> {
        let found = search::find(self.state.db.read(), &self.scope, id).await?;
        Ok(found.map(|run| Opened { scope: self.scope.clone(), keys: self.keys.clone(), run }))
    }

    /// Tasks of a run, those that failed first.
    async fn tasks_of(&self, run: RunId, status: Option<TaskStatus>, most: u64) -> Result<Vec<app::backend::runs::TaskView>> {
        let search = TaskSearch { status, order: TaskOrder::Trouble, limit: Some(most), ..TaskSearch::default() };
        let found = crate::store::runs::tasks::list(self.state.db.read(), &self.scope, run, &search).await?;
        found.iter().map(|task| looking::task_view(&self.keys, self.scope.id(), run, task)).collect()
    }
}

/// How something is, in the words of Nx Console.
const fn run_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Running => "IN_PROGRESS",
        RunStatus::Success => "SUCCEEDED",
        RunStatus::Failure => "FAILED",
        RunStatus::Cancelled => "CANCELED",
    }
}

const fn task_word(status: TaskStatus) -> &'static str {
    match status {
        TaskStatus::Running => "IN_PROGRESS",
        TaskStatus::Success => "SUCCEEDED",
        TaskStatus::Failure => "FAILED",
        TaskStatus::Skipped => "SKIPPED",
        TaskStatus::Stopped => "CANCELED",
    }
}

/// Whether a value is among those that are asked for; when none are, each is.
fn among(asked: &[String], value: Option<&str>) -> bool {
    asked.is_empty() || value.is_some_and(|value| asked.iter().any(|asked| asked == value))
}

/// The value that is asked for, when it is only one: that one may have an index.
fn only(asked: &[String]) -> Option<&String> {
    match asked {
        [one] => Some(one),
        [] | [_, ..] => None,
    }
}
