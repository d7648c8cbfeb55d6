//! What a plan allows an organization, how much of it is used, and when people are told.

use serde::{Deserialize, Serialize};

use super::time::{bytes, count};

/// What is measured, and can be limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// People who are in.
    Members,
    /// Workspaces.
    Workspaces,
    /// Bytes of stored artifacts.
    Artifacts,
    /// Bytes of artifacts that came and went within the calendar month (UTC).
    Transfer,
    /// Runs that were over within the calendar month.
    Runs,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Self; 5] = [Self::Members, Self::Workspaces, Self::Artifacts, Self::Transfer, Self::Runs];

    /// The word in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Members => "members",
            Self::Workspaces => "workspaces",
            Self::Artifacts => "artifacts",
            Self::Transfer => "transfer",
            Self::Runs => "runs",
        }
    }

    /// Its name on pages and in mails.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Members => "Members",
            Self::Workspaces => "Workspaces",
            Self::Artifacts => "Stored artifacts",
            Self::Transfer => "Transfer this month",
            Self::Runs => "Runs this month",
        }
    }

    /// An amount of it, as people read it.
    pub fn amount(self, number: u64) -> String {
        match self {
            Self::Members | Self::Workspaces | Self::Runs => count(number),
            Self::Artifacts | Self::Transfer => bytes(number),
        }
    }

    /// What no longer works when nothing of it is left. A build never fails of it.
    pub const fn consequence(self) -> &'static str {
        match self {
            Self::Members => "Nobody else can be invited or join.",
            Self::Workspaces => "No further workspace can be created.",
            Self::Artifacts => "New artifacts are not stored until others are deleted or grow old. Reads go on, and no build fails.",
            Self::Transfer => "New artifacts are not stored until the next month begins. Reads go on, and no build fails.",
            Self::Runs => "Further runs are not recorded until the next month begins. The cache works on, and no build fails.",
        }
    }
}

/// How much of each is allowed; `None` is as much as one likes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// People who are in.
    pub members: Option<u64>,
    /// Workspaces.
    pub workspaces: Option<u64>,
    /// Bytes of stored artifacts.
    pub artifact_bytes: Option<u64>,
    /// Bytes that come and go within a month.
    pub transfer_bytes: Option<u64>,
    /// Runs within a month.
    pub runs: Option<u64>,
}

impl Limits {
    /// The limit of one measure.
    pub const fn of(&self, measure: Measure) -> Option<u64> {
        match measure {
            Measure::Members => self.members,
            Measure::Workspaces => self.workspaces,
            Measure::Artifacts => self.artifact_bytes,
            Measure::Transfer => self.transfer_bytes,
            Measure::Runs => self.runs,
        }
    }

    /// Whether anything is limited at all.
    pub fn is_any(&self) -> bool {
        Measure::ALL.into_iter().any(|measure| self.of(measure).is_some())
    }

    /// Whether reaching a limit can keep artifacts from being stored.
    pub const fn limits_writes(&self) -> bool {
        self.artifact_bytes.is_some() || self.transfer_bytes.is_some()
    }

    /// Whether new artifacts are stored. The one that crosses the limit still is.
    pub fn takes_writes(&self, used: &Used) -> bool {
        [Measure::Artifacts, Measure::Transfer].into_iter().all(|measure| self.level(used, measure) != Some(Level::Reached))
    }

    /// Whether further runs are recorded.
    pub fn takes_runs(&self, used: &Used) -> bool {
        self.level(used, Measure::Runs) != Some(Level::Reached)
    }

    /// How near the limit of this measure is.
    pub fn level(&self, used: &Used, measure: Measure) -> Option<Level> {
        let (used, limit) = (used.of(measure), self.of(measure)?);
        Level::ALL.into_iter().rev().find(|level| u128::from(used) * 100 >= u128::from(limit) * u128::from(level.percent()))
    }

    /// All limits that are near or reached.
    pub fn warnings(&self, used: &Used) -> Vec<Warning> {
        let warning = |measure| {
            let (level, limit) = (self.level(used, measure)?, self.of(measure)?);
            Some(Warning { measure, level, used: used.of(measure), limit })
        };
        Measure::ALL.into_iter().filter_map(warning).collect()
    }
}

