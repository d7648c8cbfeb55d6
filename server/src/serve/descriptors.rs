//! Open files: as many as the system allows, and connections only as far as files are left for everything else.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that the server needs beside connections: databases, listeners, logs.
const OTHERS: u64 = 64;
/// With fewer, a burst of clients is turned away.
const ENOUGH: u64 = 4096;

/// Raises the number of files that may be open to the most that is allowed, and tells it.
pub fn raise() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current != maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
    {
        tracing::warn!(%error, "the number of open files could not be raised");
    }
    // No limit at all is told as none.
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    if files < ENOUGH {
        tracing::warn!(files, "few files may be open at once, and so few connections; allow {ENOUGH} or more (`ulimit -n`, `LimitNOFILE`)");
    }
    files
}

/// How many connections there may be with so many files: a transfer has a file beside its connection.
pub fn connections(files: u64, wanted: usize) -> usize {
    usize::try_from(files.saturating_sub(OTHERS) / 2).unwrap_or(usize::MAX).clamp(8, wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_files_for_everything_else() {
        assert_eq!(connections(u64::MAX, 10_000), 10_000);
        assert_eq!(connections(1024, 10_000), 480);
        assert_eq!(connections(256, 10_000), 96);
        assert_eq!(connections(10, 10_000), 8);
    }
}
