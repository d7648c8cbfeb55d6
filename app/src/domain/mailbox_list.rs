//! Lists of mailboxes as people paste them: the address line of a mail (RFC 5322, 3.4), a column of a table, one to a line.

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// As it was typed.
    pub typed: &'a str,
    /// What of it should be an address.
    pub address: &'a str,
}

/// Reads the entries, in their order. They end at line breaks, commas and semicolons, but not at those within a quoted
/// name, a comment or angle brackets.
pub fn read(text: &str) -> impl Iterator<Item = Entry<'_>> {
    text.split(['\n', '\r']).flat_map(pieces).flat_map(entries)
}

/// Cuts one line at its commas and semicolons.
fn pieces(line: &str) -> Vec<&str> {
    // Quotes and brackets that do not end are signs like any others.
    let cuts = cuts(line, true).unwrap_or_else(|| cuts(line, false).unwrap_or_default());
    let (mut pieces, mut start) = (Vec::new(), 0);
    for (at, next) in cuts.iter().zip(cuts.iter().skip(1).copied().chain([line.len()])) {
        // `Doe, Bob <bob@example.com>`, as some programs write it.
        let is_first_half_of_name = line[*at..].starts_with(',')
            && !line[start..*at].trim().is_empty()
            && !line[start..*at].contains(['@', '<'])
            && in_brackets(line[*at + 1..next].trim()).is_some();
        if !is_first_half_of_name {
            pieces.push(&line[start..*at]);
            start = *at + 1;
        }
    }
    pieces.push(&line[start..]);
    pieces
}

/// Where a line has its commas and semicolons; `None` when something is open at its end.
fn cuts(line: &str, with_quotes: bool) -> Option<Vec<usize>> {
    let (mut cuts, mut inside) = (Vec::new(), Inside::Nothing);
    let mut chars = line.char_indices();
    while let Some((at, c)) = chars.next() {
        inside = match (inside, c) {
            (Inside::Quotes | Inside::Comment(_), '\\') => {
                chars.next();
                inside
            }
            (Inside::Nothing, '"') if with_quotes => Inside::Quotes,
            (Inside::Nothing, '(') if with_quotes => Inside::Comment(1),
            (Inside::Nothing, '<') if with_quotes => Inside::Brackets,
            (Inside::Quotes, '"') | (Inside::Brackets, '>') | (Inside::Comment(1), ')') => Inside::Nothing,
            (Inside::Comment(deep), '(') => Inside::Comment(deep + 1),
            (Inside::Comment(deep), ')') => Inside::Comment(deep - 1),
            (Inside::Nothing, ',' | ';') => {
                cuts.push(at);
                inside
            }
            _ => inside,
        };
    }
    (inside == Inside::Nothing).then_some(cuts)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Inside {
    Nothing,
    Quotes,
    Comment(u32),
    Brackets,
}

/// What one piece holds: mostly one mailbox; nothing; or several addresses with blanks between them.
fn entries(piece: &str) -> Vec<Entry<'_>> {
    let typed = piece.trim();
    if typed.trim_matches(|c: char| c.is_whitespace() || ".:\"'".contains(c)).is_empty() {
        return Vec::new();
    }
    if let Some(address) = in_brackets(typed) {
        return vec![Entry { typed, address: bare(address) }];
    }
    let addresses: Vec<_> = typed.split_whitespace().filter(|word| word.contains('@')).collect();
    match addresses.as_slice() {
        // A name before or behind it, as a copied row of a table has.
        [only] => vec![Entry { typed, address: bare(only) }],
        [] => vec![Entry { typed, address: typed }],
        several => several.iter().map(|word| Entry { typed: word, address: bare(word) }).collect(),
    }
}

/// The address of `Name <address>`, whatever the name holds.
fn in_brackets(typed: &str) -> Option<&str> {
    let (_, rest) = typed.rsplit_once('<')?;
    let (address, behind) = rest.split_once('>')?;
    let ends = behind.trim_start().chars().all(|c| ".:".contains(c)) || behind.trim_start().starts_with('(');
    ends.then_some(address)
}

