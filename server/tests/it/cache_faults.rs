//! The cache API when something is wrong on our side: never another answer, never wrong bytes.

use std::path::Path;

use app::domain::access::TokenAccess::ReadWrite;
use reqwest::Method;
use sea_orm::ConnectionTrait as _;

use crate::support::archive::{archive, archive_of};
use crate::support::raw::{Raw, put_head};
use crate::support::{Ci, TestApp, until};

async fn with_ci() -> (TestApp, Ci) {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    (app, ci)
}

fn change(file: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = std::fs::read(file).unwrap();
    change(&mut bytes);
    std::fs::write(file, bytes).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_another_artifact_are_not_served() {
    let (app, ci) = with_ci().await;
    let one = app.store(&ci, "1", &archive(b"of one")).await;
    let other = app.store(&ci, "2", &archive(b"of two")).await;
    std::fs::copy(&one, &other).unwrap();
    ci.get("2").await.is(404);
    assert_eq!(ci.read("1").await.unwrap(), archive(b"of one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_of_another_workspace_or_organization_are_not_served() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let (same_org, zoo) = (ada.workspace(app.org(), "api").await, ada.found("zoo").await);
    let other_org = ada.workspace(&zoo, "web").await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let file = app.store(&ci, "1", &archive(b"of web")).await;
    for stranger in [same_org, other_org] {
        let theirs = ada.token(&stranger, ReadWrite).await;
        let place = app.store(&theirs, "1", &archive(b"of theirs")).await;
        std::fs::copy(&file, &place).unwrap();
        theirs.get("1").await.is(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_names_the_bytes_of_another_artifact_is_not_served() {
    let (app, ci) = with_ci().await;
    app.store(&ci, "1", &archive(b"of one")).await;
    app.db_execute("UPDATE artifacts SET hash = '2' WHERE hash = '1'").await;
    ci.get("2").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_bit_anywhere_in_a_small_artifact_is_a_miss() {
    let (app, ci) = with_ci().await;
    let size = std::fs::metadata(app.store(&ci, "whole", &archive(b"built")).await).unwrap().len();
    for at in 0..usize::try_from(size).unwrap() {
        let hash = at.to_string();
        let file = app.store(&ci, &hash, &archive(b"built")).await;
        change(&file, |bytes| bytes[at] ^= 1 << (at % 8));
        assert_eq!(ci.get(&hash).await.status, 404, "byte {at}");
    }
    assert_eq!(ci.read("whole").await.unwrap(), archive(b"built"));
}

#[tokio::test(flavor = "multi_thread")]
async fn in_place_of_a_damaged_artifact_a_good_one_can_be_stored() {
    let (app, ci) = with_ci().await;
    let file = app.store(&ci, "1", &archive(b"built")).await;
    change(&file, |bytes| *bytes.last_mut().unwrap() ^= 1);
    ci.get("1").await.is(404);
    ci.put("1", archive(b"built")).await.is(200);
    assert_eq!(ci.read("1").await.unwrap(), archive(b"built"));
    assert_eq!(app.blobs().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_this_server_only_cannot_open_is_a_miss_and_stays_for_those_who_can() {
    let (app, ci) = with_ci().await;
    let file = app.store(&ci, "1", &archive(b"built")).await;
    // Behind the three letters of the header: the format, then the version of the organization's key.
    for newer in 3..8 {
        change(&file, |bytes| bytes[newer] += 7);
        ci.get("1").await.is(404);
        change(&file, |bytes| bytes[newer] -= 7);
        assert_eq!(ci.read("1").await.unwrap(), archive(b"built"), "byte {newer}");
    }
    for letter in 0..3 {
        let hash = format!("letter-{letter}");
        let file = app.store(&ci, &hash, &archive(b"built")).await;
        change(&file, |bytes| bytes[letter] ^= 1);
        ci.get(&hash).await.is(404);
        ci.put(&hash, archive(b"built")).await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_artifact_that_is_damaged_never_arrives_whole() {
    const FRAME: usize = server::seal::SEALED_FRAME;
    const fn frame(number: usize) -> usize {
        server::seal::HEADER + number * FRAME
    }
    /// What is damaged, how, and whether that is seen before the first byte leaves.
    type Damage = (&'static str, fn(&mut Vec<u8>), bool);
    const DAMAGES: [Damage; 10] = [
        ("the first frame", |bytes| bytes[frame(0) + 9] ^= 1, true),
        ("a frame in the middle", |bytes| bytes[frame(15) + 9] ^= 1, false),
        ("the last byte", |bytes| *bytes.last_mut().unwrap() ^= 1, false),
        ("cut in the first frame", |bytes| bytes.truncate(frame(0) + 99), true),
        ("cut inside a frame", |bytes| bytes.truncate(frame(20) + 99), true),
        ("cut between frames", |bytes| bytes.truncate(frame(20)), true),
        ("the last frame gone", |bytes| bytes.truncate(frame(30)), true),
        ("something behind it", |bytes| bytes.extend_from_slice(&[0; 16]), true),
        ("everything gone", Vec::clear, true),
        (
            "two frames exchanged",
            |bytes| {
                let (first, second) = bytes.split_at_mut(frame(21));
                first[frame(20)..].swap_with_slice(&mut second[..FRAME]);
            },
            false,
        ),
    ];
    let (app, ci) = with_ci().await;
    let body = archive_of(2_000_000);
    for (what, damage, is_miss) in DAMAGES {
        let hash = what.replace(' ', "-");
        let file = app.store(&ci, &hash, &body).await;
        assert!(ci.read(&hash).await.unwrap() == body);
        change(&file, damage);
        if is_miss {
            ci.get(&hash).await.is(404);
        } else {
            assert!(ci.read(&hash).await.is_none(), "{what}: it came back as if it were whole");
            let status = async || ci.request(Method::GET, &format!("/v1/cache/{hash}")).send().await.unwrap().status();
            until("it is deleted", async || status().await == 404).await;
        }
        ci.put(&hash, body.clone()).await.is(200);
        assert!(ci.read(&hash).await.unwrap() == body, "{what}: a good copy can be stored");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_gone_are_a_miss_until_somebody_brings_them_again() {
    let (app, ci) = with_ci().await;
    let file = app.store(&ci, "1", &archive(b"built")).await;
    std::fs::remove_file(&file).unwrap();
    ci.get("1").await.is(404);
    ci.put("1", archive(b"built again")).await.is(200);
    assert_eq!(ci.read("1").await.unwrap(), archive(b"built again"));
    let workspaces = server::store::workspaces::all(app.state.db.read()).await.unwrap();
    assert_eq!(workspaces[0].bytes, archive(b"built again").len() as u64, "the lost one is not counted any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_away_for_a_while_loses_nothing_by_being_read() {
    let (app, ci) = with_ci().await;
    let file = app.store(&ci, "1", &archive(b"built")).await;
    let away = file.with_extension("away");
    std::fs::rename(&file, &away).unwrap();
    ci.get("1").await.is(404);
    std::fs::rename(&away, &file).unwrap();
    assert_eq!(ci.read("1").await.unwrap(), archive(b"built"));
    ci.put("1", archive(b"another")).await.is(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn folders_that_were_deleted_are_made_again() {
    let (app, ci) = with_ci().await;
    app.store(&ci, "1", &archive(b"built")).await;
    std::fs::remove_dir_all(app.state.config.artifact_dir()).unwrap();
    std::fs::create_dir(app.state.config.artifact_dir()).unwrap();
    for hash in 2..20 {
        ci.put(&hash.to_string(), archive(b"built")).await.is(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_database_there_are_misses_and_nothing_is_stored() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let (warm, cold) = (ada.token(&workspace, ReadWrite).await, ada.token(&workspace, ReadWrite).await);
    warm.put("1", archive(b"built")).await.is(200);
    app.db_break().await;
    warm.get("2").await.is(404);
    warm.put("2", archive(b"built")).await.is(409);
    warm.put("3", archive_of(5 << 20)).await.is(409);
    cold.get("1").await.is(404);
    cold.put("2", archive(b"built")).await.is(409);
    cold.put("3", archive_of(5 << 20)).await.is(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_broken_is_a_miss_too() {
    let (app, ci) = with_ci().await;
    ci.get("1").await.is(404);
    app.db_execute("DROP TABLE artifacts").await;
    ci.get("1").await.is(404);
    ci.put("1", archive(b"built")).await.is(409);
    assert!(app.state.db.read().execute_unprepared("SELECT 1 FROM artifacts").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_artifact_folder_there_are_misses_and_nothing_is_stored() {
    let (app, ci) = with_ci().await;
    ci.put("1", archive(b"built")).await.is(200);
    let folder = app.state.config.artifact_dir();
    std::fs::rename(&folder, folder.with_extension("away")).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    ci.get("1").await.is(404);
    ci.put("2", archive(b"built")).await.is(409);
    ci.put("3", archive_of(5 << 20)).await.is(409);
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(folder.with_extension("away"), &folder).unwrap();
    assert_eq!(ci.read("1").await.unwrap(), archive(b"built"), "as soon as it is back");
    ci.put("2", archive(b"built")).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_organizations_key_there_are_misses_and_nothing_is_stored() {
    let (app, ci) = with_ci().await;
    ci.put("1", archive(b"built")).await.is(200);
    app.db_execute("DELETE FROM org_keys").await;
    app.state.access_changed();
    ci.get("1").await.is(404);
    ci.put("2", archive(b"built")).await.is(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn more_transfers_than_the_server_takes_are_misses_and_not_stored() {
    let (app, ada, workspace) = TestApp::start_with(|config| config.transfer_limit = 1).await.and_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    ci.put("1", archive(b"built")).await.is(200);
    let body = archive_of(100_000);
    let mut slow = Raw::connect(&app.url).await;
    slow.send(format!("{}Content-Length: {}\r\n\r\n", put_head(&ci.secret, "slow"), body.len())).await;
    slow.send(&body[..50_000]).await;
    until("the slow upload is under way", async || app.state.transfers.free() == 0).await;
    ci.get("1").await.is(404);
    ci.put("2", archive(b"built")).await.is(409);
    slow.send(&body[50_000..]).await;
    let answer = slow.answer().await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(ci.read("slow").await.unwrap() == body);
    ci.put("2", archive(b"built")).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn transfers_that_are_over_give_their_place_back() {
    let (app, ada, workspace) = TestApp::start_with(|config| config.transfer_limit = 1).await.and_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    for (hash, body, status) in
        [("1", archive_of(1_000_000), 200), ("1", archive(b"x"), 409), ("2", b"not gzip".to_vec(), 409), ("3", archive(b"x"), 200)]
    {
        ci.put(hash, body).await.is(status);
    }
    ci.get("nothing").await.is(404);
    assert_eq!(ci.read("1").await.unwrap().len(), 1_000_000);
    let mut broken = Raw::connect(&app.url).await;
    broken.send(format!("{}Content-Length: 1000\r\n\r\nhalf", put_head(&ci.secret, "4"))).await;
    broken.end().await;
    broken.answer().await;
    until("the broken upload gives its place back", async || app.state.transfers.free() == 1).await;
    ci.put("5", archive(b"x")).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_that_cannot_be_named_is_in_nobodys_way() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let doomed = ada.workspace(app.org(), "doomed").await;
    let (ci, theirs) = (ada.token(&workspace, ReadWrite).await, ada.token(&doomed, ReadWrite).await);
    ci.get("0").await.is(404);
    theirs.get("0").await.is(404);

    // While the database is busy, names gather behind the first.
    let busy = app.state.db.begin_without_session().await.unwrap();
    if app.state.db.kind() == "PostgreSQL" {
        busy.execute_unprepared("LOCK TABLE artifacts IN EXCLUSIVE MODE").await.unwrap();
    }
    let put = |ci: &Ci, hash: &'static str| {
        let ci = ci.clone();
        tokio::spawn(async move { ci.put(hash, archive(b"built")).await.status })
    };
    let puts = [put(&ci, "1"), put(&theirs, "2"), put(&ci, "3"), put(&theirs, "4"), put(&ci, "5")];
    until("all bytes are stored", async || app.blobs().len() == 5).await;
    busy.execute_unprepared("DELETE FROM workspaces WHERE name = 'doomed'").await.unwrap();
    busy.commit().await.unwrap();

    let answers = futures_util::future::join_all(puts).await;
    let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
    assert_eq!(answers, [200, 403, 200, 403, 200]);
}
