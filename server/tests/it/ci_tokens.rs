//! CI access tokens: shown once, rotated with overlap, taken back at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use app::backend::ci_tokens::CiTokenRow;
use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use app::domain::token::TokenState;
use app::error::{AppError, Conflict, Field};
use app::notice::Notice;
use chrono::TimeDelta;
use server::auth::epoch::WATCH_INTERVAL;
use server::services;
use server::workers::Workers;
use tokio::task::JoinSet;

use crate::support::archive::archive;
use crate::support::{Ci, Person, TestApp, Workspace, until};

async fn list(app: &TestApp, workspace: &Workspace) -> Vec<CiTokenRow> {
    app.flush().await;
    app.backend().ci_tokens.list(&app.operator(), &workspace.org, workspace.id).await.unwrap()
}

async fn rotate(ada: &Person, workspace: &Workspace, token: &Ci, hours: &str) -> crate::support::Answer {
    ada.post_about(workspace, "/do/ci-tokens/rotate", &[("token", &token.id.to_string()), ("overlap_hours", hours)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tokens_value_is_shown_once() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let page = format!("/o/acme/w/{}/tokens", workspace.id);
    assert!(ada.get(&page).await.is(200).text().contains(&ci.secret));
    assert!(!ada.get(&page).await.is(200).text().contains(&ci.secret));
    assert_eq!(list(&app, &workspace).await[0].last_four, &ci.secret[ci.secret.len() - 4..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_message_with_the_value_is_sealed_in_the_browser() {
    let (_app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    assert!(matches!(ada.notice(), Some(Notice::TokenIssued(_))));
    assert!(!ada.cookie_header().contains(&ci.secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_what_a_token_may_do_and_when_and_from_where_it_was_used() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token_for(&workspace, ReadOnly, "7d").await;
    let row = &list(&app, &workspace).await[0];
    assert_eq!((row.name.as_str(), row.access, row.created_by.as_str(), row.state), ("ci", ReadOnly, "ada", TokenState::Active));
    assert_eq!(row.expires_at, Some(row.created_at + TimeDelta::days(7)));
    assert_eq!(row.last_used, None);
    ci.get("1").await.is(404);
    let (at, from) = list(&app, &workspace).await[0].last_used.clone().unwrap();
    assert_eq!(from, "127.0.0.1");
    assert!(at >= row.created_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_another_workspace_sees_nothing() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let api = ada.workspace(app.org(), "api").await;
    let zoo = ada.workspace(&ada.found("zoo").await, "web").await;
    let (ci, same_org, other_org) =
        (ada.token(&workspace, ReadWrite).await, ada.token(&api, ReadWrite).await, ada.token(&zoo, ReadWrite).await);
    ci.put("1", archive(b"of web")).await.is(200);
    for stranger in [&same_org, &other_org] {
        stranger.get("1").await.is(404);
        stranger.put("1", archive(b"of another")).await.is(200);
        assert_eq!(stranger.read("1").await.unwrap(), archive(b"of another"));
    }
    assert_eq!(ci.read("1").await.unwrap(), archive(b"of web"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_expires_by_the_clock_also_while_it_is_in_use() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token_for(&workspace, ReadWrite, "1").await;
    ci.put("1", archive(b"built")).await.is(200);
    app.state.clock.advance(TimeDelta::hours(23));
    ci.get("1").await.is(200);
    app.state.clock.advance(TimeDelta::hours(1));
    ci.get("1").await.is(401);
    ci.put("2", archive(b"built")).await.is(401);
    assert_eq!(list(&app, &workspace).await[0].state, TokenState::Expired);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_never_expires_does_not() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token_for(&workspace, ReadOnly, "never").await;
    app.state.clock.advance(TimeDelta::days(4000));
    ci.get("1").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rotation_the_old_value_works_for_the_chosen_hours() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let old = ada.token(&workspace, ReadOnly).await;
    old.get("1").await.is(404);
    let new = ada.rotate(&workspace, &old, "24").await;
    assert_ne!(old.secret, new.secret);
    app.state.clock.advance(TimeDelta::hours(24) - TimeDelta::minutes(1));
    old.get("1").await.is(404);
    new.get("1").await.is(404);
    app.state.clock.advance(TimeDelta::minutes(1));
    old.get("1").await.is(401);
    new.get("1").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_overlap_the_old_value_stops_with_the_rotation() {
    let (_app, ada, workspace) = TestApp::with_workspace().await;
    let old = ada.token(&workspace, ReadOnly).await;
    old.get("1").await.is(404);
    let new = ada.rotate(&workspace, &old, "0").await;
    old.get("1").await.is(401);
    new.get("1").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_rotation_ends_the_oldest_value() {
    let (_app, ada, workspace) = TestApp::with_workspace().await;
    let first = ada.token(&workspace, ReadOnly).await;
    first.get("1").await.is(404);
    let second = ada.rotate(&workspace, &first, "24").await;
    let third = ada.rotate(&workspace, &second, "24").await;
    first.get("1").await.is(401);
    second.get("1").await.is(404);
    third.get("1").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_does_not_lengthen_a_tokens_life() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let old = ada.token_for(&workspace, ReadOnly, "1").await;
    let new = ada.rotate(&workspace, &old, "336").await;
    app.state.clock.advance(TimeDelta::days(1));
    old.get("1").await.is(401);
    new.get("1").await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn revoking_ends_both_values_of_a_rotated_token() {
    let (_app, ada, workspace) = TestApp::with_workspace().await;
    let old = ada.token(&workspace, ReadOnly).await;
    let new = ada.rotate(&workspace, &old, "24").await;
    old.get("1").await.is(404);
    new.get("1").await.is(404);
    ada.revoke(&workspace, &new).await;
    old.get("1").await.is(401);
    new.get("1").await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_does_not_work_any_more_cannot_be_rotated() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let (revoked, expired) = (ada.token(&workspace, ReadOnly).await, ada.token_for(&workspace, ReadOnly, "1").await);
    ada.revoke(&workspace, &revoked).await;
    app.state.clock.advance(TimeDelta::days(1));
    for token in [revoked, expired] {
        rotate(&ada, &workspace, &token, "1").await.refused(409, &AppError::Conflict(Conflict::TokenNotActive));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_about_a_token_is_checked() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let create = async |name: &str, access: &str, expires: &str| {
        ada.post_about(&workspace, "/do/ci-tokens/create", &[("name", name), ("access", access), ("expires", expires)]).await
    };
    create("", "read-only", "90d").await.refused_for(Field::Name);
    create("ci", "admin", "90d").await.refused_for(Field::Access);
    for life in ["", "0", "forever", "3651d"] {
        create("ci", "read-only", life).await.refused_for(Field::Expires);
    }
    assert!(list(&app, &workspace).await.is_empty());
    let token = ada.token(&workspace, ReadOnly).await;
    for hours in ["", "-1", "337"] {
        rotate(&ada, &workspace, &token, hours).await.refused_for(Field::Overlap);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_succeeds_after_the_answer_to_revoke() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let keeper = ada.token(&workspace, ReadWrite).await;
    keeper.put("1", archive(b"built")).await.is(200);
    for round in 0..5 {
        let ci = ada.token(&workspace, ReadWrite).await;
        let (hits, revoked) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let mut clients = JoinSet::new();
        for client in 0..8 {
            let (ci, hits, revoked) = (ci.clone(), hits.clone(), revoked.clone());
            clients.spawn(async move {
                let mut late = 0;
                for request in 0.. {
                    let is_late = revoked.load(Ordering::SeqCst);
                    // Two of the eight store, the others read.
                    let answer =
                        if client < 2 { ci.put(&format!("{round}-{client}-{request}"), archive(b"more")).await } else { ci.get("1").await };
                    match answer.status {
                        401 => late += usize::from(is_late),
                        200 if !is_late => drop(hits.fetch_add(1, Ordering::SeqCst)),
                        // It was under way when the token was revoked.
                        403 if !is_late && client < 2 => {}
                        other => panic!("{other}, begun {} the answer to revoke", if is_late { "after" } else { "before" }),
                    }
                    if late == 5 {
                        break;
                    }
                }
            });
        }
        // Other changes of access meanwhile: what is remembered is read again all the time, also while the revoke is written.
        let (state, over) = (app.state.clone(), revoked.clone());
        let unrest = tokio::spawn(async move {
            while !over.load(Ordering::SeqCst) {
                state.access_changed();
                tokio::task::yield_now().await;
            }
        });
        until("all clients are at work", async || hits.load(Ordering::SeqCst) >= 50).await;
        ada.revoke(&workspace, &ci).await;
        revoked.store(true, Ordering::SeqCst);
        unrest.await.unwrap();
        while let Some(client) = clients.join_next().await {
            client.unwrap();
        }
    }
    keeper.get("1").await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_notices_what_the_operator_revokes_beside_it() {
    assert!(WATCH_INTERVAL < Duration::from_secs(1), "other servers are to notice within a second");
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let workers = Workers::start(&app.state);
    let ci = ada.token(&workspace, ReadOnly).await;
    ci.get("1").await.is(404);
    let (beside, _) = app.another_server().await;
    services::backend(&beside).ci_tokens.revoke(&app.operator(), &workspace.org, workspace.id, ci.id).await.unwrap();
    until("the revoked token is refused", async || ci.get("1").await.status == 401).await;
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_server_revokes_the_others_refuse_when_they_look() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let (other, url) = app.another_server().await;
    let ci = ada.token(&workspace, ReadOnly).await;
    let elsewhere = ci.at(&url);
    elsewhere.get("1").await.is(404);
    assert!(other.epoch.watch(&other.db).await.is_ok());
    elsewhere.get("1").await.is(404);
    ada.revoke(&workspace, &ci).await;
    assert!(other.epoch.watch(&other.db).await.unwrap(), "there is something to notice");
    elsewhere.get("1").await.is(401);
    assert!(!other.epoch.watch(&other.db).await.unwrap(), "and then nothing more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_token_and_artifact_need_no_database() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadOnly).await;
    let writer = ada.token(&workspace, ReadWrite).await;
    writer.put("1", archive(b"built")).await.is(200);
    ci.get("1").await.is(200);
    app.db_break().await;
    for _ in 0..3 {
        assert_eq!(ci.read("1").await.unwrap(), archive(b"built"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_a_token_is_refused_without_the_database() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadOnly).await;
    app.db_break().await;
    let (start, last) = ci.secret.split_at(ci.secret.len() - 1);
    let damaged = format!("{start}{}", if last == "x" { "y" } else { "x" });
    for wrong in ["", "nonsense", "bkci_", &damaged, &ci.secret.replace("bkci_", "bkses_"), &format!("{} ", ci.secret.to_lowercase())] {
        ci.with(wrong).get("1").await.is(401);
    }
}
