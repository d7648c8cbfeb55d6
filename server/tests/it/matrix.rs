//! Who may do what, as one text that people review: `permission_matrix.txt`.

use std::fmt::Write as _;

use app::domain::access::{CachePermission, Grant};
use app::domain::permission::Permission;
use app::domain::standing::Standing;

const REVIEWED: &str = include_str!("permission_matrix.txt");
/// Set it to write the file anew; look at the difference before you commit it.
const WRITE: &str = "BUILDKEEP_TEST_WRITE_MATRIX";

fn table<Row: std::fmt::Debug + Copy, Column: Copy>(
    title: &str,
    rows: &[Row],
    columns: &[(String, Column)],
    grants: impl Fn(Column, Row) -> bool,
) -> String {
    let mut text = format!("{title:24}");
    for (name, _) in columns {
        let _ = write!(text, "{name:>26}");
    }
    text.push('\n');
    for row in rows {
        let _ = write!(text, "{:24}", format!("{row:?}"));
        for (_, column) in columns {
            let _ = write!(text, "{:>26}", if grants(*column, *row) { "yes" } else { "-" });
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_permission_matrix_is_as_it_was_reviewed() {
    let people = Standing::ALL.map(|standing| (standing.to_string(), standing));
    let credentials = Grant::ALL.map(|grant| (grant.to_string().replace(" access token", "").replace(" alone", ""), grant));
    let browser = table("In the browser", &Permission::ALL, &people, Standing::grants);
    let cache = table("Credentials", &CachePermission::ALL, &credentials, Grant::grants);
    let printed = format!("{browser}\n{cache}");
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/permission_matrix.txt"), &printed).unwrap();
        return;
    }
    assert!(
        printed == REVIEWED,
        "who may do what has changed; if that is meant, run this test with {WRITE}=1 and review the file:\n{printed}"
    );
}

#[test]
fn every_role_and_access_is_in_the_matrix() {
    // `ALL` is written by hand; a name that it lacks would be missing from the text unnoticed.
    let source = include_str!("../../../app/src/domain/permission.rs");
    let (_, variants) = source.split_once("pub enum Permission {").unwrap();
    let (variants, _) = variants.split_once("\n}").unwrap();
    let declared = variants.lines().filter(|line| line.trim().ends_with(',')).count();
    assert_eq!(declared, Permission::ALL.len());
}
