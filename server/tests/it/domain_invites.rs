//! Joining by the domain of one's address: by an Admin who vouches, by DNS, and everything that must not get in.

mod dns;
mod races;

use app::backend::domain_invites::DomainInviteRow;
use app::backend::members::{JoinedBy, MemberRow};
use app::domain::domain_invite::{DomainState, MOST, record_name};
use app::domain::ids::DomainInviteId;
use app::domain::role::Role;
use app::error::{AppError, Conflict, Field};
use app::notice::Notice;

use crate::support::{Answer, DnsServer, Person, TestApp};

const CLOSED: AppError = AppError::NotFound;

async fn add(admin: &Person, domain: &str) -> Answer {
    admin.post("/do/domain-invites/add", &[("org_slug", "acme"), ("domain", domain), ("role", "member")]).await
}

async fn change(admin: &Person, what: &str, id: DomainInviteId) -> Answer {
    admin.post(&format!("/do/domain-invites/{what}"), &[("org_slug", "acme"), ("id", &id.to_string())]).await
}

async fn join(person: &Person, slug: &str) -> Answer {
    person.post("/do/domain-invites/join", &[("org_slug", slug)]).await
}

async fn domain(app: &TestApp, domain: &str) -> DomainInviteRow {
    let rows = app.backend().domain_invites.list(&app.operator(), app.org()).await.unwrap();
    rows.into_iter().find(|row| row.domain.as_str() == domain).expect("a listed domain")
}

async fn member(app: &TestApp, person: &Person) -> Option<MemberRow> {
    let rows = app.backend().members.list(&app.operator(), app.org(), "", None).await.unwrap().rows;
    rows.into_iter().find(|row| row.user == person.id)
}

/// A server that asks this DNS server, with the organization acme and ada, its Admin.
async fn with_dns() -> (TestApp, Person, DnsServer) {
    let dns = DnsServer::start().await;
    let (app, ada) = TestApp::start_with(|config| config.dns_server = Some(dns.address)).await.and_org("acme").await;
    (app, ada, dns)
}

/// Lists a domain and proves it.
async fn prove(app: &TestApp, admin: &Person, dns: &DnsServer, name: &str) -> DomainInviteRow {
    add(admin, name).await.done();
    let row = domain(app, name).await;
    dns.txt(&record_name(&row.domain), &[&row.challenge]).await;
    change(admin, "check", row.id).await.done();
    assert_eq!(admin.notice(), Some(Notice::DomainProven(name.to_owned())));
    row
}

