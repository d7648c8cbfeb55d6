//! What people see of runs.

use app::domain::run::{Origin, RunStatus};
use app::domain::run_filter::RunFilter;
use app::notice::Notice;
use app::paths;
use chrono::TimeDelta;
use serde_json::json;

use super::world;
use crate::support::Ci;
use crate::support::run::Nx;

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_found_by_what_they_say() {
    let (app, ada, workspace, ci) = world().await;
    let elsewhere = ada.workspace(&workspace.org, "api").await;
    let other = ada.token(&elsewhere, app::domain::access::TokenAccess::ReadOnly).await;
    let main = Nx::start(&app, &ci).await;
    main.tasks(&[main.ran(0, "app:build", 5, &json!({ "hash": "123" }))]).await;
    main.end("failure").await.is(204);
    let pull = Nx::start_as(&app, &ci, &json!({ "branch": "feature", "ci": { "provider": "github", "execution_id": "42" } })).await;
    let there = Nx::start(&app, &other).await;

    let (backend, caller) = (app.backend(), app.operator());
    let found = |place, filter: RunFilter| {
        let (backend, caller, slug) = (backend.clone(), caller.clone(), workspace.org.clone());
        async move { backend.runs.list(&caller, &slug, place, &filter, None).await.unwrap().rows.iter().map(|run| run.id).collect::<Vec<_>>() }
    };
    let none = RunFilter::default;
    let text = str::to_owned;
    assert_eq!(found(None, none()).await, [there.id, pull.id, main.id]);
    assert_eq!(found(Some(workspace.id), none()).await, [pull.id, main.id]);
    for (filter, expected) in [
        (RunFilter { branch: text("main"), ..none() }, vec![main.id]),
        (RunFilter { branch: text("mai"), ..none() }, vec![]),
        (RunFilter { author: text("Grace Hopper <grace@example.com>"), ..none() }, vec![pull.id, main.id]),
        (RunFilter { command: text("nx run-many -t build"), status: Some(RunStatus::Failure), ..none() }, vec![main.id]),
        (RunFilter { execution: text("42"), ..none() }, vec![pull.id]),
        (RunFilter { task: text("app:build"), ..none() }, vec![main.id]),
        (RunFilter { hash: text("123"), branch: text("main"), ..none() }, vec![main.id]),
        (RunFilter { hash: text("123"), branch: text("feature"), ..none() }, vec![]),
        (RunFilter { origin: Some(Origin::Ci), ..none() }, vec![pull.id]),
        (RunFilter { origin: Some(Origin::Local), status: Some(RunStatus::Running), ..none() }, vec![]),
    ] {
        assert_eq!(found(Some(workspace.id), filter.clone()).await, expected, "{filter:?}");
    }
    assert_eq!(found(None, RunFilter { branch: text("main"), ..none() }).await, [there.id, main.id]);
}

