//! Organizations: founding, settings, and the end of one.

use app::backend::orgs::OrgView;
use app::domain::access::TokenAccess;
use app::domain::names::OrgSlug;
use app::domain::role::Role;
use app::domain::standing::Standing;
use app::error::{AppError, Conflict, Field};
use chrono::TimeDelta;

use crate::support::archive::archive;
use crate::support::{PASSWORD, Person, TestApp, files};

async fn open(app: &TestApp, person: &Person, slug: &str) -> Result<OrgView, AppError> {
    app.backend().orgs.open(&person.caller().await, &OrgSlug::parse(slug).unwrap()).await
}

async fn change_slug(person: &Person, from: &str, to: &str) -> crate::support::Answer {
    person.post("/do/orgs/change-slug", &[("org_slug", from), ("slug", to)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_creates_an_organization_is_its_only_member_an_admin() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let target = ada.post("/do/orgs/create", &[("name", "Acme GmbH"), ("slug", "acme")]).await.done();
    assert_eq!(target, "/o/acme");
    let acme = open(&app, &ada, "acme").await.unwrap();
    assert_eq!((acme.name.as_str(), acme.standing, acme.members, acme.workspaces), ("Acme GmbH", Standing::Member(Role::Admin), 1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_several_organizations_and_sees_no_others() {
    let app = TestApp::start().await;
    let (ada, eve) = (app.person("ada").await, app.person("eve").await);
    for slug in ["zoo", "acme"] {
        ada.found(slug).await;
    }
    eve.found("evil").await;
    let listed = app.backend().orgs.list(&ada.caller().await).await.unwrap();
    assert_eq!(listed.iter().map(|org| org.slug.as_str()).collect::<Vec<_>>(), ["acme", "zoo"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_taken_once() {
    let (app, _ada) = TestApp::with_org("acme").await;
    let bob = app.person("bob").await;
    let again = bob.post("/do/orgs/create", &[("name", "Acme"), ("slug", "acme")]).await;
    again.refused(409, &AppError::Conflict(Conflict::SlugTaken));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_take_an_address_at_the_same_moment_one_gets_it() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    for round in 0..5 {
        let slug = format!("acme-{round}");
        let form = [("name", "Acme"), ("slug", slug.as_str())];
        let (one, other) = tokio::join!(ada.post("/do/orgs/create", &form), bob.post("/do/orgs/create", &form));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_the_product_uses_or_that_is_none_is_refused() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    for slug in ["new", "admin", "Acme", "a", "-acme", "a/b", "acme--x", ""] {
        ada.post("/do/orgs/create", &[("name", "Acme"), ("slug", slug)]).await.refused_for(Field::Slug);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_gets_another_name() {
    let (app, ada) = TestApp::with_org("acme").await;
    ada.post("/do/orgs/rename", &[("org_slug", "acme"), ("name", "Acme & Söhne")]).await.done();
    assert_eq!(open(&app, &ada, "acme").await.unwrap().name.as_str(), "Acme & Söhne");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_address_leads_to_the_new_one() {
    let (app, ada) = TestApp::with_org("acme").await;
    assert_eq!(change_slug(&ada, "acme", "acme-labs").await.done(), "/o/acme-labs/settings");
    assert_eq!(open(&app, &ada, "acme").await, Err(AppError::Moved(OrgSlug::parse("acme-labs").unwrap())));
    assert_eq!(ada.get("/o/acme/members").await.is(302).header("location"), "/o/acme-labs/members");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_address_tells_an_outsider_nothing() {
    let (app, ada) = TestApp::with_org("acme").await;
    let eve = app.person("eve").await;
    change_slug(&ada, "acme", "acme-labs").await.done();
    assert_eq!(open(&app, &eve, "acme").await, Err(AppError::NotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_old_address_stays_with_its_organization() {
    let (app, ada) = TestApp::with_org("acme").await;
    let eve = app.person("eve").await;
    eve.found("evil").await;
    change_slug(&ada, "acme", "acme-labs").await.done();
    let taken = AppError::Conflict(Conflict::SlugTaken);
    eve.post("/do/orgs/create", &[("name", "Acme"), ("slug", "acme")]).await.refused(409, &taken);
    change_slug(&eve, "evil", "acme").await.refused(409, &taken);
    change_slug(&eve, "evil", "acme-labs").await.refused(409, &taken);
    change_slug(&ada, "acme-labs", "acme").await.done();
    assert!(open(&app, &ada, "acme").await.is_ok(), "its own old address can be taken back");
    assert_eq!(open(&app, &ada, "acme-labs").await, Err(AppError::Moved(OrgSlug::parse("acme").unwrap())));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_is_deleted_by_typing_its_name() {
    let (app, ada) = TestApp::with_org("acme").await;
    ada.post("/do/orgs/rename", &[("org_slug", "acme"), ("name", "Acme GmbH")]).await.done();
    let delete = async |confirmation: &str| ada.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", confirmation)]).await;
    for wrong in ["", "acme", "acme gmbh"] {
        delete(wrong).await.refused_for(Field::Confirmation);
    }
    assert_eq!(delete("Acme GmbH").await.done(), "/");
    assert_eq!(open(&app, &ada, "acme").await, Err(AppError::NotFound));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_organization_go_its_tokens_and_the_key_of_its_artifacts() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, TokenAccess::ReadWrite).await;
    ci.put("1", archive(b"built")).await.is(200);
    ci.get("1").await.is(200);
    ada.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", "acme")]).await.done();
    ci.get("1").await.is(401);
    let keys = server::store::orgs::wrapped_keys(app.state.db.read(), open_id(&app).await).await.unwrap();
    assert!(keys.is_empty());
}

/// The id of the deleted organization, from the audit log, which outlives it.
async fn open_id(app: &TestApp) -> app::domain::ids::OrgId {
    use sea_orm::ConnectionTrait as _;
    let db = app.state.db.read();
    let query = "SELECT org_id FROM audit_events WHERE action = 'deleted' AND object_kind = 'org'";
    let row = db.query_one_raw(sea_orm::Statement::from_string(db.get_database_backend(), query)).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_deleted_organization_is_in_no_file_of_the_database_any_more() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, TokenAccess::ReadWrite).await;
    ci.put("1", archive(b"built")).await.is(200);
    let org = app.backend().orgs.open(&ada.caller().await, app.org()).await.unwrap().id;
    let key = server::store::orgs::wrapped_keys(app.state.db.read(), org).await.unwrap().remove(0).wrapped;
    let holds_key = || {
        let database = files(&app.state.config.data_dir).into_iter().filter(|file| file.to_string_lossy().contains("sqlite"));
        let mut bytes = database.map(|file| std::fs::read(file).unwrap());
        bytes.any(|bytes| bytes.windows(key.len()).any(|window| window == key))
    };
    if app.state.db.kind() == "SQLite" {
        assert!(holds_key(), "the test looks in the right place");
    }
    ada.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", "acme")]).await.done();
    assert!(!holds_key());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_addresses_of_a_deleted_organization_are_nobodys_for_90_days_and_then_show_nothing_of_it() {
    let (app, ada) = TestApp::with_org("acme").await;
    ada.workspace(app.org(), "web").await;
    change_slug(&ada, "acme", "acme-labs").await.done();
    ada.post("/do/orgs/delete", &[("org_slug", "acme-labs"), ("confirmation", "acme")]).await.done();
    let bob = app.person("bob").await;
    bob.found("zoo").await;
    let taken = AppError::Conflict(Conflict::SlugTaken);
    for slug in ["acme", "acme-labs"] {
        ada.post("/do/orgs/create", &[("name", "Acme"), ("slug", slug)]).await.refused(409, &taken);
        change_slug(&bob, "zoo", slug).await.refused(409, &taken);
    }
    app.state.clock.advance(TimeDelta::days(90) + TimeDelta::seconds(1));
    bob.sign_in(&bob.email, PASSWORD).await.done();
    bob.found("acme").await;
    ada.sign_in(&ada.email, PASSWORD).await.done();
    let acme = open(&app, &bob, "acme").await.unwrap();
    assert_eq!((acme.members, acme.workspaces), (1, 0));
    assert_eq!(open(&app, &ada, "acme").await, Err(AppError::NotFound));
}
