//! Addresses at which an editor fetches the log of one task. It does so without a credential, so the address is one, for a
//! minute: signed by the server, and good only while whoever asked for it may still look.

use app::domain::ids::{PersonalTokenId, RunId, WorkspaceId};
use app::domain::permission::Permission;
use chrono::TimeDelta;

use super::access::{self, WorkspaceScope};
use super::credential::{Credential, TokenId};
use crate::error::Result;
use crate::state::State;
use crate::store::runs::logs::AttemptKey;

/// Editors fetch at once.
const LIFE: TimeDelta = TimeDelta::minutes(1);
/// Stands for nobody in particular.
const VISITOR: &str = "visitor";

fn signed(ticket: &str) -> String {
    format!("log ticket {ticket}")
}

/// A ticket for the log of an attempt at a task, for whoever has this credential and may look at it.
pub fn issue(state: &State, credential: &Credential, scope: &WorkspaceScope, run: RunId, (number, attempt): AttemptKey) -> String {
    let holder = match credential.living().token {
        Some(TokenId::Personal(id)) => id.to_string(),
        Some(TokenId::Ci(_)) | None => VISITOR.to_owned(),
    };
    let ends = (state.clock.now() + LIFE).timestamp();
    let ticket = format!("{ends}.{holder}.{}.{run}.{number}.{attempt}", scope.id());
    let signature = state.hasher.sign(&signed(&ticket));
    format!("{ticket}.{signature}")
}

/// What a ticket names, and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Ticket {
    holder: Option<PersonalTokenId>,
    workspace: WorkspaceId,
    /// The run of the task.
    pub run: RunId,
    /// The attempt at the task.
    pub attempt: AttemptKey,
}

/// The ticket that this text is, if it is one of ours and still good.
pub fn read(state: &State, text: &str) -> Option<Ticket> {
    let (ticket, signature) = text.rsplit_once('.')?;
    if !state.hasher.signed(&signed(ticket), signature) {
        return None;
    }
    let parts: Vec<&str> = ticket.split('.').collect();
    let &[ends, holder, workspace, run, number, attempt] = parts.as_slice() else { return None };
    let ends: i64 = ends.parse().ok()?;
    (ends > state.clock.now().timestamp()).then_some(Ticket {
        holder: holder.parse().ok(),
        workspace: workspace.parse().ok()?,
        run: run.parse().ok()?,
        attempt: (number.parse().ok()?, attempt.parse().ok()?),
    })
}

impl Ticket {
    /// The workspace, if the holder may read logs there now: also when the download that the ticket began takes longer than it lives.
    pub async fn scope(&self, state: &State) -> Result<Option<WorkspaceScope>> {
        let db = state.db.read();
        let scope = match self.holder {
            Some(token) => match state.credentials.still(state, token, self.workspace).await? {
                Some(credential) => access::runs_by_credential(db, &credential).await?,
                None => None,
            },
            None => access::runs_as_visitor(db, self.workspace).await?,
        };
        Ok(scope.filter(|scope| scope.org().standing().grants(Permission::ViewLogs)))
    }
}
