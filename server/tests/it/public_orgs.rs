//! Public organizations: who sees what, that nothing else shows, and how that ends.

use app::domain::access::TokenAccess::ReadWrite;
use app::domain::names::OrgSlug;
use app::domain::role::Role;
use app::domain::standing::Standing;
use app::domain::visibility::{Visibility, VisibilityChange, VisitorLogs};
use app::error::{AppError, Conflict, Field};
use app::paths;
use serde_json::json;

use crate::audit::events;
use crate::support::archive::archive;
use crate::support::run::Nx;
use crate::support::{Answer, Person, TestApp, Workspace};

async fn change(admin: &Person, slug: &str, change: VisibilityChange) -> Answer {
    admin.post("/do/orgs/change-visibility", &[("org_slug", slug), ("change", change.as_str()), ("typed_name", "acme")]).await
}

/// A public organization with a used workspace, an Admin and a Member.
async fn public_org() -> (TestApp, Person, Workspace) {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    app.member("grace", Role::Member).await;
    let ci = ada.token(&workspace, ReadWrite).await;
    ci.put("77", archive(b"built")).await.is(200);
    change(&ada, "acme", VisibilityChange::MakePublic).await.done();
    (app, ada, workspace)
}

/// All pages that visitors may see.
fn visited(workspace: &Workspace) -> [String; 5] {
    let id = workspace.id;
    [
        "/o/acme".to_owned(),
        "/o/acme/members".to_owned(),
        "/o/acme/members?q=grace".to_owned(),
        format!("/o/acme/w/{id}"),
        format!("/o/acme/w/{id}/artifacts"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_see_pages_without_an_address_a_token_or_an_nx_cloud_id() {
    let (app, ada, workspace) = public_org().await;
    let opened = app.backend().workspaces.open(&app.operator(), app.org(), workspace.id).await.unwrap().1;
    let nx_cloud_id = opened.nx_cloud_id.unwrap().to_string();
    let eve = app.person("eve").await;
    for path in visited(&workspace) {
        let nobody = app.browser().get(&path).await.is(200).text();
        let signed_in = eve.get(&path).await.is(200).text().replace("eve@example.com", "");
        for page in [nobody, signed_in] {
            assert!(page.contains(">Public<") && page.contains("This organization is public."), "{path}");
            for hidden in ["@example.com", nx_cloud_id.as_str(), ">ci<", "bkci_", "/do/members", "/do/artifacts", "/do/orgs"] {
                assert!(!page.contains(hidden), "{path} shows {hidden}: {page}");
            }
        }
    }
    let artifacts = ada.get(&visited(&workspace)[4]).await.text();
    assert!(artifacts.contains(">ci<"), "a member sees which token stored it");
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_find_members_by_name_and_never_by_address() {
    let (app, ada, _) = public_org().await;
    let eve = app.person("eve").await;
    for (search, found) in [("grace", true), ("grace@", false), ("example.com", false), ("@", false)] {
        let path = format!("/o/acme/members?q={search}");
        for page in [app.browser().get(&path).await, eve.get(&path).await] {
            assert_eq!(page.text().contains("<th scope=\"row\">grace</th>"), found, "{search}");
        }
        assert!(ada.get(&path).await.text().contains("grace@example.com"), "members find by address: {search}");
    }
    let members = app.backend().members;
    let refused = members.list(&eve.caller().await, app.org(), "", None).await;
    assert_eq!(refused.err(), Some(AppError::Forbidden), "rows with addresses are for members");
}

#[tokio::test(flavor = "multi_thread")]
async fn going_private_takes_effect_at_once_on_every_server() {
    let (app, ada, workspace) = public_org().await;
    let (_state, url) = app.another_server().await;
    let (here, there) = (app.browser(), app.browser_at(&url));
    for path in visited(&workspace) {
        here.get(&path).await.is(200);
        there.get(&path).await.is(200);
    }
    change(&ada, "acme", VisibilityChange::MakePrivate).await.done();
    for path in visited(&workspace) {
        for browser in [&here, &there] {
            let answer = browser.get(&path).await.is(302);
            assert!(answer.header("location").starts_with("/sign-in?next="), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_address_leads_visitors_on_only_while_the_organization_is_public() {
    let (app, ada, _) = public_org().await;
    let eve = app.person("eve").await;
    ada.post("/do/orgs/change-slug", &[("org_slug", "acme"), ("slug", "acme-labs")]).await.done();
    let target = |answer: Answer| answer.is(302).header("location").to_owned();
    for browser in [&app.browser(), &*eve] {
        assert_eq!(target(browser.get("/o/acme/members?q=a").await), "/o/acme-labs/members?q=a");
    }
    change(&ada, "acme-labs", VisibilityChange::MakePrivate).await.done();
    for slug in ["acme", "acme-labs", "no-such-org"] {
        assert_eq!(target(app.browser().get(&format!("/o/{slug}")).await), format!("/sign-in?next=%2Fo%2F{slug}"));
        eve.get(&format!("/o/{slug}")).await.is(404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn search_engines_are_told_to_stay_away_unless_an_admin_lets_them() {
    let (app, ada, workspace) = public_org().await;
    let robots = async |path: &str| {
        let answer = app.browser().get(path).await;
        (answer.header("x-robots-tag").to_owned(), answer.text().contains(r#"<meta name="robots" content="noindex""#))
    };
    let away = ("noindex, nofollow".to_owned(), true);
    for path in ["/", "/sign-in", "/o/acme", "/no/such/page"] {
        assert_eq!(robots(path).await, away, "{path}");
    }
    change(&ada, "acme", VisibilityChange::List).await.done();
    for path in visited(&workspace) {
        assert_eq!(robots(&path).await, ("all".to_owned(), false), "{path}");
    }
    assert_eq!(robots("/").await, away);
    let own = ada.get("/o/acme/settings").await;
    assert_eq!(own.header("x-robots-tag"), away.0, "what only members see is never listed");
    change(&ada, "acme", VisibilityChange::Unlist).await.done();
    assert_eq!(robots("/o/acme").await, away);
    for path in ["/healthz", "/v1/cache/1", "/robots.txt"] {
        assert_eq!(robots(path).await.0, away.0, "{path}");
    }
    let rules = app.browser().get("/robots.txt").await.is(200);
    assert!(rules.header("content-type").starts_with("text/plain"));
    assert!(!rules.text().contains("Disallow: /\n"), "a page that may not be read cannot say noindex");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_organization_cannot_be_listed_and_its_switches_are_audited() {
    let (app, ada, _) = TestApp::with_workspace().await;
    change(&ada, "acme", VisibilityChange::List).await.refused(409, &AppError::Conflict(Conflict::NotPublic));
    ada.post("/do/orgs/change-visibility", &[("org_slug", "acme"), ("change", "listed")]).await.refused_for(Field::Visibility);
    for turn in [VisibilityChange::MakePublic, VisibilityChange::MakePublic, VisibilityChange::List, VisibilityChange::MakePrivate] {
        change(&ada, "acme", turn).await.done();
    }
    let audited = events(&app).await.into_iter().filter(|event| event.contains("visibility-changed")).count();
    assert_eq!(audited, 3, "what changes nothing is no event");
    let log = ada.get("/o/acme/audit?action=visibility-changed").await.text();
    for sentence in ["made the organization “acme” public", "let search engines list the organization “acme”", "“acme” private"]
    {
        assert!(log.contains(sentence), "{sentence}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_who_tries_to_change_something_leaves_no_event() {
    let (app, ada, workspace) = public_org().await;
    let eve = app.person("eve").await;
    let before = events(&app).await.len();
    eve.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", "acme")]).await.refused(403, &AppError::Forbidden);
    eve.post_about(&workspace, "/do/artifacts/purge", &[("which", "all")]).await.refused(403, &AppError::Forbidden);
    assert_eq!(events(&app).await.len(), before);
    let bob = app.member("bob", Role::Member).await;
    let before = events(&app).await.len();
    bob.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", "acme")]).await.refused(403, &AppError::Forbidden);
    assert_eq!(events(&app).await.len(), before + 1, "a member who does is audited");
    drop(ada);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_in_or_goes_out_stands_differently_at_the_next_request() {
    let (app, ada, _) = public_org().await;
    let eve = app.person("eve").await;
    let org = OrgSlug::parse("acme").unwrap();
    let stands = async || app.backend().orgs.open(&eve.caller().await, &org).await.map(|org| (org.standing, org.visibility));
    assert_eq!(stands().await, Ok((Standing::Visitor(VisitorLogs::Shown), Visibility::Public)));
    app.add_member(&org, &eve, Role::Member).await;
    assert_eq!(stands().await, Ok((Standing::Member(Role::Member), Visibility::Public)));
    ada.post("/do/members/remove", &[("org_slug", "acme"), ("member", &eve.id.to_string())]).await.done();
    assert_eq!(stands().await, Ok((Standing::Visitor(VisitorLogs::Shown), Visibility::Public)));
    assert_eq!(app.backend().orgs.list(&eve.caller().await).await, Ok(Vec::new()), "visiting is no membership");
}

#[tokio::test(flavor = "multi_thread")]
async fn to_go_public_takes_the_name_and_says_all_that_becomes_public() {
    let (app, ada, _) = TestApp::with_workspace().await;
    let page = ada.get("/o/acme/settings").await.is(200).text();
    for words in ["All runs, past ones too", "Complete task logs", "commits and their messages", "Statistics of tasks", "names of authors"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    for typed in ["", "Acme", "acme-labs"] {
        let form = [("org_slug", "acme"), ("change", "make-public"), ("typed_name", typed)];
        ada.post("/do/orgs/change-visibility", &form).await.refused_for(Field::Confirmation);
    }
    app.browser().get("/o/acme").await.is(302);
}

/// A public organization with a run that has a log: its pages, and the address of the raw log.
async fn with_a_log() -> (TestApp, Person, [String; 3]) {
    let (app, ada, workspace) = public_org().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let nx = Nx::start(&app, &ci).await;
    nx.tasks(&[nx.ran(0, "app:build", 5, &json!({}))]).await;
    nx.log(0, 0, "the secret that a task printed\n").await;
    let (org, id) = (&workspace.org, workspace.id);
    let paths = [
        paths::run_task(org, id, nx.id, 0),
        paths::run_log(org, id, nx.id, 0, 1),
        format!("{}?q=secret", paths::run_task(org, id, nx.id, 0)),
    ];
    (app, ada, paths)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_keeps_task_logs_from_visitors_and_gives_them_back() {
    let (app, ada, [task, raw, search]) = with_a_log().await;
    let (bob, eve) = (app.member("bob", Role::Member).await, app.person("eve").await);
    let printed = "the secret that a task printed";
    for path in [&task, &raw, &search] {
        assert!(app.browser().get(path).await.is(200).text().contains(printed), "{path}");
    }
    let hide = [("org_slug", "acme"), ("logs", "hidden")];
    bob.post("/do/orgs/set-visitor-logs", &hide).await.refused(403, &AppError::Forbidden);
    ada.post("/do/orgs/set-visitor-logs", &hide).await.done();
    for browser in [&app.browser(), &*eve] {
        for path in [&task, &search] {
            let page = browser.get(path).await.is(200).text();
            assert!(page.contains("app:build") && page.contains("Task logs are for members") && !page.contains(printed), "{path}");
        }
        assert_ne!(browser.get(&raw).await.status, 200);
    }
    for path in [&task, &raw, &search] {
        assert!(bob.get(path).await.is(200).text().contains(printed), "a member reads {path}");
    }
    ada.post("/do/orgs/set-visitor-logs", &[("org_slug", "acme"), ("logs", "shown")]).await.done();
    assert!(eve.get(&raw).await.is(200).text().contains(printed));
    let log = ada.get("/o/acme/audit?action=visitor-logs-changed").await.text();
    for sentence in ["hid task logs from visitors", "read task logs"] {
        assert!(log.contains(sentence), "{sentence}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_cannot_ask_whether_an_authors_address_is_right() {
    let (app, ada, workspace) = public_org().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let _ = Nx::start(&app, &ci).await;
    let eve = app.person("eve").await;
    for list in [paths::workspace_runs(&workspace.org, workspace.id), paths::org_runs(&workspace.org)] {
        for author in ["Grace Hopper <grace@example.com>", "Grace Hopper <nobody@example.com>", "x"] {
            let path = paths::with_query(&list, &[("author", author.to_owned())]);
            eve.get(&path).await.is(403);
            app.browser().get(&path).await.is(403);
        }
        assert!(!eve.get(&list).await.is(200).text().contains("name=\"author\""));
        assert!(ada.get(&list).await.is(200).text().contains("name=\"author\""));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_of_what_was_public_before_are_told_until_one_of_them_decides_about_logs() {
    let (app, ada, _) = public_org().await;
    let told = "everybody reads its runs, commit messages";
    assert!(!ada.get("/o/acme").await.text().contains(told), "who went through the dialog knows");
    // As the migration leaves it.
    app.db_execute("UPDATE orgs SET visitors_accepted = FALSE").await;
    assert!(ada.get("/o/acme").await.text().contains(told));
    assert!(!app.member("bob", Role::Member).await.get("/o/acme").await.text().contains(told));
    assert!(!app.browser().get("/o/acme").await.text().contains(told));
    ada.post("/do/orgs/set-visitor-logs", &[("org_slug", "acme"), ("logs", "shown")]).await.done();
    assert!(!ada.get("/o/acme").await.text().contains(told));
}
