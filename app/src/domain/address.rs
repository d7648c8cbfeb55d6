//! How addresses of a person are claimed and proven.

/// A person can have so many addresses, claims among them.
pub const MOST: usize = 10;
/// A link that proves a mailbox works for so long.
pub const LINK_HOURS: i64 = 24;
/// A claim that nobody proves is forgotten after so many days.
pub const CLAIM_DAYS: i64 = 7;
/// Mails that prove an address which one person may cause within a day.
pub const MOST_MAILS_OF_ONE: i32 = 20;
/// Mails of this kind that one mailbox may get within a day, whoever causes them.
pub const MOST_MAILS_TO_ONE: i32 = 5;
