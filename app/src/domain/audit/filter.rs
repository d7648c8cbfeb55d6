//! Which events are asked for: the query of the page and of the downloads, read and written in one place.

use chrono::{Datelike as _, NaiveDate};

use super::{Action, ObjectKind};

/// Which events are asked for; what is empty does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// A person's id, or a part of the name or e-mail address of who did it.
    pub actor: String,
    /// The kind of thing it was done to.
    pub kind: Option<ObjectKind>,
    /// What was done.
    pub action: Option<Action>,
    /// The id of the one thing it was done to.
    pub object: String,
    /// The first day (UTC).
    pub from: Option<NaiveDate>,
    /// The last day (UTC).
    pub to: Option<NaiveDate>,
}

/// A query that no page of ours makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a filter of the audit log")]
pub struct InvalidFilter;

impl AuditFilter {
    /// Reads the parts of a query; `part` gives each by its name, empty when it is not there.
    pub fn parse(part: impl Fn(&str) -> String) -> Result<Self, InvalidFilter> {
        // No name holds control characters, and PostgreSQL takes no NUL.
        let text = |name| part(name).trim().chars().filter(|c| !c.is_control()).take(200).collect::<String>();
        Ok(Self {
            actor: text("actor"),
            kind: chosen(&text("kind"))?,
            action: chosen(&text("action"))?,
            object: text("object"),
            from: day(&text("from"))?,
            to: day(&text("to"))?,
        })
    }

    /// The same as names and values of a query, without what is empty.
    pub fn parts(&self) -> Vec<(&'static str, String)> {
        let parts = [
            ("actor", self.actor.clone()),
            ("kind", self.kind.map(|kind| kind.as_str().to_owned()).unwrap_or_default()),
            ("action", self.action.map(|action| action.as_str().to_owned()).unwrap_or_default()),
            ("object", self.object.clone()),
            ("from", self.from.map(|day| day.to_string()).unwrap_or_default()),
            ("to", self.to.map(|day| day.to_string()).unwrap_or_default()),
        ];
        parts.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// Whether everything is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn chosen<T: std::str::FromStr>(text: &str) -> Result<Option<T>, InvalidFilter> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| InvalidFilter) }
}

/// A day in a year of four digits: databases know no others alike.
fn day(text: &str) -> Result<Option<NaiveDate>, InvalidFilter> {
    let day = chosen::<NaiveDate>(text)?;
    if day.is_none_or(|day| (1000..=9999).contains(&day.year())) { Ok(day) } else { Err(InvalidFilter) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(parts: &[(&str, String)]) -> Result<AuditFilter, InvalidFilter> {
        AuditFilter::parse(|name| parts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default())
    }

    #[test]
    fn a_filter_is_read_as_it_was_written() {
        let filter = AuditFilter {
            actor: "Ada".to_owned(),
            kind: Some(ObjectKind::CiToken),
            action: Some(Action::Revoked),
            object: "tok_1".to_owned(),
            from: NaiveDate::from_ymd_opt(2026, 1, 2),
            to: None,
        };
        assert_eq!(read(&filter.parts()), Ok(filter));
        assert!(read(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_word_that_means_nothing_is_refused_and_not_ignored() {
        for (name, value) in [
            ("kind", "cat"),
            ("action", "eaten"),
            ("from", "yesterday"),
            ("to", "2026-02-30"),
            ("from", "-4800-01-01"),
            ("to", "+262142-12-31"),
        ] {
            assert_eq!(read(&[(name, value.to_owned())]), Err(InvalidFilter), "{name}={value}");
        }
    }
}
