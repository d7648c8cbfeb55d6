//! Where a redirect may lead: to an address of ours that every `Location` can hold.

use app::paths;
use proptest::prelude::*;
use reqwest::Url;

/// What a browser makes of a `Location` of ours.
fn followed(location: &str) -> Url {
    Url::parse("https://build.example.com/sign-in?a=b").unwrap().join(location).unwrap()
}

/// Addresses and what attackers make of them.
fn address() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "/",
            "//",
            "\\",
            ".",
            "..",
            "%2e",
            "%2E",
            "%2f",
            "%5c",
            "%252e",
            "%0a",
            "%0d",
            "%00",
            "%",
            "%4",
            "?",
            "#",
            "@",
            ":",
            ";",
            "do",
            "sso",
            "evil.example",
            "https:",
            "javascript:",
            "\t",
            "\r\n",
            "\u{b}",
            "\u{7f}",
            "é",
            "\u{202e}",
            "\u{2028}",
            " ",
            "\"",
            "o/acme",
        ])
        .prop_map(ToOwned::to_owned),
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| format!("/{}", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_redirect_leads_to_a_page_of_ours_in_plain_ascii(text in prop_oneof![address(), any::<String>()]) {
        let target = paths::local_or_home(&text);
        prop_assert!(target.bytes().all(|byte| byte.is_ascii_graphic()), "{target}");
        prop_assert!(reqwest::header::HeaderValue::from_str(&target).is_ok());
        let followed = followed(&target);
        prop_assert_eq!(followed.origin().ascii_serialization(), "https://build.example.com", "{}", target);
        prop_assert!(!followed.path().starts_with("/do/") && !followed.path().starts_with("/sso/"), "{target}");
        // A browser goes exactly there: nothing is resolved or mended on the way.
        prop_assert_eq!(followed.path(), target.split(['?', '#']).next().unwrap());
        prop_assert_eq!(paths::local_or_home(&target), target.clone(), "it is not the same the second time");
    }

    #[test]
    fn an_address_that_pages_build_is_left_as_it_is(search in any::<String>(), next in address()) {
        let page = paths::list("/o/acme/members", &search, Some(&search));
        if page.len() < 2000 {
            prop_assert_eq!(paths::local(&page), Some(page));
        }
        let sign_in = paths::sign_in_then(&next);
        if sign_in.len() < 2000 {
            prop_assert_eq!(paths::local(&sign_in), Some(sign_in));
        }
    }
}
