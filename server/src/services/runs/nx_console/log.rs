//! The log of a task, as the editor takes it: a gzip'd tar with one file below `terminalOutputs/`.

use std::io::Write as _;
use std::sync::Arc;

use app::domain::ids::RunId;
use app::domain::permission::Permission;
use app::error::AppError;
use app::paths;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{Stream, StreamExt as _, stream};

use super::super::{Runs, log};
use super::Viewer;
use super::questions::LogRequest;
use super::shapes::LogLink;
use crate::auth::log_ticket;
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::runs::{logs, tasks};

/// Bytes of a block of a tar.
const BLOCK: u64 = 512;

impl Viewer<'_> {
    /// Where the log of a task is; none when nothing was kept of it.
    pub async fn log(&self, asked: &LogRequest) -> Result<Option<LogLink>> {
        if !self.scope.org().standing().grants(Permission::ViewLogs) {
            return Ok(None);
        }
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

/// The log that a ticket opens, packed part by part while it is taken.
pub async fn opened_log(state: &Arc<State>, ticket: &str) -> Result<Option<impl Stream<Item = Result<Bytes>> + Send + use<>>> {
    let Some(ticket) = log_ticket::read(state, ticket) else { return Ok(None) };
    let of = state.clone();
    let open = move || {
        let state = of.clone();
        async move {
            let scope = ticket.scope(&state).await?.ok_or(AppError::NotFound)?;
            Runs(state).within(scope, ticket.run).await
        }
    };
    match log::whole(state, ticket.attempt, open).await {
        Ok((bytes, texts)) => Ok(Some(pack(bytes, texts))),
        Err(Error::App(AppError::NotFound)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A tar of one file with so many bytes, gzip'd.
fn pack(bytes: u64, texts: impl Stream<Item = Result<String>> + Send) -> impl Stream<Item = Result<Bytes>> + Send {
    let mut header = tar::Header::new_ustar();
    header.set_size(bytes);
    header.set_mode(0o644);
    let named = header.set_path("terminalOutputs/log").map(|()| header.set_cksum());
    let head = named.map(|()| header.as_bytes().to_vec()).map_err(|_| Error::Stored("log"));
    // The content fills whole blocks; two empty ones are the end.
    let missing = usize::try_from(bytes.next_multiple_of(BLOCK) - bytes + 2 * BLOCK).unwrap_or_default();
    let parts = stream::iter([head]).chain(texts.map(|text| text.map(String::into_bytes))).map(|part| part.map(Some));
    let parts = parts.chain(stream::iter([Ok(Some(vec![0; missing])), Ok(None)]));
    parts.scan(GzEncoder::new(Vec::new(), Compression::fast()), |gzip, part| {
        std::future::ready(Some(part.and_then(|part| packed(gzip, part))))
    })
}

/// What comes out of the encoder when this part has gone in; without a part, its end.
fn packed(gzip: &mut GzEncoder<Vec<u8>>, part: Option<Vec<u8>>) -> Result<Bytes> {
    let done = match part {
        Some(part) => gzip.write_all(&part).and_then(|()| gzip.flush()),
        None => gzip.try_finish(),
    };
    done.map_err(|_| Error::Stored("log"))?;
    Ok(std::mem::take(gzip.get_mut()).into())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::GzDecoder;

    use super::*;

    #[tokio::test]
    async fn a_log_is_packed_into_an_archive_with_one_file() {
        for texts in [vec![], vec!["a line\n"], vec!["x"; 512], vec!["ä colour\n", "", "and more"]] {
            let whole = texts.concat();
            let parts = stream::iter(texts.into_iter().map(|text| Ok(text.to_owned())));
            let packed: Vec<Bytes> = pack(whole.len() as u64, parts).map(Result::unwrap).collect().await;
            let mut archive = tar::Archive::new(GzDecoder::new(std::io::Cursor::new(packed.concat())));
            let mut entries = archive.entries().unwrap();
            let mut entry = entries.next().unwrap().unwrap();
            assert_eq!(entry.path().unwrap().to_str(), Some("terminalOutputs/log"));
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            assert_eq!(text, whole);
            assert!(entries.next().is_none());
        }
    }
}
