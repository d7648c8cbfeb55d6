//! What a DNS server says, and what follows from it: at once, each day, and on several servers.

use app::domain::domain_invite::{DnsAnswer, DomainState, record_name};
use app::error::AppError;
use app::notice::Notice;
use chrono::TimeDelta;
use futures_util::StreamExt as _;
use server::services::domain_invites::check_due;
use server::workers::Workers;

use super::{CLOSED, add, change, domain, join, member, prove, with_dns};
use crate::support::{Person, TestApp, until};

const NAME: &str = "_buildkeep-challenge.acme.com";

/// What the page says that DNS answered.
async fn answer(app: &TestApp, admin: &Person) -> DnsAnswer {
    let row = domain(app, "acme.com").await;
    change(admin, "check", row.id).await.done();
    assert_eq!(
        matches!(admin.notice(), Some(Notice::DomainProven(_))),
        domain(app, "acme.com").await.checked.unwrap().1 == DnsAnswer::Found
    );
    domain(app, "acme.com").await.checked.unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_what_dns_answered() {
    let (app, ada, dns) = with_dns().await;
    add(&ada, "acme.com").await.done();
    let challenge = domain(&app, "acme.com").await.challenge;
    assert_eq!(answer(&app, &ada).await, DnsAnswer::NoRecord, "NXDOMAIN");

    dns.txt(&format!("below.{NAME}"), &["x"]).await;
    assert_eq!(answer(&app, &ada).await, DnsAnswer::NoRecord, "the name is there, but no record of it");

    dns.fails(NAME);
    assert_eq!(answer(&app, &ada).await, DnsAnswer::Failed("Server Failure".to_owned()));

    dns.clear(NAME).await;
    dns.txt(NAME, &["v=spf1 <script>", " -all"]).await;
    assert_eq!(answer(&app, &ada).await, DnsAnswer::Others(vec!["v=spf1 <script> -all".to_owned()]));
    let page = ada.get("/o/acme/domains").await.text();
    assert!(page.contains("v=spf1 &lt;script&gt; -all") && page.contains("with another value"), "{page}");

    assert_eq!(domain(&app, "acme.com").await.state, DomainState::Closed);
    dns.txt(NAME, &[&challenge]).await;
    assert_eq!(answer(&app, &ada).await, DnsAnswer::Found, "one of several");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_in_parts_and_one_behind_an_alias_are_found() {
    let (app, ada, dns) = with_dns().await;
    add(&ada, "acme.com").await.done();
    let challenge = domain(&app, "acme.com").await.challenge;
    dns.txt(NAME, &[&challenge[..9], &challenge[9..]]).await;
    assert_eq!(answer(&app, &ada).await, DnsAnswer::Found);

    dns.clear(NAME).await;
    assert_eq!(answer(&app, &ada).await, DnsAnswer::NoRecord);
    dns.cname(NAME, "proof.dns.example.net").await;
    dns.txt("proof.dns.example.net", &[&challenge]).await;
    assert_eq!(answer(&app, &ada).await, DnsAnswer::Found);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_too_large_for_udp_comes_over_tcp() {
    let (app, ada, dns) = with_dns().await;
    add(&ada, "acme.com").await.done();
    let challenge = domain(&app, "acme.com").await.challenge;
    for number in 0..200 {
        dns.txt(NAME, &[&format!("{number}{}", "x".repeat(200))]).await;
    }
    let DnsAnswer::Others(values) = answer(&app, &ada).await else { panic!("other values") };
    assert!(values.len() == 5 && values.iter().all(|value| value.len() == 100), "{values:?}");
    dns.txt(NAME, &[&challenge]).await;
    assert_eq!(answer(&app, &ada).await, DnsAnswer::Found);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dns_server_that_does_not_answer_is_not_waited_for_long() {
    let (app, ada, dns) = with_dns().await;
    add(&ada, "acme.com").await.done();
    dns.is_silent(NAME);
    let began = std::time::Instant::now();
    assert_eq!(answer(&app, &ada).await, DnsAnswer::Silence);
    assert!(began.elapsed().as_secs() < 15, "{:?}", began.elapsed());
    // And one that is not there.
    let (app, ada) = TestApp::with_org("acme").await;
    add(&ada, "acme.com").await.done();
    assert_eq!(answer(&app, &ada).await, DnsAnswer::Silence);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_person_cannot_ask_for_ever() {
    let (app, ada, dns) = with_dns().await;
    add(&ada, "acme.com").await.done();
    let id = domain(&app, "acme.com").await.id;
    // A few at once: more would be too many pages for one network.
    let asking = futures_util::stream::iter((0..30).map(|_| change(&ada, "check", id)));
    let answers: Vec<_> = asking.buffer_unordered(4).collect().await;
    let done = answers.iter().filter(|answer| answer.status == 303).count();
    assert!((10..30).contains(&done), "{done}");
    assert_eq!(answers.iter().filter(|answer| answer.status == 429).count(), 30 - done);
    assert_eq!(dns.asked(), done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proven_domain_is_offered_by_all_its_organizations_after_signing_in() {
    let (app, ada, dns) = with_dns().await;
    prove(&app, &ada, &dns, "acme.com").await;
    let zed = app.person_at("zed@acme.com").await;
    assert!(zed.get("/").await.text().contains("Join acme"));
    zed.get("/join/acme").await.is(200);

    let mallory = app.person("mallory").await;
    mallory.found("zoo").await;
    mallory.post("/do/domain-invites/add", &[("org_slug", "zoo"), ("domain", "acme.com"), ("role", "member")]).await.done();
    assert!(!zed.get("/").await.text().contains("Join zoo"), "each organization has a proof of its own");
    let slug = "zoo".parse().unwrap();
    let rows = app.backend().domain_invites.list(&app.operator(), &slug).await.unwrap();
    mallory.post("/do/domain-invites/check", &[("org_slug", "zoo"), ("id", &rows[0].id.to_string())]).await.done();
    assert!(!zed.get("/").await.text().contains("Join zoo"), "the record of another organization proves nothing");
    dns.txt(NAME, &[&rows[0].challenge]).await;
    mallory.post("/do/domain-invites/check", &[("org_slug", "zoo"), ("id", &rows[0].id.to_string())]).await.done();
    let home = zed.get("/").await.text();
    assert!(home.contains("Join acme") && home.contains("Join zoo"));
    join(&zed, "acme").await.done();
    assert!(!zed.get("/").await.text().contains("Join acme"));
    assert!(!app.person("eve").await.get("/").await.text().contains("Join acme"));
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_record_goes_joining_stops_within_a_day_and_members_stay() {
    let (app, ada, dns) = with_dns().await;
    // Ada has an address there, so that she vouches for it too.
    let row = prove(&app, &ada, &dns, "example.com").await;
    let (bob, eve) = (app.person("bob").await, app.person("eve").await);
    join(&bob, "acme").await.done();
    assert_eq!(check_due(&app.state).await.unwrap(), 0, "it was checked just now");
    app.state.clock.advance(TimeDelta::days(1));
    assert_eq!(check_due(&app.state).await.unwrap(), 1);
    assert!(matches!(domain(&app, "example.com").await.state, DomainState::Proven { silent_since: None, .. }));

    dns.clear(&record_name(&row.domain)).await;
    app.state.clock.advance(TimeDelta::days(1));
    assert_eq!(check_due(&app.state).await.unwrap(), 1);
    assert!(matches!(domain(&app, "example.com").await.state, DomainState::Lapsed { .. }));
    join(&eve, "acme").await.refused(404, &CLOSED);
    assert!(!eve.get("/").await.text().contains("Join acme"));
    assert!(member(&app, &bob).await.is_some());
    let log = ada.get("/o/acme/audit").await.text();
    assert!(log.contains("found that DNS no longer proves the domain example.com") && log.contains("Buildkeep"), "{log}");
    assert!(ada.get("/o/acme/domains").await.text().contains("No longer proven"));
    app.state.clock.advance(TimeDelta::days(1));
    assert_eq!(check_due(&app.state).await.unwrap(), 0, "from here on people ask");

    change(&ada, "vouch", row.id).await.done();
    join(&eve, "acme").await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dns_that_fails_ends_a_proof_only_after_three_days() {
    let (app, ada, dns) = with_dns().await;
    prove(&app, &ada, &dns, "acme.com").await;
    dns.fails(NAME);
    app.state.clock.advance(TimeDelta::days(1));
    let mut checks = 0;
    for _ in 0..71 {
        checks += check_due(&app.state).await.unwrap();
        app.state.clock.advance(TimeDelta::hours(1));
    }
    assert_eq!(checks, 71, "asked again each hour");
    assert!(matches!(domain(&app, "acme.com").await.state, DomainState::Proven { silent_since: Some(_), .. }));
    assert!(ada.get("/o/acme/domains").await.text().contains("DNS has given no answer since"));
    let zed = app.person_at("zed@acme.com").await;
    zed.get("/join/acme").await.is(200);
    app.state.clock.advance(TimeDelta::hours(1));
    check_due(&app.state).await.unwrap();
    assert!(matches!(domain(&app, "acme.com").await.state, DomainState::Lapsed { .. }));
    zed.get("/join/acme").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn several_servers_share_the_daily_checks() {
    let (app, ada, dns) = with_dns().await;
    for number in 0..8 {
        prove(&app, &ada, &dns, &format!("acme-{number}.com")).await;
    }
    let (other, _) = app.another_server().await;
    app.state.clock.advance(TimeDelta::days(1));
    other.clock.advance(TimeDelta::days(1));
    let asked = dns.asked();
    let (one, two) = tokio::join!(check_due(&app.state), check_due(&other));
    assert_eq!(one.unwrap() + two.unwrap(), 8);
    assert_eq!(dns.asked() - asked, 8, "each is asked for once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_server_checks_by_itself() {
    let (app, ada, dns) = with_dns().await;
    prove(&app, &ada, &dns, "acme.com").await;
    dns.clear(NAME).await;
    app.state.clock.advance(TimeDelta::days(1));
    let workers = Workers::start(&app.state);
    until("the proof has lapsed", async || matches!(domain(&app, "acme.com").await.state, DomainState::Lapsed { .. })).await;
    workers.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_goes_while_dns_is_asked_leaves_no_trace() {
    let (app, ada, dns) = with_dns().await;
    let row = prove(&app, &ada, &dns, "acme.com").await;
    dns.is_silent(NAME);
    app.state.clock.advance(TimeDelta::days(1));
    let asked = dns.asked();
    let removal = async {
        until("DNS was asked", async || dns.asked() > asked).await;
        change(&ada, "remove", row.id).await.done();
    };
    let (checked, ()) = tokio::join!(check_due(&app.state), removal);
    assert_eq!(checked.unwrap(), 1);
    assert_eq!(app.db_count("domain_invites").await, 0);
    change(&ada, "check", row.id).await.refused(404, &AppError::NotFound);
}
