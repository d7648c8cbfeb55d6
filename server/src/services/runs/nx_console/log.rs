//! The log of a task, as the editor takes it: a gzip'd tar with one file below `terminalOutputs/`.

use app::domain::ids::RunId;
use app::paths;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::super::{Opened, log};
use super::Viewer;
use super::questions::LogRequest;
use super::shapes::LogLink;
use crate::auth::log_ticket;
use crate::error::{Error, Result};
use crate::services::runs::sealing::RunKeys;
use crate::state::State;
use crate::store::runs::{logs, search, tasks};

impl Viewer<'_> {
    /// Where the log of a task is; none when nothing was kept of it.
    pub async fn log(&self, asked: &LogRequest) -> Result<Option<LogLink>> {
        let ids = [&asked.link_id, &asked.execution_id];
        let Some(run) = ids.into_iter().flatten().find_map(|id| id.parse::<RunId>().ok()) else { return Ok(None) };
        let db = self.state.db.read();
        let Some(opened) = self.opened(run).await? else { return Ok(None) };
        let Some(task) = tasks::same_task_in(db, &self.scope, &self.index("task", &asked.task_id), run).await? else { return Ok(None) };
        if logs::pieces(db, &opened.run, task.key).await?.is_empty() {
            return Ok(None);
        }
        let ticket = log_ticket::issue(self.state, &self.credential, &self.scope, run, task.key);
        Ok(Some(LogLink { artifact_url: self.address(&paths::log_by_ticket(&ticket)) }))
    }
}

/// The log that a ticket opens.
pub async fn opened_log(state: &State, ticket: &str) -> Result<Option<Vec<u8>>> {
    let Some((scope, id, of)) = log_ticket::redeem(state, ticket).await? else { return Ok(None) };
    let Some(run) = search::find(state.db.read(), &scope, id).await? else { return Ok(None) };
    let keys = RunKeys::of(state, scope.org().id()).await?;
    let text = log::whole(state, &Opened { scope, keys, run }, of).await?;
    let packed = tokio::task::spawn_blocking(move || pack(text.as_bytes())).await.map_err(|_| Error::Stopped)?;
    Ok(Some(packed.map_err(|_| Error::Stored("log"))?))
}

fn pack(text: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    header.set_mode(0o644);
    tar.append_data(&mut header, "terminalOutputs/log", text)?;
    tar.into_inner()?.finish()
}
