//! What goes on beside the requests: mail, purges, proofs of domains, accounts at the provider, retention, the sweeper, counts, limits, the watch over
//! access.
//!
//! Each worker carries on after a failure; what it could not do now it does at its next turn.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use app::domain::address::CLAIM_DAYS;
use chrono::TimeDelta;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::auth::attempts::KNOWN;
use crate::auth::epoch::WATCH_INTERVAL;
use crate::auth::token_refusals;
use crate::error::{Error, Result};
use crate::mail::queue;
use crate::services::connections::for_nx;
use crate::services::identities::checking;
use crate::services::runs::closing;
use crate::services::{domain_invites, retention, usage};
use crate::state::State;
use crate::store::{addresses, known_networks, logins, orgs, personal_tokens, quotas, sessions, users};
use crate::usage::FLUSH_INTERVAL;
use crate::wire::runs::LEASE_SECONDS;

const MAIL_INTERVAL: Duration = Duration::from_secs(10);
/// What is being sent when the server is told to stop has this long to be taken: cut off, it would be sent twice.
const LAST_MAIL: Duration = Duration::from_secs(20);
const PURGE_INTERVAL: Duration = Duration::from_secs(30);
const IDENTITY_INTERVAL: Duration = Duration::from_secs(15);
const LEASE_INTERVAL: Duration = Duration::from_secs(15);
const STOCK_INTERVAL: Duration = Duration::from_mins(1);
const DOMAIN_INTERVAL: Duration = Duration::from_mins(5);
/// What is remembered of a network counts for a minute at most.
const RATE_INTERVAL: Duration = Duration::from_mins(1);
const RETENTION_INTERVAL: Duration = Duration::from_mins(15);
/// A terminal that asks late is told that its time is over.
const LOGIN_KEPT: TimeDelta = TimeDelta::minutes(10);
/// A personal access token that works no more stays in its owner's list for so long.
const TOKEN_SHOWN: TimeDelta = TimeDelta::days(30);

/// The workers of a running server.
pub struct Workers {
    stop: CancellationToken,
    running: TaskTracker,
    state: Arc<State>,
}

impl Workers {
    /// Starts all of them.
    pub fn start(state: &Arc<State>) -> Self {
        let workers = Self { stop: CancellationToken::new(), running: TaskTracker::new(), state: state.clone() };
        workers.spawn("access watch", WATCH_INTERVAL, |state| async move {
            if state.epoch.watch(&state.db).await? {
                state.keys.forget();
            }
            Ok(())
        });
        workers.spawn("usage", FLUSH_INTERVAL, |state| async move {
            state.usage.flush(&state.db).await?;
            token_refusals::flush(&state).await
        });
        workers.running.spawn(send_mail(state.clone(), workers.stop.clone()));
        workers.spawn("purge", Duration::from_millis(100), |state| async move {
            retention::run_purges(&state).await?;
            let _ = tokio::time::timeout(PURGE_INTERVAL, state.purge_waiting.notified()).await;
            Ok(())
        });
        workers.spawn("stock", STOCK_INTERVAL, |state| async move { usage::take_stock(&state).await });
        workers.spawn("proofs of domains", DOMAIN_INTERVAL, |state| async move { domain_invites::check_due(&state).await.map(drop) });
        workers.spawn("retention", RETENTION_INTERVAL, |state| async move {
            retention::apply(&state).await?;
            retention::end_executions(&state).await?;
            retention::trim_runs(&state).await?;
            retention::trim_audit(&state).await.map(drop)
        });
        // A server that was away has heard of no run: each gets its time to be heard of again.
        let first_leases = tokio::time::Instant::now() + Duration::from_secs(u64::from(LEASE_SECONDS));
        workers.spawn("leases of runs", LEASE_INTERVAL, move |state| async move {
            if tokio::time::Instant::now() < first_leases { Ok(()) } else { closing::end_silent(&state).await.map(drop) }
        });
        // Each account has a time of its own.
        workers.spawn("identities", IDENTITY_INTERVAL, |state| async move { checking::check_due(&state).await.map(drop) });
        workers.spawn("rates", RATE_INTERVAL, |state| async move {
            state.attempts.forget_old();
            state.strangers.forget_old();
            state.intake.forget_old();
            Ok(())
        });
        workers.spawn("sweeper", RETENTION_INTERVAL, |state| async move {
            let now = state.clock.now();
            sessions::delete_expired(state.db.write(), now).await?;
            users::delete_expired_links(state.db.write(), now).await?;
            addresses::delete_expired_links(state.db.write(), now).await?;
            addresses::delete_stale(state.db.write(), now - TimeDelta::days(CLAIM_DAYS)).await?;
            logins::delete_old(state.db.write(), now - LOGIN_KEPT).await?;
            personal_tokens::delete_ended(state.db.write(), now - TOKEN_SHOWN).await?;
            quotas::delete_old(state.db.write(), now).await?;
            known_networks::delete_old(state.db.write(), now - KNOWN).await?;
            orgs::release_slugs(state.db.write(), now).await?;
            state.db.forget_deleted().await?;
            for_nx::expire(&state).await?;
            state.dns.forget_old();
            retention::sweep(&state).await.map(drop)
        });
        workers.running.close();
        workers
    }

    fn spawn<W: Future<Output = Result<()>> + Send>(
        &self,
        name: &'static str,
        pause: Duration,
        work: impl Fn(Arc<State>) -> W + Send + 'static,
    ) {
        let (state, stop) = (self.state.clone(), self.stop.clone());
        self.running.spawn(stop.run_until_cancelled_owned(async move {
            loop {
                if let Err(error) = work(state.clone()).await {
                    log_failure(name, &error);
                }
                tokio::time::sleep(pause).await;
            }
        }));
    }

    /// Stops all of them and writes down what was counted.
    pub async fn stop(self) {
        self.state.stopping.store(true, Ordering::Relaxed);
        self.stop.cancel();
        self.running.wait().await;
        if let Err(error) = self.state.usage.flush(&self.state.db).await {
            tracing::error!(%error, "the last counts could not be written");
        }
        if let Err(error) = token_refusals::flush(&self.state).await {
            tracing::error!(%error, "the last refusals could not be written");
        }
    }
}

fn log_failure(worker: &'static str, error: &Error) {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(worker, %error, cause, "a worker failed and tries again");
}

/// Sends mail until the server stops, and then only what is begun.
async fn send_mail(state: Arc<State>, stop: CancellationToken) {
    let time_is_up = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_MAIL).await;
    };
    let sending = async {
        while !stop.is_cancelled() {
            if let Err(error) = queue::send_due(&state).await {
                log_failure("mail", &error);
            }
            // Woken at once by a new message, else at the next turn.
            let woken = tokio::time::timeout(MAIL_INTERVAL, state.mail_waiting.notified());
            let _ = stop.run_until_cancelled(woken).await;
        }
    };
    tokio::select! {
        () = sending => {}
        () = time_is_up => tracing::warn!("a mail server was too slow for the stop: a message may be sent twice"),
    }
}
