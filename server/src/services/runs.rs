//! Runs: what clients tell of them, and what people look at.

pub mod closing;
mod comparing;
mod details;
pub mod intake;
mod log;
mod looking;
pub mod nx_console;
pub mod sealing;

use std::sync::Arc;

use app::backend::Page;
use app::backend::runs::{Comparison, LogPart, LogSearch, OtherTask, RunView, Runs as Port, TaskPage, TaskView, Timeline};
use app::domain::ids::{RunId, WorkspaceId};
use app::domain::names::OrgSlug;
use app::domain::permission::Permission;
use app::domain::run_filter::{RunFilter, TaskFilter};
use app::error::AppError;
use app::request::{Actor, Caller};
use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};

use crate::auth::access::{self, WorkspaceScope};
use crate::auth::change;
use crate::error::{Result, answer};
use crate::state::State;
use crate::store::runs::search::{self, RunRecord};
use crate::store::unscoped;
use sealing::RunKeys;

/// Runs.
pub struct Runs(pub Arc<State>);

/// A run that the caller may look at.
struct Opened {
    scope: WorkspaceScope,
    keys: RunKeys,
    run: RunRecord,
}

impl Runs {
    async fn scope(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId) -> Result<WorkspaceScope> {
        access::workspace(self.0.db.read(), caller, slug, workspace, Permission::ViewRuns).await
    }

    async fn opened(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, run: RunId) -> Result<Opened> {
        self.within(self.scope(caller, slug, workspace).await?, run).await
    }

    /// The same, for whoever wants to read what its tasks printed.
    async fn opened_for_logs(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, run: RunId) -> Result<Opened> {
        let scope = access::workspace(self.0.db.read(), caller, slug, workspace, Permission::ViewLogs).await?;
        self.within(scope, run).await
    }

    async fn within(&self, scope: WorkspaceScope, run: RunId) -> Result<Opened> {
        let run = search::find(self.0.db.read(), &scope, run).await?.ok_or(AppError::NotFound)?;
        let keys = RunKeys::of(&self.0, scope.org().id()).await?;
        Ok(Opened { scope, keys, run })
    }

    /// The whole log of an attempt, as the bytes of a file, part by part.
    pub async fn whole_log(
        &self,
        caller: &Caller,
        place: (&OrgSlug, WorkspaceId),
        task: (RunId, u32),
        attempt: u16,
    ) -> Result<impl Stream<Item = Result<Bytes, AppError>> + Send + use<>, AppError> {
        let (state, of, slug, workspace) = (self.0.clone(), caller.clone(), place.0.clone(), place.1);
        let open = move || {
            let (runs, of, slug) = (Self(state.clone()), of.clone(), slug.clone());
            async move { runs.opened_for_logs(&change::still(&runs.0, &of).await?, &slug, workspace, task.0).await }
        };
        let (_, texts) = answer(caller, log::whole(&self.0, (task.1, attempt), open)).await?;
        let caller = caller.clone();
        Ok(texts.map(move |text| text.map(Bytes::from).map_err(|error| error.shown_to(&caller))))
    }
}

#[async_trait]
impl Port for Runs {
    async fn list(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: Option<WorkspaceId>,
        filter: &RunFilter,
        after: Option<&str>,
    ) -> Result<Page<RunView>, AppError> {
        answer(caller, async {
            let after = after.map(|text| text.parse().map_err(|_| AppError::NotFound)).transpose()?;
            if let Some(id) = workspace {
                let scope = self.scope(caller, slug, id).await?;
                return looking::list(&self.0, search::Place::Workspace(&scope), filter, after).await;
            }
            let scope = access::org(self.0.db.read(), caller, slug, Permission::ViewRuns).await?;
            looking::list(&self.0, search::Place::Org(&scope), filter, after).await
        })
        .await
    }

    async fn locate(&self, caller: &Caller, run: RunId) -> Result<(OrgSlug, WorkspaceId), AppError> {
        answer(caller, async {
            let db = self.0.db.read();
            let hidden = || if caller.actor == Actor::Anonymous { AppError::Unauthenticated } else { AppError::NotFound };
            let (org, workspace) = search::place_of(db, run).await?.ok_or_else(hidden)?;
            let slug = unscoped::slug_of(db, org).await?.ok_or_else(hidden)?;
            access::workspace(db, caller, &slug, workspace, Permission::ViewRuns).await?;
            Ok((slug, workspace))
        })
        .await
    }

    async fn open(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, run: RunId) -> Result<RunView, AppError> {
        answer(caller, async {
            let Opened { scope, keys, run } = self.opened(caller, slug, workspace, run).await?;
            looking::view(&keys, scope.org().standing(), scope.name().clone(), run)
        })
        .await
    }

    async fn tasks(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        run: RunId,
        filter: &TaskFilter,
        after: Option<&str>,
    ) -> Result<Page<TaskView>, AppError> {
        answer(caller, async {
            let after = after.map_or(Ok(0), |text| text.parse().map_err(|_| AppError::NotFound))?;
            let opened = self.opened(caller, slug, workspace, run).await?;
            looking::tasks(&self.0, &opened, filter, after).await
        })
        .await
    }

    async fn timeline(&self, caller: &Caller, slug: &OrgSlug, workspace: WorkspaceId, run: RunId) -> Result<Timeline, AppError> {
        answer(caller, async {
            let opened = self.opened(caller, slug, workspace, run).await?;
            looking::timeline(&self.0, &opened).await
        })
        .await
    }

    async fn task(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        task: (RunId, u32),
        attempt: Option<u16>,
    ) -> Result<TaskPage, AppError> {
        answer(caller, async {
            let opened = self.opened(caller, slug, workspace, task.0).await?;
            looking::task(&self.0, &opened, task.1, attempt).await
        })
        .await
    }

    async fn log(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        task: (RunId, u32),
        attempt: u16,
        part: Option<u32>,
    ) -> Result<LogPart, AppError> {
        answer(caller, async {
            let opened = self.opened_for_logs(caller, slug, workspace, task.0).await?;
            log::part(&self.0, &opened, (task.1, attempt), part).await
        })
        .await
    }

    async fn search_log(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        task: (RunId, u32),
        attempt: u16,
        words: &str,
    ) -> Result<LogSearch, AppError> {
        answer(caller, async {
            let opened = self.opened_for_logs(caller, slug, workspace, task.0).await?;
            log::search(&self.0, &opened, (task.1, attempt), words).await
        })
        .await
    }

    async fn others(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        task: (RunId, u32),
    ) -> Result<Vec<OtherTask>, AppError> {
        answer(caller, async {
            let opened = self.opened(caller, slug, workspace, task.0).await?;
            comparing::others(&self.0, &opened, task.1).await
        })
        .await
    }

    async fn compare(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        workspace: WorkspaceId,
        task: (RunId, u32),
        other: RunId,
    ) -> Result<Comparison, AppError> {
        answer(caller, async {
            let opened = self.opened(caller, slug, workspace, task.0).await?;
            comparing::compare(&self.0, &opened, task.1, other).await
        })
        .await
    }
}
