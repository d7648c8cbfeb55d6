//! Personal access tokens: made in a session only, good for as long as their owner belongs there, and taken back at once.

use app::domain::access::TokenAccess::ReadWrite;
use app::domain::ids::PersonalTokenId;
use app::domain::role::Role;
use app::domain::token::TokenState;
use app::error::{AppError, Conflict, Field};
use app::notice::Notice;
use chrono::TimeDelta;
use serde_json::json;
use server::services::identities::checking::check_due;
use server::workers::Workers;

use crate::audit::events;
use crate::support::archive::archive;
use crate::support::{PASSWORD, Person, Provider, Terminal, TestApp, Workspace, until};

/// Ada's workspace in which nothing but a token opens anything, with an artifact; and bob, a Member, at his terminal.
struct Team {
    app: TestApp,
    ada: Person,
    bob: Person,
    workspace: Workspace,
    laptop: Terminal,
}

async fn team(app: TestApp) -> Team {
    let (app, ada, workspace) = app.and_workspace().await;
    let bob = app.member("bob", Role::Member).await;
    ada.token(&workspace, ReadWrite).await.put("1", archive(b"built")).await.is(200);
    ada.post_about(&workspace, "/do/access-levels/set-id", &[("access", "none")]).await.done();
    ada.post_about(&workspace, "/do/access-levels/set-personal", &[("access", "read-write")]).await.done();
    let laptop = Terminal::new(&app.url, &ada.nx_cloud_id(&workspace).await).with(&bob.personal_token("laptop", "90d").await);
    assert_eq!(laptop.get("1").await, 200);
    Team { app, ada, bob, workspace, laptop }
}

