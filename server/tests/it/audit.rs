//! The audit log: every change is in it, with who and what, and what was refused; Admins read and take it.

use std::collections::BTreeSet;

use app::domain::access::TokenAccess::ReadOnly;
use app::domain::audit::ObjectKind;
use app::domain::role::Role;
use chrono::TimeDelta;
use scraper::{Html, Selector};
use sea_orm::{ConnectionTrait as _, QueryResult, Statement};
use serde_json::Value;
use server::auth::token_refusals;

use crate::audit_chain::verdict;
use crate::support::{PASSWORD, Person, TestApp};

/// `who: what object-kind object-name`, in order.
pub async fn events(app: &TestApp) -> Vec<String> {
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

/// Gives the organization another name.
pub async fn rename(person: &Person, name: &str) {
    person.post("/do/orgs/rename", &[("org_slug", "acme"), ("name", name)]).await.done();
}

/// An organization with five events, and ada, its Admin.
pub async fn with_five_events() -> (TestApp, Person) {
    let (app, ada) = TestApp::with_org("acme").await;
    for name in ["Two", "Three", "Four", "Five"] {
        rename(&ada, name).await;
    }
    (app, ada)
}

/// The sentences on a page of the log, and the address of the next page.
pub async fn read_page(person: &Person, path: &str) -> (Vec<String>, Option<String>) {
    let page = Html::parse_document(&person.get(path).await.is(200).text());
    let select = |selector: &str| Selector::parse(selector).unwrap();
    let words = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentences = page.select(&select("tbody th")).map(|row| words(row.text().collect())).collect();
    let next = page.select(&select("a[rel=next]")).next().map(|link| link.attr("href").unwrap().to_owned());
    (sentences, next)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_is_refused_a_change_is_audited_once_a_minute_for_each_permission() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Member).await;
    let before = events(&app).await.len();
    for _ in 0..3 {
        bob.post("/do/orgs/rename", &[("org_slug", "acme"), ("name", "Bobs")]).await.is(403);
    }
    bob.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", "acme")]).await.is(403);
    bob.get("/o/acme/settings").await.is(403);
    app.person("eve").await.post("/do/orgs/rename", &[("org_slug", "acme"), ("name", "Eves")]).await.is(404);
    ada.post("/do/members/leave", &[("org_slug", "acme")]).await.is(409);
    ada.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", "wrong")]).await.is(422);
    let refused: Vec<_> = events(&app).await.drain(before..).filter(|event| event.contains("refused")).collect();
    assert_eq!(refused, ["bob: refused org acme", "bob: refused org acme"]);
    let (sentences, _) = read_page(&ada, "/o/acme/audit?action=refused").await;
    assert_eq!(sentences[1], "bob was refused, because only Admins may do this: Rename the organization, change its address");
    assert!(verdict(&app).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_works_no_more_is_audited_once_an_hour_and_not_by_request() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let (revoked, rotated) = (ada.token(&workspace, ReadOnly).await, ada.token(&workspace, ReadOnly).await);
    let expired = ada.token_for(&workspace, ReadOnly, "1").await;
    ada.revoke(&workspace, &revoked).await;
    ada.rotate(&workspace, &rotated, "0").await;
    app.state.clock.advance(TimeDelta::days(1));
    let (state, other) = app.another_server().await;
    let before = events(&app).await.len();
    for _ in 0..3 {
        for token in [&revoked, &rotated, &expired] {
            token.get("1").await.is(401);
            token.put("1", vec![0; 8]).await.is(401);
        }
    }
    revoked.with("bkci_0000000000000000000000000000000000").get("1").await.is(401);
    assert_eq!(events(&app).await.len(), before, "no request writes");
    token_refusals::flush(&app.state).await.unwrap();
    ada.sign_in(&ada.email, PASSWORD).await.done();
    let (mut sentences, _) = read_page(&ada, "/o/acme/audit?action=refused").await;
    sentences.sort();
    assert_eq!(
        sentences,
        ["expired", "replaced", "revoked"].map(|why| format!("Somebody was refused with the {why} value of the CI access token “ci”"))
    );
    // Neither this server nor another one says it again within the hour.
    revoked.at(&other).get("1").await.is(401);
    state.clock.advance(TimeDelta::days(1));
    token_refusals::flush(&state).await.unwrap();
    assert_eq!(read_page(&ada, "/o/acme/audit?action=refused").await.0.len(), 3);
    assert!(verdict(&app).await.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_current_password_and_one_at_an_invite_are_audited() {
    let (app, ada) = TestApp::with_org("acme").await;
    app.person("bob").await;
    ada.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", "bob@example.com"), ("role", "member")]).await.done();
    let link = app.only_mail().await.link();
    let before = events(&app).await.len();
    let change = [("current", "wrong horse battery"), ("password", "another horse battery")];
    ada.post("/do/accounts/change-password", &change).await.is(422);
    app.browser().post("/do/invites/join", &[("link", &link), ("password", "wrong horse battery")]).await.is(401);
    assert_eq!(events(&app).await[before..], ["ada: password-refused account ada", "anonymous: sign-in-failed account bob"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_audited() {
    let (app, ada) = TestApp::with_org("acme").await;
    let before = events(&app).await.len();
    app.browser().sign_in(&ada.email, "wrong horse battery").await.is(401);
    assert_eq!(events(&app).await[before..], ["anonymous: sign-in-failed account ada"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_find_events_by_who_what_and_when() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    let workspace = bob.workspace(app.org(), "web").await;
    ada.post_about(&workspace, "/do/workspaces/rename", &[("name", "shop")]).await.done();
    app.state.clock.advance(TimeDelta::days(2));
    let member = [("org_slug", "acme"), ("member", &bob.id.to_string()), ("role", "member")];
    ada.sign_in(&ada.email, PASSWORD).await.done();
    ada.post("/do/members/set-role", &member).await.done();
    let today = app.state.clock.now().date_naive();
    let changed = "ada changed bob's role from Admin to Member";
    for (query, found) in [
        (
            String::new(),
            &[
                changed,
                "ada renamed the workspace “web” to “shop”",
                "bob created the workspace “web”",
                "The operator added bob as Admin",
                "ada created the organization “acme”",
            ][..],
        ),
        ("actor=bob".to_owned(), &["bob created the workspace “web”"]),
        (format!("actor={}", bob.id), &["bob created the workspace “web”"]),
        (format!("actor={}", bob.email), &["bob created the workspace “web”"]),
        ("actor=Operator".to_owned(), &["The operator added bob as Admin"]),
        ("actor=BO".to_owned(), &["bob created the workspace “web”"]),
        ("actor=ob%40exam".to_owned(), &["bob created the workspace “web”"]),
        ("actor=BO&action=created&kind=workspace".to_owned(), &["bob created the workspace “web”"]),
        ("actor=b_b".to_owned(), &[]),
        (
            "actor=o".to_owned(),
            &[
                changed,
                "ada renamed the workspace “web” to “shop”",
                "bob created the workspace “web”",
                "The operator added bob as Admin",
                "ada created the organization “acme”",
            ],
        ),
        ("actor=nobody@example.com".to_owned(), &[]),
        ("kind=member&action=".to_owned(), &[changed, "The operator added bob as Admin"]),
        ("action=renamed".to_owned(), &["ada renamed the workspace “web” to “shop”"]),
        (format!("object={}", workspace.id), &["ada renamed the workspace “web” to “shop”", "bob created the workspace “web”"]),
        (format!("from={today}"), &[changed]),
        (format!("to={}&actor=bob", today - TimeDelta::days(1)), &["bob created the workspace “web”"]),
        (format!("from={today}&to={today}&kind=workspace"), &[]),
    ] {
        assert_eq!(read_page(&ada, &format!("/o/acme/audit?{query}")).await.0, found, "{query}");
    }
    ada.get("/o/acme/audit?kind=cat").await.is(400);
    ada.get("/o/acme/audit?after=now").await.is(404);
    ada.get("/o/acme/audit?from=-4800-01-01").await.is(400);
    ada.get("/o/acme/audit?actor=%00&object=%00&to=9999-12-31").await.is(200);
    ada.get("/o/acme/audit.csv?kind=cat").await.is(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_the_log_hold_every_event_once_the_newest_first() {
    let (_app, ada) = TestApp::with_org("acme").await;
    for number in 0..210 {
        rename(&ada, &format!("name {number}")).await;
    }
    let (mut sentences, mut sizes, mut next) = (vec![], vec![], Some("/o/acme/audit?actor=ada".to_owned()));
    while let Some(path) = next {
        let (more, after) = read_page(&ada, &path).await;
        sizes.push(more.len());
        sentences.extend(more);
        next = after;
    }
    assert_eq!(sizes, [100, 100, 11]);
    assert_eq!(sentences[0], "ada renamed the organization “name 208” to “name 209”");
    assert_eq!(sentences.iter().collect::<BTreeSet<_>>().len(), 211);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_name_finds_whoever_had_it_page_by_page_and_in_the_download() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    bob.post("/do/accounts/rename", &[("name", "Jürgen Müller")]).await.done();
    for number in 0..60 {
        rename(&ada, &format!("by ada {number}")).await;
        rename(&bob, &format!("by bob {number}")).await;
    }
    let bobs = read_page(&ada, "/o/acme/audit?actor=M%C3%9CLL&action=renamed").await.0;
    assert_eq!(bobs.len(), 60);
    ada.post("/do/accounts/rename", &[("name", "Countess")]).await.done();
    bob.post("/do/accounts/delete", &[("confirmation", &bob.email), ("current", PASSWORD)]).await.done();
    assert_eq!(read_page(&ada, "/o/acme/audit?actor=m%C3%BCll").await.0.len(), 61, "who is gone is found by the name of then");
    // Both have an n in their names; ada's old events are hers under the new name too.
    let (mut seen, mut next) = (BTreeSet::new(), Some("/o/acme/audit?actor=n&action=renamed".to_owned()));
    while let Some(path) = next {
        let (more, after) = read_page(&ada, &path).await;
        assert!(more.iter().all(|sentence| seen.insert(sentence.clone())), "{more:?}");
        next = after;
    }
    assert_eq!(seen.len(), 120);
    let lines = ada.get("/o/acme/audit.ndjson?actor=n&action=renamed").await.is(200).text();
    assert_eq!(lines.lines().count(), 120);

    let copies = "INSERT INTO audit_events SELECT {id}, org_id, actor_kind, actor_id || n, 'Crowd ' || n, action, object_kind, object_id, object_name, details, address, incident, at, n + 1000, hash FROM audit_events, numbers WHERE seq = 1";
    let (numbers, id) = if app.state.db.kind() == "PostgreSQL" {
        ("SELECT generate_series AS n FROM generate_series(1, 51)", "gen_random_uuid()")
    } else {
        ("WITH RECURSIVE count(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM count WHERE n < 51) SELECT n FROM count", "randomblob(16)")
    };
    app.db_execute(&format!("CREATE TABLE numbers AS {numbers}")).await;
    app.db_execute(&copies.replace("{id}", id).replace("actor_id || n", "NULL")).await;
    assert!(ada.get("/o/acme/audit?actor=crowd").await.is(409).text().contains("More than 50 people fit these words"));
    assert_eq!(read_page(&ada, "/o/acme/audit?actor=crowd%207").await.0.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_thing_leads_to_its_history_for_admins_only() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let bob = app.member("bob", Role::Member).await;
    let token = ada.token(&workspace, ReadOnly).await;
    let place = format!("/o/acme/w/{}", workspace.id);
    for (page, object) in [
        ("/o/acme/members".to_owned(), bob.id.to_string()),
        (format!("{place}/settings"), workspace.id.to_string()),
        (format!("{place}/tokens"), token.id.to_string()),
    ] {
        let history = format!("/o/acme/audit?object={object}");
        assert!(ada.get(&page).await.is(200).text().contains(&history), "{page}");
        assert_eq!(read_page(&ada, &history).await.0.len(), 1, "{history}");
        assert!(!bob.get(&page).await.text().contains("/o/acme/audit"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_of_events_is_safe_to_open_and_taking_it_is_an_event() {
    let (app, ada) = TestApp::with_org("acme").await;
    ada.post("/do/accounts/rename", &[("name", "=cmd(\"a\", 'b')")]).await.done();
    rename(&ada, "+Acme, \"the\" company").await;
    let answer = ada.get("/o/acme/audit.csv?action=renamed").await.is(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    let today = app.state.clock.now().date_naive();
    assert_eq!(answer.header("content-disposition"), format!("attachment; filename=\"acme-audit-{today}.csv\""));
    let mut table = csv::Reader::from_reader(answer.body.as_slice());
    let names = table.headers().unwrap().clone();
    let rows: Vec<_> = table.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1);
    let cell = |name: &str| &rows[0][names.iter().position(|known| known == name).unwrap()];
    assert_eq!(cell("actor"), "'=cmd(\"a\", 'b')");
    assert_eq!(cell("sentence"), "'=cmd(\"a\", 'b') renamed the organization “acme” to “+Acme, \"the\" company”");
    assert_eq!(cell("details"), r#"{"after":"+Acme, \"the\" company","before":"acme"}"#);
    assert_eq!(cell("sequence"), "2");
    let last = events(&app).await.pop().unwrap();
    assert!(last.ends_with(r#"exported org +Acme, "the" company"#), "{last}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_download_holds_more_than_is_read_at_once() {
    let (app, ada) = TestApp::with_org("acme").await;
    let many = "INSERT INTO audit_events SELECT {id}, org_id, actor_kind, actor_id, actor_name, action, object_kind, object_id, object_name, details, address, incident, at, n + 1000, hash FROM audit_events, numbers WHERE seq = 1 AND n > 0";
    let (numbers, id) = if app.state.db.kind() == "PostgreSQL" {
        ("SELECT generate_series AS n FROM generate_series(0, 2500)", "gen_random_uuid()")
    } else {
        ("WITH RECURSIVE count(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM count WHERE n < 2500) SELECT n FROM count", "randomblob(16)")
    };
    app.db_execute(&format!("CREATE TABLE numbers AS {numbers}")).await;
    app.db_execute(&many.replace("{id}", id)).await;
    let table = ada.get("/o/acme/audit.ndjson?action=created").await.is(200).text();
    let events: BTreeSet<_> = table.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].to_string()).collect();
    assert_eq!((events.len(), table.lines().count()), (2501, 2501));
}

#[test]
fn every_kind_of_object_that_is_written_is_known_to_the_page() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let sources = crate::support::files(root.as_ref()).into_iter().map(|path| std::fs::read_to_string(path).unwrap());
    let written: BTreeSet<String> = sources
        .flat_map(|source| {
            source.split("Object { kind: \"").skip(1).filter_map(|rest| rest.split('"').next().map(ToOwned::to_owned)).collect::<Vec<_>>()
        })
        .collect();
    let known: BTreeSet<String> = ObjectKind::ALL.iter().map(|kind| kind.as_str().to_owned()).collect();
    assert_eq!(written, known, "give the kind its words in app/src/domain/audit/object.rs");
}
