//! The audit log: every change is in it, with who and what; what was refused is not.

use app::domain::access::TokenAccess::ReadOnly;
use app::domain::role::Role;
use sea_orm::{ConnectionTrait as _, QueryResult, Statement};

use crate::support::{PASSWORD, TestApp};

/// `who: what object-kind object-name`, in order.
async fn events(app: &TestApp) -> Vec<String> {
    let db = app.state.db.read();
    let query = "SELECT actor_kind, actor_name, action, object_kind, object_name FROM audit_events ORDER BY id";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await.unwrap();
    let text = |row: &QueryResult, column: usize| row.try_get_by_index::<String>(column).unwrap();
    let line = |row: &QueryResult| {
        let name = if text(row, 0) == "user" { text(row, 1) } else { text(row, 0) };
        format!("{name}: {} {} {}", text(row, 2), text(row, 3), text(row, 4))
    };
    rows.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_is_audited_with_who_and_what() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Member).await;
    let before = events(&app).await.len();
    let workspace = ada.workspace(app.org(), "web").await;
    ada.post_about(&workspace, "/do/workspaces/rename", &[("name", "shop")]).await.done();
    ada.post_about(&workspace, "/do/workspaces/set-retention", &[("days", "3"), ("gibibytes", "")]).await.done();
    let token = ada.token(&workspace, ReadOnly).await;
    let token = ada.rotate(&workspace, &token, "1").await;
    ada.revoke(&workspace, &token).await;
    ada.post_about(&workspace, "/do/artifacts/purge", &[("which", "all")]).await.done();
    ada.post_about(&workspace, "/do/workspaces/delete", &[("confirmation", "shop")]).await.done();
    let member = [("org_slug", "acme"), ("member", &bob.id.to_string())];
    ada.post("/do/members/set-role", &[&member[..], &[("role", "admin")]].concat()).await.done();
    bob.post("/do/members/leave", &[("org_slug", "acme")]).await.done();
    ada.post("/do/orgs/rename", &[("org_slug", "acme"), ("name", "Acme GmbH")]).await.done();
    ada.post("/do/orgs/change-slug", &[("org_slug", "acme"), ("slug", "acme-labs")]).await.done();
    ada.post("/do/orgs/delete", &[("org_slug", "acme-labs"), ("confirmation", "Acme GmbH")]).await.done();
    ada.post("/do/accounts/change-password", &[("current", PASSWORD), ("password", "another horse battery")]).await.done();
    ada.post("/do/accounts/rename", &[("name", "Ada")]).await.done();
    assert_eq!(
        events(&app).await[before..],
        [
            "ada: created workspace web",
            "ada: renamed workspace web",
            "ada: retention-changed workspace shop",
            "ada: created ci-token ci",
            "ada: rotated ci-token ci",
            "ada: revoked ci-token ci",
            "ada: purged artifacts shop",
            "ada: deleted workspace shop",
            "ada: role-changed member bob",
            "bob: left member bob",
            "ada: renamed org acme",
            "ada: moved org Acme GmbH",
            "ada: deleted org Acme GmbH",
            "ada: password-changed account ada",
            "ada: renamed account ada",
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_refused_is_not_audited_but_a_wrong_password_is() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Member).await;
    let before = events(&app).await.len();
    bob.post("/do/orgs/rename", &[("org_slug", "acme"), ("name", "Bobs")]).await.is(403);
    ada.post("/do/members/leave", &[("org_slug", "acme")]).await.is(409);
    ada.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", "wrong")]).await.is(422);
    assert_eq!(events(&app).await.len(), before);
    app.browser().sign_in(&ada.email, "wrong horse battery").await.is(401);
    assert_eq!(events(&app).await[before..], ["anonymous: sign-in-failed account ada"]);
}
