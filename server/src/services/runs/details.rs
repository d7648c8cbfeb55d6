//! What a hash was made of, within a bound. What has no room stands together in one entry: how much it is, and a digest, so that
//! two hashes can still be told apart by it.

use std::collections::{BTreeMap, BTreeSet};

use app::backend::runs::Difference;
use aws_lc_rs::digest::{SHA256, digest};

use crate::wire::runs::{HASH_DETAILS_REST as REST, MOST_HASH_DETAILS_BYTES};

/// Bytes of the entry for the rest, with room to spare.
const REST_BYTES: usize = 200;

/// The details as JSON; the first ones, by name, when they are too many.
pub fn within_bound(details: BTreeMap<String, String>) -> Option<String> {
    let whole = serde_json::to_string(&details).ok()?;
    if whole.len() <= MOST_HASH_DETAILS_BYTES {
        return Some(whole);
    }
    let mut room = MOST_HASH_DETAILS_BYTES - REST_BYTES;
    let mut fits = true;
    let (kept, rest): (BTreeMap<_, _>, BTreeMap<_, _>) = details.into_iter().partition(|pair| {
        let bytes = serde_json::to_string(&[&pair.0, &pair.1]).map_or(usize::MAX, |text| text.len());
        fits = fits && bytes <= room;
        room = room.saturating_sub(bytes);
        fits
    });
    let told = digest(&SHA256, &serde_json::to_vec(&rest).ok()?);
    let told = hex::encode(&told.as_ref()[..8]);
    let sum = format!("{} more, together {told}", rest.len());
    serde_json::to_string(&kept.into_iter().chain([(REST.to_owned(), sum)]).collect::<BTreeMap<_, _>>()).ok()
}

/// What differs, and how many inputs are the same. What one side has no room to list is not known to be missing there.
pub fn difference(mut here: BTreeMap<String, String>, mut there: BTreeMap<String, String>) -> (Vec<Difference>, u64) {
    let last = |side: &BTreeMap<String, String>| {
        side.contains_key(REST).then(|| side.keys().rfind(|name| *name != REST).cloned().unwrap_or_default())
    };
    let (end_here, end_of_other) = (last(&here), last(&there));
    let unlisted = |name: &String, last: &Option<String>| name != REST && last.as_ref().is_some_and(|last| name > last);
    let inputs: BTreeSet<String> = here.keys().chain(there.keys()).cloned().collect();
    let mut same = 0;
    let mut differences = Vec::new();
    for input in inputs {
        match (here.remove(&input), there.remove(&input)) {
            (here, there) if here == there => same += 1,
            (None, _) if unlisted(&input, &end_here) => {}
            (_, None) if unlisted(&input, &end_of_other) => {}
            (here, there) => differences.push(Difference { input, here, there }),
        }
    }
    (differences, same)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn many(count: u32, changed: Option<u32>) -> BTreeMap<String, String> {
        let value = |n| if Some(n) == changed { "other".to_owned() } else { "x".repeat(200) };
        (0..count).map(|n| (format!("input {n:05}"), value(n))).collect()
    }

    fn kept(details: BTreeMap<String, String>) -> BTreeMap<String, String> {
        let text = within_bound(details).unwrap();
        assert!(text.len() <= MOST_HASH_DETAILS_BYTES, "{}", text.len());
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn only_what_differs_is_named() {
        let (differences, same) = difference(map(&[("a", "1"), ("b", "1"), ("c", "1")]), map(&[("a", "1"), ("b", "2"), ("d", "1")]));
        let named: Vec<_> = differences.iter().map(|one| (one.input.as_str(), one.here.as_deref(), one.there.as_deref())).collect();
        assert_eq!(named, [("b", Some("1"), Some("2")), ("c", Some("1"), None), ("d", None, Some("1"))]);
        assert_eq!(same, 1);
    }

    #[test]
    fn a_bound_drops_the_rest_and_says_how_much() {
        assert_eq!(kept(many(250, None)), many(250, None));
        let one = kept(many(5000, None));
        assert!(one.len() > 250 && one[REST].starts_with(&format!("{} more", 5001 - one.len())), "{}", one[REST]);
        assert_eq!(kept(map(&[("a", &"x".repeat(70_000))])).keys().collect::<Vec<_>>(), [REST]);
    }

    #[test]
    fn what_is_not_listed_is_not_missing() {
        let names = |here, there| difference(kept(here), kept(there)).0.into_iter().map(|one| one.input).collect::<Vec<_>>();
        assert_eq!(names(many(5000, None), many(5000, None)), [""; 0]);
        assert_eq!(names(many(5000, Some(3)), many(5000, None))[0], "input 00003");
        assert_eq!(names(many(5000, Some(4000)), many(5000, None)), [REST]);
        let mut more = many(5000, None);
        more.insert("a new one".to_owned(), "1".repeat(500));
        // It is named, and what it has pushed over the bound is not.
        assert_eq!(names(more, many(5000, None)), ["a new one", REST]);
    }
}
