//! `GET` and `PUT /v1/cache/{hash}`, answer by answer as nx takes them.

use std::io::Write as _;

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use reqwest::Method;
use reqwest::header::AUTHORIZATION;
use tokio::task::JoinSet;

use crate::support::archive::{archive, archive_of};
use crate::support::raw::{Raw, put_head};
use crate::support::{Ci, TestApp, Workspace};

/// A server with a workspace and a token that may do both.
async fn with_ci() -> (TestApp, Ci) {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    (app, ci)
}

async fn with_limit(mebibytes: u32) -> (TestApp, Ci) {
    let (app, ada, workspace) = TestApp::start_with(|config| config.artifact_limit_mib = mebibytes).await.and_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    (app, ci)
}

/// Nothing of a refused upload is left: not readable, no bytes, and the key is free.
async fn nothing_is_kept(app: &TestApp, ci: &Ci, hash: &str) {
    ci.get(hash).await.is(404);
    assert!(app.blobs().is_empty(), "{:?}", app.blobs());
    ci.put(hash, archive(b"the real one")).await.is(200);
    assert_eq!(ci.read(hash).await.unwrap(), archive(b"the real one"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_comes_back_byte_for_byte() {
    const FRAME: usize = server::seal::FRAME;
    let (_app, ci) = with_ci().await;
    for size in [100, FRAME - 1, FRAME, FRAME + 1, 4 * FRAME - 1, 4 * FRAME, 4 * FRAME + 1, 5 * FRAME, 5 << 20] {
        let (hash, body) = (size.to_string(), archive_of(size));
        ci.put(&hash, body.clone()).await.is(200);
        let answer = ci.get(&hash).await.is(200);
        assert_eq!(answer.header("content-type"), "application/octet-stream");
        assert_eq!(answer.header("content-length"), size.to_string());
        assert!(answer.body == body, "{size} bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_without_a_stated_length_is_stored() {
    let (_app, ci) = with_ci().await;
    let body = archive_of(300_000);
    ci.put_chunked("1", body.clone()).await.is(200);
    assert!(ci.read("1").await.unwrap() == body);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gzip_file_of_several_members_is_stored() {
    let (_app, ci) = with_ci().await;
    let body = [archive(b"one"), archive(b"two")].concat();
    ci.put("1", body.clone()).await.is(200);
    assert_eq!(ci.read("1").await.unwrap(), body);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_a_miss() {
    let (_app, ci) = with_ci().await;
    ci.get("116684684147691221").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_is_written_once() {
    let (app, ci) = with_ci().await;
    ci.put("1", archive(b"first")).await.is(200);
    ci.put("1", archive(b"second")).await.is(409);
    ci.put("1", archive(b"first")).await.is(409);
    assert_eq!(ci.read("1").await.unwrap(), archive(b"first"));
    assert_eq!(app.blobs().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_store_one_key_at_the_same_moment_one_does() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    for round in 0..4 {
        let hash = round.to_string();
        let mut writers = JoinSet::new();
        for writer in 0..8 {
            // Small ones and such as take several frames.
            let body = if round % 2 == 0 { archive(&[writer; 100]) } else { archive_of(300_000 + usize::from(writer)) };
            let (ci, hash) = (ci.clone(), hash.clone());
            writers.spawn(async move { (ci.put(&hash, body.clone()).await.status, body) });
        }
        let answers = writers.join_all().await;
        let stored: Vec<_> = answers.iter().filter(|(status, _)| *status == 200).collect();
        assert_eq!(stored.len(), 1, "round {round}");
        assert!(answers.iter().all(|(status, _)| matches!(status, 200 | 409)));
        assert!(ci.read(&hash).await.unwrap() == stored[0].1, "what the winner sent");
        assert_eq!(app.blobs().len(), round + 1, "one body an artifact");
        assert_eq!(app.usage(&workspace).await.artifacts, round as u64 + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_token_reads_and_stores_nothing() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let (writer, reader) = (ada.token(&workspace, ReadWrite).await, ada.token(&workspace, ReadOnly).await);
    let refused = reader.put("1", archive(b"built")).await.is(403);
    assert_eq!(refused.header("content-type"), "text/plain");
    nothing_is_kept(&app, &writer, "1").await;
    assert_eq!(reader.read("1").await.unwrap(), archive(b"the real one"));
    reader.put("1", archive(b"other")).await.is(403);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_answered_as_nx_shows_it() {
    let (_app, ci) = with_ci().await;
    let wrong = ci.with("bkci_unknown");
    for answer in
        [wrong.get("1").await, wrong.put("1", archive(b"x")).await, ci.with("").get("1").await, ci.with("").put("1", archive(b"x")).await]
    {
        let answer = answer.is(401);
        assert_eq!(answer.header("content-type"), "text/plain", "nx compares the whole value");
        assert!(answer.text().contains("NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN"), "{}", answer.text());
        assert!(!answer.text().contains("bkci_unknown"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_bearer_token_counts() {
    let (_app, ci) = with_ci().await;
    let get = |value: String| ci.with("").request(Method::GET, "/v1/cache/1").header(AUTHORIZATION, value);
    for (value, status) in [
        (format!("Bearer {}", ci.secret), 404),
        (format!("bearer {}", ci.secret), 404),
        (format!("Basic {}", ci.secret), 401),
        (ci.secret.clone(), 401),
        (format!("Bearer x{}", ci.secret), 401),
        ("Bearer".to_owned(), 401),
    ] {
        ci.send(get(value.clone())).await.is(status);
    }
    let in_query = ci.with("").request(Method::GET, &format!("/v1/cache/1?access_token={}", ci.secret));
    ci.send(in_query).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_address_with_a_trailing_slash_works() {
    let (_app, ci) = with_ci().await;
    let at = |method, hash: &str| ci.request(method, &format!("//v1/cache/{hash}"));
    ci.send(at(Method::GET, "1")).await.is(404);
    ci.send(at(Method::PUT, "1").body(archive(b"built"))).await.is(200);
    ci.send(at(Method::PUT, "1").body(archive(b"built"))).await.is(409);
    assert_eq!(ci.read("1").await.unwrap(), archive(b"built"));
    ci.with("").send(ci.with("").request(Method::GET, "//v1/cache/1")).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_hash_is_neither_found_nor_stored() {
    let (app, ci) = with_ci().await;
    for hash in ["a.b", "%2e%2e%2fetc%2fpasswd", "%00", "%FF", "a%20b", &"1".repeat(129), "%C3%A4"] {
        ci.get(hash).await.is(404);
        ci.put(hash, archive(b"x")).await.is(409);
    }
    assert!(app.blobs().is_empty());
    let longest = "1".repeat(128);
    ci.put(&longest, archive(b"x")).await.is(200);
    ci.get(&longest).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_whole_gzip_file_is_refused() {
    let (app, ci) = with_ci().await;
    let whole = archive_of(200_000);
    let mut damaged = whole.clone();
    damaged[150_000] ^= 1;
    let bodies: [(&str, Vec<u8>); 7] = [
        ("nothing", vec![]),
        ("text", b"<html>not an artifact</html>".to_vec()),
        ("the start of gzip", whole[..10].to_vec()),
        ("gzip without its end", whole[..whole.len() - 1].to_vec()),
        ("half of it", whole[..whole.len() / 2].to_vec()),
        ("a wrong checksum", damaged),
        ("something behind it", [&whole[..], b"more"].concat()),
    ];
    for (what, body) in bodies {
        let answer = ci.put("1", body.clone()).await;
        assert_eq!(answer.status, 409, "{what}");
        assert_eq!(ci.put_chunked("1", body).await.status, 409, "{what}, chunked");
    }
    nothing_is_kept(&app, &ci, "1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_shorter_than_it_says_is_not_stored() {
    let (app, ci) = with_ci().await;
    let body = archive_of(200_000);
    // A whole gzip file, but one byte less than announced.
    for sent in [&body[..], &body[..100_000], &body[..0]] {
        let mut connection = Raw::connect(&app.url).await;
        connection.send(format!("{}Content-Length: {}\r\n\r\n", put_head(&ci.secret, "1"), body.len() + 1)).await;
        connection.send(sent).await;
        connection.end().await;
        let answer = connection.answer().await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 409") || answer.starts_with("HTTP/1.1 400"), "{answer}");
    }
    nothing_is_kept(&app, &ci, "1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_that_breaks_off_is_not_stored() {
    let (app, ci) = with_ci().await;
    let body = archive(b"whole, but its end is not announced");
    let mut connection = Raw::connect(&app.url).await;
    connection.send(format!("{}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n", put_head(&ci.secret, "1"), body.len())).await;
    connection.send(&body).await;
    connection.send("\r\n").await;
    connection.end().await;
    let answer = connection.answer().await;
    assert!(!answer.starts_with("HTTP/1.1 200"), "{answer}");
    nothing_is_kept(&app, &ci, "1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_over_the_limit_is_not_stored() {
    let (app, ci) = with_limit(1).await;
    let limit = 1 << 20;
    for size in [limit + 1, 3 * limit] {
        ci.put("1", archive_of(size)).await.is(409);
        ci.put_chunked("1", archive_of(size)).await.is(409);
    }
    nothing_is_kept(&app, &ci, "1").await;
    ci.put("2", archive_of(limit)).await.is(200);
    ci.put_chunked("3", archive_of(limit)).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_that_unpacks_to_far_more_than_the_limit_is_not_stored() {
    let (app, ci) = with_limit(1).await;
    let zeros = |mebibytes: usize| {
        let mut file = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        file.write_all(&vec![0; mebibytes << 20]).unwrap();
        file.finish().unwrap()
    };
    ci.put("1", zeros(9)).await.is(409);
    nothing_is_kept(&app, &ci, "1").await;
    ci.put("2", zeros(8)).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_upload_is_read_to_its_end_so_that_the_answer_arrives() {
    let (_app, ada, workspace) = TestApp::start_with(|config| config.artifact_limit_mib = 20).await.and_workspace().await;
    let (writer, reader) = (ada.token(&workspace, ReadWrite).await, ada.token(&workspace, ReadOnly).await);
    writer.put("taken", archive(b"x")).await.is(200);
    let large = bytes::Bytes::from(archive_of(30 << 20));
    for (client, hash, status) in
        [(&reader, "1", 403), (&writer, "taken", 409), (&writer, "too-large", 409), (&writer.with("bkci_unknown"), "1", 401)]
    {
        let answer = client.put(hash, large.clone()).await.is(status);
        assert_eq!(answer.header("content-type"), "text/plain");
        assert!(!answer.text().is_empty(), "with its explanation");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stored_is_there_after_a_restart_and_for_every_server() {
    let (app, ci) = with_ci().await;
    let body = archive_of(300_000);
    ci.put("1", body.clone()).await.is(200);
    let (_state, url) = app.another_server().await;
    assert!(ci.at(&url).read("1").await.unwrap() == body);
    ci.at(&url).put("1", archive(b"other")).await.is(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_that_store_one_key_at_the_same_moment_store_it_once() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let (_state, url) = app.another_server().await;
    let elsewhere = ci.at(&url);
    for round in 0..6 {
        let hash = round.to_string();
        let (one, other) = tokio::join!(ci.put(&hash, archive(b"here")), elsewhere.put(&hash, archive(b"there")));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        let winner: &[u8] = if one.status == 200 { b"here" } else { b"there" };
        for client in [&ci, &elsewhere] {
            assert_eq!(client.read(&hash).await.unwrap(), archive(winner));
        }
    }
    assert_eq!(app.blobs().len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_artifact_belongs_to_its_workspace_alone() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    ci.put("1", archive(b"built")).await.is(200);
    let other = Workspace { id: ada.workspace(app.org(), "api").await.id, ..workspace.clone() };
    ada.token(&other, ReadOnly).await.get("1").await.is(404);
    assert_eq!(app.usage(&workspace).await.artifacts, 1);
    assert_eq!(app.usage(&other).await.artifacts, 0);
}
