//! Taking away at the same instant: what is done before the answer is done, and what is not is refused.

use app::domain::access::TokenAccess::ReadWrite;
use sea_orm::{ConnectionTrait as _, Statement};
use server::auth::change;
use server::store::ci_tokens::hold_access_epoch;
use server::store::users;

use crate::support::archive::archive;
use crate::support::{Browser, Ci, PASSWORD, TestApp, until};

const ROUNDS: usize = 6;

/// Waits until somebody waits for a lock. SQLite lets one write at a time, and tells nobody who waits.
async fn somebody_waits(app: &TestApp) {
    let db = app.state.db.read();
    if app.state.db.kind() != "PostgreSQL" {
        return;
    }
    let sql = "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
    let waits = async || {
        let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap().unwrap();
        row.try_get_by_index::<bool>(0).unwrap()
    };
    until("somebody waits for a lock", waits).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_behind_what_it_has_begun_to_change() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for (round, form) in ["/do/sessions/end-others", "/do/accounts/change-password"].into_iter().enumerate() {
        ada.sign_in(&ada.email, PASSWORD).await.done();
        let caller = ada.caller().await;
        let elsewhere = app.browser();
        elsewhere.sign_in(&ada.email, PASSWORD).await.done();
        let tx = change::begin(&app.state, &caller).await.unwrap();
        let ending = tokio::spawn(async move { elsewhere.post(form, &[("current", PASSWORD), ("password", PASSWORD)]).await });
        somebody_waits(&app).await;
        let name = app::domain::names::PersonName::parse(&format!("Ada {round}")).unwrap();
        users::rename(&tx, ada.id, &name).await.unwrap();
        tx.commit().await.unwrap();
        ending.await.unwrap().done();
        assert_eq!(users::find(app.state.db.read(), ada.id).await.unwrap().unwrap().name, name);
        assert!(change::begin(&app.state, &caller).await.is_err());
        assert!(!ada.is_signed_in().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_out_waits_for_what_the_session_has_begun_to_change() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let caller = ada.caller().await;
    let tx = change::begin(&app.state, &caller).await.unwrap();
    let leaving = Browser::clone(&ada);
    let leaving = tokio::spawn(async move { leaving.post("/do/accounts/sign-out", &[]).await });
    somebody_waits(&app).await;
    tx.commit().await.unwrap();
    leaving.await.unwrap().done();
    assert!(change::begin(&app.state, &caller).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn access_is_taken_away_behind_what_is_about_to_be_named() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let tx = app.state.db.begin_without_session().await.unwrap();
    hold_access_epoch(&tx).await.unwrap();
    let (browser, id, token) = (Browser::clone(&ada), workspace.id.to_string(), ci.id.to_string());
    let form = workspace.clone();
    let revoking = tokio::spawn(async move { browser.post("/do/ci-tokens/revoke", &form.form(&id, &[("token", &token)])).await });
    somebody_waits(&app).await;
    tx.commit().await.unwrap();
    revoking.await.unwrap().done();
    ci.put("1", archive(b"built")).await.is(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_stored_any_more_from_the_answer_on_that_the_token_is_revoked() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    for round in 0..ROUNDS {
        let ci = ada.token(&workspace, ReadWrite).await;
        let puts: Vec<_> = (0..40)
            .map(|number| {
                let ci = ci.clone();
                tokio::spawn(async move { ci.put(&format!("{round}a{number}"), archive(b"built")).await.status })
            })
            .collect();
        ada.revoke(&workspace, &ci).await;
        let stored = app.db_count("artifacts").await;
        for put in puts {
            let status = put.await.unwrap();
            assert!([200, 401, 403].contains(&status), "{status}");
        }
        assert_eq!(app.db_count("artifacts").await, stored, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_has_lost_access_is_in_nobodys_way() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let (good, bad) = (ada.token(&workspace, ReadWrite).await, ada.token(&workspace, ReadWrite).await);
    good.get("0").await.is(404);
    bad.get("0").await.is(404);
    // While the database is busy, names gather behind the first.
    let busy = app.state.db.begin_without_session().await.unwrap();
    if app.state.db.kind() == "PostgreSQL" {
        busy.execute_unprepared("LOCK TABLE artifacts IN EXCLUSIVE MODE").await.unwrap();
    }
    let put = |ci: &Ci, hash: &'static str| {
        let ci = ci.clone();
        tokio::spawn(async move { ci.put(hash, archive(b"built")).await.status })
    };
    // Of two with one hash the good one is stored, whichever comes first.
    let puts = [put(&good, "1"), put(&bad, "2"), put(&bad, "3"), put(&good, "3"), put(&good, "4")];
    until("all bytes are stored", async || app.blobs().len() == 5).await;
    let last = "UPDATE ci_tokens SET access = 'read-only' WHERE id IN (SELECT id FROM ci_tokens ORDER BY id DESC LIMIT 1)";
    busy.execute_unprepared(last).await.unwrap();
    busy.execute_unprepared("UPDATE access_epoch SET epoch = epoch + 1").await.unwrap();
    busy.commit().await.unwrap();
    let mut answers = Vec::new();
    for put in puts {
        answers.push(put.await.unwrap());
    }
    assert_eq!(answers, [200, 403, 403, 200, 200]);
    assert_eq!((app.db_count("artifacts").await, app.blobs().len()), (3, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_outlives_a_session_that_is_ended_at_the_same_instant() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for round in 0..ROUNDS {
        ada.sign_in(&ada.email, PASSWORD).await.done();
        let elsewhere = app.browser();
        elsewhere.sign_in(&ada.email, PASSWORD).await.done();
        let changes: Vec<_> = (0..10)
            .map(|number| {
                let ada = Browser::clone(&ada);
                tokio::spawn(async move { ada.post("/do/accounts/rename", &[("name", &format!("Ada {round} {number}"))]).await.status })
            })
            .collect();
        elsewhere.post("/do/sessions/end-others", &[]).await.done();
        let name = users::find(app.state.db.read(), ada.id).await.unwrap().unwrap().name;
        for change in changes {
            let status = change.await.unwrap();
            assert!([303, 401].contains(&status), "{status}");
        }
        assert_eq!(users::find(app.state.db.read(), ada.id).await.unwrap().unwrap().name, name, "round {round}");
    }
}
