//! Workspaces that come from `nx connect`: nobody's at first, then claimed by a link that is given out once.

mod attacks;
mod set_up;

use app::backend::connections::Owner;
use app::domain::access::IdAccess;
use app::domain::connection::{LINK_DAYS, UNCLAIMED_DAYS};
use app::domain::ids::OrgId;
use app::domain::names::{NxCloudId, OrgSlug, WorkspaceName};
use app::domain::role::Role;
use app::domain::secret::PlainSecret;
use app::error::{AppError, Conflict, Field};
use app::notice::Notice;
use app::paths;
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use server::services::connections::for_nx;

use crate::support::archive::archive;
use crate::support::{Answer, Ci, Person, TestApp, Workspace};

/// What nx posts, without any credential.
pub async fn nx(app: &TestApp, path: &str, body: &Value) -> Answer {
    let browser = app.browser();
    browser.send(browser.request(Method::POST, &format!("/nx-cloud/{path}")).body(body.to_string())).await
}

/// `nx connect` in a repository of another host than GitHub: the id that it writes, and the code of the link.
pub async fn nx_connect(app: &TestApp, name: &str) -> (String, String) {
    let asked = json!({ "workspaceName": name, "installationSource": "nx-connect", "nxInitDate": null });
    let created: Value = serde_json::from_slice(&nx(app, "v2/create-org-and-workspace", &asked).await.is(200).body).unwrap();
    let id = created["nxCloudId"].as_str().unwrap_or_else(|| panic!("{created}")).to_owned();
    let code = link(app, Some(&id)).await;
    (id, code)
}

/// The code of a link, as `nx connect` asks for one.
pub async fn link(app: &TestApp, token: Option<&str>) -> String {
    let asked = json!({
        "type": "MANUAL", "source": "nx-connect", "accessToken": token, "selectedRepositoryName": "acme/shop", "repositoryDomain": "gitlab.com",
    });
    serde_json::from_slice(&nx(app, "onboarding", &asked).await.is(200).body).unwrap()
}

/// A machine that knows only the id, with the cache API.
pub fn machine(app: &TestApp, id: &str) -> Machine {
    Machine { ci: Ci::new(&app.url, "tok_00000000000000000000000000".parse().unwrap(), String::new()), id: id.to_owned() }
}

pub struct Machine {
    ci: Ci,
    id: String,
}

impl Machine {
    pub async fn get(&self, hash: &str) -> u16 {
        self.ci.send(self.ci.request(Method::GET, &format!("/w/{}/v1/cache/{hash}", self.id))).await.status
    }

    pub async fn put(&self, hash: &str) -> u16 {
        let request = self.ci.request(Method::PUT, &format!("/w/{}/v1/cache/{hash}", self.id)).body(archive(b"built"));
        self.ci.send(request).await.status
    }
}

/// The form of a link.
pub async fn claim(person: &Person, code: &str, org: &OrgSlug, name: &str) -> Answer {
    person.post("/do/connections/accept", &[("code", code), ("org_slug", org.as_str()), ("workspace", name)]).await
}

