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

/// What a ticket lets its holder look at.
pub async fn redeem(state: &State, text: &str) -> Result<Option<(WorkspaceScope, RunId, AttemptKey)>> {
    let Some((ticket, signature)) = text.rsplit_once('.') else { return Ok(None) };
    if !state.hasher.signed(&signed(ticket), signature) {
        return Ok(None);
    }
    let parts: Vec<&str> = ticket.split('.').collect();
    let &[ends, holder, workspace, run, number, attempt] = parts.as_slice() else { return Ok(None) };
    let lives = ends.parse::<i64>().is_ok_and(|ends| ends > state.clock.now().timestamp());
    let (Ok(workspace), Ok(run), Ok(number), Ok(attempt)) =
        (workspace.parse::<WorkspaceId>(), run.parse(), number.parse(), attempt.parse())
    else {
        return Ok(None);
    };
    if !lives {
        return Ok(None);
    }
    let db = state.db.read();
    let scope = match holder.parse::<PersonalTokenId>() {
        Ok(token) => match state.credentials.still(state, token, workspace).await? {
            Some(credential) => access::runs_by_credential(db, &credential).await?,
            None => None,
        },
        Err(_) => access::runs_as_visitor(db, workspace).await?,
    };
    // Whether visitors read logs may have changed since.
    let scope = scope.filter(|scope| scope.org().standing().grants(Permission::ViewLogs));
    Ok(scope.map(|scope| (scope, run, (number, attempt))))
}
