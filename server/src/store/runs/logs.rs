//! Logs of tasks, piece by piece.

use std::collections::{BTreeMap, BTreeSet};

use app::domain::ids::RunId;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::super::entities::run_logs;
use super::search::RunRecord;
use crate::error::Result;

/// A piece counts for no less.
const LEAST: u64 = 256;

/// A task's number and attempt.
pub type AttemptKey = (u32, u16);

/// A piece that is to be kept.
#[derive(Debug, Clone)]
pub struct NewPiece {
    /// Of which attempt.
    pub of: AttemptKey,
    /// Its number.
    pub piece: u32,
    /// Its sealed text.
    pub sealed: Vec<u8>,
    /// Bytes of the text.
    pub bytes: u32,
    /// Line ends in it.
    pub lines: u32,
}

/// A piece without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece {
    /// Its number.
    pub piece: u32,
    /// Bytes of the text.
    pub bytes: u32,
    /// Line ends in it.
    pub lines: u32,
}

fn key((number, attempt): AttemptKey) -> (i32, i16) {
    (super::stored(number), i16::try_from(attempt).unwrap_or(i16::MAX))
}

/// The pieces of an attempt, without their texts.
pub async fn pieces(db: &impl ConnectionTrait, run: &RunRecord, of: AttemptKey) -> Result<Vec<Piece>> {
    let (number, attempt) = key(of);
    let rows: Vec<(i32, i32, i32)> = run_logs::Entity::find()
        .select_only()
        .columns([run_logs::Column::Piece, run_logs::Column::Bytes, run_logs::Column::Lines])
        .filter(run_logs::Column::RunId.eq(run.id))
        .filter(run_logs::Column::Number.eq(number))
        .filter(run_logs::Column::Attempt.eq(attempt))
        .order_by_asc(run_logs::Column::Piece)
        .into_tuple()
        .all(db)
        .await?;
    let piece = |(piece, bytes, lines)| Piece { piece: super::number(piece), bytes: super::number(bytes), lines: super::number(lines) };
    Ok(rows.into_iter().map(piece).collect())
}

/// The sealed texts of an attempt from one piece to another, in order.
pub async fn texts(db: &impl ConnectionTrait, run: &RunRecord, of: AttemptKey, from: u32, to: u32) -> Result<Vec<(u32, Vec<u8>)>> {
    let (number, attempt) = key(of);
    let rows: Vec<(i32, Vec<u8>)> = run_logs::Entity::find()
        .select_only()
        .columns([run_logs::Column::Piece, run_logs::Column::Sealed])
        .filter(run_logs::Column::RunId.eq(run.id))
        .filter(run_logs::Column::Number.eq(number))
        .filter(run_logs::Column::Attempt.eq(attempt))
        .filter(run_logs::Column::Piece.between(super::stored(from), super::stored(to)))
        .order_by_asc(run_logs::Column::Piece)
        .into_tuple()
        .all(db)
        .await?;
    Ok(rows.into_iter().map(|(piece, sealed)| (super::number(piece), sealed)).collect())
}

/// What is there of the logs of these tasks: the numbers of the pieces of each attempt, and their bytes.
pub async fn known(tx: &impl ConnectionTrait, run: RunId, tasks: &BTreeSet<u32>) -> Result<BTreeMap<AttemptKey, (BTreeSet<u32>, u64)>> {
    let rows: Vec<(i32, i16, i32, i32)> = run_logs::Entity::find()
        .select_only()
        .columns([run_logs::Column::Number, run_logs::Column::Attempt, run_logs::Column::Piece, run_logs::Column::Bytes])
        .filter(run_logs::Column::RunId.eq(run))
        .filter(run_logs::Column::Number.is_in(tasks.iter().copied().map(super::stored)))
        .into_tuple()
        .all(tx)
        .await?;
    let mut known: BTreeMap<AttemptKey, (BTreeSet<u32>, u64)> = BTreeMap::new();
    for (number, attempt, piece, bytes) in rows {
        let all = known.entry((super::number(number), u16::try_from(attempt).unwrap_or_default())).or_default();
        all.0.insert(super::number(piece));
        all.1 += charged(super::number(bytes));
    }
    Ok(known)
}

/// What a piece counts for: many small ones cost more than their bytes.
pub fn charged(bytes: u32) -> u64 {
    u64::from(bytes).max(LEAST)
}

/// Keeps pieces. One that is there already stays.
pub async fn insert(tx: &impl ConnectionTrait, run: RunId, new: &[NewPiece]) -> Result<()> {
    for batch in new.chunks(200) {
        let rows = batch.iter().map(|new| {
            let (number, attempt) = key(new.of);
            run_logs::ActiveModel {
                run_id: Set(run),
                number: Set(number),
                attempt: Set(attempt),
                piece: Set(super::stored(new.piece)),
                sealed: Set(new.sealed.clone()),
                bytes: Set(super::stored(new.bytes)),
                lines: Set(super::stored(new.lines)),
            }
        });
        let columns = [run_logs::Column::RunId, run_logs::Column::Number, run_logs::Column::Attempt, run_logs::Column::Piece];
        let there = OnConflict::columns(columns).do_nothing().to_owned();
        run_logs::Entity::insert_many(rows).on_conflict(there).exec_without_returning(tx).await?;
    }
    Ok(())
}
