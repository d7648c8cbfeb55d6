//! How times are spread, in buckets that grow with the time: counts of many days can be added up, and percentiles be
//! taken from the sum, without any of the times themselves.
//!
//! Each doubling has four buckets, so that a percentile is right within an eighth.

/// The last bucket: everything from about 50 days on.
const LAST: u16 = 4 * 32;

/// The bucket of a time in milliseconds.
pub fn bucket(millis: u64) -> u16 {
    if millis < 4 {
        return u16::try_from(millis).unwrap_or_default();
    }
    let exponent = millis.ilog2();
    let quarter = (millis >> (exponent - 2)) & 3;
    u16::try_from(4 * (u64::from(exponent) - 1) + quarter).unwrap_or(LAST).min(LAST)
}

/// The first time of a bucket.
const fn begin(bucket: u16) -> u64 {
    if bucket < 4 {
        return bucket as u64;
    }
    let exponent = (bucket / 4 + 1) as u32;
    (4 + (bucket % 4) as u64) << (exponent - 2)
}

/// The time that so many percent do not exceed; `buckets` are numbers of buckets with their counts, in order.
pub fn percentile(buckets: &[(u16, u64)], percent: u64) -> Option<u64> {
    let all: u64 = buckets.iter().map(|(_, count)| count).sum();
    // The first that so many percent reach, never the zeroth.
    let wanted = (u128::from(all) * u128::from(percent)).div_ceil(100).max(1);
    let mut seen = 0_u128;
    let found = buckets.iter().find(|(_, count)| {
        seen += u128::from(*count);
        seen >= wanted
    });
    // The middle of the bucket.
    found.map(|(bucket, _)| u64::midpoint(begin(*bucket), begin(bucket + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other_without_a_gap() {
        for number in 0..LAST {
            assert_eq!(bucket(begin(number)), number, "{number}");
            assert_eq!(bucket(begin(number + 1) - 1), number, "{number}");
        }
        assert_eq!(bucket(u64::MAX), LAST);
    }

    #[test]
    fn a_percentile_is_right_within_an_eighth() {
        let mut buckets = std::collections::BTreeMap::new();
        for millis in 1..=10_000 {
            *buckets.entry(bucket(millis)).or_insert(0) += 1;
        }
        let buckets: Vec<_> = buckets.into_iter().collect();
        for (percent, exact) in [(50, 5_000_u64), (95, 9_500), (1, 100)] {
            let found = percentile(&buckets, percent).unwrap();
            assert!(found.abs_diff(exact) * 8 <= exact, "p{percent}: {found}");
        }
    }

    #[test]
    fn of_nothing_there_is_no_percentile_and_of_one_thing_it_is_that() {
        assert_eq!(percentile(&[], 50), None);
        assert_eq!(percentile(&[(bucket(3), 1)], 95), Some(3));
        assert_eq!(percentile(&[(bucket(3), 1)], 0), Some(3));
    }
}
