//! What is counted of runs and tasks, day by day.

use std::ops::AddAssign;

use super::run::UnknownWord;

/// Of what something is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The workspace as a whole; times are those of runs.
    Workspace,
    /// A project; times are those of its tasks.
    Project,
    /// A task: project, target and configuration.
    Task,
}

impl Kind {
    /// The number in the database.
    pub const fn number(self) -> i16 {
        match self {
            Self::Workspace => 0,
            Self::Project => 1,
            Self::Task => 2,
        }
    }
}

/// Counts of a day, or of many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs that were over; of projects and tasks none.
    pub runs: u64,
    /// Tasks that were done, from a cache or not.
    pub tasks: u64,
    /// Tasks that were run.
    pub executed: u64,
    /// Runs or tasks that failed.
    pub failed: u64,
    /// Runs or tasks that were stopped.
    pub stopped: u64,
    /// Results from machines' own caches.
    pub local_hits: u64,
    /// Results from Buildkeep.
    pub remote_hits: u64,
    /// Tasks that could have come from a cache and were run.
    pub misses: u64,
    /// How long runs took, or tasks that were run.
    pub time_ms: u64,
    /// How long the tasks that came from a cache took when they were run last.
    pub saved_ms: u64,
}

impl Tally {
    /// Hits among the tasks that could have come from a cache, in whole percent.
    pub fn hit_rate(&self) -> Option<u64> {
        percent(self.local_hits + self.remote_hits, self.local_hits + self.remote_hits + self.misses)
    }

    /// Failures among the tasks that were run, in whole percent.
    pub fn failure_rate(&self) -> Option<u64> {
        percent(self.failed, self.executed)
    }
}

fn percent(part: u64, whole: u64) -> Option<u64> {
    let percent = (u128::from(part) * 100).checked_div(u128::from(whole))?;
    u64::try_from(percent).ok()
}

impl AddAssign for Tally {
    fn add_assign(&mut self, more: Self) {
        self.runs += more.runs;
        self.tasks += more.tasks;
        self.executed += more.executed;
        self.failed += more.failed;
        self.stopped += more.stopped;
        self.local_hits += more.local_hits;
        self.remote_hits += more.remote_hits;
        self.misses += more.misses;
        self.time_ms += more.time_ms;
        self.saved_ms += more.saved_ms;
    }
}

/// Over how many days to look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Range {
    /// A week.
    Week,
    /// A month.
    #[default]
    Month,
    /// A quarter.
    Quarter,
}

impl Range {
    /// Every range, the shortest first.
    pub const ALL: [Self; 3] = [Self::Week, Self::Month, Self::Quarter];

    /// Its days, today among them.
    pub const fn days(self) -> u32 {
        match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
        }
    }
}

impl std::str::FromStr for Range {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        Self::ALL.into_iter().find(|range| range.days().to_string() == text).ok_or(UnknownWord)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_of_what_could_have_been() {
        let mut tally = Tally { local_hits: 1, remote_hits: 2, misses: 1, executed: 5, failed: 1, ..Tally::default() };
        assert_eq!((tally.hit_rate(), tally.failure_rate()), (Some(75), Some(20)));
        tally += Tally { misses: 4, ..Tally::default() };
        assert_eq!(tally.hit_rate(), Some(37));
        assert_eq!(Tally::default().hit_rate(), None);
    }

    #[test]
    fn a_range_is_read_back() {
        for range in Range::ALL {
            assert_eq!(range.days().to_string().parse(), Ok(range));
        }
        assert_eq!("8".parse::<Range>(), Err(UnknownWord));
    }
}
