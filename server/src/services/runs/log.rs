//! Logs of tasks. A log is looked at part by part: whole pieces that make up about as much as a page can hold.

use std::borrow::Cow;
use std::sync::Arc;

use app::backend::runs::{LogHit, LogPart, LogSearch};
use app::domain::text::Sought;
use app::terminal;
use futures_util::{Stream, StreamExt as _, stream};

use super::Opened;
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::runs::logs::{self, AttemptKey, Piece};

/// Bytes of a part, about.
const PART: u64 = 128 << 10;
/// Lines that a search shows.
const HITS: usize = 100;
/// Characters of a line that a search shows.
const LINE: usize = 300;

/// Pieces that belong to one part.
struct Part {
    from: u32,
    to: u32,
    first_line: u64,
}

fn parts(pieces: &[Piece]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let (mut bytes, mut line) = (0, 1);
    for piece in pieces {
        match parts.last_mut() {
            Some(part) if bytes < PART => part.to = piece.piece,
            _ => {
                bytes = 0;
                parts.push(Part { from: piece.piece, to: piece.piece, first_line: line });
            }
        }
        bytes += u64::from(piece.bytes);
        line += u64::from(piece.lines);
    }
    parts
}

async fn text(state: &State, Opened { scope, keys, run }: &Opened, of: AttemptKey, from: u32, to: u32) -> Result<String> {
    let sealed = logs::texts(state.db.read(), run, of, from, to).await?;
    let (keys, workspace, run) = (keys.clone(), scope.id(), run.id);
    let open = move || {
        let mut text = String::new();
        for (piece, sealed) in sealed {
            text.push_str(&keys.open_piece(workspace, run, of, piece, &sealed)?);
        }
        Ok(text)
    };
    tokio::task::spawn_blocking(open).await.map_err(|_| Error::Stopped)?
}

/// The whole log as it is now, and its bytes: it is read part by part, as it is taken. A reader may take long, so each part
/// is opened anew: `open` proves that they still may look.
pub async fn whole<Open, Opening>(
    state: &Arc<State>,
    of: AttemptKey,
    open: Open,
) -> Result<(u64, impl Stream<Item = Result<String>> + Send + use<Open, Opening>)>
where
    Open: Fn() -> Opening + Send,
    Opening: Future<Output = Result<Opened>> + Send,
{
    let pieces = logs::pieces(state.db.read(), &open().await?.run, of).await?;
    let bytes = pieces.iter().map(|piece| u64::from(piece.bytes)).sum();
    let state = state.clone();
    let texts = stream::iter(parts(&pieces)).then(move |part| {
        let (state, opening) = (state.clone(), open());
        async move { text(&state, &opening.await?, of, part.from, part.to).await }
    });
    Ok((bytes, texts))
}

/// One part; the last one when none is asked for.
pub async fn part(state: &State, opened: &Opened, of: AttemptKey, number: Option<u32>) -> Result<LogPart> {
    let pieces = logs::pieces(state.db.read(), &opened.run, of).await?;
    let all = parts(&pieces);
    let last = u32::try_from(all.len()).unwrap_or(u32::MAX).saturating_sub(1);
    let number = number.map_or(last, |number| number.min(last));
    let bytes = pieces.iter().map(|piece| u64::from(piece.bytes)).sum();
    let Some(part) = usize::try_from(number).ok().and_then(|number| all.get(number)) else {
        return Ok(LogPart { text: String::new(), first_line: 1, part: 0, parts: 0, bytes: 0 });
    };
    let text = text(state, opened, of, part.from, part.to).await?;
    Ok(LogPart { text, first_line: part.first_line, part: number, parts: last + 1, bytes })
}

/// Lines that hold these words, whatever their case.
pub async fn search(state: &State, opened: &Opened, of: AttemptKey, words: &str) -> Result<LogSearch> {
    let words = Sought::new(words);
    let mut found = LogSearch { hits: Vec::new(), more: false };
    if words.is_empty() {
        return Ok(found);
    }
    let pieces = logs::pieces(state.db.read(), &opened.run, of).await?;
    for (number, part) in (0..).zip(parts(&pieces)) {
        let text = text(state, opened, of, part.from, part.to).await?;
        let words = words.clone();
        let looking = tokio::task::spawn_blocking(move || hits(&text, &words, number, part.first_line));
        found.hits.extend(looking.await.map_err(|_| Error::Stopped)?);
        if found.hits.len() > HITS {
            found.hits.truncate(HITS);
            found.more = true;
            break;
        }
    }
    Ok(found)
}

/// Lines of a part that hold the words, one more than are shown at most.
fn hits(text: &str, words: &Sought, part: u32, first_line: u64) -> Vec<LogHit> {
    let hit = |(line, text): (u64, &str)| {
        // Most lines neither have colours nor write over themselves.
        let plain = if text.bytes().any(|byte| byte.is_ascii_control()) { Cow::Owned(terminal::plain(text)) } else { Cow::Borrowed(text) };
        words.is_in(&plain).then(|| LogHit { part, line, text: plain.chars().take(LINE).collect() })
    };
    (first_line..).zip(text.lines()).filter_map(hit).take(HITS + 1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_know_their_lines() {
        let piece = |piece, bytes, lines| Piece { piece, bytes, lines };
        let all = parts(&[piece(0, 100, 3), piece(1, 130 << 10, 10), piece(2, 5, 1), piece(4, 1, 0)]);
        let all: Vec<_> = all.iter().map(|part| (part.from, part.to, part.first_line)).collect();
        assert_eq!(all, [(0, 1, 1), (2, 4, 14)]);
        assert!(parts(&[]).is_empty());
    }
}