fn at(target: &str) -> Workspace {
    let mut parts = target.split('/').skip(2);
    Workspace { org: OrgSlug::parse(parts.next().unwrap()).unwrap(), id: parts.nth(1).unwrap().parse().unwrap() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_used_at_once_and_claimed_without_what_was_stored() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (id, code) = nx_connect(&app, "@acme/shop").await;
    let machine = machine(&app, &id);
    assert_eq!((machine.put("1").await, machine.get("1").await), (200, 200));

    let page = ada.get(&paths::connect(&code)).await.is(200).text();
    assert!(page.contains("@acme/shop") && page.contains("thrown away"), "{page}");
    let stored = app.blobs();
    let target = claim(&ada, &code, app.org(), "shop").await.done();
    assert_eq!(ada.notice(), Some(Notice::WorkspaceClaimed));
    let workspace = at(&target);

    assert_eq!(app.db_count("artifacts").await, 0, "nobody vouches for it");
    assert_eq!(machine.get("1").await, 404);
    crate::support::until("the bytes are gone", async || stored.is_disjoint(&app.blobs())).await;
    assert_eq!(machine.put("1").await, 403, "the id alone only reads now");
    assert_eq!(ada.nx_cloud_id(&workspace).await, id, "nx.json stays as it is");
    let writer = ada.token(&workspace, app::domain::access::TokenAccess::ReadWrite).await;
    writer.put("1", archive(b"built")).await.is(200);
    assert_eq!(machine.get("1").await, 200);
    assert_eq!(app.usage(&workspace).await.artifacts, 1);
    let history = ada.get(&format!("{}?action=claimed", paths::org_audit(app.org()))).await.is(200).text();
    assert!(history.contains("claimed the workspace “shop”"), "{history}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_may_create_its_organization() {
    let app = TestApp::start().await;
    let grace = app.person("grace").await;
    let (id, code) = nx_connect(&app, "shop").await;
    let form = [("code", code.as_str()), ("name", "Navy"), ("slug", "navy"), ("first_workspace", "shop")];
    let workspace = at(&grace.post("/do/connections/accept-into-new", &form).await.done());
    assert_eq!(workspace.org.as_str(), "navy");
    assert_eq!(grace.nx_cloud_id(&workspace).await, id);
    let members = grace.get(&paths::org_members(&workspace.org)).await.is(200).text();
    assert!(members.contains("grace@example.com") && members.contains("Admin"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_workspace_the_link_creates_one_named_like_the_repository() {
    let (app, ada) = TestApp::with_org("acme").await;
    let code = link(&app, None).await;
    let page = ada.get(&paths::connect(&code)).await.is(200).text();
    assert!(page.contains(r#"value="shop""#), "{page}");
    let target = claim(&ada, &code, app.org(), "shop").await.done();
    assert!(target.ends_with("/connect"), "{target}");
    let workspace = at(&target);
    assert_eq!(ada.nx_cloud_id(&workspace).await.len(), 24);
    claim(&ada, &code, app.org(), "another").await.refused(410, &AppError::LinkUnusable);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_taken_leaves_the_link_for_another_one() {
    let (app, ada, _) = TestApp::with_workspace().await;
    let (_, code) = nx_connect(&app, "web").await;
    claim(&ada, &code, app.org(), "web").await.refused(409, &AppError::Conflict(Conflict::WorkspaceNameTaken));
    claim(&ada, &code, app.org(), " ").await.refused_for(Field::Workspace);
    claim(&ada, &code, app.org(), "web 2").await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_creates_no_organization_and_leaves_the_link() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (_, code) = nx_connect(&app, "web").await;
    let accept = async |slug: &str, workspace: &str| {
        let form = [("code", code.as_str()), ("name", "New"), ("slug", slug), ("first_workspace", workspace)];
        ada.post("/do/connections/accept-into-new", &form).await
    };
    accept("acme", "web").await.refused(409, &AppError::Conflict(Conflict::SlugTaken));
    accept("fresh", "").await.refused_for(Field::Workspace);
    assert_eq!(app.db_count("orgs WHERE slug = 'fresh'").await, 0);
    accept("fresh", "web").await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn only_admins_bring_a_workspace_in() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Member).await;
    let eve = app.person("eve").await;
    let (_, code) = nx_connect(&app, "web").await;
    claim(&bob, &code, app.org(), "web").await.refused(403, &AppError::Forbidden);
    claim(&eve, &code, app.org(), "web").await.refused(404, &AppError::NotFound);
    claim(&ada, &code, app.org(), "web").await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_do_not_work_all_look_alike() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (_, used) = nx_connect(&app, "web").await;
    claim(&ada, &used, app.org(), "web").await.done();
    let (_, old) = nx_connect(&app, "shop").await;
    app.state.clock.advance(TimeDelta::days(LINK_DAYS));
    ada.sign_in(&ada.email, crate::support::PASSWORD).await.done();
    let unknown = server::auth::secret::generate(server::auth::secret::SecretKind::Connection).unwrap().expose().to_owned();
    ada.get("/").await.is(200);
    let codes = [used, old, unknown, "no-such-code".to_owned(), "%ff".to_owned()];
    let strip = |page: String, code: &str| page.replace(code, "CODE");
    let mut pages = Vec::new();
    for code in &codes {
        let path = if code == "%ff" { format!("{}%ff", paths::CONNECT_PREFIX) } else { paths::connect(code) };
        let page = ada.get(&path).await.is(400).text();
        assert!(page.contains("has been used or is too old"), "{page}");
        let (_, main) = page.split_once("<main").unwrap();
        pages.push(strip(main.split_once("</main>").unwrap().0.to_owned(), code));
        claim(&ada, code, app.org(), "another").await.refused(410, &AppError::LinkUnusable);
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "{pages:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_who_is_not_signed_in_learns_whether_a_link_works() {
    let app = TestApp::start().await;
    let (_, code) = nx_connect(&app, "web").await;
    let browser = app.browser();
    let page = async |code: &str| {
        let page = browser.get(&paths::connect(code)).await.is(200).text();
        assert!(page.contains(&format!("next=%2Fconnect%2F{code}")), "{page}");
        let (_, main) = page.split_once("<main").unwrap();
        main.split_once("</main>").unwrap().0.replace(code, "CODE")
    };
    let unknown = code.replace("bkcon_", "bkcon_0");
    assert_eq!(page(&code).await, page(&unknown).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_nobody_claims_is_deleted() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (id, _) = nx_connect(&app, "web").await;
    let machine = machine(&app, &id);
    assert_eq!(machine.put("1").await, 200);
    let (kept, code) = nx_connect(&app, "shop").await;
    claim(&ada, &code, app.org(), "shop").await.done();
    app.state.clock.advance(TimeDelta::days(i64::from(UNCLAIMED_DAYS)) - TimeDelta::seconds(1));
    for_nx::expire(&app.state).await.unwrap();
    assert_eq!(machine.get("1").await, 200);
    app.state.clock.advance(TimeDelta::seconds(1));
    for_nx::expire(&app.state).await.unwrap();
    assert_eq!(machine.get("1").await, 401);
    assert_eq!(app.db_count("artifacts").await, 0);
    assert_eq!(self::machine(&app, &kept).get("1").await, 404, "one that is claimed stays");
    assert_eq!(app.db_count("connections").await, 0, "old links are forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hidden_organization_is_nowhere() {
    let (app, ada) = TestApp::with_org("acme").await;
    nx_connect(&app, "web").await;
    assert_eq!(app.db_count("orgs").await, 2);
    let slug = OrgSlug::unclaimed();
    for path in [paths::org(&slug), paths::org_members(&slug), paths::join(&slug), format!("{}/w/x", paths::org(&slug))] {
        ada.get(&path).await.is(404);
    }
    assert!(!ada.get("/").await.is(200).text().to_lowercase().contains("unclaimed"));
    ada.post("/do/orgs/delete", &[("org_slug", slug.as_str()), ("confirmation", "Unclaimed workspaces")])
        .await
        .refused(404, &AppError::NotFound);
    ada.post("/do/orgs/create", &[("name", "x"), ("slug", slug.as_str())]).await.refused_for(Field::Slug);
    // The operator's commands parse addresses as forms do.
    assert!("-unclaimed".parse::<OrgSlug>().is_err());
    server::services::usage::take_stock(&app.state).await.unwrap();
    assert_eq!(app.db_count("usage_days").await, 1, "acme alone is counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_bound_claims_and_not_what_nobody_has() {
    let app = TestApp::start_with(|config| {
        config.plans = vec![serde_json::from_value(json!({ "name": "Free", "workspaces": 1, "artifact_gib": 1 })).unwrap()];
        config.bounds.unclaimed_workspace = 10_000_000_000;
    })
    .await;
    let (app, ada, _) = app.and_workspace().await;
    let (id, code) = nx_connect(&app, "shop").await;
    app.db_execute("UPDATE workspaces SET artifact_bytes = 5000000000").await;
    server::services::usage::take_stock(&app.state).await.unwrap();
    assert_eq!(app.db_count("limit_mails").await, app.db_count("limit_mails WHERE measure <> 'x'").await);
    assert_eq!(machine(&app, &id).put("1").await, 200);
    claim(&ada, &code, app.org(), "shop").await.refused(409, &AppError::Conflict(Conflict::NoRoomForWorkspace));
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_a_workspace_that_nobody_has_are_told_apart() {
    use server::auth::credential::{Checked, Presented};
    let (app, ada) = TestApp::with_org("acme").await;
    let (id, code) = nx_connect(&app, "web").await;
    let is_claimed = async || {
        let presented = Presented { token: None, nx_cloud_id: Some(&id) };
        let Checked::Good(credential) = app.state.credentials.check(&app.state, &presented).await.unwrap() else { panic!("it is there") };
        credential.living().is_claimed()
    };
    let asked = async || nx(&app, "is-workspace-claimed", &json!({ "nxCloudId": id })).await.is(200).text();
    assert_eq!((is_claimed().await, asked().await.as_str()), (false, "false"));
    claim(&ada, &code, app.org(), "web").await.done();
    assert_eq!((is_claimed().await, asked().await.as_str()), (true, "true"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unclaimed_workspace_begins_with_bounds() {
    let app = TestApp::start().await;
    nx_connect(&app, "web").await;
    let bounds = format!(
        "workspaces WHERE id_access = '{}' AND personal_access = 'read-only' AND retention_gibibytes = 1 AND retention_days = 14",
        IdAccess::ReadWrite
    );
    assert_eq!(app.db_count(&bounds).await, 1);
    assert_eq!(app.db_count("org_keys").await, 1, "its artifacts are sealed too");
    let (caller, code) = (app.operator(), PlainSecret::new(link(&app, None).await));
    let owner = Owner::Existing(OrgSlug::parse("acme").unwrap());
    let accepted = app.backend().connections.accept(&caller, &code, owner, WorkspaceName::parse("web").unwrap()).await;
    assert_eq!(accepted.unwrap_err(), AppError::Unauthenticated, "a link is for people");
    assert_eq!(OrgId::UNCLAIMED.to_string(), "org_00000000000000000000000000");
    assert!(NxCloudId::parse(&nx_connect(&app, "x").await.0).is_ok());
}