fn content(page: &Answer) -> String {
    let page = page.text();
    let (_, rest) = page.split_once("<main").unwrap();
    rest.split_once("</main>").unwrap().0.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_at_the_admins_own_domain_join_by_the_link() {
    let (app, ada) = TestApp::with_org("acme").await;
    add(&ada, "@Example.com.").await.done();
    assert_eq!(ada.notice(), Some(Notice::DomainAdded("example.com".to_owned())));
    assert_eq!(domain(&app, "example.com").await.state, DomainState::Vouched { by: "ada".to_owned() });
    assert!(ada.get("/o/acme/domains").await.text().contains("/join/acme"));

    let bob = app.person("bob").await;
    assert!(!bob.get("/").await.text().contains("Join acme"), "what nobody proved is not offered");
    let page = bob.get("/join/acme").await.is(200).text();
    assert!(page.contains("Join acme") && page.contains("as Member") && page.contains("example.com"), "{page}");
    assert_eq!(member(&app, &bob).await, None, "to look changes nothing");
    assert_eq!(join(&bob, "acme").await.done(), "/o/acme");
    let row = member(&app, &bob).await.unwrap();
    assert_eq!((row.role, row.joined_by), (Role::Member, JoinedBy::Domain));
    assert_eq!(join(&bob, "acme").await.done(), "/o/acme", "twice is once");
    assert_eq!(bob.get("/join/acme").await.is(302).header("location"), "/o/acme");
    let log = ada.get("/o/acme/audit").await.text();
    for sentence in ["added the domain example.com, whose people may join as Member", "joined as Member, by an address at example.com"] {
        assert_eq!(log.matches(sentence).count(), 1, "{sentence}: {log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_else_learns_nothing_from_a_join_link() {
    let (app, ada) = TestApp::with_org("acme").await;
    add(&ada, "example.com").await.done();
    for slug in ["acme", "missing", "Not%20A%20Slug"] {
        let answer = app.browser().get(&format!("/join/{slug}")).await.is(302);
        assert_eq!(answer.header("location"), format!("/sign-in?next=%2Fjoin%2F{}", slug.replace('%', "%25")));
    }
    for address in ["carol@elsewhere.org", "carol@mail.example.com", "carol@notexample.com", "carol@example.com.evil.org"] {
        let stranger = app.person_at(address).await;
        let (there, missing) = (stranger.get("/join/acme").await.is(404), stranger.get("/join/missing").await.is(404));
        assert_eq!(content(&there), content(&missing));
        for slug in ["acme", "missing"] {
            join(&stranger, slug).await.refused(404, &CLOSED);
        }
        assert_eq!(member(&app, &stranger).await, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_confirmed_opens_nothing() {
    let (app, ada) = TestApp::with_org("acme").await;
    add(&ada, "example.com").await.done();
    let bob = app.person("bob").await;
    app.db_execute("UPDATE addresses SET confirmed_at = NULL WHERE email = 'bob@example.com'").await;
    join(&bob, "acme").await.refused(404, &CLOSED);
    app.db_execute("UPDATE addresses SET confirmed_at = NULL WHERE email = 'ada@example.com'").await;
    let carol = app.person("carol").await;
    join(&carol, "acme").await.refused(404, &CLOSED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_closes_with_the_admin_who_vouches_for_it() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (bob, eve) = (app.member("bob", Role::Admin).await, app.person("eve").await);
    add(&ada, "example.com").await.done();
    let id = domain(&app, "example.com").await.id;
    let ada_id = ada.id.to_string();

    let set_role = async |role| {
        bob.post("/do/members/set-role", &[("org_slug", "acme"), ("member", &ada_id), ("role", role)]).await.done();
    };
    set_role("member").await;
    assert_eq!(domain(&app, "example.com").await.state, DomainState::Closed);
    join(&eve, "acme").await.refused(404, &CLOSED);
    set_role("admin").await;
    eve.get("/join/acme").await.is(200);

    bob.post("/do/members/remove", &[("org_slug", "acme"), ("member", &ada_id)]).await.done();
    eve.get("/join/acme").await.is(404);
    change(&bob, "vouch", id).await.done();
    join(&eve, "acme").await.done();
    let log = bob.get("/o/acme/audit").await.text();
    assert!(log.contains("vouched for the domain example.com"), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_vouches_without_an_address_there() {
    let (app, ada) = TestApp::with_org("acme").await;
    add(&ada, "partner.example.org").await.done();
    let row = domain(&app, "partner.example.org").await;
    assert_eq!((row.state, row.may_vouch), (DomainState::Closed, false));
    change(&ada, "vouch", row.id).await.refused(409, &AppError::Conflict(Conflict::NoAddressThere));
    let pat = app.person_at("pat@partner.example.org").await;
    join(&pat, "acme").await.refused(404, &CLOSED);
    app.add_member(app.org(), &pat, Role::Admin).await;
    assert_eq!(domain(&app, "partner.example.org").await.state, DomainState::Closed, "nobody has said so yet");
    change(&pat, "vouch", row.id).await.done();
    assert_eq!(domain(&app, "partner.example.org").await.state, DomainState::Vouched { by: "pat".to_owned() });
}

#[tokio::test(flavor = "multi_thread")]
async fn the_role_is_the_one_of_the_moment() {
    let (app, ada) = TestApp::with_org("acme").await;
    add(&ada, "example.com").await.done();
    let id = domain(&app, "example.com").await.id.to_string();
    let form = |role| [("org_slug", "acme"), ("id", id.as_str()), ("role", role)];
    ada.post("/do/domain-invites/set-role", &form("admin")).await.done();
    let bob = app.person("bob").await;
    join(&bob, "acme").await.done();
    assert_eq!(member(&app, &bob).await.unwrap().role, Role::Admin);
    ada.post("/do/domain-invites/set-role", &form("member")).await.done();
    assert_eq!(member(&app, &bob).await.unwrap().role, Role::Admin, "members keep theirs");
    ada.post("/do/domain-invites/set-role", &form("owner")).await.refused_for(Field::Role);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_removed_comes_back_only_by_an_invite() {
    let (app, ada, dns) = with_dns().await;
    prove(&app, &ada, &dns, "example.com").await;
    let bob = app.person("bob").await;
    join(&bob, "acme").await.done();
    ada.post("/do/members/remove", &[("org_slug", "acme"), ("member", &bob.id.to_string())]).await.done();
    let removed = AppError::Conflict(Conflict::WasRemoved);
    join(&bob, "acme").await.refused(409, &removed);
    assert!(bob.get("/join/acme").await.is(409).text().contains("Ask one of its Admins for a new invite"));
    assert!(!bob.get("/").await.text().contains("Join acme"));

    // A new account of the same address is the same person.
    app.db_execute("DELETE FROM users WHERE email = 'bob@example.com'").await;
    let bob = app.person("bob").await;
    join(&bob, "acme").await.refused(409, &removed);

    // So is one of another address that leads into the same mailbox.
    let tagged = app.person_at("bob+2@example.com").await;
    join(&tagged, "acme").await.refused(409, &removed);

    ada.post("/do/invites/create", &[("org_slug", "acme"), ("addresses", "bob@example.com"), ("role", "member")]).await.done();
    let link = app.only_mail().await.link();
    join(&bob, "acme").await.refused(409, &removed);
    bob.post("/do/invites/join", &[("link", &link), ("password", crate::support::PASSWORD)]).await.done();
    assert_eq!(member(&app, &bob).await.unwrap().joined_by, JoinedBy::Invite);
    // Who leaves of their own accord may come back.
    bob.post("/do/members/leave", &[("org_slug", "acme")]).await.done();
    join(&bob, "acme").await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_cannot_be_a_companys_is_refused() {
    let (_app, ada) = TestApp::with_org("acme").await;
    for bad in ["", "acme", "gmail.com", "co.uk", "192.0.2.1", "ada@example.com", "https://example.com", &"a".repeat(300)] {
        add(&ada, bad).await.refused_for(Field::Domain);
    }
    add(&ada, "München.example.org").await.done();
    assert!(ada.get("/o/acme/domains").await.text().contains("xn--mnchen-3ya.example.org"));
    add(&ada, "xn--mnchen-3ya.example.org").await.refused(409, &AppError::Conflict(Conflict::DomainListed));
    for number in 1..MOST {
        add(&ada, &format!("acme-{number}.com")).await.done();
    }
    add(&ada, "one-more.com").await.refused(409, &AppError::Conflict(Conflict::TooMany));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_closes_at_once_and_members_stay() {
    let (app, ada) = TestApp::with_org("acme").await;
    add(&ada, "example.com").await.done();
    let (bob, eve) = (app.person("bob").await, app.person("eve").await);
    join(&bob, "acme").await.done();
    change(&ada, "remove", domain(&app, "example.com").await.id).await.done();
    join(&eve, "acme").await.refused(404, &CLOSED);
    assert!(member(&app, &bob).await.is_some());
    assert_eq!(app.db_count("domain_invites").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_of_another_organization_cannot_be_touched() {
    let (app, ada) = TestApp::with_org("acme").await;
    add(&ada, "example.com").await.done();
    let id = domain(&app, "example.com").await.id;
    let mallory = app.person("mallory").await;
    mallory.found("evil").await;
    for what in ["check", "vouch", "remove", "set-role"] {
        let form = [("org_slug", "evil"), ("id", &id.to_string()), ("role", "admin")];
        mallory.post(&format!("/do/domain-invites/{what}"), &form).await.refused(404, &AppError::NotFound);
    }
    assert_eq!(domain(&app, "example.com").await.role, Role::Member);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_goes_on_working_when_the_organization_moves() {
    let (app, ada) = TestApp::with_org("acme").await;
    add(&ada, "example.com").await.done();
    ada.post("/do/orgs/change-slug", &[("org_slug", "acme"), ("slug", "new-acme")]).await.done();
    let bob = app.person("bob").await;
    bob.get("/join/acme").await.is(200);
    assert_eq!(join(&bob, "acme").await.done(), "/o/new-acme");
    app.person_at("carol@elsewhere.org").await.get("/join/acme").await.is(404);
}
