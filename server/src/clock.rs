//! Time and ids come from here and are passed in, so that tests can move time.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::{ContextV7, Timestamp, Uuid};

/// The source of time and of ids.
#[derive(Debug)]
pub struct Clock {
    /// Microseconds that a test has moved this clock ahead of the system's.
    ahead: AtomicI64,
    ids: std::sync::Mutex<ContextV7>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { ahead: AtomicI64::new(0), ids: std::sync::Mutex::new(ContextV7::new()) }
    }
}

impl Clock {
    /// Now, in whole microseconds: what both databases can keep.
    pub fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        let system = Utc::now();
        let micros = system.timestamp_micros().saturating_add(self.ahead.load(Ordering::Relaxed));
        DateTime::from_timestamp_micros(micros).unwrap_or(system)
    }

    /// A new UUIDv7: later ones sort after earlier ones of this process.
    pub fn new_id(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.timestamp()).unwrap_or_default();
        let context = self.ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, seconds, now.timestamp_subsec_nanos()))
    }

    /// Moves time ahead, for tests of expiry.
    pub fn advance(&self, by: TimeDelta) {
        self.ahead.fetch_add(by.num_microseconds().unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}