/// The address without what stands around it in running text.
fn bare(word: &str) -> &str {
    let word = word.trim().trim_start_matches(['(', '[', '{', '<', '"', '“', '„', '«']);
    let word = word.trim_end_matches(['.', ':', '!', '?', ')', ']', '}', '>', '"', '“', '”', '»']);
    let word = word.strip_prefix('\'').and_then(|word| word.strip_suffix('\'')).unwrap_or(word);
    match word.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => &word[7..],
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn addresses(text: &str) -> Vec<&str> {
        read(text).map(|entry| entry.address).collect()
    }

    #[test]
    fn one_mailbox_is_one_entry() {
        for one in [
            "bob@example.com",
            "\"Bob, B.\" <bob@example.com>",
            "\"Bob; \\\"the, builder\\\"\" <bob@example.com>;",
            "Bob B. <bob@example.com>.",
            "bob@example.com (Bob, B.)",
            "Bob (sales, north) <bob@example.com>",
            "Bob <bob@example.com> (sales, north)",
            "mailto:bob@example.com",
            "<mailto:bob@example.com>",
            "Bob\tbob@example.com",
            "bob@example.com\tBob B.",
            "(bob@example.com)",
            "'bob@example.com'",
            "“bob@example.com”,",
            "Team: bob@example.com;",
            "Doe, Bob <bob@example.com>",
            "alice@example.org <bob@example.com>",
            "\"alice@example.org\" <bob@example.com>",
            "  <bob@example.com> ,, ;\r\n\t\r\n",
        ] {
            assert_eq!(addresses(one), ["bob@example.com"], "{one}");
        }
    }

    #[test]
    fn a_list_ends_its_entries_in_any_usual_way() {
        for list in [
            "a@x.de, b@x.de",
            "a@x.de;b@x.de",
            "a@x.de b@x.de",
            "a@x.de\r\nb@x.de\r\n",
            "\"A, A\" <a@x.de>, \"B; B\" <b@x.de>",
            "A <a@x.de>;\n B <b@x.de>;",
            "Team: A <a@x.de>, b@x.de;",
            "Aa, A <a@x.de>; Bb, B <b@x.de>",
            "a@x.de, Bb, B <b@x.de>",
        ] {
            assert_eq!(addresses(list), ["a@x.de", "b@x.de"], "{list}");
        }
    }

    #[test]
    fn a_quote_that_does_not_end_swallows_nothing() {
        assert_eq!(addresses("Bob 6\" <bob@example.com>, eve@example.com"), ["bob@example.com", "eve@example.com"]);
        assert_eq!(addresses("\"Bob <bob@example.com>\neve@example.com"), ["bob@example.com", "eve@example.com"]);
        assert_eq!(addresses("Bob :( bob@example.com, eve@example.com"), ["bob@example.com", "eve@example.com"]);
    }

    #[test]
    fn what_is_no_address_stays_as_it_is() {
        assert_eq!(addresses("not an address"), ["not an address"]);
        assert_eq!(addresses("Bob <bob>"), ["bob"]);
        assert_eq!(addresses("<bob@example.com> eve@example.com"), ["bob@example.com", "eve@example.com"]);
        assert_eq!(addresses(" , ;\n \"\" , '."), [""; 0]);
    }

    proptest! {
        #[test]
        fn quoted_names_lose_no_address(names in proptest::collection::vec("[^\"\\\\\\\\\\r\\n]{0,12}", 1..8), by in prop_oneof![Just(", "), Just(";"), Just("\n")]) {
            let list = names.iter().enumerate().map(|(n, name)| format!("\"{name}\" <p{n}@example.com>")).collect::<Vec<_>>().join(by);
            let expected: Vec<_> = (0..names.len()).map(|n| format!("p{n}@example.com")).collect();
            prop_assert_eq!(addresses(&list), expected);
        }

        #[test]
        fn whatever_is_pasted_is_read(text in any::<String>()) {
            for entry in read(&text) {
                prop_assert!(!entry.typed.trim().is_empty());
                prop_assert!(text.contains(entry.typed) && entry.typed.contains(entry.address));
            }
        }
    }
}