/// The id of the person's only token that works.
async fn only(app: &TestApp, person: &Person) -> PersonalTokenId {
    let own = app.backend().personal_tokens.list(&person.caller().await).await.unwrap();
    let working: Vec<_> = own.tokens.iter().filter(|row| row.state == TokenState::Active).collect();
    assert_eq!(working.len(), 1);
    working[0].id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tokens_value_is_shown_once_and_the_list_says_the_rest() {
    let Team { app, bob, laptop, .. } = team(TestApp::start().await).await;
    assert!(matches!(bob.notice(), Some(Notice::PersonalTokenIssued(_))));
    let value = laptop.token.clone().unwrap();
    assert!(!bob.cookie_header().contains(&value));
    assert!(bob.get("/account/tokens").await.is(200).text().contains(&value));
    app.flush().await;
    let page = bob.get("/account/tokens").await.is(200).text();
    assert!(!page.contains(&value) && page.contains(&format!("bkpat_…{}", &value[value.len() - 4..])), "{page}");
    assert!(page.contains("laptop") && page.contains("127.0.0.1"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_opens_nothing_even_beside_a_good_id() {
    let Team { app, ada, bob, workspace, laptop } = team(TestApp::start().await).await;
    ada.post_about(&workspace, "/do/access-levels/set-id", &[("access", "read-write")]).await.done();
    let id = only(&app, &bob).await.to_string();
    assert_eq!(laptop.get("1").await, 200);
    bob.post("/do/personal-tokens/revoke", &[("token", &id)]).await.done();
    assert_eq!((laptop.get("1").await, laptop.put("2", archive(b"new")).await), (401, 401));
    assert_eq!(laptop.alone().get("1").await, 200, "the id alone still does");
    bob.post("/do/personal-tokens/revoke", &[("token", &id)]).await.done();
    assert_eq!(events(&app).await.iter().filter(|line| line.ends_with("revoked personal-token laptop")).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expired_token_opens_nothing_even_beside_a_good_id() {
    let Team { app, ada, bob, workspace, laptop } = team(TestApp::start().await).await;
    ada.post_about(&workspace, "/do/access-levels/set-id", &[("access", "read-only")]).await.done();
    let day = laptop.with(&bob.personal_token("day", "1d").await);
    assert_eq!(day.get("1").await, 200);
    app.state.clock.advance(TimeDelta::days(1));
    assert_eq!((day.get("1").await, laptop.get("1").await), (401, 200));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_revokes_the_token_of_another() {
    let Team { app, ada, bob, laptop, .. } = team(TestApp::start().await).await;
    let id = only(&app, &bob).await.to_string();
    ada.post("/do/personal-tokens/revoke", &[("token", &id)]).await.refused(404, &AppError::NotFound);
    assert_eq!(laptop.get("1").await, 200);
    assert!(!ada.get("/account/tokens").await.is(200).text().contains("bkpat_…"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_removed_member_counts_as_the_id_alone_at_the_very_next_request() {
    let Team { app, ada, bob, workspace, laptop } = team(TestApp::start().await).await;
    let (other, url) = app.another_server().await;
    let workers = Workers::start(&other);
    let elsewhere = laptop.at(&url);
    assert_eq!(elsewhere.get("1").await, 200);
    ada.post("/do/members/remove", &[("org_slug", "acme"), ("member", &bob.id.to_string())]).await.done();
    assert_eq!((laptop.get("1").await, laptop.put("2", archive(b"new")).await), (404, 403));
    let began = std::time::Instant::now();
    until("the other server notices", async || elsewhere.get("1").await == 404).await;
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
    workers.stop().await;
    ada.post_about(&workspace, "/do/access-levels/set-id", &[("access", "read-only")]).await.done();
    assert_eq!((laptop.get("1").await, laptop.put("3", archive(b"new")).await), (200, 403));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_stranger_counts_as_the_id_alone_and_one_of_nobody_as_nothing() {
    let Team { app, bob, laptop, .. } = team(TestApp::start().await).await;
    let zoe = app.person("zoe").await;
    assert_eq!(laptop.with(&zoe.personal_token("laptop", "never").await).get("1").await, 404);
    bob.post("/do/members/leave", &[("org_slug", "acme")]).await.done();
    assert_eq!(laptop.get("1").await, 404);
    bob.post("/do/accounts/delete", &[("confirmation", &bob.email), ("current", PASSWORD)]).await.done();
    assert_eq!(laptop.get("1").await, 401);
    assert_eq!(app.db_count("personal_tokens").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_hangs_on_the_account_at_the_provider_where_that_is_asked_for() {
    let provider = Provider::start();
    let (app, provider) = provider.with_server().await;
    let Team { app, ada, bob, laptop, .. } = team(app).await;
    for (account, person) in [("g-ada", &ada), ("g-bob", &bob)] {
        provider.account(account, &person.email, json!({ "hd": "acme.com" })).await;
    }
    link(&provider, &ada, "g-ada").await;
    assert_eq!(laptop.get("1").await, 200);
    ada.post("/do/identities/set-rule", &[("org_slug", "acme"), ("provider_only", "true"), ("domains", "")]).await.done();
    assert_eq!(laptop.get("1").await, 404, "the rule counts from the next request on");
    link(&provider, &bob, "g-bob").await;
    assert_eq!(laptop.get("1").await, 200);

    provider.change("g-bob", json!({ "disabled": true })).await;
    app.state.clock.advance(TimeDelta::minutes(15));
    assert_eq!(laptop.get("1").await, 200, "nobody has asked the provider yet");
    check_due(&app.state).await.unwrap();
    assert_eq!(laptop.get("1").await, 404);
}

async fn link(provider: &Provider, person: &Person, account: &str) {
    person.sso(provider, account, "/account/security").await.is(302);
    person.post("/do/identities/link", &[("current", PASSWORD)]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_for_its_workspaces_and_for_nothing_else() {
    let Team { app, bob, workspace, laptop, .. } = team(TestApp::start().await).await;
    let token = laptop.token.clone().unwrap();
    // No workspace, and one that is named where it does not count.
    for request in [
        laptop.request(reqwest::Method::GET, "/v1/cache/1"),
        laptop.request(reqwest::Method::GET, "/v1/cache/1").header("nx-cloud-id", &laptop.nx_cloud_id),
    ] {
        laptop.send(request).await.is(401);
    }
    let stranger = app.browser();
    for path in ["/account/tokens", "/o/acme", &format!("/o/acme/w/{}/tokens", workspace.id)] {
        stranger.send(stranger.request(reqwest::Method::GET, path).header("accept", "text/html").bearer_auth(&token)).await.is(302);
    }
    let create = stranger.form("/do/personal-tokens/create", &[("name", "child"), ("expires", "never")]).bearer_auth(&token);
    stranger.send(create).await.is(401);
    let (_, code) = laptop.login("child").await;
    let confirm = stranger.form("/do/logins/confirm", &[("code", &code), ("expires", "never")]).bearer_auth(&token);
    stranger.send(confirm).await.is(401);
    assert_eq!(only(&app, &bob).await.to_string().split('_').next(), Some("pat"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_logs_out_with_its_token_and_needs_no_workspace() {
    let Team { app, bob, laptop, .. } = team(TestApp::start().await).await;
    let ended = laptop.log_out().await.is(204);
    assert!(ended.body.is_empty());
    assert_eq!(laptop.get("1").await, 401);
    laptop.log_out().await.is(401);
    laptop.alone().log_out().await.is(401);
    assert_eq!(events(&app).await.last().map(String::as_str), Some("bob: logged-out account bob"));
    assert!(bob.get("/account/tokens").await.is(200).text().contains("Revoked"));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_make_no_more_than_one_person_may_have() {
    let (app, _) = TestApp::with_org("acme").await;
    let bob = app.person("bob").await;
    for _ in 0..48 {
        bob.personal_token("laptop", "1d").await;
    }
    let form = [("name", "one more"), ("expires", "1d"), ("current", PASSWORD)];
    let answers = futures_util::future::join_all((0..4).map(|_| bob.post("/do/personal-tokens/create", &form))).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 303);
    assert_eq!((made.len(), refused.len()), (2, 2));
    for answer in refused {
        answer.refused(409, &AppError::Conflict(Conflict::TooManyPersonalTokens));
    }
    app.state.clock.advance(TimeDelta::days(1));
    bob.personal_token("those before have ended", "1d").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_that_was_left_open_makes_no_token_without_the_password() {
    let (app, _) = TestApp::with_org("acme").await;
    let bob = app.person("bob").await;
    assert!(bob.get("/account/tokens").await.is(200).text().contains("Your password"));
    for current in ["", "not the password"] {
        let form = [("name", "laptop"), ("expires", "1d"), ("current", current)];
        bob.post("/do/personal-tokens/create", &form).await.refused_for(Field::CurrentPassword);
    }
    assert_eq!(app.db_count("personal_tokens").await, 0);
    assert_eq!(app.db_count("audit_events WHERE action = 'password-refused'").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_password_makes_a_token_soon_after_signing_in() {
    let (app, provider) = Provider::start().with_server().await;
    provider.account("g-zoe", "zoe@example.com", json!({})).await;
    let zoe = app.browser();
    zoe.sso(&provider, "g-zoe", "/").await.is(302);
    let form = [("name", "laptop"), ("expires", "1d")];
    zoe.post("/do/personal-tokens/create", &form).await.done();
    app.state.clock.advance(TimeDelta::minutes(11));
    zoe.post("/do/personal-tokens/create", &form).await.refused(409, &AppError::Conflict(Conflict::SignInAgain));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_about_a_token_is_checked() {
    let (app, _) = TestApp::with_org("acme").await;
    let bob = app.person("bob").await;
    bob.post("/do/personal-tokens/create", &[("name", " "), ("expires", "1d")]).await.refused_for(Field::Name);
    for expires in ["", "0", "forever", "3651d"] {
        bob.post("/do/personal-tokens/create", &[("name", "laptop"), ("expires", expires)]).await.refused_for(Field::Expires);
    }
    assert_eq!(app.db_count("personal_tokens").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_download_of_a_person_names_their_tokens_and_no_value() {
    // The server lives as long as `_app`.
    let Team { app: _app, bob, laptop, .. } = team(TestApp::start().await).await;
    let file = bob.get("/account/export.json").await.is(200).json();
    let tokens = file["personal_access_tokens"].as_array().unwrap();
    assert_eq!((tokens.len(), &tokens[0]["name"]), (1, &json!("laptop")));
    assert!(!file.to_string().contains(laptop.token.as_deref().unwrap()));
    assert!(file["events"].as_array().unwrap().iter().any(|event| event["object"]["kind"] == "personal-token"));
}

/// The status of what the laptop gets, and what a terminal gets that has a yes and fetches its token only now.
async fn after(team: &Team, device: &str) -> (u16, String) {
    let polled = team.laptop.alone().poll(device).await;
    (team.laptop.get("1").await, polled["status"].as_str().unwrap().to_owned())
}

/// A terminal to which bob has said yes.
async fn confirmed(team: &Team) -> String {
    let (device, code) = team.laptop.alone().login("other").await;
    team.bob.post("/do/logins/confirm", &[("code", &code), ("expires", "30d")]).await.done();
    device
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_resets_their_password_may_revoke_all_tokens_with_it() {
    let team = team(TestApp::start().await).await;
    let stranger = team.app.browser();
    let link = async || {
        team.app.mailbox().await;
        stranger.post("/do/accounts/forgot-password", &[("email", &team.bob.email)]).await.done();
        team.app.only_mail().await.link()
    };
    for (tokens, expected) in [(vec![], (200, "granted")), (vec![("revoke_tokens", "true")], (401, "expired_token"))] {
        let device = confirmed(&team).await;
        let link = link().await;
        let page = stranger.get(&format!("/choose-password?link={link}")).await.is(200).text();
        assert!(page.contains("Revoke all my personal access tokens too") && page.contains("checked"), "offered, and chosen: {page}");
        let before = events(&team.app).await.len();
        let form = [vec![("link", link.as_str()), ("password", PASSWORD)], tokens].concat();
        team.app.browser().post("/do/accounts/choose-password", &form).await.done();
        let (status, polled) = after(&team, &device).await;
        assert_eq!((status, polled.as_str()), expected);
        let revoked = events(&team.app).await[before..].iter().filter(|event| event.contains("revoked personal-token")).count();
        // The laptop's, and the one that the other terminal has got the first time.
        assert_eq!(revoked, if expected.0 == 401 { 2 } else { 0 });
        team.bob.sign_in(&team.bob.email, PASSWORD).await.done();
    }
    let page = stranger.get(&format!("/choose-password?link={}", link().await)).await.is(200).text();
    assert!(!page.contains("Revoke all"), "there are none: {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_changes_their_password_keeps_their_tokens_unless_they_say_so() {
    let team = team(TestApp::start().await).await;
    let page = async || team.bob.get("/account/security").await.is(200).text();
    assert!(page().await.contains("Revoke all my personal access tokens too"));
    let of_ada = team.laptop.with(&team.ada.personal_token("laptop", "90d").await);
    for (tokens, expected) in [(vec![], (200, "granted")), (vec![("revoke_tokens", "true")], (401, "expired_token"))] {
        let device = confirmed(&team).await;
        let form = [vec![("current", PASSWORD), ("password", PASSWORD)], tokens].concat();
        team.bob.post("/do/accounts/change-password", &form).await.done();
        let (status, polled) = after(&team, &device).await;
        assert_eq!((status, polled.as_str()), expected);
    }
    assert_eq!(of_ada.get("1").await, 200, "those of others go on working");
    let page = page().await;
    assert!(!page.contains("Revoke all") && page.contains("are not in this list"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_made_while_all_are_revoked_does_not_survive() {
    let team = team(TestApp::start().await).await;
    let thief = team.app.browser();
    thief.sign_in(&team.bob.email, PASSWORD).await.done();
    let form = [("current", PASSWORD), ("password", PASSWORD), ("revoke_tokens", "true")];
    let making = (0..8).map(|_| thief.post("/do/personal-tokens/create", &[("name", "mine"), ("expires", "90d"), ("current", PASSWORD)]));
    let (_, changed) = tokio::join!(futures_util::future::join_all(making), team.bob.post("/do/accounts/change-password", &form));
    changed.done();
    let own = team.app.backend().personal_tokens.list(&team.bob.caller().await).await.unwrap();
    assert!(own.tokens.iter().all(|token| token.state != TokenState::Active), "{:?}", own.tokens);
}