const HOSTILE: &str =
    "start\n\u{1b}[31m<script>alert(1)</script>\u{1b}[0m\n\u{1b}]0;title\u{7}\u{1b}[2Jend &amp; <img src=x onerror=alert(1)>\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_log_is_shown_as_text_and_downloaded_as_it_is() {
    let (app, ada, workspace, ci) = world().await;
    let nx = Nx::start_as(&app, &ci, &json!({ "command": "nx <script>alert(1)</script>" })).await;
    nx.tasks(&[nx.ran(0, "app:build", 5, &json!({ "status": "failure", "id": "app:<script>alert(1)</script>" }))]).await;
    nx.log(0, 0, HOSTILE).await;
    let path = paths::run_task(&workspace.org, workspace.id, nx.id, 0);
    for address in [path.clone(), format!("{path}?q=script"), paths::run(&workspace.org, workspace.id, nx.id)] {
        let page = ada.get(&address).await.is(200).text();
        assert!(
            page.contains("&lt;script&gt;alert(1)") && !page.contains("<script>alert"),
            "{address}: {}",
            page.match_indices("alert(1)")
                .map(|(at, _)| page[at.saturating_sub(60)..at + 30].to_owned())
                .collect::<Vec<_>>()
                .join("\n----\n")
        );
        assert!(!page.contains("<img src=x") && !page.contains("title\u{7}"), "{address}");
    }
    let raw = ada.get(&paths::run_log(&workspace.org, workspace.id, nx.id, 0, 1)).await.is(200);
    assert_eq!((raw.text().as_str(), raw.header("content-type")), (HOSTILE, "text/plain; charset=utf-8"));
    assert_eq!((raw.header("x-content-type-options"), raw.header("content-disposition").starts_with("attachment")), ("nosniff", true));
    assert!(raw.header("content-security-policy").starts_with("default-src 'none'"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_read_part_by_part_and_searched_as_a_whole() {
    let (app, _, workspace, ci) = world().await;
    let nx = Nx::start(&app, &ci).await;
    for piece in 0..6 {
        let lines: Vec<_> = (1..=1000).map(|n| format!("line {} {}\n", piece * 1000 + n, "x".repeat(50))).collect();
        nx.log(0, piece, &lines.concat()).await;
    }
    let (backend, caller) = (app.backend(), app.operator());
    let part = |part| backend.runs.log(&caller, &workspace.org, workspace.id, (nx.id, 0), 1, part);
    let (first, last) = (part(Some(0)).await.unwrap(), part(None).await.unwrap());
    assert_eq!((first.parts, first.first_line, last.part), (2, 1, 1));
    assert!(last.text.starts_with(&format!("line {} ", last.first_line)));
    assert_eq!(part(Some(99)).await.unwrap(), last);
    let found = backend.runs.search_log(&caller, &workspace.org, workspace.id, (nx.id, 0), 1, "LINE 5999 ").await.unwrap();
    assert_eq!(found.hits.iter().map(|hit| (hit.part, hit.line)).collect::<Vec<_>>(), [(1, 5999)]);
    assert!(backend.runs.search_log(&caller, &workspace.org, workspace.id, (nx.id, 0), 1, "line").await.unwrap().more);
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_see_runs_and_no_names_of_tokens_and_no_addresses() {
    let (app, ada, workspace, _) = world().await;
    let form = [("name", "the secret token"), ("access", "read-only"), ("expires", "7d")];
    ada.post_about(&workspace, "/do/ci-tokens/create", &form).await.done();
    let Some(Notice::TokenIssued(issued)) = ada.notice() else { panic!("the next page shows the token") };
    let ci = Ci::new(&app.url, issued.id, issued.secret.expose().to_owned());
    let nx = Nx::start(&app, &ci).await;
    nx.tasks(&[nx.ran(0, "app:build", 5, &json!({}))]).await;
    let path = paths::run(&workspace.org, workspace.id, nx.id);
    let page = ada.get(&path).await.is(200).text();
    assert!(page.contains("the secret token") && page.contains("grace@example.com"));
    let (nobody, outsider) = (app.browser(), app.person("outsider").await);
    assert!(nobody.get(&paths::run_link(nx.id)).await.is(302).header("location").starts_with("/sign-in?"));
    outsider.get(&paths::run_link(nx.id)).await.is(404);
    outsider.get(&path).await.is(404);
    ada.post("/do/orgs/change-visibility", &[("org_slug", workspace.org.as_str()), ("change", "make-public"), ("typed_name", "acme")])
        .await
        .done();
    for visitor in [&nobody, &*outsider] {
        assert_eq!(visitor.get(&paths::run_link(nx.id)).await.is(302).header("location"), path);
        let page = visitor.get(&path).await.is(200).text();
        assert!(page.contains("Grace Hopper") && !page.contains("grace@example.com") && !page.contains("the secret token"));
        let list = visitor.get(&paths::workspace_runs(&workspace.org, workspace.id)).await.is(200).text();
        assert!(list.contains("nx run-many") && !list.contains("grace@example.com"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_of_another_workspace_is_not_here() {
    let (app, ada, workspace, ci) = world().await;
    let other = ada.workspace(&workspace.org, "other").await;
    let nx = Nx::start(&app, &ci).await;
    nx.tasks(&[nx.ran(0, "app:build", 5, &json!({}))]).await;
    for path in [
        paths::run(&workspace.org, other.id, nx.id),
        paths::run_timeline(&workspace.org, other.id, nx.id),
        paths::run_task(&workspace.org, other.id, nx.id, 0),
        paths::run_log(&workspace.org, other.id, nx.id, 0, 1),
        paths::run_compare(&workspace.org, other.id, nx.id, 0),
        paths::run_task(&workspace.org, workspace.id, nx.id, 7),
    ] {
        ada.get(&path).await.is(404);
    }
    let compared = format!("{}?with={}", paths::run_compare(&workspace.org, workspace.id, nx.id, 0), nx.id);
    ada.get(&compared).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comparison_names_what_differs() {
    let (app, _, workspace, ci) = world().await;
    let mut runs = Vec::new();
    for (hash, details) in [("1", json!({ "shared": "x", "lib": "1" })), ("2", json!({ "shared": "x", "lib": "2", "new": "y" }))] {
        let nx = Nx::start(&app, &ci).await;
        nx.tasks(&[nx.ran(3, "app:build", 5, &json!({ "hash": hash, "hash_details": details }))]).await;
        runs.push(nx.id);
    }
    let (backend, caller) = (app.backend(), app.operator());
    let others = backend.runs.others(&caller, &workspace.org, workspace.id, (runs[1], 3)).await.unwrap();
    assert_eq!(others.iter().map(|other| other.run).collect::<Vec<_>>(), [runs[0]]);
    let compared = backend.runs.compare(&caller, &workspace.org, workspace.id, (runs[1], 3), runs[0]).await.unwrap();
    let named: Vec<_> = compared.differences.unwrap().into_iter().map(|one| (one.input, one.here, one.there)).collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(named, [("lib".to_owned(), text("2"), text("1")), ("new".to_owned(), text("y"), None)]);
    assert_eq!((compared.same, compared.other.hash.as_deref()), (1, Some("1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_critical_path_is_what_was_waited_for() {
    let (app, _, workspace, ci) = world().await;
    let began = app.state.clock.now() - TimeDelta::seconds(60);
    let nx = Nx::start_as(&app, &ci, &json!({ "started_at": began })).await;
    let span = |number: u32, from: i64, to: i64, waits: &[u32]| {
        let at = |seconds: i64| began + TimeDelta::seconds(seconds);
        nx.ran(number, &format!("p{number}:build"), 0, &json!({ "started_at": at(from), "ended_at": at(to), "depends_on": waits }))
    };
    nx.tasks(&[span(0, 0, 10, &[]), span(1, 0, 30, &[]), span(2, 30, 50, &[0, 1]), span(3, 10, 20, &[0])]).await;
    let drawn = app.backend().runs.timeline(&app.operator(), &workspace.org, workspace.id, nx.id).await.unwrap();
    assert_eq!(drawn.critical.iter().map(|task| task.id.as_str()).collect::<Vec<_>>(), ["p1:build", "p2:build"]);
    assert_eq!(drawn.lanes.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_of_runs_is_paged_without_a_gap() {
    let (app, ada, workspace, ci) = world().await;
    let mut all = Vec::new();
    for n in 0..120 {
        all.push(Nx::start_as(&app, &ci, &json!({ "branch": if n % 2 == 0 { "even" } else { "odd" } })).await.id);
    }
    all.reverse();
    let (backend, caller) = (app.backend(), app.operator());
    for (filter, wanted) in [
        (RunFilter::default(), all.clone()),
        (RunFilter { branch: "odd".to_owned(), ..RunFilter::default() }, all.iter().copied().step_by(2).collect()),
        (RunFilter { origin: Some(Origin::Local), ..RunFilter::default() }, all.clone()),
    ] {
        for place in [Some(workspace.id), None] {
            let (mut found, mut after) = (Vec::new(), None::<String>);
            loop {
                let page = backend.runs.list(&caller, &workspace.org, place, &filter, after.as_deref()).await.unwrap();
                found.extend(page.rows.iter().map(|run| run.id));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(found, wanted, "{filter:?}");
        }
    }
    ada.get(&format!("{}?after=nonsense", paths::org_runs(&workspace.org))).await.is(404);
    ada.get(&format!("{}?status=nonsense", paths::org_runs(&workspace.org))).await.is(400);
}