/// What an organization may use, by the name that the operator gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// Its limits.
    pub limits: Limits,
}

/// How much of each is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Used {
    /// People who are in.
    pub members: u64,
    /// Workspaces.
    pub workspaces: u64,
    /// Bytes of stored artifacts.
    pub artifact_bytes: u64,
    /// Bytes that came and went this month.
    pub transfer_bytes: u64,
    /// Runs that were over this month.
    pub runs: u64,
}

impl Used {
    /// What is used of one measure.
    pub const fn of(&self, measure: Measure) -> u64 {
        match measure {
            Measure::Members => self.members,
            Measure::Workspaces => self.workspaces,
            Measure::Artifacts => self.artifact_bytes,
            Measure::Transfer => self.transfer_bytes,
            Measure::Runs => self.runs,
        }
    }
}

/// How near a limit is, as far as people are told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Most of it is used.
    Near,
    /// All of it is used.
    Reached,
}

impl Level {
    /// Every level, the lower first.
    pub const ALL: [Self; 2] = [Self::Near, Self::Reached];

    /// From how many percent of the limit on.
    pub const fn percent(self) -> u8 {
        match self {
            Self::Near => 80,
            Self::Reached => 100,
        }
    }
}

/// A limit that is near or reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Warning {
    /// Of what.
    pub measure: Measure,
    /// How near.
    pub level: Level,
    /// What is used.
    pub used: u64,
    /// The limit.
    pub limit: u64,
}

impl Warning {
    /// Title, amounts and what follows, in a few sentences.
    pub fn describe(&self) -> String {
        let (title, used, limit) = (self.measure.title(), self.measure.amount(self.used), self.measure.amount(self.limit));
        let ahead = match self.level {
            Level::Near => "When all of it is used: ",
            Level::Reached => "",
        };
        format!("{title}: {used} of {limit} used. {ahead}{}", self.measure.consequence())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits =
        Limits { members: Some(5), workspaces: None, artifact_bytes: Some(1000), transfer_bytes: Some(u64::MAX), runs: Some(10) };

    #[test]
    fn people_are_told_at_four_fifths_and_when_nothing_is_left() {
        for (used, level) in [
            (799, None),
            (800, Some(Level::Near)),
            (999, Some(Level::Near)),
            (1000, Some(Level::Reached)),
            (u64::MAX, Some(Level::Reached)),
        ] {
            let used = Used { artifact_bytes: used, ..Used::default() };
            assert_eq!(LIMITS.level(&used, Measure::Artifacts), level, "{used:?}");
        }
    }

    #[test]
    fn what_is_not_limited_is_never_used_up() {
        let used = Used { workspaces: u64::MAX, ..Used::default() };
        assert_eq!(LIMITS.warnings(&used), []);
        assert!(!Limits::default().is_any());
    }

    #[test]
    fn only_bytes_keep_artifacts_from_being_stored() {
        assert!(LIMITS.takes_writes(&Used { members: 9, artifact_bytes: 999, ..Used::default() }));
        assert!(!LIMITS.takes_writes(&Used { artifact_bytes: 1000, ..Used::default() }));
        assert!(!LIMITS.takes_writes(&Used { transfer_bytes: u64::MAX, ..Used::default() }));
        let many = Used { runs: 10, ..Used::default() };
        assert_eq!((LIMITS.takes_writes(&many), LIMITS.takes_runs(&many)), (true, false));
        assert!(LIMITS.takes_runs(&Used { runs: 9, ..Used::default() }));
    }

    #[test]
    fn a_warning_says_what_follows() {
        let used = Used { members: 5, artifact_bytes: 850, ..Used::default() };
        let words: Vec<_> = LIMITS.warnings(&used).iter().map(Warning::describe).collect();
        assert_eq!(words[0], "Members: 5 of 5 used. Nobody else can be invited or join.");
        assert!(words[1].starts_with("Stored artifacts: 850 B of 1000 B used. When all of it is used: New artifacts are not stored"));
    }
}
