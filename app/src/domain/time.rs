//! Times as people read them: relative in the text, absolute (UTC) behind it.

use chrono::{DateTime, TimeDelta, Utc};

/// `3 minutes ago`, `in 2 days`, `just now`.
pub fn relative(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let distance = at - now;
    let (ahead, distance) = if distance <= TimeDelta::zero() { (false, -distance) } else { (true, distance) };
    let (count, unit) = if distance < TimeDelta::minutes(1) {
        return if ahead { "in a moment".into() } else { "just now".into() };
    } else if distance < TimeDelta::hours(1) {
        (distance.num_minutes(), "minute")
    } else if distance < TimeDelta::days(2) {
        (distance.num_hours(), "hour")
    } else if distance < TimeDelta::days(60) {
        (distance.num_days(), "day")
    } else if distance < TimeDelta::days(730) {
        (distance.num_days() / 30, "month")
    } else {
        (distance.num_days() / 365, "year")
    };
    let plural = if count == 1 { "" } else { "s" };
    if ahead { format!("in {count} {unit}{plural}") } else { format!("{count} {unit}{plural} ago") }
}

/// `2026-11-21 23:05 UTC`.
pub fn absolute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// `2026-11-21 23:05:09 UTC`.
pub fn exact(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A length of time in milliseconds as people read it: `850 ms`, `4.2 s`, `3 min 5 s`, `2 h 4 min`.
pub fn duration(millis: u64) -> String {
    let seconds = millis / 1000;
    match seconds {
        0 => format!("{millis} ms"),
        1..=9 => format!("{seconds}.{} s", millis % 1000 / 100),
        10..=59 => format!("{seconds} s"),
        60..=3599 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", count(seconds / 3600), seconds / 60 % 60),
    }
}

/// Bytes as people read them: `0 B`, `1.5 KiB`, `20 MiB`.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["KiB", "MiB", "GiB", "TiB", "PiB"];
    if count < 1024 {
        return format!("{count} B");
    }
    // Tenths in whole numbers: exact for every size, and no float in sight.
    let mut tenths = u128::from(count) * 10 / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    if tenths >= 100 || tenths % 10 == 0 {
        format!("{} {}", tenths / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

/// A count with thousands apart: `1 234 567` (thin no-break spaces).
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_read_naturally() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for (seconds, text) in [
            (-5, "just now"),
            (0, "just now"),
            (-60, "1 minute ago"),
            (-7200, "2 hours ago"),
            (3 * 86_400, "in 3 days"),
            (-100 * 86_400, "3 months ago"),
            (30, "in a moment"),
        ] {
            assert_eq!(relative(now + TimeDelta::seconds(seconds), now), text);
        }
    }

    #[test]
    fn sizes_and_counts_read_naturally() {
        for (size, text) in [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (20 << 20, "20 MiB"), (u64::MAX, "16383 PiB")] {
            assert_eq!(bytes(size), text);
        }
        assert_eq!(count(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(12), "12");
        for (millis, text) in [(0, "0 ms"), (4_260, "4.2 s"), (59_999, "59 s"), (185_000, "3 min 5 s"), (7_440_000, "2 h 4 min")] {
            assert_eq!(duration(millis), text);
        }
    }
}
