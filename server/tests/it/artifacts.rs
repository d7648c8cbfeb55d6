//! What a workspace keeps of its artifacts: counts, retention, purges, the sweeper.

use app::backend::artifacts::{ArtifactRow, PurgeProgress};
use app::backend::workspaces::Usage;
use app::domain::access::TokenAccess::ReadWrite;
use app::domain::retention::Retention;
use app::domain::role::Role;
use app::error::{AppError, Conflict, Field};
use app::paths;
use chrono::TimeDelta;
use server::services::retention;

use crate::support::archive::{archive, archive_of};
use crate::support::{Answer, Ci, PASSWORD, Person, TestApp, Workspace};

async fn with_ci() -> (TestApp, Person, Workspace, Ci) {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token_for(&workspace, ReadWrite, "never").await;
    (app, ada, workspace, ci)
}

async fn keep(app: &TestApp, workspace: &Workspace, days: Option<u16>, gibibytes: Option<u32>) {
    let retention = Retention { days, gibibytes };
    app.backend().workspaces.set_retention(&app.operator(), &workspace.org, workspace.id, retention).await.unwrap();
}

async fn list(app: &TestApp, workspace: &Workspace, search: &str) -> Vec<ArtifactRow> {
    app.flush().await;
    app.backend().artifacts.list(&app.operator(), &workspace.org, workspace.id, search, None).await.unwrap().rows
}

async fn hashes(app: &TestApp, workspace: &Workspace) -> Vec<String> {
    let mut hashes: Vec<_> = list(app, workspace, "").await.into_iter().map(|row| row.hash.into()).collect();
    hashes.sort();
    hashes
}

async fn progress(app: &TestApp, workspace: &Workspace) -> Option<PurgeProgress> {
    app.backend().artifacts.purge_progress(&app.operator(), &workspace.org, workspace.id).await.unwrap()
}

