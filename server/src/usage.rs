//! Who used what: counted in memory, written down in batches, so that a read never costs a database write.
//!
//! What a crash loses is at most some seconds of counting, never an artifact.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use app::domain::ids::{ArtifactId, OrgId, WorkspaceId};
use chrono::{DateTime, NaiveDate, Utc};

use crate::auth::credential::TokenId;
use crate::error::Result;
use crate::store::db::Db;
use crate::store::{artifacts, ci_tokens, personal_tokens, usage, workspaces};

/// How often the counts are written down.
pub const FLUSH_INTERVAL: Duration = Duration::from_secs(5);

#[derive(Default)]
struct Counts {
    tokens: HashMap<TokenId, (DateTime<Utc>, String)>,
    artifacts: HashMap<ArtifactId, (u64, DateTime<Utc>)>,
    workspaces: HashMap<WorkspaceId, (u64, u64)>,
    transfers: HashMap<(OrgId, NaiveDate), (u64, u64)>,
}

/// The counts since they were last written down.
#[derive(Default)]
pub struct Usage(Mutex<Counts>);

impl Usage {
    fn change(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    }

    /// A token was used from this address.
    pub fn token(&self, id: TokenId, from: &str, now: DateTime<Utc>) {
        self.change(|counts| match counts.tokens.get_mut(&id) {
            Some(last) => {
                last.0 = now;
                if last.1 != from {
                    from.clone_into(&mut last.1);
                }
            }
            None => {
                counts.tokens.insert(id, (now, from.to_owned()));
            }
        });
    }

    /// An artifact was read.
    pub fn hit(&self, workspace: WorkspaceId, artifact: ArtifactId, now: DateTime<Utc>) {
        self.change(|counts| {
            counts.workspaces.entry(workspace).or_default().0 += 1;
            let entry = counts.artifacts.entry(artifact).or_insert((0, now));
            *entry = (entry.0 + 1, now);
        });
        metrics::counter!("buildkeep_cache_hits_total").increment(1);
    }

    /// So many artifacts were asked for that are not there.
    pub fn missed(&self, workspace: WorkspaceId, count: u64) {
        self.change(|counts| counts.workspaces.entry(workspace).or_default().1 += count);
        metrics::counter!("buildkeep_cache_misses_total").increment(count);
    }

    /// An artifact came in as a whole.
    pub fn received(&self, org: OrgId, bytes: u64, now: DateTime<Utc>) {
        self.change(|counts| counts.transfers.entry((org, now.date_naive())).or_default().0 += bytes);
    }

    /// So much of an artifact went out.
    pub fn sent(&self, org: OrgId, bytes: u64, now: DateTime<Utc>) {
        self.change(|counts| counts.transfers.entry((org, now.date_naive())).or_default().1 += bytes);
    }

    /// Writes the counts down. What cannot be written is counted on.
    pub async fn flush(&self, db: &Db) -> Result<()> {
        let mut taken = Counts::default();
        self.change(|counts| std::mem::swap(counts, &mut taken));
        if taken.tokens.is_empty() && taken.workspaces.is_empty() && taken.transfers.is_empty() {
            return Ok(());
        }
        let written = write(db, &taken).await;
        if written.is_err() {
            self.change(|counts| put_back(counts, taken));
        }
        written
    }
}

async fn write(db: &Db, counts: &Counts) -> Result<()> {
    let tx = db.begin_without_session().await?;
    // In the order of their ids, so that two servers never wait for each other's rows.
    for id in sorted(counts.tokens.keys()) {
        let (at, from) = &counts.tokens[&id];
        match id {
            TokenId::Ci(id) => ci_tokens::set_last_used(&tx, id, *at, from).await?,
            TokenId::Personal(id) => personal_tokens::set_last_used(&tx, id, *at, from).await?,
        }
    }
    // Artifacts before workspaces, as everywhere.
    for id in sorted(counts.artifacts.keys()) {
        let (hits, last) = counts.artifacts[&id];
        artifacts::add_reads(&tx, id, hits, last).await?;
    }
    for id in sorted(counts.workspaces.keys()) {
        let (hits, misses) = counts.workspaces[&id];
        workspaces::add_reads(&tx, id, hits, misses).await?;
    }
    for (org, day) in sorted(counts.transfers.keys()) {
        usage::add_transfer(&tx, org, day, counts.transfers[&(org, day)]).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn sorted<T: Copy + Ord>(ids: impl Iterator<Item = impl std::borrow::Borrow<T>>) -> Vec<T> {
    let mut ids: Vec<T> = ids.map(|id| *id.borrow()).collect();
    ids.sort_unstable();
    ids
}

fn put_back(counts: &mut Counts, taken: Counts) {
    for (id, used) in taken.tokens {
        counts.tokens.entry(id).or_insert(used);
    }
    for (id, (hits, misses)) in taken.workspaces {
        let entry = counts.workspaces.entry(id).or_default();
        *entry = (entry.0 + hits, entry.1 + misses);
    }
    for (day, (received, sent)) in taken.transfers {
        let entry = counts.transfers.entry(day).or_default();
        *entry = (entry.0 + received, entry.1 + sent);
    }
    for (id, (hits, last)) in taken.artifacts {
        let entry = counts.artifacts.entry(id).or_insert((0, last));
        *entry = (entry.0 + hits, entry.1.max(last));
    }
}
