//! Which room may know which: read from the sources, so that a wrong `use` fails before anybody builds on it.

use std::path::{Path, PathBuf};

use crate::support::files;

/// A line of code, without tests and comments.
struct Line {
    file: String,
    number: usize,
    code: String,
}

/// The code below a folder or in a file of the repository.
fn code(place: &str) -> Vec<Line> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let place = root.join(place);
    let sources = if place.is_dir() { files(&place) } else { vec![place.clone()] };
    let sources: Vec<PathBuf> = sources.into_iter().filter(|path| path.extension().is_some_and(|kind| kind == "rs")).collect();
    assert!(!sources.is_empty(), "{} holds no code any more", place.display());
    let lines = |path: &PathBuf| {
        let file = path.strip_prefix(root).unwrap().display().to_string();
        let text = std::fs::read_to_string(path).unwrap();
        let (text, _) = text.split_once("#[cfg(test)]").unwrap_or((&text, ""));
        let line = |(index, line): (usize, &str)| Line { file: file.clone(), number: index + 1, code: without_comment(line).to_owned() };
        text.lines().enumerate().map(line).collect::<Vec<_>>()
    };
    sources.iter().flat_map(lines).collect()
}

fn without_comment(line: &str) -> &str {
    if line.trim_start().starts_with("//") { "" } else { line.split(" // ").next().unwrap_or(line) }
}

/// Fails the test when one of these words stands in the code of a room.
fn room_does_not_know(room: &str, forbidden: &[&str]) {
    for line in code(room) {
        for word in forbidden {
            // `entities` is not to be found in `identities`.
            let inside = |at: usize| word.starts_with(char::is_alphanumeric) && line.code[..at].ends_with(char::is_alphanumeric);
            let found = line.code.match_indices(word).any(|(at, _)| !inside(at));
            assert!(!found, "{}:{}: `{word}` has no place in {room}: {}", line.file, line.number, line.code.trim());
        }
    }
}

#[test]
fn the_domain_is_pure() {
    const KNOWN: [&str; 12] = [
        "std",
        "core",
        "serde",
        "thiserror",
        "uuid",
        "chrono",
        "super",
        "crate",
        "idna",
        "icu_casemap",
        "icu_normalizer",
        "icu_properties",
    ];
    for line in code("app/src/domain") {
        if let Some(path) = line.code.trim().strip_prefix("use ") {
            let start = path.split([':', ';', ' ']).next().unwrap();
            assert!(KNOWN.contains(&start), "{}:{}: the domain may not know `{start}`", line.file, line.number);
            assert!(start != "crate" || path.starts_with("crate::domain"), "{}:{}: {path}", line.file, line.number);
        }
        let is_id_macro = line.file.ends_with("ids.rs");
        for word in ["async ", ".await", "leptos", "Utc::now", "tokio", "axum"].into_iter().chain((!is_id_macro).then_some("sea_orm")) {
            assert!(!line.code.contains(word), "{}:{}: {}", line.file, line.number, line.code.trim());
        }
    }
}

#[test]
fn the_browser_part_knows_nothing_of_databases_and_servers() {
    for room in ["backend", "components", "islands", "pages", "server_fns", "error.rs", "notice.rs", "paths.rs", "request.rs", "routes.rs"]
    {
        room_does_not_know(&format!("app/src/{room}"), &["sea_orm", "sqlx", "axum", "tokio", "server::"]);
    }
    room_does_not_know("app/src/backend", &["leptos", "crate::pages", "crate::components", "crate::server_fns"]);
    room_does_not_know("app/src/components", &["crate::pages", "use_context", ".await", "backend."]);
    room_does_not_know("frontend/src", &["server::", "sea_orm", "axum"]);
}

#[test]
fn the_store_knows_only_the_database_and_the_proofs() {
    room_does_not_know(
        "server/src/store",
        &["crate::services", "crate::mail", "crate::api", "crate::cli", "crate::router", "crate::blob", "crate::state", "leptos", "axum"],
    );
}

#[test]
fn rows_are_known_only_to_the_store() {
    for room in ["api", "auth", "blob", "cli", "mail", "seal", "services", "router.rs", "state.rs", "workers.rs", "usage.rs"] {
        room_does_not_know(&format!("server/src/{room}"), &["entities", "ActiveModel", "EntityTrait"]);
    }
}

#[test]
fn a_name_changes_in_one_place_with_its_key() {
    let home = "server/src/store/named.rs";
    for line in code("server/src/store").into_iter().filter(|line| line.file != home) {
        for column in ["col_expr(users::Column::Name", "col_expr(workspaces::Column::Name"] {
            assert!(!line.code.contains(column), "{}:{}: use `named::rename`: {}", line.file, line.number, line.code.trim());
        }
    }
}

#[test]
fn the_api_asks_services_and_never_the_store() {
    room_does_not_know("server/src/api", &["crate::store", "sea_orm"]);
}

#[test]
fn services_know_nothing_of_http() {
    for line in code("server/src/services") {
        // A body that streams is axum's type; everything else of HTTP stays in `api`.
        let http = ["StatusCode", "HeaderMap", "axum::http", "axum::extract", "axum::response", "leptos", "crate::api", "crate::router"];
        assert!(!http.iter().any(|word| line.code.contains(word)), "{}:{}: {}", line.file, line.number, line.code.trim());
    }
}

