//! Which runs, and which tasks of a run, are asked for: the query of their pages, read and written in one place.

use super::run::{CacheStatus, CredentialKind, Origin, RunStatus, TaskStatus, UnknownWord, tidy};

/// Names in a filter are no longer.
const MOST: usize = 4096;

/// Which runs are asked for; what is empty does not matter. Names are sealed at rest, so they are found as a whole only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// The branch.
    pub branch: String,
    /// The author of the commit.
    pub author: String,
    /// The command.
    pub command: String,
    /// The CI execution.
    pub execution: String,
    /// The id of a task that it has.
    pub task: String,
    /// The hash of a task that it has.
    pub hash: String,
    /// How it is.
    pub status: Option<RunStatus>,
    /// Where it took place.
    pub origin: Option<Origin>,
    /// With what kind of credential.
    pub credential: Option<CredentialKind>,
}

impl RunFilter {
    /// Reads the parts of a query; `part` gives each by its name, empty when it is not there.
    pub fn parse(part: impl Fn(&str) -> String) -> Result<Self, UnknownWord> {
        let text = |name| tidy(&part(name), MOST);
        Ok(Self {
            branch: text("branch"),
            author: text("author"),
            command: text("command"),
            execution: text("execution"),
            task: text("task"),
            hash: text("hash"),
            status: chosen(&part("status"))?,
            origin: chosen(&part("origin"))?,
            credential: chosen(&part("credential"))?,
        })
    }

    /// The same as names and values of a query, without what is empty.
    pub fn parts(&self) -> Vec<(&'static str, String)> {
        let word = |word: Option<&'static str>| word.unwrap_or_default().to_owned();
        let parts = [
            ("branch", self.branch.clone()),
            ("author", self.author.clone()),
            ("command", self.command.clone()),
            ("execution", self.execution.clone()),
            ("task", self.task.clone()),
            ("hash", self.hash.clone()),
            ("status", word(self.status.map(RunStatus::as_str))),
            ("origin", word(self.origin.map(Origin::as_str))),
            ("credential", word(self.credential.map(CredentialKind::as_str))),
        ];
        parts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Whether everything is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// In which order tasks are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TaskOrder {
    /// Failures first, then what runs, then in the order of the run.
    #[default]
    Trouble,
    /// As they began.
    Start,
    /// The longest first.
    Duration,
}

impl TaskOrder {
    /// Every order.
    pub const ALL: [Self; 3] = [Self::Trouble, Self::Start, Self::Duration];

    /// The word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trouble => "trouble",
            Self::Start => "start",
            Self::Duration => "duration",
        }
    }

    /// What people read.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Trouble => "Failed first",
            Self::Start => "In the order of their start",
            Self::Duration => "The longest first",
        }
    }
}

/// Where the results of tasks came from, as tasks are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CacheFilter {
    /// From a cache.
    Hit,
    /// From the machine's own cache.
    Local,
    /// From Buildkeep.
    Remote,
    /// They were run.
    Miss,
}

impl CacheFilter {
    /// Every choice.
    pub const ALL: [Self; 4] = [Self::Hit, Self::Local, Self::Remote, Self::Miss];

    /// The word in addresses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Local => "local",
            Self::Remote => "remote",
            Self::Miss => "miss",
        }
    }

    /// What people read.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Hit => "From a cache",
            Self::Local => "Local hits",
            Self::Remote => "Remote hits",
            Self::Miss => "Misses",
        }
    }

    /// The cache status of such tasks.
    pub const fn statuses(self) -> &'static [CacheStatus] {
        match self {
            Self::Hit => &[CacheStatus::LocalHit, CacheStatus::LocalKept, CacheStatus::RemoteHit],
            Self::Local => &[CacheStatus::LocalHit, CacheStatus::LocalKept],
            Self::Remote => &[CacheStatus::RemoteHit],
            Self::Miss => &[CacheStatus::Miss],
        }
    }
}

/// Which tasks of a run are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TaskFilter {
    /// A part of their id.
    pub search: String,
    /// How they are.
    pub status: Option<TaskStatus>,
    /// Where their results came from.
    pub cache: Option<CacheFilter>,
    /// In which order.
    pub order: TaskOrder,
}

impl TaskFilter {
    /// Reads the parts of a query; `part` gives each by its name, empty when it is not there.
    pub fn parse(part: impl Fn(&str) -> String) -> Result<Self, UnknownWord> {
        let one_of =
            |text: String, found: Option<CacheFilter>| if text.is_empty() || found.is_some() { Ok(found) } else { Err(UnknownWord) };
        let (cache, order) = (part("cache"), part("order"));
        let known = CacheFilter::ALL.into_iter().find(|choice| choice.as_str() == cache);
        Ok(Self {
            search: tidy(&part("q"), MOST),
            status: chosen(&part("status"))?,
            cache: one_of(cache, known)?,
            order: match order.as_str() {
                "" => TaskOrder::default(),
                text => TaskOrder::ALL.into_iter().find(|order| order.as_str() == text).ok_or(UnknownWord)?,
            },
        })
    }

    /// The same as names and values of a query, without what is empty.
    pub fn parts(&self) -> Vec<(&'static str, String)> {
        let order = if self.order == TaskOrder::default() { "" } else { self.order.as_str() };
        let parts = [
            ("q", self.search.clone()),
            ("status", self.status.map_or("", TaskStatus::as_str).to_owned()),
            ("cache", self.cache.map_or("", CacheFilter::as_str).to_owned()),
            ("order", order.to_owned()),
        ];
        parts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Whether all tasks are asked for, in whatever order.
    pub fn is_empty(&self) -> bool {
        self.search.is_empty() && self.status.is_none() && self.cache.is_none()
    }
}

fn chosen<T: std::str::FromStr>(text: &str) -> Result<Option<T>, T::Err> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_read_as_it_is_written() {
        let filter =
            RunFilter { branch: "main".to_owned(), status: Some(RunStatus::Failure), origin: Some(Origin::Ci), ..RunFilter::default() };
        let parts = filter.parts();
        let part = |name: &str| parts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default();
        assert_eq!(RunFilter::parse(part), Ok(filter));
        let filter = TaskFilter { cache: Some(CacheFilter::Remote), order: TaskOrder::Duration, ..TaskFilter::default() };
        let parts = filter.parts();
        let part = |name: &str| parts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default();
        assert_eq!(TaskFilter::parse(part), Ok(filter));
    }

    #[test]
    fn a_word_that_no_page_sends_is_refused() {
        let always = |_: &str| "nonsense".to_owned();
        assert_eq!(RunFilter::parse(always), Err(UnknownWord));
        assert_eq!(TaskFilter::parse(always), Err(UnknownWord));
        assert!(RunFilter::parse(|_| String::new()).unwrap().is_empty());
    }
}
