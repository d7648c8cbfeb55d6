//! The plans that the operator offers, as the configuration names them.

use app::domain::plan::{Limits, Plan};
use serde::{Deserialize, Serialize};

use crate::config::{Config, ConfigError};

/// The only plan when the configuration names none.
const SELF_HOSTED: &str = "Self-hosted";
/// A name is no longer.
const LONGEST_NAME: usize = 60;
/// Of members and workspaces, and of GiB: what still fits as bytes into the database.
const MOST: u64 = 1 << 32;

/// A plan as it stands in the configuration. A limit that is left out is none.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanSettings {
    /// What people call it.
    pub name: String,
    /// People in an organization.
    pub members: Option<u64>,
    /// Workspaces of an organization.
    pub workspaces: Option<u64>,
    /// GiB of stored artifacts.
    pub artifact_gib: Option<u64>,
    /// GiB of artifacts that come and go within a month.
    pub transfer_gib_month: Option<u64>,
    /// Runs within a month.
    pub runs_month: Option<u64>,
}

/// All plans; there is always one for organizations that were given none.
#[derive(Debug, Clone)]
pub struct Plans {
    plans: Vec<Plan>,
    default: usize,
}

impl Plans {
    /// Reads the settings `plans` and `default_plan`.
    pub fn new(config: &Config) -> Result<Self, ConfigError> {
        let unusable = |setting, problem: String| Err(ConfigError::Unusable { setting, problem });
        let mut plans: Vec<Plan> = Vec::new();
        for settings in &config.plans {
            let name = settings.name.trim();
            if name.is_empty() || name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
                return unusable("plans", format!("give every plan a `name` of 1 to {LONGEST_NAME} characters"));
            }
            if plans.iter().any(|plan| plan.name == name) {
                return unusable("plans", format!("two plans have the name `{name}`"));
            }
            for (key, limit) in [
                ("members", settings.members),
                ("workspaces", settings.workspaces),
                ("artifact_gib", settings.artifact_gib),
                ("transfer_gib_month", settings.transfer_gib_month),
                ("runs_month", settings.runs_month),
            ] {
                if limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
                    return unusable("plans", format!("use 1 to {MOST} for `{key}` of `{name}`, or leave it out for no limit"));
                }
            }
            let bytes = |gib: Option<u64>| gib.map(|gib| gib << 30);
            let limits = Limits {
                members: settings.members,
                workspaces: settings.workspaces,
                artifact_bytes: bytes(settings.artifact_gib),
                transfer_bytes: bytes(settings.transfer_gib_month),
                runs: settings.runs_month,
            };
            plans.push(Plan { name: name.to_owned(), limits });
        }
        if plans.is_empty() {
            plans.push(Plan { name: SELF_HOSTED.to_owned(), limits: Limits::default() });
        }
        let default = match (&config.default_plan, plans.as_slice()) {
            (None, [_]) => 0,
            (None, _) => return unusable("default_plan", "name the plan of organizations that were given none".to_owned()),
            (Some(name), plans) => match plans.iter().position(|plan| plan.name == *name) {
                Some(place) => place,
                None => return unusable("default_plan", format!("there is no plan `{name}` among `plans`")),
            },
        };
        Ok(Self { plans, default })
    }

    /// The plan of this name.
    pub fn find(&self, name: &str) -> Option<&Plan> {
        self.plans.iter().find(|plan| plan.name == name)
    }

    /// The plan of an organization that was given this one, or none. A name that the configuration has lost is none:
    /// a server does not start with it, but the setting may change under another one that runs.
    pub fn of(&self, given: Option<&str>) -> &Plan {
        given.and_then(|name| self.find(name)).unwrap_or(&self.plans[self.default])
    }

    /// All names, for whoever chooses.
    pub fn names(&self) -> String {
        self.plans.iter().map(|plan| plan.name.as_str()).collect::<Vec<_>>().join(", ")
    }

    /// Whether any plan limits anything.
    pub fn limit_anything(&self) -> bool {
        self.plans.iter().any(|plan| plan.limits.is_any())
    }

    /// Whether any plan limits runs.
    pub fn limit_runs(&self) -> bool {
        self.plans.iter().any(|plan| plan.limits.runs.is_some())
    }

    /// Whether any plan limits what is stored.
    pub fn limit_writes(&self) -> bool {
        self.plans.iter().any(|plan| plan.limits.limits_writes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(name: &str) -> PlanSettings {
        PlanSettings {
            name: name.to_owned(),
            members: Some(5),
            workspaces: None,
            artifact_gib: Some(2),
            transfer_gib_month: None,
            runs_month: None,
        }
    }

    fn plans(plans: Vec<PlanSettings>, default: Option<&str>) -> Result<Plans, String> {
        let config = Config { plans, default_plan: default.map(ToOwned::to_owned), ..Config::default() };
        Plans::new(&config).map_err(|error| error.to_string())
    }

    #[test]
    fn without_settings_there_is_one_plan_without_limits() {
        let plans = plans(vec![], None).unwrap();
        assert_eq!(*plans.of(None), Plan { name: "Self-hosted".to_owned(), limits: Limits::default() });
        assert!(!plans.limit_anything());
    }

    #[test]
    fn an_organization_has_its_own_plan_or_the_default_one() {
        let plans = plans(vec![plan("Free"), plan("Team")], Some("Team")).unwrap();
        assert_eq!(plans.of(Some("Free")).name, "Free");
        assert_eq!(plans.of(None).name, "Team");
        assert_eq!(plans.of(Some("gone")).name, "Team");
        assert_eq!(plans.of(None).limits.artifact_bytes, Some(2 << 30));
        assert!(plans.limit_writes());
    }

    #[test]
    fn a_bad_plan_is_named() {
        for (settings, default, words) in [
            (vec![plan("Free"), plan("Team")], None, "default_plan"),
            (vec![plan("Free")], Some("Team"), "no plan `Team`"),
            (vec![plan("Free"), plan("Free")], Some("Free"), "two plans have the name `Free`"),
            (vec![plan(" ")], None, "`name`"),
            (vec![PlanSettings { members: Some(0), ..plan("Free") }], None, "`members` of `Free`"),
            (vec![PlanSettings { artifact_gib: Some(u64::MAX), ..plan("Free") }], None, "`artifact_gib` of `Free`"),
        ] {
            let error = plans(settings, default).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
