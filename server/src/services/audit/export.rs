//! The audit log as a file. It is read and sent batch by batch, however long it is.

use app::domain::audit::{Action, AuditFilter};
use app::domain::ids::OrgId;
use app::domain::names::OrgSlug;
use app::domain::permission::Permission;
use app::error::AppError;
use app::request::Caller;
use bytes::Bytes;
use chrono::SecondsFormat;
use csv::{QuoteStyle, Terminator, WriterBuilder};
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::{Audit, wanted};
use crate::auth::access::{self, OrgScope};
use crate::auth::change;
use crate::error::{Error, Result, answer};
use crate::store::audit::{Object, Search, StoredEvent, record, search};

/// Events read at once.
const BATCH: u64 = 1000;

const COLUMNS: [&str; 15] = [
    "sequence",
    "time",
    "event",
    "sentence",
    "actor_kind",
    "actor_id",
    "actor",
    "action",
    "object_kind",
    "object_id",
    "object",
    "details",
    "address",
    "request",
    "hash",
];

/// How the file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A table for spreadsheets (RFC 4180).
    Csv,
    /// One JSON object a line.
    Ndjson,
}

impl Format {
    /// The word in the event and at the end of the file's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }
}

impl Audit {
    /// The events that fit, the newest first, as the bytes of a file. That somebody takes them is an event itself.
    pub async fn export(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        filter: &AuditFilter,
        format: Format,
    ) -> Result<impl Stream<Item = Result<Bytes, AppError>> + use<>, AppError> {
        let (scope, wanted) = answer(caller, self.begin_export(caller, slug, filter, format)).await?;
        let (state, caller, slug) = (self.0.clone(), caller.clone(), scope.slug().clone());
        let head = match format {
            Format::Csv => answer(&caller, async { csv_lines([COLUMNS.map(ToOwned::to_owned)]) }).await?,
            Format::Ndjson => Bytes::new(),
        };
        let of = caller.clone();
        let batches = stream::try_unfold(wanted, move |wanted| {
            let (state, caller, slug) = (state.clone(), of.clone(), slug.clone());
            async move {
                let Some(wanted) = wanted else { return Ok(None) };
                // A reader may take long: for each batch it is asked again whether they may.
                let caller = change::still(&state, &caller).await?;
                let scope = access::org(state.db.read(), &caller, &slug, Permission::ViewAudit).await?;
                let events = search(state.db.read(), &scope, &wanted, BATCH).await?;
                let last = events.last().filter(|_| events.len() as u64 == BATCH).map(|last| (last.event.at, last.event.id));
                let next = last.map(|after| Search { after: Some(after), ..wanted });
                let lines = match format {
                    Format::Csv => csv_lines(events.iter().map(cells))?,
                    Format::Ndjson => json_lines(scope.id(), &events),
                };
                Ok::<_, Error>(Some((lines, next)))
            }
        });
        Ok(stream::iter([Ok(head)]).chain(batches.map_err(move |error| error.shown_to(&caller))))
    }

    async fn begin_export(
        &self,
        caller: &Caller,
        slug: &OrgSlug,
        filter: &AuditFilter,
        format: Format,
    ) -> Result<(OrgScope, Option<Search>)> {
        let tx = change::begin(&self.0, caller).await?;
        let scope = access::org(&tx, caller, slug, Permission::ViewAudit).await?;
        let wanted = wanted(&tx, &scope, filter).await?;
        let object = Object { kind: "org", id: scope.id().to_string(), name: scope.name().as_str() };
        let parts: serde_json::Map<_, _> = filter.parts().into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
        let details = json!({ "format": format.as_str(), "filter": parts });
        record(&tx, &self.0.clock, caller, Some(scope.id()), Action::Exported, object, Some(details)).await?;
        tx.commit().await?;
        Ok((scope, wanted))
    }
}

fn json_lines(org: OrgId, events: &[StoredEvent]) -> Bytes {
    events.iter().flat_map(|event| [object(org, event).to_string(), "\n".to_owned()]).collect::<String>().into()
}

fn csv_lines<const CELLS: usize>(rows: impl IntoIterator<Item = [String; CELLS]>) -> Result<Bytes> {
    let mut lines = Vec::new();
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).quote_style(QuoteStyle::Always).from_writer(&mut lines);
    for row in rows {
        writer.write_record(row.map(defused))?;
    }
    writer.flush().map_err(csv::Error::from)?;
    drop(writer);
    Ok(lines.into())
}

/// A spreadsheet would take such a cell for a formula (OWASP, CSV injection). Where the list separator is a semicolon or
/// a tab, it also cuts a cell in two there, quoted or not, and looks at what follows.
#[expect(clippy::needless_pass_by_value, reason = "a cell is used up by the line")]
pub fn defused(cell: String) -> String {
    let (mut safe, mut begins) = (String::with_capacity(cell.len()), true);
    for c in cell.chars() {
        if begins && matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') || safe.is_empty() && matches!(c, '\t' | '\r') {
            safe.push('\'');
        }
        begins = match c {
            ';' | '\t' | '\n' | '\r' => true,
            ' ' | '"' | '\'' => begins,
            _ => false,
        };
        safe.push(c);
    }
    safe
}

fn cells(stored: &StoredEvent) -> [String; COLUMNS.len()] {
    let event = &stored.event;
    [
        stored.seq.map(|seq| seq.to_string()).unwrap_or_default(),
        event.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        event.id.to_string(),
        event.sentence(),
        event.actor.kind.clone(),
        event.actor.id.clone().unwrap_or_default(),
        event.actor.name.clone(),
        event.action.clone(),
        event.object.kind.clone(),
        event.object.id.clone(),
        event.object.name.clone(),
        stored.details.clone().unwrap_or_default(),
        event.address.clone(),
        event.request.clone(),
        stored.hash.as_ref().map(hex::encode).unwrap_or_default(),
    ]
}

fn object(org: OrgId, stored: &StoredEvent) -> Value {
    let event = &stored.event;
    json!({
        "organization": org,
        "sequence": stored.seq,
        "time": event.at.to_rfc3339_opts(SecondsFormat::Micros, true),
        "event": event.id,
        "sentence": event.sentence(),
        "actor": { "kind": event.actor.kind, "id": event.actor.id, "name": event.actor.name },
        "action": event.action,
        "object": { "kind": event.object.kind, "id": event.object.id, "name": event.object.name },
        // As it was written, byte by byte: the hash covers it so.
        "details": stored.details,
        "address": event.address,
        "request": event.request,
        "hash": stored.hash.as_ref().map(hex::encode),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_every_cell_stays_one() {
        for (cell, written) in [
            ("=cmd()", "'=cmd()"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@x", "'@x"),
            (" =x", " '=x"),
            ("＝x", "'＝x"),
            ("\tx", "'\tx"),
            ("\rx", "'\rx"),
            ("a;=cmd()", "a;'=cmd()"),
            ("a; \"-cmd()", "a; \"\"'-cmd()"),
            ("a\n@x", "a\n'@x"),
            ("a\t+x", "a\t'+x"),
            ("a,b;c", "a,b;c"),
            ("say \"x\"", "say \"\"x\"\""),
            ("two\nlines", "two\nlines"),
            ("a=b-c", "a=b-c"),
        ] {
            let lines = csv_lines([[cell.to_owned(), "end".to_owned()]]).unwrap();
            assert_eq!(String::from_utf8(lines.to_vec()).unwrap(), format!("\"{written}\",\"end\"\r\n"), "{cell:?}");
        }
    }
}
