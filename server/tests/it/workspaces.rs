//! Workspaces of an organization.

use app::backend::workspaces::WorkspaceView;
use app::domain::access::{IdAccess, TokenAccess};
use app::domain::retention::Retention;
use app::error::{AppError, Conflict, Field};
use app::paths;

use crate::support::archive::archive;
use crate::support::{Answer, Person, TestApp, Workspace};

async fn view(app: &TestApp, workspace: &Workspace) -> WorkspaceView {
    app.backend().workspaces.open(&app.operator(), &workspace.org, workspace.id).await.unwrap().1
}

async fn set_retention(ada: &Person, workspace: &Workspace, days: &str, gibibytes: &str) -> Answer {
    ada.post_about(workspace, "/do/workspaces/set-retention", &[("days", days), ("gibibytes", gibibytes)]).await
}

async fn delete(ada: &Person, workspace: &Workspace, confirmation: &str) -> Answer {
    ada.post_about(workspace, "/do/workspaces/delete", &[("confirmation", confirmation)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_workspace_has_its_own_nx_cloud_id_and_the_default_retention() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (web, api) = (ada.workspace(app.org(), "web").await, ada.workspace(app.org(), "api").await);
    let (web, api) = (view(&app, &web).await, view(&app, &api).await);
    assert_eq!(web.name.as_str(), "web");
    assert_eq!(web.retention, Retention::DEFAULT);
    let id = web.nx_cloud_id.as_ref().unwrap().as_str();
    assert!(id.len() == 24 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "nx takes anything else for something else: {id}");
    assert_ne!(web.nx_cloud_id, api.nx_cloud_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn creating_a_workspace_leads_to_how_nx_is_connected() {
    let (app, ada) = TestApp::with_org("acme").await;
    let target = ada.post("/do/workspaces/create", &[("org_slug", "acme"), ("name", "web")]).await.done();
    let id = app.backend().workspaces.list(&ada.caller().await, app.org()).await.unwrap()[0].id;
    assert_eq!(target, format!("/o/acme/w/{id}/connect"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_nx_cloud_id_alone_opens_is_chosen_with_a_new_workspace_and_said_on_its_page() {
    let (app, ada) = TestApp::with_org("acme").await;
    let form = ada.get("/o/acme/workspaces/new").await.is(200).text();
    for access in IdAccess::ALL {
        assert!(form.contains(access.describe()), "the form says what follows from {access}");
    }
    let create = async |name: &str, access: &str| {
        ada.post("/do/workspaces/create", &[("org_slug", "acme"), ("name", name), ("id_access", access)]).await
    };
    create("x", "everything").await.refused_for(Field::Access);
    for (name, access, words) in [
        ("closed", IdAccess::None, "Alone it opens nothing"),
        ("reads", IdAccess::ReadOnly, "reads the shared cache without a token"),
        ("stores", IdAccess::ReadWrite, "stores in it, without a token"),
    ] {
        let target = create(name, access.as_str()).await.done();
        let page = ada.get(target.strip_suffix("/connect").unwrap()).await.is(200).text();
        assert!(page.contains(words) && !page.contains("no access by itself"), "{name}: {page}");
    }
    let unchosen = ada.workspace(app.org(), "as the documents say").await;
    assert_eq!(view(&app, &unchosen).await.id_access, Some(IdAccess::DEFAULT));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_tells_the_same_way_to_the_first_remote_hit() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let overview = ada.get(&paths::workspace(&workspace.org, workspace.id)).await.is(200).text();
    let connect = ada.get(&paths::workspace_connect(&workspace.org, workspace.id)).await.is(200).text();
    for page in [overview, connect] {
        let places = ["nx.json", "npx nx login", "NX_CLOUD_ACCESS_TOKEN"].map(|step| page.find(step));
        assert!(places.iter().all(Option::is_some) && places.is_sorted(), "nx.json, login, token: {places:?} {page}");
    }
    let form = [("name", "ci"), ("access", "read-write"), ("expires", "7d")];
    ada.post_about(&workspace, "/do/ci-tokens/create", &form).await.done();
    let shown = ada.get(&paths::workspace_tokens(&workspace.org, workspace.id)).await.is(200).text();
    let (first, cache_only) = (shown.find("NX_CLOUD_ACCESS_TOKEN=bkci_"), shown.find("NX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN=bkci_"));
    assert!(first < cache_only && first.is_some(), "the line for a connected nx comes first: {shown}");
    assert!(!app.browser().get("/").await.text().contains("environment variables"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_taken_once_in_an_organization() {
    let (app, ada) = TestApp::with_org("acme").await;
    ada.workspace(app.org(), "web").await;
    let api = ada.workspace(app.org(), "api").await;
    let taken = AppError::Conflict(Conflict::WorkspaceNameTaken);
    ada.post("/do/workspaces/create", &[("org_slug", "acme"), ("name", "web")]).await.refused(409, &taken);
    ada.post_about(&api, "/do/workspaces/rename", &[("name", "web")]).await.refused(409, &taken);
    let zoo = ada.found("zoo").await;
    ada.workspace(&zoo, "web").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_gets_another_name() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    ada.post_about(&workspace, "/do/workspaces/rename", &[("name", "Web shop")]).await.done();
    assert_eq!(view(&app, &workspace).await.name.as_str(), "Web shop");
}

#[tokio::test(flavor = "multi_thread")]
async fn retention_is_changed_and_an_empty_field_is_no_limit() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    set_retention(&ada, &workspace, "7", "100").await.done();
    assert_eq!(view(&app, &workspace).await.retention, Retention { days: Some(7), gibibytes: Some(100) });
    set_retention(&ada, &workspace, "", "").await.done();
    assert_eq!(view(&app, &workspace).await.retention, Retention { days: None, gibibytes: None });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retention_that_is_no_number_is_refused() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    for days in ["0", "-1", "many", "4000", "1.5"] {
        set_retention(&ada, &workspace, days, "").await.refused_for(Field::Days);
    }
    for gibibytes in ["0", "-1", "99999999999999999999"] {
        set_retention(&ada, &workspace, "", gibibytes).await.refused_for(Field::Gibibytes);
    }
    assert_eq!(view(&app, &workspace).await.retention, Retention::DEFAULT);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_deleted_by_typing_its_name() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    for wrong in ["", "Web", "acme"] {
        delete(&ada, &workspace, wrong).await.refused_for(Field::Confirmation);
    }
    assert_eq!(delete(&ada, &workspace, "web").await.done(), "/o/acme");
    assert!(app.backend().workspaces.list(&ada.caller().await, app.org()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_workspace_go_its_tokens_and_artifacts() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, TokenAccess::ReadWrite).await;
    ci.put("1", archive(b"built")).await.is(200);
    ci.get("1").await.is(200);
    delete(&ada, &workspace, "web").await.done();
    ci.get("1").await.is(401);
    // A workspace of the same name is another one.
    let again = ada.workspace(app.org(), "web").await;
    ada.token(&again, TokenAccess::ReadOnly).await.get("1").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workspace_of_another_organization_is_not_reached_through_ones_own() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let eve = app.person("eve").await;
    let disguised = Workspace { org: eve.found("evil").await, id: workspace.id };
    for (path, more) in [
        ("/do/workspaces/rename", vec![("name", "mine")]),
        ("/do/workspaces/set-retention", vec![("days", "1"), ("gibibytes", "1")]),
        ("/do/workspaces/delete", vec![("confirmation", "web")]),
        ("/do/ci-tokens/create", vec![("name", "mine"), ("access", "read-write"), ("expires", "never")]),
        ("/do/artifacts/purge", vec![("which", "all")]),
    ] {
        eve.post_about(&disguised, path, &more).await.refused(404, &AppError::NotFound);
    }
    assert_eq!(view(&app, &workspace).await.name.as_str(), "web");
    ada.token(&workspace, TokenAccess::ReadOnly).await.get("1").await.is(404);
}
