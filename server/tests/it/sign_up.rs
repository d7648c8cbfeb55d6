//! Who may make an account and who an organization, as the operator says; and how newcomers get back to where they wanted
//! to be.

use app::domain::identity::SsoFailure;
use app::domain::role::Role;
use app::error::{AppError, Conflict};
use app::notice::Notice;
use serde_json::json;
use server::admission::{OrgCreation, SignUp};

use crate::connections::link;
use crate::support::{Browser, PASSWORD, Provider, TestApp};

const SIGN_UP: &str = "/do/accounts/sign-up";
const FORGOT: &str = "/do/accounts/forgot-password";

async fn sign_up(app: &TestApp, email: &str) -> String {
    let answer = app.browser().post(SIGN_UP, &[("name", "Somebody"), ("email", email)]).await;
    answer.done()
}

/// Opens the only mail, and chooses a password with it; where that leads.
async fn go_on(app: &TestApp, browser: &Browser) -> String {
    let link = app.only_mail().await.link();
    browser.post("/do/accounts/choose-password", &[("link", &link), ("password", PASSWORD)]).await.done()
}

#[tokio::test(flavor = "multi_thread")]
async fn where_only_the_invited_sign_up_others_get_the_same_answer_and_no_mail() {
    let app = TestApp::start_with(|config| config.sign_up = SignUp::Invited).await;
    let (app, ada) = app.and_org("acme").await;
    assert!(app.browser().get("/sign-up").await.is(200).text().contains("who were invited"));
    ada.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", "bob@example.com"), ("role", "member")]).await.done();
    app.mailbox().await;
    let (stranger, invited, known) =
        (sign_up(&app, "eve@example.com").await, sign_up(&app, "bob@example.com").await, sign_up(&app, &ada.email).await);
    assert_eq!((&stranger, &stranger), (&invited, &known));
    app.browser().post(FORGOT, &[("email", "eve@example.com")]).await.done();
    let mut to: Vec<_> = app.mailbox().await.into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, [ada.email.as_str(), "bob@example.com"]);
    assert_eq!(app.db_count("users WHERE email = 'eve@example.com'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_domains_are_listed_only_their_people_and_the_invited_sign_up() {
    let app = TestApp::start_with(|config| {
        config.sign_up = SignUp::Domains;
        config.sign_up_domains = vec!["Acme.com".to_owned(), "acme.example".to_owned()];
    })
    .await;
    assert!(app.browser().get("/sign-up").await.text().contains("an address at acme.com, acme.example"));
    for email in ["zoe@acme.com", "zoe@mail.acme.com", "zoe@acme.com.evil.example", "zoe@evil.example", "yan@acme.example"] {
        sign_up(&app, email).await;
    }
    let mut to: Vec<_> = app.mailbox().await.into_iter().map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["yan@acme.example", "zoe@acme.com"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_was_sent_before_the_door_was_closed_opens_nothing() {
    let app = TestApp::start().await;
    sign_up(&app, "eve@example.com").await;
    let link = app.only_mail().await.link();
    let mut config = app.state.config.clone();
    config.sign_up = SignUp::Invited;
    let (_, url) = app.another_server_with(config).await;
    let eve = app.browser_at(&url);
    eve.get(&format!("/choose-password?link={link}")).await.is(410);
    let choose = eve.post("/do/accounts/choose-password", &[("link", &link), ("password", PASSWORD)]).await;
    choose.refused(410, &AppError::LinkUnusable);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_provider_makes_no_account_for_those_who_may_not_sign_up() {
    let provider = Provider::start();
    let app = TestApp::start_with(|config| {
        provider.configure(config);
        config.sign_up = SignUp::Invited;
    })
    .await;
    let (app, ada) = app.and_org("acme").await;
    provider.account("g-eve", "eve@example.com", json!({})).await;
    provider.account("g-bob", "bob@example.com", json!({})).await;
    let eve = app.browser();
    eve.sso(&provider, "g-eve", "/").await.is(302);
    assert!(!eve.is_signed_in().await);
    assert_eq!(eve.notice(), Some(Notice::SsoFailed(SsoFailure::SignUpClosed)));
    ada.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", "bob@example.com"), ("role", "member")]).await.done();
    let bob = app.browser();
    bob.sso(&provider, "g-bob", "/").await.is(302);
    assert!(bob.is_signed_in().await);
    eve.sso(&provider, "g-eve", "/").await.is(302);
    assert!(!eve.is_signed_in().await, "nor at the second try");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_operator_creates_organizations_nobody_else_does() {
    let app = TestApp::start().await;
    let (app, ada, _) = app.and_workspace().await;
    let mut config = app.state.config.clone();
    config.organizations = OrgCreation::Operator;
    let (_, url) = app.another_server_with(config).await;
    let ada_there = app.browser_at(&url);
    ada_there.sign_in(&ada.email, PASSWORD).await.done();
    let no = AppError::Conflict(Conflict::OrgsByOperator);
    ada_there.post("/do/orgs/create", &[("name", "Zoo"), ("slug", "zoo")]).await.refused(409, &no);
    ada_there.get("/orgs/new").await.is(409);
    let page = ada_there.get("/").await.is(200).text();
    assert!(!page.contains("/orgs/new"), "{page}");

    let code = link(&app, None).await;
    let page = ada_there.get(&app::paths::connect(&code)).await.is(200).text();
    assert!(page.contains("Into an organization of yours") && !page.contains("Into a new organization"), "{page}");
    let form = [("code", code.as_str()), ("name", "Zoo"), ("slug", "zoo"), ("first_workspace", "web")];
    ada_there.post("/do/connections/accept-into-new", &form).await.refused(409, &no);
    assert_eq!(app.db_count("orgs WHERE slug = 'zoo'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_comes_back_to_the_join_link_behind_the_mail() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.get("/join/acme").await.is(302).header("location").to_owned();
    assert_eq!(page, "/sign-in?next=%2Fjoin%2Facme");
    assert!(browser.get(&page).await.text().contains("/sign-up?next=%2Fjoin%2Facme"));
    let form = browser.get("/sign-up?next=%2Fjoin%2Facme").await.text();
    assert!(form.contains("name=\"next\" value=\"/join/acme\"") && form.contains("/sign-in?next=%2Fjoin%2Facme"), "{form}");
    let sent = browser.post(SIGN_UP, &[("name", "Zoe"), ("email", "zoe@example.com"), ("next", "/join/acme")]).await.done();
    assert_eq!(sent, "/check-mail?next=%2Fjoin%2Facme");
    let mail = app.only_mail().await;
    assert!(!mail.content.contains("acme"), "the way is not in the mail: {mail:?}");
    let choose = [("link", mail.link()), ("password", PASSWORD.to_owned())];
    let choose = choose.each_ref().map(|(name, value)| (*name, value.as_str()));
    // In another browser: the way comes with the link.
    assert_eq!(app.browser().post("/do/accounts/choose-password", &choose).await.done(), "/join/acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_forgot_the_password_comes_back_as_well() {
    let app = TestApp::start().await;
    let ada = app.person("ada").await;
    let page = app.browser().get("/sign-in?next=%2Fo%2Facme").await.text();
    assert!(page.contains("/forgot-password?next=%2Fo%2Facme"), "{page}");
    app.browser().post(FORGOT, &[("email", &ada.email), ("next", "/o/acme")]).await.done();
    assert_eq!(go_on(&app, &app.browser()).await, "/o/acme");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_leads_nowhere_but_to_our_pages_and_hands_over_no_code_of_a_terminal() {
    let app = TestApp::start().await;
    for (next, lands) in [
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/do/accounts/sign-out", "/"),
        ("/login/device?code=BCDF-GHJK", "/login/device"),
        ("/connect/bkcon_0", "/connect/bkcon_0"),
    ] {
        let email = format!("zoe-{}@example.com", next.len());
        app.browser().post(SIGN_UP, &[("name", "Zoe"), ("email", &email), ("next", next)]).await.done();
        assert_eq!(go_on(&app, &app.browser()).await, lands, "{next}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_is_not_readable_in_the_database() {
    let app = TestApp::start().await;
    let form = [("name", "Zoe"), ("email", "zoe@example.com"), ("next", "/connect/bkcon_a-secret-code")];
    app.browser().post(SIGN_UP, &form).await.done();
    assert_eq!(app.db_count("mail_links WHERE sealed_next IS NOT NULL").await, 1);
    assert_eq!(app.db_count("mail_links WHERE CAST(sealed_next AS TEXT) LIKE '%a-secret-code%'").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_page_names_only_an_organization_that_is_public() {
    let (app, ada) = TestApp::with_org("acme").await;
    ada.post("/do/orgs/rename", &[("org_slug", "acme"), ("name", "Acme GmbH")]).await.done();
    let page = async |path: &str| {
        let text = app.browser().get(path).await.is(200).text();
        scraper::Html::parse_document(&text).root_element().text().collect::<String>().replace("no-such-org", "acme")
    };
    let (private, missing) = (page("/sign-in?next=%2Fjoin%2Facme").await, page("/sign-in?next=%2Fjoin%2Fno-such-org").await);
    assert!(private.contains("Sign in to join the organization.") && !private.contains("Acme GmbH"), "{private}");
    assert!(missing.contains("Sign in to join the organization."), "{missing}");
    let public = [("org_slug", "acme"), ("change", "make-public"), ("typed_name", "Acme GmbH")];
    ada.post("/do/orgs/change-visibility", &public).await.done();
    for (path, words) in [("/sign-in", "Sign in to join Acme GmbH."), ("/sign-up", "Sign up to join Acme GmbH.")] {
        let text = page(&format!("{path}?next=%2Fjoin%2Facme")).await;
        assert!(text.contains(words), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_with_a_copied_invite_comes_back_to_it() {
    let (app, ada) = TestApp::with_org("acme").await;
    ada.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", "bob@example.com"), ("role", "member")]).await.done();
    app.mailbox().await;
    let invite = app.backend().invites.list(&app.operator(), app.org(), true, None).await.unwrap().rows.remove(0);
    ada.post("/do/invites/link", &[("org_slug", "acme"), ("invite", &invite.id.to_string())]).await.done();
    let Some(Notice::InviteLink(issued)) = ada.notice() else { panic!("the next page shows the link") };
    let here = app::paths::invite(issued.secret.expose());
    let page = app.browser().get(&here).await.is(200).text();
    assert!(page.contains(&app::paths::sign_up_then(&here)), "{page}");
    app.browser().post(SIGN_UP, &[("name", "Bob"), ("email", "bob@example.com"), ("next", &here)]).await.done();
    let bob = app.browser();
    assert_eq!(go_on(&app, &bob).await, here);
    assert!(bob.get(&here).await.is(200).text().contains("Join acme"));
    bob.post("/do/invites/accept", &[("invite", &invite.id.to_string())]).await.done();
    assert_eq!(app.backend().members.list(&app.operator(), app.org(), "bob", None).await.unwrap().rows[0].role, Role::Member);
}
