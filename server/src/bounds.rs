//! Bounds on how slow and how much: what a stranger can make this server hold or wait for.
//!
//! They are no settings, since nobody could tell which value is right; tests make them smaller.

use std::time::Duration;

/// The bounds.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// A new connection has this long to send the head of its first request.
    pub first_request: Duration,
    /// A connection has this long between two requests; the head of the next one counts.
    pub idle: Duration,
    /// The same for trusted proxies, which keep connections: longer than the common ones do (Google's ten minutes), so that it
    /// is never us who close one while a request is on its way.
    pub idle_of_proxies: Duration,
    /// A body on its way, in or out, may stand still for this long.
    pub stall: Duration,
    /// Time that is spent with waiting for the other side before its rate counts.
    pub grace: Duration,
    /// Bytes a second that a body, in or out, has to make on average, counted in the time that we wait for the other side.
    pub least_rate: u32,
    /// What we wait for the other side in all, for one body.
    pub longest: Duration,
    /// Terminals of `nx login` that wait at once, of all people: a guess of a code hits one of them with a chance of less than one in
    /// a million.
    pub waiting_logins: u64,
    /// Largest artifact in a workspace that nobody has claimed, in bytes.
    pub unclaimed_artifact: u64,
    /// What a workspace that nobody has claimed keeps, in bytes.
    pub unclaimed_workspace: u64,
    /// One CI execution may take a part of what all of a workspace may take together: one of so many.
    pub execution_parts: u64,
    /// What callers with an Nx Cloud id alone may have recorded in one workspace within a day.
    pub by_id: Recorded,
}

/// How much may be recorded within a day from one network; from all networks [`Recorded::ALL`] times as much.
#[derive(Debug, Clone, Copy)]
pub struct Recorded {
    /// Runs.
    pub runs: i32,
    /// Kibibytes of logs.
    pub log_kib: i32,
    /// Kibibytes of everything else: tasks, and what hashes were made of.
    pub task_kib: i32,
}

impl Recorded {
    /// All networks together may have so many times as much recorded in a workspace as one of them.
    pub const ALL: i32 = 4;
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            first_request: Duration::from_secs(20),
            idle: Duration::from_secs(75),
            idle_of_proxies: Duration::from_mins(11),
            stall: Duration::from_mins(1),
            grace: Duration::from_mins(1),
            least_rate: 4 << 10,
            longest: Duration::from_hours(1),
            waiting_logins: 10_000,
            unclaimed_artifact: 64 << 20,
            unclaimed_workspace: 1 << 30,
            execution_parts: 4,
            by_id: Recorded { runs: 1000, log_kib: 128 << 10, task_kib: 128 << 10 },
        }
    }
}
