//! What names anything in a run is sealed, bound to where it belongs; what lists are filtered by has a blind index.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use app::domain::ids::{OrgId, RunId, WorkspaceId};
use app::domain::run::{RunFacts, TaskFacts};
use app::domain::statistics::Kind;
use aws_lc_rs::hmac;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::seal::{OrgKeys, SealContext, open_row, seal_row};
use crate::state::State;
use crate::store::runs::BlindIndex;
use crate::store::runs::logs::AttemptKey;

/// No text that was compressed here is longer.
const LONGEST: u64 = 1 << 20;

/// The keys of an organization, for its runs.
#[derive(Clone)]
pub struct RunKeys {
    org: OrgId,
    keys: Arc<OrgKeys>,
    index: hmac::Key,
}

impl RunKeys {
    /// Opens them. Not inside of a transaction: they come over another connection.
    pub async fn of(state: &State, org: OrgId) -> Result<Self> {
        let keys = state.keys.of(&state.db, org).await?;
        // Always under the first key: what was found before another key became the current one is found afterwards.
        let secret = keys.version(1).unwrap_or_else(|_| keys.current()).subkey("index of runs");
        Ok(Self { org, index: hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice()), keys })
    }

    /// What stands for a value of this field in the database.
    pub fn index(&self, field: &'static str, value: &str) -> BlindIndex {
        let mut context = hmac::Context::with_key(&self.index);
        context.update(&[u8::try_from(field.len()).unwrap_or(u8::MAX)]);
        context.update(field.as_bytes());
        context.update(value.as_bytes());
        context.sign().as_ref()[..16].to_vec()
    }

    /// What a project or a task is counted under.
    pub fn subject(&self, kind: Kind, facts: &TaskFacts) -> BlindIndex {
        match kind {
            Kind::Workspace => vec![0; 16],
            Kind::Project => self.index("project", &facts.project),
            Kind::Task => self.index("task", &facts.id),
        }
    }

    fn context(&self, kind: &'static str, workspace: WorkspaceId) -> SealContext {
        SealContext::new(kind).with(self.org.as_bytes()).with(workspace.as_bytes())
    }

    fn task_context(&self, kind: &'static str, workspace: WorkspaceId, run: RunId, (number, attempt): AttemptKey) -> SealContext {
        self.context(kind, workspace).with(run.as_bytes()).with(&number.to_be_bytes()).with(&attempt.to_be_bytes())
    }

    fn seal<T: Serialize>(&self, context: &SealContext, value: &T) -> Result<Vec<u8>> {
        let plain = serde_json::to_vec(value).map_err(|_| Error::Stored("part of a run"))?;
        Ok(seal_row(&self.keys, context, &plain)?)
    }

    fn open<T: DeserializeOwned>(&self, context: &SealContext, sealed: &[u8]) -> Result<T> {
        let plain = open_row(&self.keys, context, sealed)?;
        serde_json::from_slice(&plain).map_err(|_| Error::Stored("part of a run"))
    }

    fn seal_deflated(&self, context: &SealContext, text: &[u8]) -> Result<Vec<u8>> {
        let mut encoder = DeflateEncoder::new(Vec::with_capacity(text.len() / 4), Compression::fast());
        let deflated = encoder.write_all(text).and_then(|()| encoder.finish()).map_err(|_| Error::Stored("text"))?;
        Ok(seal_row(&self.keys, context, &deflated)?)
    }

    fn open_deflated(&self, context: &SealContext, sealed: &[u8]) -> Result<Vec<u8>> {
        let deflated = open_row(&self.keys, context, sealed)?;
        let mut text = Vec::new();
        DeflateDecoder::new(deflated.as_slice()).take(LONGEST).read_to_end(&mut text).map_err(|_| Error::Stored("text"))?;
        Ok(text)
    }

    /// Seals what a run says of itself.
    pub fn seal_run(&self, workspace: WorkspaceId, run: RunId, facts: &RunFacts) -> Result<Vec<u8>> {
        self.seal(&self.context("run", workspace).with(run.as_bytes()), facts)
    }

    /// What a run says of itself.
    pub fn open_run(&self, workspace: WorkspaceId, run: RunId, sealed: &[u8]) -> Result<RunFacts> {
        self.open(&self.context("run", workspace).with(run.as_bytes()), sealed)
    }

    /// Seals what a task says of itself.
    pub fn seal_task(&self, workspace: WorkspaceId, run: RunId, of: AttemptKey, facts: &TaskFacts) -> Result<Vec<u8>> {
        self.seal(&self.task_context("run task", workspace, run, of), facts)
    }

    /// What a task says of itself.
    pub fn open_task(&self, workspace: WorkspaceId, run: RunId, of: AttemptKey, sealed: &[u8]) -> Result<TaskFacts> {
        self.open(&self.task_context("run task", workspace, run, of), sealed)
    }

    /// Seals a piece of a log.
    pub fn seal_piece(&self, workspace: WorkspaceId, run: RunId, of: AttemptKey, piece: u32, text: &str) -> Result<Vec<u8>> {
        self.seal_deflated(&self.task_context("run log", workspace, run, of).with(&piece.to_be_bytes()), text.as_bytes())
    }

    /// A piece of a log.
    pub fn open_piece(&self, workspace: WorkspaceId, run: RunId, of: AttemptKey, piece: u32, sealed: &[u8]) -> Result<String> {
        let text = self.open_deflated(&self.task_context("run log", workspace, run, of).with(&piece.to_be_bytes()), sealed)?;
        String::from_utf8(text).map_err(|_| Error::Stored("piece of a log"))
    }

    /// Seals what a hash was made of, as JSON; it is found by an index of itself.
    pub fn seal_details(&self, workspace: WorkspaceId, details: &str) -> Result<(BlindIndex, Vec<u8>)> {
        let index = self.index("details", details);
        let sealed = self.seal_deflated(&self.context("run details", workspace).with(&index), details.as_bytes())?;
        Ok((index, sealed))
    }

    /// What a hash was made of.
    pub fn open_details(&self, workspace: WorkspaceId, index: &[u8], sealed: &[u8]) -> Result<Vec<u8>> {
        self.open_deflated(&self.context("run details", workspace).with(index), sealed)
    }

    /// Seals the name of a project or a task that is counted.
    pub fn seal_subject(&self, workspace: WorkspaceId, kind: Kind, subject: &[u8], name: &str) -> Result<Vec<u8>> {
        self.seal(&self.context("statistics", workspace).with(&kind.number().to_be_bytes()).with(subject), &name)
    }

    /// The name of a project or a task that is counted.
    pub fn open_subject(&self, workspace: WorkspaceId, kind: Kind, subject: &[u8], sealed: &[u8]) -> Result<String> {
        self.open(&self.context("statistics", workspace).with(&kind.number().to_be_bytes()).with(subject), sealed)
    }
}
