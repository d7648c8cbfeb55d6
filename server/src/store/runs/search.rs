//! Runs as people look for them, the newest first.
//!
//! A page of the list is bounded work, however many runs there are: what has an index narrows the list; the rest of the
//! filter looks at the next `WINDOW` of what is left, and the page after goes on from there.

use app::domain::ids::{OrgId, RunId, WorkspaceId};
use app::domain::run::{CredentialKind, RunStatus, TaskCounts};
use chrono::{DateTime, Utc};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select};

use super::super::entities::{run_tasks, runs};
use super::BlindIndex;
use crate::auth::access::{OrgScope, WorkspaceScope};
use crate::error::{Error, Result};

/// Runs that a page of the list looks at, at most.
const WINDOW: u64 = 10_000;

/// A run as it is kept.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub struct RunRecord {
    /// Its id.
    pub id: RunId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Its sealed facts.
    pub sealed: Vec<u8>,
    /// How it is.
    pub status: RunStatus,
    /// Whether it is on a CI system.
    pub ci: bool,
    /// Whether another run started it.
    pub inner: bool,
    /// Whether the cache is used.
    pub cache: bool,
    /// Whether artifacts are encrypted by the client.
    pub encrypted: bool,
    /// The kind of its credential.
    pub credential: CredentialKind,
    /// What the credential allowed.
    pub access: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// When it was heard of last.
    pub heard_at: DateTime<Utc>,
    /// When it was over, by our clock.
    pub closed_at: Option<DateTime<Utc>>,
    /// Tasks in its graph.
    pub announced: u32,
    /// Its tasks.
    pub counts: TaskCounts,
    /// Artifacts that could not be stored.
    pub lost_uploads: u32,
    /// Whether a part of its logs was not kept.
    pub log_cut: bool,
    /// Whether a part of what its client had to tell never arrived.
    pub incomplete: bool,
}

fn record(row: runs::Model) -> Result<RunRecord> {
    Ok(RunRecord {
        id: row.id,
        workspace: row.workspace_id,
        status: row.status.parse().map_err(|_| Error::Stored("status of a run"))?,
        ci: row.ci,
        inner: row.inner,
        cache: row.cache,
        encrypted: row.encrypted,
        credential: row.credential.parse().map_err(|_| Error::Stored("kind of a credential"))?,
        started_at: row.started_at,
        ended_at: row.ended_at,
        heard_at: row.heard_at,
        closed_at: row.closed_at,
        announced: super::number(row.announced),
        counts: super::counts(&row),
        lost_uploads: super::number(row.lost_uploads),
        log_cut: row.log_cut,
        incomplete: row.incomplete,
        access: row.access,
        sealed: row.sealed,
    })
}