#[test]
fn migrations_import_nothing_of_ours() {
    room_does_not_know("migrations/src", &["app::", "server::"]);
}

#[test]
fn only_two_files_know_the_ssr_feature() {
    let knows = |line: &Line| line.code.contains(r#"feature = "ssr""#);
    let mut files: Vec<_> = code("app/src").into_iter().filter(knows).map(|line| line.file).collect();
    files.dedup();
    files.sort();
    assert_eq!(files, ["app/src/domain/ids.rs", "app/src/http.rs"]);
}

#[test]
fn addresses_come_from_one_place() {
    const HOME_OF_ADDRESSES: [&str; 3] = ["app/src/paths.rs", "app/src/routes.rs", "server/src/router.rs"];
    let fine = |line: &Line| {
        HOME_OF_ADDRESSES.contains(&line.file.as_str())
            // Where a server function lives is part of its declaration, as `prefix` and `endpoint`.
            || line.code.contains("prefix = \"/do\"")
            // Names of templates, put together by a macro.
            || (line.file == "server/src/mail/messages.rs" && line.code.contains("concat!("))
            // The forms that are counted, which have no builder: they are nobody's link.
            || (line.file == "server/src/auth/forms.rs" && line.code.contains("\"/do/"))
            // The published document says where an operation is; that it is there, a test of the router holds.
            || (line.file.starts_with("server/src/api/") && line.code.trim().starts_with("path = "))
            // The stylesheet lies where the package folder of the options says.
            || (line.file == "app/src/shell.rs" && line.code.contains("site_pkg_dir"))
    };
    let is_address = |line: &Line| {
        let mut parts = line.code.split("\"/").skip(1);
        parts.any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '{'))
    };
    for line in ["app/src", "server/src"].into_iter().flat_map(code).filter(|line| !fine(line)) {
        assert!(!is_address(&line), "{}:{}: take the address from `paths`: {}", line.file, line.number, line.code.trim());
    }
}

#[test]
fn only_what_no_session_stands_behind_writes_without_asking_for_one() {
    // Workers, terminals and clients with tokens, links from mails, sign-in, refusals, and what a browser keeps. Whatever
    // somebody signed in changes begins with `auth::change`, which asks again whether they still are.
    const WITHOUT_SESSION: [&str; 20] = [
        "server/src/auth/change.rs",
        "server/src/auth/refusals.rs",
        "server/src/auth/session.rs",
        "server/src/auth/token_refusals.rs",
        "server/src/mail/queue.rs",
        "server/src/services/accounts.rs",
        "server/src/services/cache.rs",
        "server/src/services/connections/for_nx.rs",
        "server/src/services/domain_invites/checking.rs",
        "server/src/services/identities/checking.rs",
        "server/src/services/invites/joining.rs",
        "server/src/services/logins.rs",
        "server/src/services/naming.rs",
        "server/src/services/retention.rs",
        "server/src/services/runs/closing.rs",
        "server/src/services/runs/intake.rs",
        "server/src/services/usage.rs",
        "server/src/store/db.rs",
        "server/src/usage.rs",
        "server/src/workers.rs",
    ];
    for line in code("server/src") {
        let writes = line.code.contains("begin_without_session(") || line.code.contains("db.write()");
        let fine = !writes || WITHOUT_SESSION.contains(&line.file.as_str());
        assert!(fine, "{}:{}: begin with `auth::change`: {}", line.file, line.number, line.code.trim());
    }
}

#[test]
fn access_is_taken_away_in_one_way() {
    const OWN_WAY: [&str; 4] = [
        "server/src/auth/change.rs",
        // Nobody takes it: the workspace has come to its end.
        "server/src/services/connections/for_nx.rs",
        "server/src/state.rs",
        "server/src/store/ci_tokens.rs",
    ];
    for line in code("server/src") {
        let takes = line.code.contains("raise_access_epoch") || line.code.contains("access_changed(");
        let fine = !takes || OWN_WAY.contains(&line.file.as_str());
        assert!(fine, "{}:{}: commit with `commit_taking_access`: {}", line.file, line.number, line.code.trim());
    }
}

#[test]
fn only_the_clock_asks_for_the_time() {
    for line in code("server/src") {
        let asks = line.code.contains("Utc::now()") || line.code.contains("SystemTime::now()");
        assert!(!asks || line.file == "server/src/clock.rs", "{}:{}: {}", line.file, line.number, line.code.trim());
    }
}

#[test]
fn every_form_says_on_which_page_it_stands() {
    for line in code("app/src") {
        assert!(!line.code.contains("leptos::form"), "{}:{}: take `ActionForm` from components::form", line.file, line.number);
        let by_hand = line.code.contains("method=\"post\"") && line.file != "app/src/components/form.rs";
        assert!(!by_hand, "{}:{}: take `ActionForm` from components::form", line.file, line.number);
    }
}

#[test]
fn redirects_are_made_where_their_target_is_checked() {
    let mut files: Vec<_> =
        code("server/src").into_iter().filter(|line| line.code.contains("header::LOCATION")).map(|line| line.file).collect();
    files.sort();
    files.dedup();
    // `sso.rs` leads to the OpenID provider.
    assert_eq!(files, ["server/src/api/mod.rs", "server/src/api/sso.rs", "server/src/auth/forms.rs", "server/src/auth/refused.rs"]);
}