async fn purge(ada: &Person, workspace: &Workspace, which: &str, days: &str) -> Answer {
    ada.post_about(workspace, "/do/artifacts/purge", &[("which", which), ("days", days)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn size_hits_and_misses_are_counted() {
    let (app, _ada, workspace, ci) = with_ci().await;
    assert_eq!(app.usage(&workspace).await, Usage::default());
    ci.put("1", archive_of(1000)).await.is(200);
    ci.put("2", archive_of(200_000)).await.is(200);
    ci.put("2", archive_of(5000)).await.is(409);
    ci.put("3", "not gzip").await.is(409);
    for hash in ["1", "2", "2", "nothing"] {
        ci.get(hash).await;
    }
    assert_eq!(app.usage(&workspace).await, Usage { artifacts: 2, bytes: 201_000, hits: 3, misses: 1 });
    ci.get("1").await.is(200);
    assert_eq!(app.usage(&workspace).await.hits, 4, "what is written down once is not written again");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_who_stored_an_artifact_and_how_it_is_used() {
    let (app, _ada, workspace, ci) = with_ci().await;
    ci.put("1", archive_of(1000)).await.is(200);
    let row = list(&app, &workspace, "").await.remove(0);
    assert_eq!((row.hash.as_str(), row.bytes, row.created_by.as_deref(), row.hits, row.last_read_at), ("1", 1000, Some("ci"), 0, None));
    app.state.clock.advance(TimeDelta::hours(1));
    ci.get("1").await.is(200);
    let row = list(&app, &workspace, "").await.remove(0);
    assert_eq!(row.hits, 1);
    assert!(row.last_read_at.unwrap() >= row.created_at + TimeDelta::hours(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn artifacts_are_searched_by_the_start_of_their_hash() {
    let (app, _ada, workspace, ci) = with_ci().await;
    for hash in ["123", "12", "1234", "2", "a_b", "axb", "A1"] {
        ci.put(hash, archive(b"x")).await.is(200);
    }
    for (search, found) in [
        ("12", vec!["12", "123", "1234"]),
        ("1234", vec!["1234"]),
        ("a_", vec!["a_b"]),
        ("A", vec!["A1"]),
        ("9", vec![]),
        ("%", vec![]),
        (" 2 ", vec!["2"]),
    ] {
        let rows = list(&app, &workspace, search).await;
        assert_eq!(rows.iter().map(|row| row.hash.as_str()).collect::<Vec<_>>(), found, "{search:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_comes_in_pages_that_hold_everything_once() {
    let (app, ada, workspace, ci) = with_ci().await;
    for number in 0..120 {
        ci.put(&format!("{number:03}"), archive(b"x")).await.is(200);
    }
    let caller = ada.caller().await;
    for search in ["", "0", "1"] {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = app.backend().artifacts.list(&caller, &workspace.org, workspace.id, search, after.as_deref()).await.unwrap();
            seen.extend(page.rows.into_iter().map(|row| String::from(row.hash)));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let expected: Vec<_> = (0..120).map(|number| format!("{number:03}")).filter(|hash| hash.starts_with(search)).collect();
        seen.sort();
        assert_eq!(seen, expected, "{search:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_that_nobody_used_for_the_days_of_retention_goes() {
    let (app, _ada, workspace, ci) = with_ci().await;
    keep(&app, &workspace, Some(10), None).await;
    for hash in ["unread", "read"] {
        ci.put(hash, archive_of(1000)).await.is(200);
    }
    app.state.clock.advance(TimeDelta::days(9));
    ci.get("read").await.is(200);
    ci.put("new", archive_of(1000)).await.is(200);
    app.flush().await;
    assert_eq!(retention::apply(&app.state).await.unwrap(), 0);
    app.state.clock.advance(TimeDelta::days(2));
    assert_eq!(retention::apply(&app.state).await.unwrap(), 1);
    ci.get("unread").await.is(404);
    assert_eq!(hashes(&app, &workspace).await, ["new", "read"]);
    assert_eq!(app.blobs().len(), 2);
    assert_eq!(app.usage(&workspace).await.bytes, 2000);
    ci.put("unread", archive_of(1000)).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_the_size_of_retention_the_longest_unread_go_first() {
    let (app, _ada, workspace, ci) = with_ci().await;
    keep(&app, &workspace, None, Some(1)).await;
    for hash in ["1", "2", "3"] {
        ci.put(hash, archive(b"built")).await.is(200);
        app.state.clock.advance(TimeDelta::minutes(1));
    }
    ci.get("1").await.is(200);
    app.flush().await;
    assert_eq!(retention::apply(&app.state).await.unwrap(), 0);
    // As if each were 600 MiB.
    app.db_execute(&format!("UPDATE artifacts SET bytes = {}", 600_u64 << 20)).await;
    app.db_execute(&format!("UPDATE workspaces SET artifact_bytes = {}", 1800_u64 << 20)).await;
    assert_eq!(retention::apply(&app.state).await.unwrap(), 2);
    assert_eq!(hashes(&app, &workspace).await, ["1"], "the one that was read last");
    assert_eq!(app.usage(&workspace).await.bytes, 600 << 20);
    assert_eq!(retention::apply(&app.state).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_limits_everything_stays() {
    let (app, _ada, workspace, ci) = with_ci().await;
    keep(&app, &workspace, None, None).await;
    ci.put("1", archive(b"built")).await.is(200);
    app.state.clock.advance(TimeDelta::days(4000));
    assert_eq!(retention::apply(&app.state).await.unwrap(), 0);
    ci.get("1").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_of_one_workspace_does_not_touch_another() {
    let (app, ada, workspace, ci) = with_ci().await;
    let other = ada.workspace(app.org(), "api").await;
    let others = ada.token_for(&other, ReadWrite, "never").await;
    keep(&app, &workspace, Some(1), None).await;
    ci.put("1", archive(b"built")).await.is(200);
    others.put("1", archive(b"built")).await.is(200);
    app.state.clock.advance(TimeDelta::days(2));
    assert_eq!(retention::apply(&app.state).await.unwrap(), 1);
    ci.get("1").await.is(404);
    others.get("1").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_of_everything_shows_its_progress_and_is_audited() {
    let (app, ada, workspace, ci) = with_ci().await;
    for hash in ["1", "2", "3"] {
        ci.put(hash, archive_of(1000)).await.is(200);
        ci.get(hash).await.is(200);
    }
    assert_eq!(progress(&app, &workspace).await, None);
    app.state.clock.advance(TimeDelta::seconds(1));
    purge(&ada, &workspace, "all", "").await.done();
    assert_eq!(progress(&app, &workspace).await, Some(PurgeProgress { done: 0, total: 3, finished_at: None }));
    purge(&ada, &workspace, "all", "").await.refused(409, &AppError::Conflict(Conflict::PurgeRunning));
    retention::run_purges(&app.state).await.unwrap();
    let done = progress(&app, &workspace).await.unwrap();
    assert_eq!((done.done, done.total), (3, 3));
    assert!(done.finished_at.is_some());
    for hash in ["1", "2", "3"] {
        ci.get(hash).await.is(404);
    }
    assert!(app.blobs().is_empty());
    let usage = app.usage(&workspace).await;
    assert_eq!((usage.artifacts, usage.bytes), (0, 0));
    assert_eq!(audited(&app, "purged").await, ["user ada"]);
    ci.put("1", archive(b"again")).await.is(200);
    purge(&ada, &workspace, "all", "").await.done();
}

/// Who did this, according to the audit log.
async fn audited(app: &TestApp, action: &str) -> Vec<String> {
    use sea_orm::ConnectionTrait as _;
    let db = app.state.db.read();
    let query = format!("SELECT actor_kind, actor_name FROM audit_events WHERE action = '{action}' ORDER BY id");
    let rows = db.query_all_raw(sea_orm::Statement::from_string(db.get_database_backend(), query)).await.unwrap();
    let text = |row: &sea_orm::QueryResult, column| row.try_get_by_index::<String>(column).unwrap();
    rows.iter().map(|row| format!("{} {}", text(row, 0), text(row, 1))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_by_age_leaves_what_was_used_since() {
    let (app, ada, workspace, ci) = with_ci().await;
    for hash in ["unread", "read"] {
        ci.put(hash, archive(b"built")).await.is(200);
    }
    app.state.clock.advance(TimeDelta::days(8));
    ci.get("read").await.is(200);
    ci.put("new", archive(b"built")).await.is(200);
    app.flush().await;
    ada.sign_in(&ada.email, PASSWORD).await.done();
    purge(&ada, &workspace, "older", "7").await.done();
    retention::run_purges(&app.state).await.unwrap();
    assert_eq!(hashes(&app, &workspace).await, ["new", "read"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_carries_on_after_a_restart() {
    let (app, ada, workspace, ci) = with_ci().await;
    ci.put("1", archive(b"built")).await.is(200);
    app.state.clock.advance(TimeDelta::seconds(1));
    purge(&ada, &workspace, "all", "").await.done();
    let (restarted, url) = app.another_server().await;
    retention::run_purges(&restarted).await.unwrap();
    ci.at(&url).get("1").await.is(404);
    assert!(progress(&app, &workspace).await.unwrap().finished_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_says_how_many_artifacts_a_purge_would_delete_before_it_offers_to() {
    let (app, ada, workspace, ci) = with_ci().await;
    ci.put("1", archive(b"old")).await.is(200);
    ci.put("2", archive(b"read lately")).await.is(200);
    app.state.clock.advance(TimeDelta::days(10));
    ada.sign_in(&ada.email, PASSWORD).await.done();
    ci.get("2").await.is(200);
    app.flush().await;
    let path = paths::workspace_artifacts(&workspace.org, workspace.id);
    let asked = async |days: &str| ada.get(&format!("{path}?unused_days={days}")).await.is(200).text();
    let page = asked("7").await;
    assert!(
        page.contains("1 of 2 artifacts") && page.contains("have been unused for 7 days") && page.contains("Delete this one"),
        "{page}"
    );
    let page = asked("30").await;
    assert!(page.contains("None of the 2 artifacts") && !page.contains("Delete this one"), "{page}");
    for days in ["0", "-1", "x", "3651", "99999999999"] {
        assert!(asked(days).await.contains("Enter a whole number from 1 to 3650"), "{days}");
    }
    assert!(ada.get(&path).await.text().contains("Delete this artifact?"), "one artifact is asked about, too");
    let bob = app.member("bob", Role::Member).await;
    assert!(!bob.get(&format!("{path}?unused_days=7")).await.is(200).text().contains("have been unused"));
    assert_eq!(hashes(&app, &workspace).await, ["1", "2"], "to ask deletes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purge_that_is_not_offered_is_refused() {
    let (app, ada, workspace, _ci) = with_ci().await;
    for days in ["", "0", "-1", "many", "3651"] {
        purge(&ada, &workspace, "older", days).await.refused_for(Field::Days);
    }
    purge(&ada, &workspace, "", "").await.refused_for(Field::Id);
    assert_eq!(progress(&app, &workspace).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_artifact_is_deleted_by_its_hash() {
    let (app, ada, workspace, ci) = with_ci().await;
    for hash in ["1", "2"] {
        ci.put(hash, archive_of(1000)).await.is(200);
        ci.get(hash).await.is(200);
    }
    let delete = async |hash: &str| ada.post_about(&workspace, "/do/artifacts/delete", &[("hash", hash)]).await;
    delete("1").await.done();
    ci.get("1").await.is(404);
    ci.get("2").await.is(200);
    let usage = app.usage(&workspace).await;
    assert_eq!((usage.artifacts, usage.bytes, app.blobs().len()), (1, 1000, 1));
    delete("1").await.refused(404, &AppError::NotFound);
    delete("no hash").await.refused_for(Field::Hash);
    assert_eq!(audited(&app, "purged").await, ["user ada"]);
    ci.put("1", archive(b"again")).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sweeper_takes_bytes_without_a_row_but_not_young_ones() {
    let (app, ada, workspace, ci) = with_ci().await;
    let other = ada.workspace(app.org(), "api").await;
    let kept = app.store(&ada.token(&other, ReadWrite).await, "1", &archive(b"kept")).await;
    app.store(&ci, "1", &archive(b"orphan")).await;
    ada.post_about(&workspace, "/do/workspaces/delete", &[("confirmation", "web")]).await.done();
    assert_eq!(retention::sweep(&app.state).await.unwrap(), 0, "their upload may be about to be named");
    assert_eq!(app.blobs().len(), 2);
    app.state.clock.advance(TimeDelta::from_std(retention::ORPHAN_AGE).unwrap() + TimeDelta::minutes(1));
    assert_eq!(retention::sweep(&app.state).await.unwrap(), 1);
    assert_eq!(app.blobs().into_iter().collect::<Vec<_>>(), [kept]);
}