/// Whose runs are looked for.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// Those of all workspaces of an organization.
    Org(&'a OrgScope),
    /// Those of one workspace.
    Workspace(&'a WorkspaceScope),
}

/// What is looked for.
#[derive(Debug, Clone, Default)]
pub struct Search {
    /// The branch.
    pub branch: Option<BlindIndex>,
    /// The author.
    pub author: Option<BlindIndex>,
    /// The command.
    pub command: Option<BlindIndex>,
    /// The CI execution.
    pub execution: Option<BlindIndex>,
    /// A task; in a workspace only.
    pub task: Option<BlindIndex>,
    /// The hash of a task; in a workspace only.
    pub hash: Option<BlindIndex>,
    /// How it is.
    pub status: Option<RunStatus>,
    /// Whether it is on a CI system.
    pub ci: Option<bool>,
    /// The kind of its credential.
    pub credential: Option<CredentialKind>,
    /// Older than this run.
    pub before: Option<RunId>,
}

impl Search {
    /// All that is asked for of a run itself.
    fn conditions(&self) -> Vec<Condition> {
        let is = |column: runs::Column, index: &Option<BlindIndex>| index.clone().map(|index| Condition::all().add(column.eq(index)));
        [
            is(runs::Column::ExecutionIndex, &self.execution),
            is(runs::Column::BranchIndex, &self.branch),
            is(runs::Column::AuthorIndex, &self.author),
            is(runs::Column::CommandIndex, &self.command),
            self.status.map(|status| Condition::all().add(runs::Column::Status.eq(status.as_str()))),
            // These have no index.
            self.ci.map(|ci| Condition::all().add(runs::Column::Ci.eq(ci))),
            self.credential.map(|kind| Condition::all().add(runs::Column::Credential.eq(kind.as_str()))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn has_index(&self) -> bool {
        self.execution.is_some() || self.branch.is_some() || self.author.is_some() || self.command.is_some() || self.status.is_some()
    }
}

fn in_place(place: Place<'_>, before: Option<RunId>) -> Select<runs::Entity> {
    let query = runs::Entity::find().apply_if(before, |query, before| query.filter(runs::Column::Id.lt(before)));
    match place {
        Place::Org(scope) => query.filter(runs::Column::OrgId.eq(scope.id())),
        Place::Workspace(scope) => query.filter(runs::Column::WorkspaceId.eq(scope.id())),
    }
}

/// A page of runs, and from where the next one goes on.
pub async fn list(db: &impl ConnectionTrait, place: Place<'_>, search: &Search, most: u64) -> Result<(Vec<RunRecord>, Option<RunId>)> {
    let mut conditions = search.conditions();
    let mut base = in_place(place, search.before);
    let mut window: Option<Vec<RunId>> = None;
    if let (Place::Workspace(scope), true) = (place, search.task.is_some() || search.hash.is_some()) {
        // By the index over tasks: the runs which have it.
        window = Some(with_task(db, scope, search).await?);
    } else if search.has_index() && !conditions.is_empty() {
        base = base.filter(conditions.remove(0));
    }
    let all = match &window {
        Some(ids) => {
            let chosen = conditions.into_iter().fold(Condition::all(), Condition::add);
            in_place(place, search.before).filter(runs::Column::Id.is_in(ids.iter().copied())).filter(chosen)
        }
        None if conditions.is_empty() => base,
        None => {
            let ids = newest(base, WINDOW).into_tuple::<RunId>().all(db).await?;
            let last = (ids.len() as u64 == WINDOW).then(|| ids.last().copied()).flatten();
            let chosen = conditions.into_iter().fold(Condition::all(), Condition::add);
            // Between the first and the last of the window, so that the statement does not have to name all of them.
            let mut query = in_place(place, search.before).filter(chosen);
            if search.has_index() {
                query = query.filter(search.conditions().remove(0));
            }
            if let Some(last) = last {
                query = query.filter(runs::Column::Id.gte(last));
                window = Some(ids);
            }
            query
        }
    };
    let rows = all.order_by_desc(runs::Column::Id).limit(most + 1).all(db).await?;
    let mut rows = rows.into_iter().map(record).collect::<Result<Vec<_>>>()?;
    if rows.len() as u64 > most {
        rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
        let next = rows.last().map(|row| row.id);
        return Ok((rows, next));
    }
    // Nothing more in this window; there may be something behind it.
    let next = window.filter(|ids| ids.len() as u64 >= WINDOW).and_then(|ids| ids.last().copied());
    Ok((rows, next))
}

fn newest(query: Select<runs::Entity>, most: u64) -> Select<runs::Entity> {
    query.select_only().column(runs::Column::Id).order_by_desc(runs::Column::Id).limit(most)
}

async fn with_task(db: &impl ConnectionTrait, scope: &WorkspaceScope, search: &Search) -> Result<Vec<RunId>> {
    let query = run_tasks::Entity::find()
        .select_only()
        .column(run_tasks::Column::RunId)
        .distinct()
        .filter(run_tasks::Column::WorkspaceId.eq(scope.id()))
        .apply_if(search.task.clone(), |query, task| query.filter(run_tasks::Column::TaskIndex.eq(task)))
        .apply_if(search.hash.clone(), |query, hash| query.filter(run_tasks::Column::HashIndex.eq(hash)))
        .apply_if(search.before, |query, before| query.filter(run_tasks::Column::RunId.lt(before)));
    Ok(query.order_by_desc(run_tasks::Column::RunId).limit(WINDOW).into_tuple().all(db).await?)
}

/// One run.
pub async fn find(db: &impl ConnectionTrait, scope: &WorkspaceScope, id: RunId) -> Result<Option<RunRecord>> {
    runs::Entity::find_by_id(id).filter(runs::Column::WorkspaceId.eq(scope.id())).one(db).await?.map(record).transpose()
}

/// Where a run is that is known by its id alone; the gate decides who may know.
pub async fn place_of(db: &impl ConnectionTrait, id: RunId) -> Result<Option<(OrgId, WorkspaceId)>> {
    let query = runs::Entity::find_by_id(id).select_only().columns([runs::Column::OrgId, runs::Column::WorkspaceId]);
    Ok(query.into_tuple().one(db).await?)
}
