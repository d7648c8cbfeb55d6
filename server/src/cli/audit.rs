//! `buildkeep audit`: whether the audit log is what was written.

use app::domain::ids::OrgId;
use app::domain::names::OrgSlug;
use chrono::SecondsFormat;
use clap::Subcommand;
use serde_json::{Value, json};

use super::{Answer, CommandError};
use crate::error::{Error, Result};
use crate::state::State;
use crate::store::audit::{Broken, Chain, Fault, chains_and_parts, verify};
use crate::store::unscoped::{self, OrgLock};

#[derive(Subcommand)]
pub(super) enum Audit {
    /// Follow the chain of every organization's events, and name the first link that is broken
    Verify {
        /// Only this organization: its address, or its id when it is gone
        #[arg(long)]
        org: Option<String>,
    },
}

struct Verdict {
    org: OrgId,
    slug: Option<OrgSlug>,
    chain: Chain,
}

impl Audit {
    pub(super) async fn run(self, state: &State) -> Result<Answer, CommandError> {
        let Self::Verify { org } = self;
        let failed = |error: Error| CommandError::Refused(format!("the audit log cannot be read: {error}"));
        let only = match &org {
            None => None,
            Some(text) => Some(which(state, text).await.map_err(failed)?.ok_or_else(|| {
                CommandError::Refused(format!("there is no organization {text}; one that is gone is named by its id (org_…)"))
            })?),
        };
        let verdicts = examine(state, only).await.map_err(failed)?;
        let healthy = verdicts.iter().all(|verdict| verdict.chain.broken.is_none());
        let mut lines: Vec<_> = verdicts.iter().map(sentence).collect();
        if lines.is_empty() {
            lines.push("No organization has an event yet.".to_owned());
        }
        let json = json!({ "intact": healthy, "chains": verdicts.iter().map(object).collect::<Vec<_>>() });
        Ok(Answer { sentence: lines.join("\n"), json, healthy })
    }
}

async fn which(state: &State, text: &str) -> Result<Option<OrgId>> {
    if let Ok(id) = text.parse() {
        return Ok(Some(id));
    }
    let Ok(slug) = OrgSlug::parse(text) else { return Ok(None) };
    Ok(unscoped::find_org(state.db.read(), &slug, OrgLock::None).await?.map(|org| org.id))
}

async fn examine(state: &State, only: Option<OrgId>) -> Result<Vec<Verdict>> {
    let orgs = match only {
        Some(org) => vec![org],
        None => chains_and_parts(state.db.read()).await?,
    };
    let mut verdicts = Vec::with_capacity(orgs.len());
    for org in orgs {
        // One moment for each chain: a server may be writing.
        let tx = state.db.snapshot().await?;
        let chain = verify(&tx, org).await?;
        let slug = unscoped::slug_of(&tx, org).await?;
        tx.commit().await?;
        verdicts.push(Verdict { org, slug, chain });
    }
    Ok(verdicts)
}

fn sentence(Verdict { org, slug, chain }: &Verdict) -> String {
    let name = slug.as_ref().map_or_else(|| org.to_string(), ToString::to_string);
    let Some(broken) = &chain.broken else {
        let hash = hex::encode(&chain.hash);
        return format!("ok       {name}: events {} to {} are what was written; the chain ends with {hash}", chain.first, chain.last);
    };
    let place = broken.seq.map_or_else(|| "outside of the chain".to_owned(), |seq| format!("event {seq}"));
    let event = broken.event.map(|(id, at)| format!(" ({id}, {})", at.to_rfc3339_opts(SecondsFormat::Micros, true))).unwrap_or_default();
    format!("BROKEN   {name}: {place}{event}: {}", describe(broken))
}

fn describe(broken: &Broken) -> String {
    match broken.fault {
        Fault::Changed => "it is not what was written here".to_owned(),
        Fault::Missing if broken.event.is_some() => "it is missing; named is the next one that is there".to_owned(),
        Fault::Missing => "it and all behind it are missing".to_owned(),
        Fault::Reordered(place) => format!("it was written here but stands at {place} now"),
        Fault::Head => "the row that says where the chain ends is gone or does not fit".to_owned(),
        Fault::Outside => "it was added beside the chain".to_owned(),
    }
}

fn object(Verdict { org, slug, chain }: &Verdict) -> Value {
    let fault = |fault| match fault {
        Fault::Changed => "changed",
        Fault::Missing => "missing",
        Fault::Reordered(_) => "reordered",
        Fault::Head => "head",
        Fault::Outside => "outside",
    };
    let broken = chain.broken.as_ref().map(|broken| {
        json!({
            "sequence": broken.seq,
            "event": broken.event.map(|(id, _)| id),
            "time": broken.event.map(|(_, at)| at.to_rfc3339_opts(SecondsFormat::Micros, true)),
            "fault": fault(broken.fault),
            "sentence": describe(broken),
        })
    });
    json!({ "organization": org, "address": slug, "first": chain.first, "last": chain.last, "hash": hex::encode(&chain.hash), "broken": broken })
}
