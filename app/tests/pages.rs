//! What each kind of visitor sees: the pages, rendered to HTML over a made-up backend.

mod support;

use app::domain::ids::WorkspaceId;
use app::domain::names::OrgSlug;
use app::domain::permission::Permission;
use app::domain::standing::Standing;
use app::paths;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use serde_json::json;
use support::Persona::{self, Admin, Member, Newcomer, Visitor};
use support::data::{self, FRESH, PURGED, USED};
use tower::ServiceExt;

struct Page {
    status: StatusCode,
    location: String,
    html: String,
}

impl Page {
    #[track_caller]
    fn shows(&self, words: &str) -> &Self {
        assert!(self.html.contains(words), "`{words}` is missing on this page:\n{}", self.html);
        self
    }

    #[track_caller]
    fn hides(&self, words: &str) -> &Self {
        assert!(!self.html.contains(words), "`{words}` should not be on this page:\n{}", self.html);
        self
    }
}

async fn answer(request: Request<Body>) -> Response<Body> {
    support::router(support::options("no-site"), Visitor).oneshot(request).await.expect("an answer")
}

async fn page_with(persona: Persona, path: &str, headers: &[(&str, String)]) -> Page {
    let mut request = Request::get(path).header("x-as", format!("{persona:?}")).header(header::ACCEPT, "text/html");
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let response = answer(request.body(Body::empty()).expect("a request")).await;
    let status = response.status();
    let location = response.headers().get(header::LOCATION).map(|to| to.to_str().expect("a location").to_owned()).unwrap_or_default();
    let html = to_bytes(response.into_body(), 1 << 20).await.expect("a body");
    Page { status, location, html: String::from_utf8(html.to_vec()).expect("text") }
}

async fn page(persona: Persona, path: &str) -> Page {
    page_with(persona, path, &[]).await
}

/// Sends a form that is refused, and opens its page as the answer.
async fn refused(persona: Persona, page: &str, form: &str, fields: &[(&str, &str)]) -> Page {
    let body = fields.iter().map(|(name, value)| format!("{name}={}", paths::percent_encode(value))).collect::<Vec<_>>().join("&");
    let request = Request::post(form)
        .header("x-as", format!("{persona:?}"))
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let response = answer(request.body(Body::from(body)).expect("a request")).await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR, "Leptos answers with the error");
    let error: serde_json::Value =
        serde_json::from_slice(&to_bytes(response.into_body(), 1 << 20).await.expect("a body")).expect("an error");
    page_with(persona, page, &[("x-refused", json!([form, error, fields]).to_string())]).await
}

fn acme() -> OrgSlug {
    data::name("acme")
}

fn workspace(number: u32) -> WorkspaceId {
    data::id("wks", number)
}

