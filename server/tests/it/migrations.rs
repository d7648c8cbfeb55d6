//! Bringing the schema up to date: wholly or not at all, whoever does it at the same moment.

use ::migrations::{Migrator, MigratorTrait as _};
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, Database, DatabaseConnection, Statement};
use server::store::db::Db;

use crate::support::EmptyDatabase;

/// Steps of an older version.
const OLD: u32 = 5;

/// A database that an older version left, with somebody in it.
async fn older() -> (EmptyDatabase, DatabaseConnection) {
    let empty = EmptyDatabase::create().await;
    let db = Database::connect(empty.url()).await.unwrap();
    Migrator::up(&db, Some(OLD)).await.unwrap();
    let id = if empty.is_postgres() { "gen_random_uuid()" } else { "randomblob(16)" };
    let at = "'2026-11-20 10:00:00+00:00'";
    let ada =
        format!("INSERT INTO users (id, email, name, email_confirmed_at, created_at) VALUES ({id}, 'ada@example.com', 'Ada', {at}, {at})");
    db.execute_unprepared(&ada).await.unwrap();
    (empty, db)
}

async fn count(db: &DatabaseConnection, what: &str) -> i64 {
    let statement = Statement::from_string(db.get_database_backend(), format!("SELECT count(*) AS n FROM {what}"));
    db.query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap()
}

async fn has(db: &DatabaseConnection, table: &str) -> bool {
    db.execute_unprepared(&format!("SELECT 1 FROM {table}")).await.is_ok()
}

async fn close(db: Db) {
    db.read().close_by_ref().await.unwrap();
    db.write().close_by_ref().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_fails_half_way_leaves_nothing_behind_and_works_the_next_time() {
    let (empty, db) = older().await;
    // The name of an index that the last step but a few makes after its tables.
    db.execute_unprepared("CREATE TABLE identities_checked_at (n integer)").await.unwrap();
    let error = Db::connect(empty.url()).await.err().expect("the step cannot make its index");
    assert!(error.to_string().contains("identities_checked_at"), "{error}");
    for table in ["identities", "addresses", "invites"] {
        assert!(!has(&db, table).await, "{table} was left behind");
    }
    assert_eq!(count(&db, "seaql_migrations").await, i64::from(OLD));

    // What stood in the way is gone: the next start goes on from where it was.
    db.execute_unprepared("DROP TABLE identities_checked_at").await.unwrap();
    close(Db::connect(empty.url()).await.unwrap()).await;
    assert!(has(&db, "identities").await);
    assert_eq!(count(&db, "addresses WHERE email = 'ada@example.com'").await, 1, "her address was copied, once");
    let steps = i64::try_from(Migrator::migrations().len()).unwrap();
    assert_eq!(count(&db, "seaql_migrations").await, steps);
    close(Db::connect(empty.url()).await.unwrap()).await;
    assert_eq!(count(&db, "seaql_migrations").await, steps, "and once more there is nothing to do");
    db.close().await.unwrap();
}

/// Steps before names had keys.
const WITHOUT_KEYS: u32 = 17;

#[tokio::test(flavor = "multi_thread")]
async fn names_get_the_keys_that_new_ones_have_and_of_equal_ones_in_an_organization_the_oldest() {
    let empty = EmptyDatabase::create().await;
    let db = Database::connect(empty.url()).await.unwrap();
    Migrator::up(&db, Some(WITHOUT_KEYS)).await.unwrap();
    let id = |number: u32| {
        if empty.is_postgres() {
            format!("'00000000-0000-7000-8000-{number:012}'")
        } else {
            format!("x'000000000000700080000000{number:08}'")
        }
    };
    let at = "'2026-11-20 10:00:00+00:00'";
    let names = [
        "Änne Müller",
        "A\u{308}nne",
        "Иван Петров",
        "Straße",
        "ＡＣＭＥ",
        "Zo\u{ad}e",
        "\u{3164}",
        "علی\u{200c}رضا",
        "Σίσυφος",
        "İ",
        "plain",
    ];
    for (number, name) in (0..).zip(names) {
        let sql = format!(
            "INSERT INTO users (id, email, name, created_at, email_confirmed_at) VALUES ({}, '{number}@example.com', '{name}', {at}, {at})",
            id(number)
        );
        db.execute_unprepared(&sql).await.unwrap();
    }
    for org in [1, 2] {
        let sql = format!("INSERT INTO orgs (id, slug, name, created_at) VALUES ({}, 'org-{org}', 'Org', {at})", id(org));
        db.execute_unprepared(&sql).await.unwrap();
    }
    for (number, org, name) in [(1, 1, "Größe"), (2, 1, "GRÖSSE"), (3, 2, "größe"), (4, 1, "web")] {
        let columns = "id, org_id, name, nx_cloud_id, created_at";
        let values = format!("{}, {}, '{name}', '{number:024}', {at}", id(number), id(org));
        db.execute_unprepared(&format!("INSERT INTO workspaces ({columns}) VALUES ({values})")).await.unwrap();
    }
    close(Db::connect(empty.url()).await.unwrap()).await;
    let rows =
        db.query_all_raw(Statement::from_string(db.get_database_backend(), "SELECT name, name_key FROM users ORDER BY id")).await.unwrap();
    for (row, name) in rows.iter().zip(names) {
        assert_eq!((row.try_get("", "name"), row.try_get("", "name_key")), (Ok(name.to_owned()), Ok(app::domain::text::key(name))));
    }
    let keyed = "SELECT name FROM workspaces WHERE name_key IS NOT NULL ORDER BY id";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), keyed)).await.unwrap();
    let keyed: Vec<String> = rows.iter().map(|row| row.try_get("", "name").unwrap()).collect();
    assert_eq!(keyed, ["Größe", "größe", "web"]);
    db.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn several_that_start_at_the_same_instant_bring_it_up_to_date_once() {
    let (empty, db) = older().await;
    let url = empty.url();
    for started in join_all([Db::connect(url), Db::connect(url), Db::connect(url)]).await {
        close(started.unwrap()).await;
    }
    assert_eq!(count(&db, "addresses").await, 1);
    db.close().await.unwrap();
}
