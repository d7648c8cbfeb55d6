//! A form that is refused is answered with the page that holds it: with the reason, what was typed, and the status that the
//! reason means; nothing of it in an address or a cookie, whatever the Referer is.

use std::collections::BTreeSet;

use app::components::form::PAGE;
use app::domain::access::TokenAccess::ReadOnly;
use app::domain::ids::WorkspaceId;
use app::domain::role::Role;
use app::error::AppError;
use app::paths;
use app::server_fns::home::page_of;
use reqwest::Method;
use reqwest::header::{ACCEPT, ORIGIN, REFERER};
use scraper::{ElementRef, Html, Selector};

use crate::support::{Answer, Browser, PASSWORD, TestApp, Workspace};

const TYPED: &str = "\"<typed>&";
const SECRET: &str = "my secret phrase";
const SIGN_IN: &str = "/do/accounts/sign-in";
const WRONG: [(&str, &str); 2] = [("email", "zoe@example.com"), ("password", SECRET)];

fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).unwrap()).collect()
}

fn inside<'a>(element: ElementRef<'a>, selector: &str) -> Vec<ElementRef<'a>> {
    element.select(&Selector::parse(selector).unwrap()).collect()
}

/// A browser without scripts sends these fields, and no Referer.
async fn send(browser: &Browser, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request = browser.request(Method::POST, path).form(fields).header(ORIGIN, &browser.url).header(ACCEPT, "text/html");
    browser.send(request).await
}

/// Fails the test unless this is a whole page that says why the form was refused, and nothing of it is anywhere else.
#[track_caller]
fn is_refusal(answer: &Answer, what: &str) -> Html {
    assert!((400..500).contains(&answer.status), "{what}: {}", answer.status);
    assert!(answer.header("content-type").starts_with("text/html"), "{what}: {:?}", answer.headers);
    assert_eq!(answer.header("location"), "", "{what}");
    assert_eq!(answer.header("cache-control"), "no-store", "{what}");
    assert!(answer.header("content-security-policy").contains("'nonce-"), "{what}");
    let cookies = format!("{:?}", answer.headers.get_all("set-cookie").iter().collect::<Vec<_>>());
    assert!(!cookies.contains("typed") && !cookies.contains("zoe"), "{what}: {cookies}");
    assert!(!answer.text().contains(SECRET), "{what}: a password came back");
    Html::parse_document(&answer.text())
}

