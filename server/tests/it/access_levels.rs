//! What the Nx Cloud id alone and personal access tokens may do: chosen by Admins, seen by members, in force at once.

use app::domain::access::TokenAccess::ReadWrite;
use app::domain::role::Role;
use app::error::Field;

use crate::audit::events;
use crate::support::archive::archive;
use crate::support::{Person, Terminal, TestApp, Workspace};

async fn set(admin: &Person, workspace: &Workspace, of: &str, access: &str) {
    admin.post_about(workspace, &format!("/do/access-levels/set-{of}"), &[("access", access)]).await.done();
}

/// What a terminal may do: the status of reading what is there, and of storing something new.
async fn may(terminal: &Terminal, new: &str) -> (u16, u16) {
    (terminal.get("1").await, terminal.put(new, archive(b"new")).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_nx_cloud_id_alone_does_what_its_level_says_from_the_next_request_on() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    ada.token(&workspace, ReadWrite).await.put("1", archive(b"built")).await.is(200);
    let anyone = Terminal::new(&app.url, &ada.nx_cloud_id(&workspace).await);
    assert_eq!(may(&anyone, "2").await, (200, 403), "read-only is the default");
    set(&ada, &workspace, "id", "none").await;
    assert_eq!(may(&anyone, "3").await, (404, 403));
    set(&ada, &workspace, "id", "read-write").await;
    assert_eq!(may(&anyone, "4").await, (200, 200));
    set(&ada, &workspace, "id", "read-only").await;
    assert_eq!(may(&anyone, "5").await, (200, 403));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_members_token_does_what_its_level_says_from_the_next_request_on() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let bob = app.member("bob", Role::Member).await;
    ada.token(&workspace, ReadWrite).await.put("1", archive(b"built")).await.is(200);
    let laptop = Terminal::new(&app.url, &ada.nx_cloud_id(&workspace).await).with(&bob.personal_token("laptop", "90d").await);
    set(&ada, &workspace, "id", "none").await;
    assert_eq!(may(&laptop, "2").await, (200, 403), "read-only is the default");
    set(&ada, &workspace, "personal", "read-write").await;
    assert_eq!(may(&laptop, "3").await, (200, 200));
    set(&ada, &workspace, "personal", "read-only").await;
    assert_eq!(may(&laptop, "4").await, (200, 403));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_server_obeys_a_level_when_it_looks() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    ada.token(&workspace, ReadWrite).await.put("1", archive(b"built")).await.is(200);
    let (other, url) = app.another_server().await;
    let elsewhere = Terminal::new(&url, &ada.nx_cloud_id(&workspace).await);
    assert_eq!(elsewhere.get("1").await, 200);
    other.epoch.watch(&other.db).await.unwrap();
    set(&ada, &workspace, "id", "none").await;
    assert!(other.epoch.watch(&other.db).await.unwrap(), "there is something to notice");
    assert_eq!(elsewhere.get("1").await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_see_the_levels_and_no_token_and_cannot_choose() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    ada.token(&workspace, ReadWrite).await;
    let bob = app.member("bob", Role::Member).await;
    let path = format!("/o/acme/w/{}/tokens", workspace.id);
    let page = bob.get(&path).await.is(200).text();
    assert!(page.contains("The nxCloudId alone") && page.contains("Personal access tokens"), "{page}");
    assert!(!page.contains("bkci_") && !page.contains("access-levels/set"), "{page}");
    assert!(ada.get(&path).await.is(200).text().contains("access-levels/set-id"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_audited_with_before_and_after_and_no_change_is_not() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let before = events(&app).await.len();
    set(&ada, &workspace, "id", "read-only").await;
    set(&ada, &workspace, "id", "none").await;
    set(&ada, &workspace, "personal", "read-write").await;
    let of_web = "ada: access-level-changed workspace web";
    assert_eq!(events(&app).await[before..], [of_web, of_web]);
    let log = ada.get("/o/acme/audit").await.is(200).text();
    assert!(log.contains("what the nxCloudId alone may do in the workspace “web” from read-only to none"), "{log}");
    assert!(log.contains("what personal access tokens may do in the workspace “web” from read-only to read-write"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_set_up_changes_levels_by_the_same_event_and_only_those_that_differ() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    ada.token(&workspace, ReadWrite).await;
    let before = events(&app).await.len();
    let apply = async |id| ada.post_about(&workspace, "/do/set-up/apply", &[("set_up", "ci-writes"), ("id_access", id)]).await.done();
    apply("none").await;
    apply("none").await;
    assert_eq!(
        events(&app).await[before..],
        ["ada: access-level-changed workspace web", "ada: set-up workspace web", "ada: set-up workspace web"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_level_that_does_not_exist_is_refused() {
    let (_app, ada, workspace) = TestApp::with_workspace().await;
    for (of, access) in [("id", ""), ("id", "admin"), ("personal", "none"), ("personal", "READ-WRITE")] {
        ada.post_about(&workspace, &format!("/do/access-levels/set-{of}"), &[("access", access)]).await.refused_for(Field::Access);
    }
}