#[tokio::test]
async fn a_visitor_is_sent_to_sign_in_and_brought_back() {
    let id = workspace(USED);
    let guarded = [
        paths::ACCOUNT.to_owned(),
        paths::ACCOUNT_ADDRESSES.to_owned(),
        paths::ACCOUNT_SECURITY.to_owned(),
        paths::ACCOUNT_ORGS.to_owned(),
        paths::ACCOUNT_TOKENS.to_owned(),
        paths::LOGIN_DEVICE.to_owned(),
        "/login/device?code=BCDF-GHJK".to_owned(),
        paths::ACCOUNT_DATA.to_owned(),
        paths::confirm_address("mine"),
        paths::NEW_ORG.to_owned(),
        paths::org(&acme()),
        paths::org_members(&acme()),
        paths::org_audit(&acme()),
        paths::org_settings(&acme()),
        paths::new_workspace(&acme()),
        paths::workspace(&acme(), id),
        paths::workspace_connect(&acme(), id),
        paths::workspace_tokens(&acme(), id),
        paths::workspace_artifacts(&acme(), id),
        paths::workspace_settings(&acme(), id),
    ];
    for path in guarded {
        let page = page(Visitor, &path).await;
        assert_eq!((page.status, page.location), (StatusCode::FOUND, paths::sign_in_then(&path)), "{path}");
    }
    page(Visitor, &paths::sign_in_then("/account")).await.shows(r#"name="next" value="/account""#);
    assert_eq!(page(Admin, &paths::sign_in_then("/account")).await.location, "/account");
}

#[tokio::test]
async fn a_visitor_looks_at_a_public_organization_and_is_offered_nothing_more() {
    let open: OrgSlug = data::name(data::PUBLIC);
    let id = workspace(USED);
    for persona in [Visitor, Newcomer] {
        for path in [paths::org(&open), paths::org_members(&open), paths::workspace(&open, id), paths::workspace_artifacts(&open, id)] {
            let page = page(persona, &path).await;
            assert_eq!(page.status, StatusCode::OK, "{path}");
            page.shows("Open Rooms").shows(">Public<").shows("This organization is public.").shows(r#"content="noindex""#);
            page.hides("@example.com\"").hides("grace@").hides("65f0c1d2e3a4b5c6d7e8f901").hides("GitHub, main branch");
            for hidden in ["/do/members", "/do/artifacts", "/connect", "/tokens", "/settings", "/audit", "/invites", "Leave"] {
                page.hides(hidden);
            }
        }
        page(persona, &paths::org_members(&open)).await.shows("Grace Hopper").shows(r#"placeholder="Name""#);
    }
    let sign_in = paths::sign_in_then(&paths::org(&open));
    page(Visitor, &paths::org(&open)).await.shows(&sign_in);
    page(Newcomer, &paths::org(&open)).await.hides(&sign_in);
}

#[tokio::test]
async fn a_visitor_who_wants_more_is_asked_to_sign_in_or_refused() {
    let open: OrgSlug = data::name(data::PUBLIC);
    let id = workspace(USED);
    for path in [
        paths::org_settings(&open),
        paths::org_audit(&open),
        paths::org_invites(&open),
        paths::new_workspace(&open),
        paths::workspace_connect(&open, id),
        paths::workspace_tokens(&open, id),
        paths::workspace_settings(&open, id),
    ] {
        let asked = page(Visitor, &path).await;
        assert_eq!((asked.status, asked.location), (StatusCode::FOUND, paths::sign_in_then(&path)), "{path}");
        assert_eq!(page(Newcomer, &path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn the_settings_say_who_can_look_and_what_they_see() {
    page(Admin, &paths::org_settings(&acme())).await.shows("Make public…").shows("Not shown: e-mail addresses").hides("Make private");
    let open: OrgSlug = data::name(data::PUBLIC);
    page(Admin, &paths::org_settings(&open)).await.shows("Make private").shows("Let search engines list it").hides("Make public…");
}

#[tokio::test]
async fn admins_see_plan_usage_and_contact_and_members_do_not() {
    let usage = paths::org_usage(&acme());
    let page = page(Admin, &usage).await;
    page.shows("The plan is “Team”")
        .shows("86 % of 36 GiB")
        .shows("No limit")
        .shows("<svg")
        .shows("Beispielweg 1")
        .shows("/o/acme/usage.csv");
    page.hides(" style=").hides("<style");
    assert_eq!(self::page(Member, &usage).await.status, StatusCode::FORBIDDEN);
    self::page(Admin, &paths::org_usage(&data::name("empty"))).await.shows("Self-hosted").shows("<circle");
}

#[tokio::test]
async fn only_admins_are_told_of_limits_and_on_every_page() {
    let told = "Stored artifacts: 31 GiB of 36 GiB used. When all of it is used:";
    for path in [paths::org(&acme()), paths::org_members(&acme()), paths::workspace(&acme(), workspace(USED))] {
        page(Admin, &path).await.shows(told).shows("Workspaces: 3 of 3 used. No further workspace").shows("/o/acme/usage");
        page(Member, &path).await.hides("31 GiB of 36 GiB").hides("/o/acme/usage");
    }
}

#[tokio::test]
async fn what_is_not_there_and_what_is_not_yours_look_the_same() {
    for (persona, path) in
        [(Newcomer, "/o/acme"), (Admin, "/o/nobody"), (Admin, "/o/Not%20A%20Slug"), (Admin, "/o/acme/w/wks_1"), (Visitor, "/nowhere")]
    {
        let page = page(persona, path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        page.shows("There is nothing here, or you may not see it.");
    }
}

#[tokio::test]
async fn an_old_address_leads_to_the_same_page_of_the_new_one() {
    let page = page(Member, "/o/old-acme/members?q=ada").await;
    assert_eq!((page.status, page.location.as_str()), (StatusCode::FOUND, "/o/acme/members?q=ada"));
}

#[tokio::test]
async fn a_fault_of_ours_has_its_status_and_its_number() {
    let page = page(Admin, "/o/broken").await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    page.shows("inc_00000000000000000000000001");
}

#[tokio::test]
async fn a_newcomer_learns_how_to_begin() {
    page(Newcomer, paths::HOME)
        .await
        .shows("Create an organization")
        .shows("ask one of its Admins to invite ada@example.com")
        .shows("Join Zoo");
    page(Visitor, paths::HOME).await.shows("Create an account").hides("New organization");
}

#[tokio::test]
async fn only_admins_see_what_only_admins_may_do() {
    let id = workspace(USED);
    let members = paths::org_members(&acme());
    page(Admin, &members).await.shows("Make Admin").shows("Remove…").shows("Leave…");
    page(Member, &members).await.hides("Make Admin").hides("Remove…").shows("Leave…");
    let overview = paths::org(&acme());
    page(Admin, &overview).await.shows(&paths::new_workspace(&acme())).shows(&paths::org_settings(&acme()));
    page(Member, &overview).await.hides(&paths::new_workspace(&acme())).hides(&paths::org_settings(&acme()));
    let artifacts = paths::workspace_artifacts(&acme(), id);
    page(Admin, &artifacts).await.shows("Purge").shows("/do/artifacts/delete");
    page(Member, &artifacts).await.hides("Purge").hides("/do/artifacts/delete");
    page(Admin, &members).await.shows("History of Grace Hopper");
    page(Member, &members).await.hides("History").hides(&paths::org_audit(&acme()));
    for path in
        [paths::org_audit(&acme()), paths::org_settings(&acme()), paths::new_workspace(&acme()), paths::workspace_settings(&acme(), id)]
    {
        assert_eq!(page(Admin, &path).await.status, StatusCode::OK, "{path}");
        assert_eq!(page(Member, &path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn a_refused_form_says_why_and_keeps_what_was_typed() {
    let page = refused(Visitor, paths::SIGN_UP, "/do/accounts/sign-up", &[("name", ""), ("email", "ada")]).await;
    page.shows("Some entries need your attention.").shows("Enter an e-mail address").shows(r#"value="ada""#);
    page.shows(r#"aria-describedby="email-hint email-error""#).shows(r#"aria-invalid="true""#);
}

#[tokio::test]
async fn a_link_cannot_make_a_page_say_that_a_form_was_refused() {
    let error = "Ildyb25nQ3JlZGVudGlhbHMi";
    let page = page(Visitor, &format!("/sign-in?__path=%2Fdo%2Faccounts%2Fsign-in&__err={error}")).await;
    page.hides("do not belong together");
}

#[tokio::test]
async fn a_draft_does_not_spill_into_another_form_and_a_password_never_comes_back() {
    let fields = [("org_slug", "acme"), ("name", "Mallory"), ("confirmation", "Mallory")];
    let page = refused(Admin, &paths::org_settings(&acme()), "/do/orgs/delete", &fields).await;
    page.shows("type the name exactly as shown").shows(r#"name="name" type="text" value="Acme GmbH""#);
    let fields = [("current", "old-old-old"), ("password", "new-new-new-new")];
    let page = refused(Admin, paths::ACCOUNT_SECURITY, "/do/accounts/change-password", &fields).await;
    page.shows("This is not your current password.").hides("new-new-new-new").hides("old-old-old");
}

#[tokio::test]
async fn the_last_admin_is_told_why_nothing_changed() {
    let fields = [("org_slug", "acme"), ("member", "usr_00000000000000000000000001"), ("role", "member")];
    let page = refused(Admin, &paths::org_members(&acme()), "/do/members/set-role", &fields).await;
    page.shows("An organization needs at least one Admin. Make somebody else an Admin first.");
}

#[tokio::test]
async fn a_new_token_is_shown_once_with_its_environment() {
    let path = paths::workspace_tokens(&acme(), workspace(USED));
    let notice = json!({"TokenIssued": {
        "id": "tok_00000000000000000000000009", "name": "CI", "access": "read-only", "secret": "bkci_value", "old_works_for_hours": null
    }});
    let shown = page_with(Admin, &path, &[("x-notice", notice.to_string())]).await;
    shown.shows("NX_CLOUD_ACCESS_TOKEN=bkci_value");
    shown.shows("NX_SELF_HOSTED_REMOTE_CACHE_SERVER=https://keep.example.com\nNX_SELF_HOSTED_REMOTE_CACHE_ACCESS_TOKEN=bkci_value");
    let mut props = shown.html.split("data-props=").skip(1).filter_map(|rest| rest.split('>').next());
    assert!(props.all(|props| !props.contains("bkci_value")), "a secret stands in the properties of an island");
    page(Admin, &path).await.hides("bkci_value").shows("bkci_…x7Qa");
}

#[tokio::test]
async fn connecting_tells_what_to_set_and_what_to_leave() {
    for persona in [Admin, Member] {
        let page = page(persona, &paths::workspace_connect(&acme(), workspace(FRESH))).await;
        page.shows("NX_SELF_HOSTED_REMOTE_CACHE_SERVER=https://keep.example.com")
            .shows("NX_DISABLE_REMOTE_CACHE=true")
            .shows("65f0c1d2e3a4b5c6d7e8f901")
            .shows("NX_CLOUD_API=https://keep.example.com")
            .shows(data::CLIENT_SHA256);
    }
}

#[tokio::test]
async fn a_link_of_nx_connect_says_what_follows_to_whoever_is_signed_in() {
    page(Visitor, &paths::connect("claims")).await.shows("next=%2Fconnect%2Fclaims").hides("Claim the workspace");
    page(Admin, &paths::connect("claims")).await.shows("thrown away").shows("Acme GmbH").shows(r#"value="shop""#);
    page(Newcomer, &paths::connect("claims")).await.shows("Into a new organization").hides("Into an organization of yours");
    page(Member, &paths::connect("creates")).await.hides("Into an organization of yours").hides("cannot claim");
    page(Admin, &paths::connect("replaces")).await.shows("cannot claim");
    assert_eq!(page(Admin, &paths::connect("other")).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_set_up_shows_the_difference_to_today_before_it_is_applied() {
    let path = paths::workspace_set_up(&acme(), workspace(USED));
    page(Admin, &path).await.shows("See what would change").hides("Set it up like this");
    let chosen = page(Admin, &format!("{path}?setup=main-writes&anonymous=none")).await;
    chosen.shows("Set it up like this").shows("<td data-label=\"Today\">read-write</td>").shows("GitHub Actions").hides("bkci_");
    page(Admin, &format!("{path}?setup=evil&anonymous=read-write")).await.hides("Set it up like this");
    page(Admin, &paths::workspace_check_up(&acme(), workspace(FRESH))).await.shows("Nothing to mend");
    page(Admin, &paths::workspace_check_up(&acme(), workspace(USED))).await.shows("Everyone who knows the nxCloudId can store");
}

#[tokio::test]
async fn a_new_password_offers_to_revoke_tokens_to_whoever_has_some() {
    let words = "Revoke all my personal access tokens too";
    page(Visitor, "/choose-password?link=of-somebody-with-tokens").await.shows(words).shows("checked");
    page(Visitor, "/choose-password?link=other").await.shows("New password").hides(words);
    page(Visitor, "/choose-password?link=of-a-new-person").await.shows("Your name").shows(r#"value="Zoe""#);
    let dead = page(Visitor, "/choose-password?link=used").await;
    assert_eq!(dead.status, StatusCode::GONE);
    dead.shows(paths::FORGOT_PASSWORD).hides("New password");
    page(Member, paths::ACCOUNT_SECURITY).await.shows(words).hides("checked");
    page(Newcomer, paths::ACCOUNT_SECURITY).await.hides(words);
}

#[tokio::test]
async fn a_token_that_works_is_marked_a_week_before_it_ends() {
    for (persona, path) in [(Member, paths::ACCOUNT_TOKENS.to_owned()), (Admin, paths::workspace_tokens(&acme(), workspace(USED)))] {
        let shown = page(persona, &path).await;
        assert_eq!(shown.html.matches("Expires soon").count(), 1, "{path}");
    }
}

#[tokio::test]
async fn a_running_purge_shows_how_far_it_is() {
    let page = page(Admin, &paths::workspace_artifacts(&acme(), workspace(PURGED))).await;
    page.shows(r#"max="48213""#).shows(r#"value="12000""#).hides("Delete all");
}

#[tokio::test]
async fn lists_continue_with_the_same_search() {
    let members = paths::org_members(&acme());
    page(Admin, &format!("{members}?q=Grace"))
        .await
        .shows("grace@example.com")
        .hides("karl-theodor")
        .shows("/o/acme/members?q=Grace&amp;after=cursor");
    page(Admin, &format!("{members}?q=Grace&after=cursor")).await.shows("First page").hides("Next page");
}

#[tokio::test]
async fn the_audit_log_reads_like_sentences_and_keeps_its_filter_in_every_link() {
    let audit = paths::org_audit(&acme());
    let log = page(Admin, &audit).await;
    log.shows("changed Grace Hopper's role from Member to Admin").shows("renamed the workspace “web” to “web-shop”");
    log.shows("2027-01-15 06:50:00 UTC").shows("/o/acme/audit?actor=usr_00000000000000000000000001");
    let filtered = page(Admin, &format!("{audit}?action=renamed&from=2026-01-02&kind=&actor=Ada%20Lovelace")).await;
    filtered.shows("web-shop").hides("Grace").shows(r#"value="Ada Lovelace""#).shows(r#"value="2026-01-02""#);
    let query = "?actor=Ada%20Lovelace&amp;action=renamed&amp;from=2026-01-02";
    for path in ["audit", "audit.csv", "audit.ndjson"] {
        filtered.shows(&format!(r#"href="/o/acme/{path}{query}"#));
    }
    page(Admin, &format!("{audit}?action=deleted")).await.shows("No such event");
    page(Admin, "/o/empty/audit").await.shows("Nothing recorded");
    assert_eq!(page(Admin, &format!("{audit}?action=eaten")).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(page(Member, &format!("{audit}?action=eaten")).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn an_invite_says_what_became_of_it_and_its_mail() {
    let page = page(Admin, &paths::org_invites(&acme())).await;
    for words in ["Being sent", "Pending", "Mail delayed", "Mail failed", "5.1.1 no such mailbox", "Expired", "Accepted", "Revoked"] {
        page.shows(words);
    }
}

#[tokio::test]
async fn the_page_of_an_invite_offers_what_the_visitor_can_do() {
    page(Visitor, &paths::invite("new")).await.shows("Create the account and join Zoo").shows("zoe@example.com");
    page(Visitor, &paths::invite("known")).await.shows("Sign in and join Zoo");
    page(Visitor, &paths::invite("copied")).await.shows("I have one: sign in").hides("Create the account");
    page(Admin, &paths::invite("mine")).await.shows("Join Zoo").hides("Sign out and go on");
    page(Admin, &paths::invite("new")).await.shows("You are signed in as ada@example.com").shows("Sign out and go on");
    let dead = page(Visitor, &paths::invite("old")).await;
    assert_eq!(dead.status, StatusCode::GONE);
    dead.shows("ask whoever invited you").hides("password");
    assert_eq!(page(Admin, &paths::invite("accepted")).await.location, "/o/acme");
    assert_eq!(page(Visitor, &paths::invite("accepted")).await.location, paths::sign_in_then("/o/acme"));
}

#[tokio::test]
async fn a_domain_says_whether_its_people_can_join_and_what_dns_answered() {
    let page = page(Admin, &paths::org_domains(&acme())).await;
    for words in ["Proven", "Vouched for", "No longer proven", "Not open", "DNS has given no answer since", "äcme.nl"] {
        page.shows(words);
    }
    for words in ["_buildkeep-challenge.acme.de", "4tQ0challenge3", "v=spf1 -all", "DNS was not asked yet", "SERVFAIL", "/join/acme"] {
        page.shows(words);
    }
    assert_eq!(page.html.matches("Vouch for it").count(), 2, "only where it opens something");
    self::page(Member, &paths::org_members(&acme())).await.hides("/o/acme/domains");
}

#[tokio::test]
async fn a_join_link_tells_nobody_which_organizations_exist() {
    for slug in ["acme", "missing", "Not%20A%20Slug"] {
        let page = page(Visitor, &format!("/join/{slug}")).await;
        assert_eq!(page.status, StatusCode::FOUND, "{slug}");
        page.hides("Acme");
    }
    page(Newcomer, "/join/acme").await.shows("Join Acme").shows("as Member, because you have an address at example.com");
    for slug in ["missing", "Not%20A%20Slug"] {
        assert_eq!(page(Newcomer, &format!("/join/{slug}")).await.status, StatusCode::NOT_FOUND);
    }
    let removed = page(Newcomer, "/join/left").await;
    assert_eq!(removed.status, StatusCode::CONFLICT);
    removed.shows("Ask one of its Admins for a new invite");
    assert_eq!(page(Member, "/join/acme").await.status, StatusCode::FOUND);
    page(Newcomer, paths::HOME).await.shows("Acme is open to people at example.com").shows("Join Acme");
    page(Member, paths::HOME).await.hides("Join Acme");
}

#[tokio::test]
async fn the_matrix_says_what_the_rules_say() {
    let page = page(Visitor, paths::ACCESS_MATRIX).await;
    let granted = Permission::ALL
        .into_iter()
        .flat_map(|permission| Standing::ALL.map(|standing| standing.grants(permission)))
        .filter(|granted| *granted)
        .count();
    for permission in Permission::ALL {
        page.shows(permission.describe());
    }
    let roles = page.html.split("Permissions of credentials").next().unwrap();
    assert_eq!(roles.matches(">Yes<").count(), granted);
}

#[tokio::test]
async fn pages_need_no_inline_style_and_no_inline_handler() {
    let id = workspace(USED);
    for path in [
        paths::HOME.to_owned(),
        paths::ACCOUNT.to_owned(),
        paths::org_members(&acme()),
        paths::org_audit(&acme()),
        paths::workspace_tokens(&acme(), id),
        paths::workspace_connect(&acme(), id),
    ] {
        let page = page(Admin, &path).await;
        page.hides(" style=").hides(" onclick=").hides("<style");
        let mut scripts = page.html.split("<script").skip(1).filter_map(|rest| rest.split('>').next());
        assert!(scripts.all(|attributes| attributes.contains("nonce=")), "{path}");
    }
}

#[tokio::test]
async fn a_run_says_what_it_was_and_why_something_was_run() {
    let run = data::id("run", 1);
    let (slug, workspace) = (acme(), workspace(USED));
    page(Member, &paths::workspace_runs(&slug, workspace)).await.shows("nx run-many -t build").shows("1 failed of 2");
    page(Member, &paths::org_runs(&slug)).await.shows("nx run-many -t build").shows("Workspace");
    let overview = page(Member, &paths::run(&slug, workspace, run)).await;
    overview.shows("shop:build").shows("The remote cache had no artifact").shows("“main branch”, read-write").shows("Fix &lt;b&gt;it");
    page(Member, &paths::run_timeline(&slug, workspace, run)).await.shows("Critical path").shows("role=\"img\"");
    let public = OrgSlug::parse(data::PUBLIC).expect("a slug");
    page(Visitor, &paths::run(&public, workspace, run)).await.shows("CI access token, read-write").hides("main branch”");
}

#[tokio::test]
async fn a_log_is_text_whatever_it_holds() {
    let run = data::id("run", 1);
    let path = paths::run_task(&acme(), workspace(USED), run, 0);
    let log = page(Member, &path).await;
    log.shows("&lt;script&gt;alert(1)")
        .hides("<script>alert")
        .hides("0;hidden")
        .hides("hidden\u{7}")
        .shows("log-ink-1 log-bold")
        .shows("href=\"#L2\"");
    page(Member, &format!("{path}?q=error")).await.shows("error: &lt;script&gt;").shows("These are the first.".to_lowercase().as_str());
    page(Member, &paths::run_task(&acme(), workspace(USED), run, 1)).await.shows("No log").shows("Next failure");
    page(Member, &paths::run_compare(&acme(), workspace(USED), run, 0)).await.shows("Another one");
    let with = format!("{}?with={}", paths::run_compare(&acme(), workspace(USED), run, 0), data::id::<app::domain::ids::RunId>("run", 2));
    page(Member, &with).await.shows("AllExternalDependencies").shows("41 inputs are the same");
}

#[tokio::test]
async fn who_has_no_runs_yet_learns_how_to_get_them() {
    page(Member, &paths::workspace_runs(&acme(), workspace(FRESH))).await.shows("No runs yet").shows("how to connect nx");
    page(Member, &paths::workspace_statistics(&acme(), workspace(FRESH))).await.shows("Nothing counted").shows("how to connect nx");
    let filtered = format!("{}?branch=none", paths::workspace_runs(&acme(), workspace(USED)));
    page(Member, &filtered).await.shows("found as a whole only");
    assert_eq!(
        page(Member, &format!("{}?status=nonsense", paths::workspace_runs(&acme(), workspace(USED)))).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn statistics_have_a_table_behind_each_plot() {
    let page = page(Member, &format!("{}?days=7", paths::workspace_statistics(&acme(), workspace(USED)))).await;
    page.shows("44 %").shows("4 min 0 s").shows("shop:e2e").shows("Show the table").shows("statistics.csv?days=7").shows("<svg");
}

#[tokio::test]
async fn a_short_link_leads_to_the_run_or_nowhere() {
    let run = data::id::<app::domain::ids::RunId>("run", 1);
    let there = page(Member, &paths::run_link(run)).await;
    assert_eq!(there.location, paths::run(&acme(), workspace(USED), run));
    assert_eq!(page(Newcomer, &paths::run_link(run)).await.status, StatusCode::NOT_FOUND);
    assert!(page(Visitor, &paths::run_link(run)).await.location.starts_with("/sign-in?next="));
    for unknown in ["/runs/x", "/runs/run_00000000000000000000000009"] {
        assert_eq!(page(Member, unknown).await.status, StatusCode::NOT_FOUND, "{unknown}");
        assert!(page(Visitor, unknown).await.location.starts_with("/sign-in?next="), "{unknown}");
    }
}

#[tokio::test]
async fn the_addresses_say_what_they_are_and_what_can_be_done() {
    let page = page(Admin, paths::ACCOUNT_ADDRESSES).await;
    page.shows("Primary").shows("Not confirmed").shows("Make primary: ada.lovelace@mathematics.example.org");
    page.shows("Send again: countess@example.net").hides("Remove ada@example.com?").shows("Your password");
    let newcomer = self::page(Newcomer, paths::ACCOUNT_ADDRESSES).await;
    newcomer.hides("Your password");
}

#[tokio::test]
async fn a_link_that_proves_an_address_names_the_account_or_does_nothing() {
    let mine = page(Admin, &paths::confirm_address("mine")).await;
    mine.shows("Add countess@example.net to the account of Ada Lovelace (ada@example.com)?").shows("/do/addresses/confirm");
    page(Admin, &paths::confirm_address("other")).await.shows("another account").hides("/do/addresses/confirm");
    assert_eq!(page(Admin, &paths::confirm_address("")).await.status, StatusCode::GONE);
    assert_eq!(page(Visitor, &paths::confirm_address("")).await.status, StatusCode::GONE);
    assert_eq!(page(Admin, &paths::confirm_address("confirmed")).await.location, paths::ACCOUNT_ADDRESSES);
}

#[tokio::test]
async fn whoever_is_needed_in_an_organization_learns_what_to_do_first() {
    page(Admin, paths::ACCOUNT_DATA)
        .await
        .shows("These organizations would be left without an Admin")
        .shows(&paths::org_members(&acme()))
        .shows("You are its only member")
        .hides("to confirm");
    page(Member, paths::ACCOUNT_DATA).await.shows("Type “ada@example.com” to confirm").hides("left without an Admin");
    page(Admin, paths::ACCOUNT_ORGS).await.hides("Leave…").shows("You are its last Admin");
    page(Member, paths::ACCOUNT_ORGS).await.shows("Leave…");
    page(Newcomer, paths::ACCOUNT_ORGS).await.shows("You are in no organization");
}

#[tokio::test]
async fn everybody_in_an_organization_sees_the_access_levels_and_admins_choose() {
    let path = paths::workspace_tokens(&acme(), workspace(USED));
    let admin = page(Admin, &path).await;
    admin.shows("nxCloudId: none…").shows("Personal access tokens: read-write…").hides("nxCloudId: read-write…");
    admin.shows("can put a forged result into the shared cache").shows("Whoever logs in may do less than whoever does not");
    // The organization allows 60 days.
    admin.shows(r#"value="60d" selected"#).hides(r#"value="90d""#).hides(r#"value="never""#);
    let member = page(Member, &path).await;
    assert_eq!(member.status, StatusCode::OK);
    member.shows("The nxCloudId alone").hides("/do/access-levels").hides("/do/ci-tokens").hides("bkci_");
}

#[tokio::test]
async fn personal_tokens_are_listed_and_a_new_one_is_shown_once() {
    let shown = page(Member, paths::ACCOUNT_TOKENS).await;
    shown.shows("laptop (nx 22)").shows("bkpat_…xYz1").shows("192.0.2.9").shows("Acme: at most 30 days");
    shown.shows("Revoke “laptop (nx 22)”?").hides("Revoke “old laptop”?");
    page(Newcomer, paths::ACCOUNT_TOKENS).await.shows("npx nx login");
    let notice = json!({"PersonalTokenIssued": { "id": "pat_00000000000000000000000009", "name": "laptop", "secret": "bkpat_value" }});
    let issued = page_with(Member, paths::ACCOUNT_TOKENS, &[("x-notice", notice.to_string())]).await;
    issued.shows("--nx-cloud-url=https://keep.example.com --personal-access-token=bkpat_value");
    let mut props = issued.html.split("data-props=").skip(1).filter_map(|rest| rest.split('>').next());
    assert!(props.all(|props| !props.contains("bkpat_value")), "a secret stands in the properties of an island");
}

#[tokio::test]
async fn a_login_shows_who_asks_and_warns_before_it_is_confirmed() {
    let waiting = page(Member, "/login/device?code=bcdfghjk").await;
    waiting.shows("BCDF-GHJK").shows("laptop (nx 22)").shows("Ada Lovelace (ada@example.com)");
    waiting.shows("203.0.113.9, which is not the address of this browser (192.0.2.7)").shows("Whoever sent you this link");
    waiting.shows("/do/logins/confirm").shows("That is not me");
    let unknown = page(Member, "/login/device?code=BBBB-BBBB").await;
    unknown.shows("No login waits with this code").shows(r#"aria-invalid="true""#).hides("/do/logins/confirm");
    page(Member, "/login/device?code=nonsense").await.shows("A code has eight letters");
    page(Member, paths::LOGIN_DEVICE).await.hides("aria-invalid");
}
