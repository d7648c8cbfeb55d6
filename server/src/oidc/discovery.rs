//! What is known of the provider, and how it becomes known.
//!
//! Nobody waits for a lock: one task asks, whoever needs the answer waits for it a bounded time, and whoever finds an old answer
//! goes on with it while a new one is fetched.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};

use super::error::OidcError;
use super::http::{ANSWER_TIME, ask};
use super::keys::Keys;
use super::metadata::{Metadata, discover};

/// What the provider says about itself and its keys is asked for again after this long.
const KEEP: Duration = Duration::from_hours(1);
/// After a failure with an old answer at hand, this long passes before the next try.
const TRY_AGAIN: Duration = Duration::from_mins(1);
/// A signature that no known key made is a reason to ask again, but not for everybody who makes one up.
const NEWER_KEYS: Duration = Duration::from_mins(1);

/// What is known of the provider.
pub(super) struct Discovered {
    /// What it says about itself.
    pub metadata: Metadata,
    /// Its keys.
    pub keys: Keys,
    at: Instant,
    /// It was asked for lasting permission in every way, and gave none.
    gives_no_refresh_token: AtomicBool,
}

impl Discovered {
    /// Whether asking for lasting permission is worth it.
    pub fn may_last(&self, is_google: bool) -> bool {
        (is_google || self.metadata.offline_access) && !self.gives_no_refresh_token.load(Ordering::Relaxed)
    }

    /// It gives none; nobody is asked for consent in vain until it is asked for its metadata again.
    pub fn lasts_not(&self) {
        self.gives_no_refresh_token.store(true, Ordering::Relaxed);
    }
}

type Answer = Result<Arc<Discovered>, OidcError>;
type Asking = Shared<BoxFuture<'static, Answer>>;

#[derive(Default)]
struct Known {
    discovered: Option<Arc<Discovered>>,
    asking: Option<Asking>,
    asked_at: Option<Instant>,
    newer_keys_at: Option<Instant>,
}

/// Asks the provider about itself, as seldom as possible.
pub(super) struct Discovery {
    http: reqwest::Client,
    issuer: String,
    known: Arc<Mutex<Known>>,
}

impl Discovery {
    /// Nothing is asked yet.
    pub fn new(http: reqwest::Client, issuer: String) -> Self {
        Self { http, issuer, known: Arc::default() }
    }

    /// What is known. Asks when nothing is; what is old is renewed meanwhile.
    pub async fn get(&self) -> Answer {
        let asking = {
            let mut known = lock(&self.known);
            if let Some(discovered) = known.discovered.clone() {
                let rested = known.asked_at.is_none_or(|at| at.elapsed() > TRY_AGAIN);
                if discovered.at.elapsed() > KEEP && rested {
                    let _going_on = self.start(&mut known);
                }
                return Ok(discovered);
            }
            self.start(&mut known)
        };
        wait(asking).await
    }

    /// Asks now, whatever is known.
    pub async fn fresh(&self) -> Answer {
        let asking = self.start(&mut lock(&self.known));
        wait(asking).await
    }

    /// What is known when `old` does not have the key: `None` when it is known already that there is none.
    pub async fn newer_than(&self, old: &Arc<Discovered>) -> Option<Arc<Discovered>> {
        let asking = {
            let mut known = lock(&self.known);
            if let Some(newer) = known.discovered.as_ref().filter(|known| !Arc::ptr_eq(known, old)) {
                return Some(newer.clone());
            }
            if known.newer_keys_at.is_some_and(|at| at.elapsed() < NEWER_KEYS) {
                return None;
            }
            known.newer_keys_at = Some(Instant::now());
            self.start(&mut known)
        };
        wait(asking).await.ok()
    }

    /// One task at a time; it goes on when nobody waits any more.
    fn start(&self, known: &mut Known) -> Asking {
        if let Some(asking) = &known.asking {
            return asking.clone();
        }
        let (http, issuer, shared) = (self.http.clone(), self.issuer.clone(), self.known.clone());
        known.asked_at = Some(Instant::now());
        let task = tokio::spawn(async move {
            let described = tokio::time::timeout(ANSWER_TIME, describe(&http, &issuer)).await.unwrap_or_else(|_| Err(too_slow()));
            let mut known = lock(&shared);
            known.asking = None;
            match described {
                Ok(discovered) => {
                    let discovered = Arc::new(discovered);
                    known.discovered = Some(discovered.clone());
                    Ok(discovered)
                }
                Err(error) => {
                    if known.discovered.is_some() {
                        tracing::warn!(%error, "the provider does not describe itself; what it said before is used");
                    }
                    Err(error)
                }
            }
        });
        let asking = async move { task.await.unwrap_or_else(|_| Err(too_slow())) }.boxed().shared();
        known.asking = Some(asking.clone());
        asking
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn wait(asking: Asking) -> Answer {
    tokio::time::timeout(ANSWER_TIME, asking).await.unwrap_or_else(|_| Err(too_slow()))
}

const fn too_slow() -> OidcError {
    OidcError::TooSlow("the provider", ANSWER_TIME.as_secs())
}

async fn describe(http: &reqwest::Client, issuer: &str) -> Result<Discovered, OidcError> {
    const KEYS: &str = "the provider's key set";
    let metadata = discover(http, issuer).await?;
    let (status, set) = ask(KEYS, http.get(metadata.jwks.clone())).await?;
    let keys = Keys::read(&set);
    if !status.is_success() || keys.is_empty() {
        return Err(OidcError::Failing(KEYS, format!("{status} without a key that can sign")));
    }
    Ok(Discovered { metadata, keys, at: Instant::now(), gives_no_refresh_token: AtomicBool::new(false) })
}