#[track_caller]
fn says(page: &Html, words: &str) {
    let text = all(page, "main")[0].text().collect::<String>();
    assert!(text.contains(words), "`{words}` is not said: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_is_answered_with_its_page_whatever_the_referer_is() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let own = browser.url.clone();
    for referer in ["", &own, &format!("{own}/"), &format!("{own}/help/access"), "https://evil.example/phish", "nonsense"] {
        let form = [&WRONG[..], &[("next", "/o/acme"), (PAGE, "/sign-in?next=%2Fo%2Facme")]].concat();
        let mut request = browser.request(Method::POST, SIGN_IN).form(&form).header(ORIGIN, &own).header(ACCEPT, "text/html");
        if !referer.is_empty() {
            request = request.header(REFERER, referer);
        }
        let answer = browser.send(request).await.is(401);
        let page = is_refusal(&answer, referer);
        says(&page, "This e-mail address and password do not belong together.");
        assert_eq!(all(&page, "#email")[0].attr("value"), Some("zoe@example.com"), "{referer}");
        assert_eq!(all(&page, "form[action='/do/accounts/sign-in'] [name=next]")[0].attr("value"), Some("/o/acme"), "{referer}");
        assert_eq!(all(&page, "title")[0].text().collect::<String>(), "Sign in · Buildkeep", "{referer}");
        assert_eq!(browser.cookie_header(), "", "{referer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_does_not_say_where_it_stands_is_answered_with_its_page_too() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let page = is_refusal(&send(&app.browser(), SIGN_IN, &WRONG).await.is(401), "sign in");
    assert_eq!(all(&page, "#email")[0].attr("value"), Some("zoe@example.com"));
    let id = workspace.id.to_string();
    let form = workspace.form(&id, &[("name", ""), ("access", "read-only"), ("expires", "7d")]);
    let page = is_refusal(&send(&ada, "/do/ci-tokens/create", &form).await.is(422), "token");
    assert_eq!(all(&page, "[name=access][checked]")[0].attr("value"), Some("read-only"));
    for elsewhere in
        ["//evil.example", "https://evil.example/", "/help/access", "/do/accounts/sign-out", "/no/such/page", "/o/acme/audit.csv"]
    {
        let answer = send(&app.browser(), SIGN_IN, &[&WRONG[..], &[(PAGE, elsewhere)]].concat()).await.is(401);
        says(&is_refusal(&answer, elsewhere), "do not belong together");
    }
}

/// One form of a page, filled in: the fields to be sent, and what the page has to show of them again.
struct Filled {
    page: String,
    action: String,
    fields: Vec<(String, String)>,
    typed: Vec<(String, String)>,
}

fn fill(page: &str, form: ElementRef<'_>) -> Filled {
    let mut filled =
        Filled { page: page.to_owned(), action: form.attr("action").unwrap().to_owned(), fields: Vec::new(), typed: Vec::new() };
    for field in inside(form, "input, textarea, select") {
        let (name, value) = (field.attr("name").unwrap_or_default().to_owned(), field.attr("value").unwrap_or_default());
        let (value, typed) = match (field.value().name(), field.attr("type").unwrap_or("text")) {
            ("select", _) => (inside(field, "option").last().unwrap().attr("value").unwrap().to_owned(), true),
            (_, "hidden") => (value.to_owned(), false),
            (_, "password") => (SECRET.to_owned(), false),
            (_, "checkbox" | "radio") => (value.to_owned(), true),
            _ => (TYPED.to_owned(), true),
        };
        if name.is_empty() {
            continue;
        }
        // Of several radio buttons the last one is chosen.
        filled.fields.retain(|(known, _)| *known != name);
        filled.typed.retain(|(known, _)| *known != name);
        filled.fields.push((name.clone(), value.clone()));
        if typed {
            filled.typed.push((name, value));
        }
    }
    filled
}

/// What a form shows in its field.
fn shown(form: ElementRef<'_>, name: &str) -> String {
    let fields = inside(form, &format!("[name='{name}']"));
    let first = fields.first().unwrap_or_else(|| panic!("{name} is gone"));
    let value = |element: &ElementRef<'_>| element.attr("value").unwrap_or_default().to_owned();
    match (first.value().name(), first.attr("type").unwrap_or("text")) {
        ("textarea", _) => first.text().collect(),
        ("select", _) => inside(*first, "option[selected]").first().map(value).unwrap_or_default(),
        (_, "checkbox" | "radio") => fields.iter().find(|field| field.attr("checked").is_some()).map(value).unwrap_or_default(),
        _ => value(first),
    }
}

/// The pages of a place where there is something of everything.
fn pages(workspace: &Workspace) -> BTreeSet<String> {
    let routes = leptos_axum::generate_route_list(app::App);
    let filled = |path: &str| path.replace("{slug}", workspace.org.as_str()).replace("{workspace}", &workspace.id.to_string());
    routes.iter().map(|route| filled(route.path())).filter(|path| !path.contains('{')).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_form_of_every_page_comes_back_with_the_reason_and_what_was_typed() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    app.member("bob", Role::Member).await;
    ada.token(&workspace, ReadOnly).await;
    ada.personal_token("laptop", "never").await;
    ada.post("/do/addresses/add", &[("email", "ada2@example.com"), ("current", PASSWORD)]).await.done();
    ada.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", "zoe@example.com"), ("role", "member")]).await.done();
    ada.post("/do/domain-invites/add", &[("org_slug", "acme"), ("domain", "example.com"), ("role", "member")]).await.done();
    let mut forms = Vec::new();
    for path in pages(&workspace) {
        for (browser, who) in [(&*ada, "ada"), (&app.browser(), "nobody")] {
            let answer = browser.get(&path).await;
            let page = Html::parse_document(&answer.text());
            for form in all(&page, "form[method=post]") {
                let filled = fill(&path, form);
                assert!(filled.fields.contains(&(PAGE.to_owned(), path.clone())), "{path}: {} does not say where it stands", filled.action);
                // What always succeeds is no use here, and signing out least of all.
                if !filled.action.ends_with("/choose-theme") && !filled.action.ends_with("/sign-out") {
                    forms.push((who, filled));
                }
            }
        }
    }
    let mut refused = BTreeSet::new();
    for (who, filled) in forms {
        let browser = if who == "ada" { &*ada } else { &app.browser() };
        let what = format!("{} on {} as {who}", filled.action, filled.page);
        let fields: Vec<_> = filled.fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let answer = send(browser, &filled.action, &fields).await;
        if answer.status == 303 {
            assert!(!answer.header("location").contains("typed"), "{what}");
            continue;
        }
        let page = is_refusal(&answer, &what);
        let forms = all(&page, &format!("form[action='{}']", filled.action));
        // Of several rows the first one shows what was typed into any: they have no text to type.
        if let (Some(form), 1) = (forms.first(), forms.len()) {
            assert_eq!(all(&page, "[role=alert]").len(), 1, "{what}");
            for (name, value) in &filled.typed {
                assert_eq!(&shown(*form, name), value, "{what}: {name}");
            }
        }
        refused.insert(filled.action);
    }
    assert!(refused.len() >= 20, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_server_function_is_answered_with_a_page_without_a_referer_and_whatever_is_missing() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let id = workspace.id.to_string();
    let form =
        workspace.form(&id, &[("link", "unknown"), ("code", "BCDF-GHJK"), ("member", "x"), ("invite", "x"), ("id", "x"), ("token", "x")]);
    for (path, _) in server_fn::axum::server_fn_paths() {
        for (browser, who) in [(&*ada, "ada"), (&app.browser(), "nobody")] {
            let answer = send(browser, path, &form).await;
            if answer.status == 303 {
                let target = answer.header("location");
                assert!(target.starts_with('/') && !target.contains("__"), "{path}: {target}");
            } else {
                let page = is_refusal(&answer, &format!("{path} as {who}"));
                assert!(!all(&page, "main")[0].text().collect::<String>().trim().is_empty(), "{path}");
            }
        }
        if !ada.is_signed_in().await {
            ada.sign_in(&ada.email, PASSWORD).await.done();
        }
    }
}

#[test]
fn every_server_function_has_a_page_that_answers_it() {
    let id = WorkspaceId::from_uuid(uuid::Uuid::nil()).to_string();
    for (path, _) in server_fn::axum::server_fn_paths() {
        let page = page_of(path, |name| match name {
            "org_slug" => "acme".to_owned(),
            "workspace_id" => id.clone(),
            _ => String::new(),
        });
        assert!(page.is_some_and(|page| paths::local(&page).is_some()), "{path} has no row in app/src/server_fns/home.rs");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_out_meanwhile_gets_the_page_to_sign_in_and_comes_back() {
    let (_app, ada) = TestApp::with_org("acme").await;
    ada.post("/do/accounts/sign-out", &[]).await.done();
    let form = [("org_slug", "acme"), ("name", "Acme GmbH"), (PAGE, "/o/acme/settings?a=b")];
    let page = is_refusal(&send(&ada, "/do/orgs/rename", &form).await.is(401), "rename");
    says(&page, "Sign in to go on.");
    assert_eq!(all(&page, "form[action='/do/accounts/sign-in'] [name=next]")[0].attr("value"), Some("/o/acme/settings?a=b"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_of_an_organization_that_has_moved_comes_back_under_its_new_address() {
    let (_app, ada) = TestApp::with_org("acme").await;
    ada.post("/do/orgs/change-slug", &[("org_slug", "acme"), ("slug", "acme-two")]).await.done();
    let form = [("org_slug", "acme"), ("name", "Acme GmbH"), (PAGE, "/o/acme/settings")];
    let page = is_refusal(&send(&ada, "/do/orgs/rename", &form).await.is(404), "rename");
    says(&page, "This organization has moved to /o/acme-two.");
    assert_eq!(all(&page, "form[action='/do/orgs/rename'] [name=org_slug]")[0].attr("value"), Some("acme-two"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_see_the_page_any_more_is_told_why_the_form_was_refused() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    let member = bob.id.to_string();
    ada.post("/do/members/set-role", &[("org_slug", "acme"), ("member", &member), ("role", "member")]).await.done();
    let form = [("org_slug", "acme"), ("name", "Bobs"), (PAGE, "/o/acme/settings")];
    says(&is_refusal(&send(&bob, "/do/orgs/rename", &form).await.is(403), "member"), &AppError::Forbidden.to_string());
    ada.post("/do/members/remove", &[("org_slug", "acme"), ("member", &member)]).await.done();
    says(&is_refusal(&send(&bob, "/do/orgs/rename", &form).await.is(404), "stranger"), &AppError::NotFound.to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_attempts_bring_the_form_back_and_say_when_to_go_on() {
    let app = TestApp::start_with(|config| config.sign_in_per_minute = 1).await;
    let browser = app.browser();
    send(&browser, SIGN_IN, &WRONG).await.is(401);
    let answer = send(&browser, SIGN_IN, &WRONG).await.is(429);
    let wait: u32 = answer.header("retry-after").parse().unwrap();
    let page = is_refusal(&answer, "too many");
    says(&page, &AppError::RateLimited(wait).to_string());
    assert_eq!(all(&page, "#email")[0].attr("value"), Some("zoe@example.com"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_that_is_not_taken_in_is_answered_with_a_page_that_repeats_nothing() {
    let (app, ada) = TestApp::with_org("acme").await;
    for browser in [&*ada, &app.browser()] {
        let foreign = browser.request(Method::POST, SIGN_IN).form(&[&WRONG[..], &[(PAGE, "/sign-in")]].concat());
        let foreign = foreign.header(ORIGIN, "https://evil.example").header(ACCEPT, "text/html");
        let answer = browser.send(foreign).await.is(403);
        says(&is_refusal(&answer, "foreign"), &AppError::OtherSite.to_string());
        assert!(!answer.text().contains("zoe@example.com"), "another site wrote on our page");
        let large = "x".repeat(64 << 10);
        let answer = send(browser, SIGN_IN, &[("email", &large), ("password", SECRET)]).await.is(413);
        says(&is_refusal(&answer, "large"), &AppError::TooLarge.to_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_the_error_and_its_status() {
    let app = TestApp::start().await;
    let browser = app.browser();
    browser.post(SIGN_IN, &WRONG).await.refused(401, &AppError::WrongCredentials);
    let foreign = browser.form(SIGN_IN, &WRONG).header("sec-fetch-site", "cross-site");
    browser.send(foreign).await.refused(403, &AppError::OtherSite);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_for_the_next_page_is_not_lost_by_a_refused_form() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    ada.post("/do/accounts/rename", &[("name", "Ada Lovelace")]).await.done();
    let notice = ada.notice();
    assert!(notice.is_some());
    is_refusal(&send(&ada, "/do/accounts/rename", &[("name", "")]).await.is(422), "rename");
    assert_eq!(ada.notice(), notice);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_opens_the_address_of_a_form_is_led_to_its_page() {
    let app = TestApp::start().await;
    for (form, page) in
        [(SIGN_IN, "/sign-in"), ("/do/orgs/rename", "/"), ("/do/no/such/form", "/"), ("/do/accounts/rename?name=x", "/account")]
    {
        assert_eq!(app.browser().get(form).await.is(303).header("location"), page, "{form}");
    }
}
