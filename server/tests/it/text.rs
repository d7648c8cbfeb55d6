//! Text that people type, as the forms take, refuse, keep and find it. What of it is an address stands in `addresses`.

mod addresses;

use app::domain::ids::UserId;
use app::domain::names::{Email, PersonName};
use app::domain::role::Role;
use app::error::{AppError, Conflict, Field};
use argon2::Argon2;
use argon2::password_hash::PasswordHasher as _;

use crate::audit::events;
use crate::support::{Browser, Person, TestApp};

/// As one keyboard types it, and as another one does.
const COMPOSED: &str = "gr\u{fc}\u{df}e an die gro\u{df}e welt";
const DECOMPOSED: &str = "gru\u{308}\u{df}e an die gro\u{df}e welt";

async fn rename(person: &Person, name: &str) -> crate::support::Answer {
    person.post("/do/accounts/rename", &[("name", name)]).await
}

/// Names of those who are found.
async fn found(app: &TestApp, search: &str) -> Vec<String> {
    let page = app.backend().members.list(&app.operator(), app.org(), search, None).await.unwrap();
    page.rows.into_iter().map(|row| row.name.into()).collect()
}

/// A member of acme who is called so.
async fn called(app: &TestApp, account: &str, name: &str) -> Person {
    let person = app.member(account, Role::Member).await;
    rename(&person, name).await.done();
    person
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_cannot_be_seen_or_draws_over_others_is_refused_in_every_form() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let bad = [
        "\u{3164}",
        "Ad\u{ad}a",
        "\u{2800}",
        "Ada\u{e0020}",
        "\u{301}",
        "a\u{300}\u{301}\u{302}\u{303}\u{304}",
        "a\u{202e}b",
        "a\u{e000}",
        "\u{ffa0}",
    ];
    for name in bad {
        rename(&ada, name).await.refused_for(Field::Name);
        app.browser().post("/do/accounts/sign-up", &[("name", name), ("email", "zoe@example.com")]).await.refused_for(Field::Name);
        ada.post("/do/orgs/create", &[("name", name), ("slug", "zoo")]).await.refused_for(Field::Name);
        ada.post("/do/orgs/rename", &[("org_slug", "acme"), ("name", name)]).await.refused_for(Field::Name);
        ada.post("/do/workspaces/create", &[("org_slug", "acme"), ("name", name)]).await.refused_for(Field::Name);
        ada.post_about(&workspace, "/do/workspaces/rename", &[("name", name)]).await.refused_for(Field::Name);
        let token = [("name", name), ("access", "read-only"), ("expires", "90d")];
        ada.post_about(&workspace, "/do/ci-tokens/create", &token).await.refused_for(Field::Name);
        ada.post("/do/personal-tokens/create", &[("name", name), ("expires", "90d")]).await.refused_for(Field::Name);
        let invite = [("org_slug", "acme"), ("addresses", "zoe@example.com"), ("role", "member"), ("message", name)];
        ada.post("/do/invites/create", &invite).await.refused_for(Field::Message);
    }
    assert!(app.mailbox().await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn names_of_all_the_world_are_taken_and_shown_as_they_were_checked() {
    let (_app, ada) = TestApp::with_org("acme").await;
    for (typed, kept) in [
        ("علی\u{200c}رضا", "علی\u{200c}رضا"),
        ("👩\u{200d}💻 Ada", "👩\u{200d}💻 Ada"),
        (" A\u{308}nne \u{a0} Mu\u{308}ller ", "Änne Müller"),
        ("Иван Петров", "Иван Петров"),
        ("山田\u{3000}太郎", "山田 太郎"),
    ] {
        rename(&ada, typed).await.done();
        assert_eq!(ada.caller().await.user().unwrap().name.as_str(), kept);
        assert!(ada.get("/o/acme/members").await.is(200).text().contains(kept), "{kept}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_found_by_their_name_in_any_case_and_form() {
    let (app, ada) = TestApp::with_org("acme").await;
    called(&app, "anne", "Änne Müller").await;
    called(&app, "ivan", "Иван Петров").await;
    called(&app, "josef", "Josef Strauß").await;
    for (search, name) in [
        ("Änne", "Änne Müller"),
        ("änne", "Änne Müller"),
        ("A\u{308}NNE  mu\u{308}", "Änne Müller"),
        ("MÜLLER", "Änne Müller"),
        ("Иван", "Иван Петров"),
        ("иван", "Иван Петров"),
        ("ПЕТРОВ", "Иван Петров"),
        ("STRAUSS", "Josef Strauß"),
        ("JOSEF@EXAMPLE", "Josef Strauß"),
    ] {
        assert_eq!(found(&app, search).await, [name], "{search}");
        let public = app.backend().members.list_public(&ada.caller().await, app.org(), search, None).await.unwrap().rows;
        assert_eq!(public.len(), usize::from(!search.contains('@')), "{search}");
    }
    for search in ["Anne M", "\u{ad}%", "_", "ä_ne"] {
        assert_eq!(found(&app, search).await, [""; 0], "{search}");
    }
    assert_eq!(found(&app, "\0 ").await.len(), 4, "nothing is looked for, and no database is asked for a NUL");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_did_is_found_by_their_name_then_and_now_in_any_case() {
    let (app, ada) = TestApp::with_org("acme").await;
    rename(&ada, "Änne Müller").await.done();
    ada.workspace(app.org(), "web").await;
    rename(&ada, "Иван Петров").await.done();
    ada.workspace(app.org(), "shop").await;
    for actor in ["A%CC%88NNE", "m%C3%BCller", "%D0%B8%D0%B2%D0%B0%D0%BD", "%D0%9F%D0%95%D0%A2%D0%A0"] {
        let page = ada.get(&format!("/o/acme/audit?actor={actor}")).await.is(200).text();
        assert!(page.contains("web") && page.contains("shop"), "{actor}: {page}");
    }
    assert_eq!(events(&app).await.iter().filter(|event| event.starts_with("Änne Müller: created workspace")).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workspaces_of_an_organization_differ_by_more_than_case_and_form() {
    let (app, ada) = TestApp::with_org("acme").await;
    let size = ada.workspace(app.org(), "Größe").await;
    let web = ada.workspace(app.org(), "web").await;
    let taken = AppError::Conflict(Conflict::WorkspaceNameTaken);
    for name in ["größe", "GRO\u{308}SSE", "Gro\u{308}ße", "Web", "ＷＥＢ"] {
        ada.post("/do/workspaces/create", &[("org_slug", "acme"), ("name", name)]).await.refused(409, &taken);
    }
    ada.post_about(&web, "/do/workspaces/rename", &[("name", "GRÖSSE")]).await.refused(409, &taken);
    ada.post_about(&size, "/do/workspaces/rename", &[("name", "GRÖSSE")]).await.done();
    ada.workspace(app.org(), "Grosse").await;
    // The name is typed to confirm as any keyboard types it, but in its case.
    ada.post_about(&size, "/do/workspaces/delete", &[("confirmation", "größe")]).await.refused_for(Field::Confirmation);
    ada.post_about(&size, "/do/workspaces/delete", &[("confirmation", " GRO\u{308}SSE ")]).await.done();
}

/// Chooses a password by the link of a sign-up.
async fn signs_up(app: &TestApp, email: &str, password: &str) -> Browser {
    let browser = app.browser();
    browser.post("/do/accounts/sign-up", &[("name", "Zoe"), ("email", email)]).await.done();
    let link = app.only_mail().await.link();
    browser.post("/do/accounts/choose-password", &[("link", &link), ("password", password)]).await.done();
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_the_same_on_every_keyboard() {
    let app = TestApp::start().await;
    for (email, set, typed) in [("a@example.com", COMPOSED, DECOMPOSED), ("b@example.com", DECOMPOSED, COMPOSED)] {
        let browser = signs_up(&app, email, set).await;
        app.browser().sign_in(email, typed).await.done();
        app.browser().sign_in(email, &typed.replace(' ', "\u{a0}")).await.done();
        app.browser().sign_in(email, &typed.to_uppercase()).await.refused(401, &AppError::WrongCredentials);
        browser.post("/do/accounts/change-password", &[("current", typed), ("password", "another horse battery")]).await.done();
    }
    let browser = app.browser();
    browser.post("/do/accounts/sign-up", &[("name", "Zoe"), ("email", "c@example.com")]).await.done();
    let link = app.only_mail().await.link();
    let nine = "e\u{301}o\u{308}".repeat(4) + "x";
    browser.post("/do/accounts/choose-password", &[("link", &link), ("password", &nine)]).await.refused_for(Field::Password);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_an_older_version_hashed_as_it_was_typed_still_opens_the_account() {
    let app = TestApp::start().await;
    let hash = Argon2::default().hash_password(DECOMPOSED.as_bytes()).unwrap().to_string();
    let user = server::store::users::User {
        id: UserId::from_uuid(app.state.clock.new_id()),
        email: Email::parse("zoe@example.com").unwrap(),
        name: PersonName::parse("Zoe").unwrap(),
        password_hash: Some(hash),
        confirmed: true,
    };
    let tx = app.state.db.begin_without_session().await.unwrap();
    server::store::users::insert(&tx, &user, app.state.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    app.browser().sign_in("zoe@example.com", DECOMPOSED).await.done();
    app.browser().sign_in("zoe@example.com", &DECOMPOSED.replace('g', "G")).await.refused(401, &AppError::WrongCredentials);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_from_before_the_rules_is_shown_and_can_be_typed_to_confirm() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    app.db_execute("UPDATE users SET name = '\u{3164}'").await;
    app.db_execute("UPDATE workspaces SET name = 'W\u{ad}eb'").await;
    app.db_execute("UPDATE orgs SET name = 'Ac\u{200b}me'").await;
    for page in ["/", "/account", "/o/acme", "/o/acme/members", "/o/acme/audit", "/o/acme/settings"] {
        ada.get(page).await.is(200);
    }
    ada.post_about(&workspace, "/do/workspaces/delete", &[("confirmation", "Web")]).await.done();
    ada.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", "Acme")]).await.done();
}
