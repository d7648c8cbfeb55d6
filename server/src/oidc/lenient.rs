//! Reading what providers send. They take the standards loosely in every member that matters to nobody, so an answer is read
//! member by member: one that we use has its type or counts as missing, and one that we do not use cannot stop anything.

use serde_json::{Map, Value};

/// A JSON object of a provider.
pub(super) type Members = Map<String, Value>;

/// A text that is not empty.
pub(super) fn text<'a>(members: &'a Members, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// The same, to keep.
pub(super) fn owned(members: &Members, name: &str) -> Option<String> {
    text(members, name).map(ToOwned::to_owned)
}

/// Texts of a list, or the only one where a list was due. Whatever else is in the list is left out. `None` when there is
/// neither.
pub(super) fn texts<'a>(members: &'a Members, name: &str) -> Option<Vec<&'a str>> {
    match members.get(name)? {
        Value::String(only) => Some(vec![only]),
        Value::Array(all) => Some(all.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

/// Whether it clearly says yes or no: a boolean, or what JumpCloud, Cognito and others write for one. Anything else that is
/// there is no yes; `None` when nothing is there.
pub(super) fn yes(members: &Members, name: &str) -> Option<bool> {
    let value = members.get(name).filter(|value| !value.is_null())?;
    Some(match value {
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_u64() == Some(1),
        Value::String(text) => text.trim().eq_ignore_ascii_case("true") || text.trim() == "1",
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn members(value: &Value) -> Members {
        json!({ "it": value }).as_object().unwrap().clone()
    }

    #[test]
    fn only_a_clear_yes_is_one() {
        for clear in [json!(true), json!("true"), json!("TRUE"), json!(" true "), json!(1), json!("1")] {
            assert_eq!(yes(&members(&clear), "it"), Some(true), "{clear}");
        }
        for no in [json!(false), json!("false"), json!(0), json!("0"), json!(""), json!("no"), json!("truely"), json!(2), json!(-1)] {
            assert_eq!(yes(&members(&no), "it"), Some(false), "{no}");
        }
        for odd in [json!([true]), json!({ "value": true }), json!(1.5), json!("yes"), json!("t")] {
            assert_eq!(yes(&members(&odd), "it"), Some(false), "{odd}");
        }
        assert_eq!((yes(&members(&Value::Null), "it"), yes(&members(&json!(true)), "other")), (None, None));
    }

    #[test]
    fn lists_are_read_whatever_else_is_in_them() {
        assert_eq!(texts(&members(&json!(["a", 1, null, "b"])), "it"), Some(vec!["a", "b"]));
        assert_eq!(texts(&members(&json!("a")), "it"), Some(vec!["a"]));
        assert_eq!(texts(&members(&json!({ "a": 1 })), "it"), None);
        assert_eq!((text(&members(&json!("  ")), "it"), text(&members(&json!(7)), "it")), (None, None));
    }
}
