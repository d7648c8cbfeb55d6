//! `buildkeep doctor`: looks at everything that a server needs and says what is wrong.

use chrono::Datelike as _;
use serde_json::json;

use super::Answer;
use crate::config::Config;
use crate::state::State;

struct Finding {
    part: &'static str,
    problem: Option<String>,
    note: String,
}

fn fine(part: &'static str, note: impl Into<String>) -> Finding {
    Finding { part, problem: None, note: note.into() }
}

fn checked(part: &'static str, note: impl Into<String>, result: Result<(), String>) -> Finding {
    Finding { part, problem: result.err(), note: note.into() }
}

fn proxies(config: &Config) -> Finding {
    let names = config.trusted_proxies.iter().map(|proxy| String::from(*proxy)).collect::<Vec<_>>().join(", ");
    let note = if names.is_empty() {
        "none is believed: whoever connects is the client".to_owned()
    } else {
        format!("what {names} say in X-Forwarded-For about their clients is believed")
    };
    checked("proxies", note, config.proxy_problem().map_or(Ok(()), |problem| Err(problem.to_owned())))
}

/// How much room is left for artifacts.
fn disk(state: &State) -> Finding {
    let Some(space) = state.disk.space() else { return fine("disk", "the system does not tell how much is free") };
    let (folder, keep) = (state.config.artifact_dir(), state.config.keep_free_mib);
    let note = format!("{} of {} MiB are free in {}", space.free >> 20, space.size >> 20, folder.display());
    let problem = state.disk.trouble().or_else(|| {
        state
            .disk
            .is_nearly_full(keep)
            .then(|| format!("{note}, less than {keep} MiB (`keep_free_mib`): without a token nothing is stored any more"))
    });
    Finding { part: "disk", problem, note }
}

/// Examines all parts; the answer is healthy only when all are.
pub(super) async fn examine(config: Config) -> Answer {
    let mut findings = vec![fine("configuration", format!("people and nx reach this server at {}", config.public_url()))];
    findings.push(proxies(&config));
    // What works, and should not stay so.
    let warnings: Vec<_> = config.mail_warning().into_iter().collect();
    match State::open(config).await {
        Err(error) => findings.push(checked("start", "the server can be started", Err(error.to_string()))),
        Ok(state) => {
            findings.push(fine("key", "the master key is there"));
            let answers = state.db.ping().await.map_err(|error| error.to_string());
            findings.push(checked("database", format!("{} answers and its schema is up to date", state.db.kind()), answers));
            let stores = state.blobs.check().await.map_err(|error| match std::error::Error::source(&error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            });
            findings.push(disk(&state));
            findings.push(checked("artifact store", "an artifact can be written, read and deleted", stores));
            let note = if state.config.smtp_url.is_some() {
                "the mail server answers"
            } else {
                "no mail server is configured: mail becomes files"
            };
            findings.push(checked("mail", note, state.mailer.check().await));
            if let Some(provider) = &state.provider {
                let (notes, answers) = match provider.examine().await {
                    Ok(notes) => (notes, Ok(())),
                    Err(error) => (Vec::new(), Err(error.to_string())),
                };
                let note = std::iter::once(format!("{} describes itself", provider.issuer()));
                let note = note.chain(notes.into_iter().map(ToOwned::to_owned)).collect::<Vec<_>>().join("; ");
                findings.push(checked("sign-in provider", note, answers));
            }
            findings.push(match state.config.dns_server {
                Some(server) => checked("DNS", format!("the DNS server {server} answers"), state.dns.check().await),
                None => fine("DNS", "the system's DNS servers are used"),
            });
            let year = state.clock.now().year();
            let plausible = if (2025..2100).contains(&year) { Ok(()) } else { Err(format!("the clock says the year is {year}")) };
            findings.push(checked("clock", "the clock is plausible", plausible));
        }
    }
    let healthy = findings.iter().all(|finding| finding.problem.is_none());
    let lines = findings.iter().map(|finding| match &finding.problem {
        None => format!("ok       {}: {}", finding.part, finding.note),
        Some(problem) => format!("PROBLEM  {}: {problem}", finding.part),
    });
    let lines = lines.chain(warnings.iter().map(|warning| format!("WARNING  {warning}")));
    let sentence = lines.collect::<Vec<_>>().join("\n");
    let json = json!({
        "healthy": healthy,
        "warnings": warnings,
        "findings": findings.iter().map(|finding| json!({ "part": finding.part, "problem": finding.problem })).collect::<Vec<_>>(),
    });
    Answer { sentence, json, healthy }
}
