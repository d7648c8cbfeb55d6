//! Plan and usage: what is counted, what a limit stops and what it never stops, who is told, and who may see it.

use app::backend::billing::{Counted, UsageView};
use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use app::domain::names::OrgSlug;
use app::domain::plan::{Level, Measure};
use app::domain::role::Role;
use app::error::{AppError, Conflict, Field};
use chrono::TimeDelta;
use server::config::Config;
use server::plans::PlanSettings;
use server::services::limits::REMEMBERED;
use server::services::usage::take_stock;

use crate::audit::events;
use crate::cli::run;
use crate::support::archive::{archive, archive_of};
use crate::support::{Ci, Person, TestApp, Workspace};

/// A plan with room for three members, two workspaces, one GiB of artifacts and two of transfer.
fn small(config: &mut Config) {
    config.plans = vec![PlanSettings {
        name: "Small".to_owned(),
        members: Some(3),
        workspaces: Some(2),
        artifact_gib: Some(1),
        transfer_gib_month: Some(2),
        runs_month: Some(4),
    }];
}

const GIB: u64 = 1 << 30;

struct World {
    app: TestApp,
    ada: Person,
    org: OrgSlug,
    workspace: Workspace,
    ci: Ci,
}

impl World {
    async fn start(change: impl FnOnce(&mut Config)) -> Self {
        let app = TestApp::start_with(change).await;
        let ada = app.person("ada").await;
        let org = ada.found("acme").await;
        let workspace = ada.workspace(&org, "web").await;
        let ci = ada.token(&workspace, ReadWrite).await;
        Self { app, ada, org, workspace, ci }
    }

    async fn usage(&self) -> UsageView {
        self.app.flush().await;
        self.app.backend().billing.usage(&self.ada.caller().await, &self.org).await.unwrap()
    }

    /// As if so much had been stored; what was remembered of it is too old.
    async fn pretend_stored(&self, bytes: u64) {
        self.app.db_execute(&format!("UPDATE workspaces SET artifact_bytes = {bytes}")).await;
        self.app.state.clock.advance(REMEMBERED);
    }

    async fn save_contact(&self, person: &Person, change: (&str, &str)) -> crate::support::Answer {
        let mut form = vec![
            ("org_slug", "acme"),
            ("name", "Acme GmbH"),
            ("email", "Invoices@example.com"),
            ("address", "Beispielweg 1\r\n10115 Berlin\r\n"),
            ("tax_id", "DE999999999"),
        ];
        form.retain(|(name, _)| *name != change.0);
        form.push(change);
        person.post("/do/billing/save-contact", &form).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_used_is_what_came_went_and_stayed() {
    let world = World::start(|_| {}).await;
    let (small, large) = (archive(b"built"), archive_of(3 << 20));
    let bytes = (small.len() + large.len()) as u64;
    world.ci.put("1", small.clone()).await.is(200);
    world.ci.put("2", large.clone()).await.is(200);
    world.ci.get("1").await.is(200);
    assert_eq!(world.ci.get("2").await.is(200).body.len(), large.len());
    world.ci.get("3").await.is(404);
    let usage = world.usage().await;
    assert_eq!((usage.plan.name.as_str(), usage.plan.limits.is_any()), ("Self-hosted", false));
    assert_eq!((usage.used.members, usage.used.workspaces, usage.used.artifact_bytes), (1, 1, bytes));
    assert_eq!(usage.used.transfer_bytes, 2 * bytes);
    assert_eq!(usage.days.len(), 90);
    let today = usage.days.last().unwrap();
    assert_eq!((today.bytes_in, today.bytes_out), (bytes, bytes));
    assert_eq!(today.counted, Some(Counted { members: 1, workspaces: 1, artifact_bytes: bytes }));
    let page = world.ada.get("/o/acme/usage").await.is(200).text();
    assert!(page.contains("<svg") && page.contains("No limit") && !page.contains(" style="), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn several_servers_count_into_the_same_day_and_count_the_day_once() {
    let world = World::start(|_| {}).await;
    let (other, url) = world.app.another_server().await;
    let body = archive(b"built");
    world.ci.put("1", body.clone()).await.is(200);
    world.ci.at(&url).put("2", body.clone()).await.is(200);
    let state = &world.app.state;
    let (here, there) = tokio::join!(state.usage.flush(&state.db), other.usage.flush(&other.db));
    here.unwrap();
    there.unwrap();
    assert_eq!(world.usage().await.days.last().unwrap().bytes_in, 2 * body.len() as u64);

    let (here, there) = tokio::join!(take_stock(state), take_stock(&other));
    here.unwrap();
    there.unwrap();
    assert_eq!(world.app.db_count("usage_days").await, 1);
    for server in [state, &other] {
        server.clock.advance(TimeDelta::days(1));
        take_stock(server).await.unwrap();
        take_stock(server).await.unwrap();
    }
    assert_eq!(world.app.db_count("usage_days").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_of_an_organization_that_is_gone_are_in_nobodys_way() {
    let world = World::start(|_| {}).await;
    world.ci.put("1", archive(b"built")).await.is(200);
    world.ada.post("/do/orgs/delete", &[("org_slug", "acme"), ("confirmation", "acme")]).await.done();
    let org = world.ada.found("next").await;
    let workspace = world.ada.workspace(&org, "web").await;
    world.ada.token(&workspace, ReadWrite).await.put("1", archive(b"built")).await.is(200);
    world.app.flush().await;
    assert_eq!(world.app.db_count("transfer_days").await, 1);
    take_stock(&world.app.state).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn over_a_limit_nothing_is_stored_reads_go_on_and_room_is_noticed() {
    let world = World::start(small).await;
    let reader = world.ada.token(&world.workspace, ReadOnly).await;
    world.ci.put("1", archive(b"built")).await.is(200);
    world.pretend_stored(GIB - 1).await;
    world.ci.put("2", archive(b"the last one")).await.is(200);
    world.pretend_stored(GIB).await;
    let large = archive_of(3 << 20);
    for answer in
        [world.ci.put("3", archive(b"more")).await, world.ci.put("3", large.clone()).await, world.ci.put_chunked("3", large).await]
    {
        let answer = answer.is(409);
        assert_eq!(answer.header("content-type"), "text/plain");
        assert!(answer.text().contains("reached a limit of its plan"), "{}", answer.text());
    }
    for ci in [&world.ci, &reader] {
        ci.get("1").await.is(200);
        ci.get("3").await.is(404);
    }
    world.pretend_stored(GIB / 2).await;
    world.ci.put("3", archive(b"more")).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn used_up_transfer_comes_back_with_the_next_month() {
    let world = World::start(small).await;
    world.ci.put("1", archive(b"built")).await.is(200);
    world.app.flush().await;
    world.app.db_execute(&format!("UPDATE transfer_days SET bytes_out = {}", 2 * GIB)).await;
    world.app.state.clock.advance(REMEMBERED);
    world.ci.put("2", archive(b"built")).await.is(409);
    world.ci.get("1").await.is(200);
    world.app.state.clock.advance(TimeDelta::days(31));
    world.ci.put("2", archive(b"built")).await.is(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_decides_about_writes_is_remembered_and_costs_a_transfer_no_query() {
    let world = World::start(small).await;
    world.ci.put("1", archive(b"built")).await.is(200);
    world.app.db_execute(&format!("UPDATE workspaces SET artifact_bytes = {GIB}")).await;
    world.ci.put("2", archive(b"built")).await.is(200);
    world.app.state.clock.advance(REMEMBERED);
    world.ci.put("3", archive(b"built")).await.is(409);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_further_workspace_is_refused_with_the_reason() {
    let world = World::start(small).await;
    world.ada.workspace(&world.org, "api").await;
    let third = world.ada.post("/do/workspaces/create", &[("org_slug", "acme"), ("name", "docs")]).await;
    third.refused(409, &AppError::Conflict(Conflict::NoRoomForWorkspace));
}

#[tokio::test(flavor = "multi_thread")]
async fn invites_take_places_and_whoever_comes_when_none_is_left_can_come_later() {
    let world = World::start(small).await;
    let invite = async |addresses: &str| {
        let form = [("org_slug", "acme"), ("addresses", addresses), ("role", "member")];
        world.ada.post("/do/invites/create", &form).await
    };
    let full = AppError::Conflict(Conflict::NoRoomForMembers);
    invite("bob@example.com, carol@example.com, dave@example.com").await.refused(409, &full);
    invite("bob@example.com, carol@example.com").await.done();
    invite("dave@example.com").await.refused(409, &full);
    invite("bob@example.com").await.done();

    let bob = world.app.person("bob").await;
    for name in ["eve", "mallory"] {
        // The operator is not held by plans.
        world.app.add_member(&world.org, &world.app.person(name).await, Role::Member).await;
    }
    let invites = world.app.backend().invites.list(&world.app.operator(), &world.org, true, None).await.unwrap().rows;
    let id = invites.iter().find(|invite| invite.email.as_str() == bob.email).unwrap().id.to_string();
    bob.post("/do/invites/accept", &[("invite", &id)]).await.refused(409, &AppError::Conflict(Conflict::NoRoomForYou));
    let mallory = world.app.backend().members.list(&world.app.operator(), &world.org, "mallory", None).await.unwrap().rows[0].user;
    world.ada.post("/do/members/remove", &[("org_slug", "acme"), ("member", &mallory.to_string())]).await.done();
    bob.post("/do/invites/accept", &[("invite", &id)]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_admin_gets_one_mail_for_each_level_of_a_limit_and_month() {
    let world = World::start(small).await;
    let grace = world.app.person("grace").await;
    world.app.add_member(&world.org, &grace, Role::Member).await;
    let (other, _) = world.app.another_server().await;
    let told = async || {
        let (here, there) = tokio::join!(take_stock(&world.app.state), take_stock(&other));
        here.unwrap();
        there.unwrap();
        let mut mails: Vec<_> = world.app.mailbox().await.into_iter().map(|mail| (mail.to, mail.subject)).collect();
        mails.sort();
        mails
    };
    assert_eq!(told().await, []);
    world.pretend_stored(GIB * 8 / 10 + 1).await;
    let near = ("ada@example.com".to_owned(), "acme is near a limit of its plan: Stored artifacts".to_owned());
    assert_eq!(told().await, std::slice::from_ref(&near));
    assert_eq!(told().await, []);
    world.pretend_stored(GIB).await;
    let reached = ("ada@example.com".to_owned(), "acme has reached a limit of its plan: Stored artifacts".to_owned());
    assert_eq!(told().await, [reached]);
    world.pretend_stored(GIB * 9 / 10).await;
    assert_eq!(told().await, []);
    for server in [&world.app.state, &other] {
        server.clock.advance(TimeDelta::days(32));
    }
    assert_eq!(told().await, [near]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_told_that_nothing_is_left_is_not_told_less_afterwards() {
    let world = World::start(small).await;
    world.pretend_stored(GIB).await;
    take_stock(&world.app.state).await.unwrap();
    assert!(world.app.only_mail().await.subject.contains("has reached"));
    world.pretend_stored(GIB * 9 / 10).await;
    take_stock(&world.app.state).await.unwrap();
    assert_eq!(world.app.mailbox().await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn admins_see_on_every_page_which_limit_is_near_and_members_nothing() {
    let world = World::start(small).await;
    let grace = world.app.person("grace").await;
    world.app.add_member(&world.org, &grace, Role::Member).await;
    world.pretend_stored(GIB).await;
    for path in ["/o/acme".to_owned(), "/o/acme/members".to_owned(), format!("/o/acme/w/{}", world.workspace.id)] {
        let words = "Stored artifacts: 1 GiB of 1 GiB used. New artifacts are not stored";
        assert!(world.ada.get(&path).await.text().contains(words), "{path}");
        assert!(!grace.get(&path).await.text().contains("of its plan") && !grace.get(&path).await.text().contains(words), "{path}");
    }
    let view = world.app.backend().orgs.open(&world.ada.caller().await, &world.org).await.unwrap();
    let near: Vec<_> = view.warnings.iter().map(|warning| (warning.measure, warning.level)).collect();
    assert_eq!(near, [(Measure::Artifacts, Level::Reached)]);
    let view = world.app.backend().orgs.open(&grace.caller().await, &world.org).await.unwrap();
    assert_eq!(view.warnings, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_billing_contact_is_checked_sealed_and_for_admins_only() {
    let world = World::start(|_| {}).await;
    let grace = world.app.person("grace").await;
    world.app.add_member(&world.org, &grace, Role::Member).await;
    let long = "x".repeat(200);
    let lines = "line\n".repeat(9);
    for (field, name, value) in [
        (Field::Name, "name", ""),
        (Field::Name, "name", &long),
        (Field::Email, "email", "nobody"),
        (Field::PostalAddress, "address", " \n "),
        (Field::PostalAddress, "address", &lines),
        (Field::PostalAddress, "address", "a\u{202e}b"),
        (Field::TaxId, "tax_id", &long),
    ] {
        world.save_contact(&world.ada, (name, value)).await.refused_for(field);
    }
    world.save_contact(&grace, ("name", "Grace")).await.refused(403, &AppError::Forbidden);
    assert_eq!(world.usage().await.contact, None);
    assert_eq!(world.save_contact(&world.ada, ("tax_id", "")).await.done(), "/o/acme/usage");
    let contact = world.usage().await.contact.unwrap();
    assert_eq!((contact.email.as_str(), contact.address.as_str()), ("invoices@example.com", "Beispielweg 1\n10115 Berlin"));
    assert_eq!(contact.tax_id, None);
    assert!(world.ada.get("/o/acme/usage").await.text().contains("10115 Berlin"));
    world.save_contact(&world.ada, ("name", "Acme Holding")).await.done();
    assert_eq!(world.usage().await.contact.unwrap().name.as_str(), "Acme Holding");
    let audited = events(&world.app).await.into_iter().filter(|event| event.contains("billing-contact-changed")).count();
    assert_eq!(audited, 2);
    let sealed = world.app.db_count("billing WHERE sealed_contact IS NOT NULL").await;
    assert_eq!((sealed, world.app.db_count("audit_events WHERE details LIKE '%Berlin%'").await), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_gives_plans_that_the_configuration_has() {
    let world = World::start(|_| {}).await;
    let file = world.app.state.config.data_dir.join("plans.toml");
    let plans = "default_plan = 'Free'\n[[plans]]\nname = 'Free'\nmembers = 1\n[[plans]]\nname = 'Team'\nartifact_gib = 5\n";
    std::fs::write(&file, plans).unwrap();
    let config = file.to_str().unwrap();
    let set =
        async |plan: &str| run(&world.app, &["--config", config, "admin", "org", "set-plan", "--org", "acme", "--plan", plan], "").await;
    let refused = String::from_utf8(set("Gold").await.stderr).unwrap();
    assert!(refused.contains("no plan Gold") && refused.contains("Free, Team"), "{refused}");
    assert!(set("Team").await.status.success());
    let log = world.ada.get("/o/acme/audit?action=plan-changed").await.text();
    assert!(log.contains("changed the plan of the organization “acme” from “Free” to “Team”"), "{log}");

    let started = tokio::time::timeout(std::time::Duration::from_secs(30), run(&world.app, &["serve", "--listen", "127.0.0.1:0"], ""));
    let lost = String::from_utf8(started.await.expect("it does not start").stderr).unwrap();
    assert!(lost.contains("`plans`") && lost.contains("Team"), "{lost}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_has_a_line_for_each_day() {
    let world = World::start(|_| {}).await;
    world.ci.put("1", archive(b"built")).await.is(200);
    world.app.flush().await;
    take_stock(&world.app.state).await.unwrap();
    world.app.state.clock.advance(TimeDelta::days(1));
    take_stock(&world.app.state).await.unwrap();
    let answer = world.ada.get("/o/acme/usage.csv").await.is(200);
    assert!(answer.header("content-type").starts_with("text/csv"));
    let text = answer.text();
    let lines: Vec<_> = text.lines().collect();
    let bytes = archive(b"built").len();
    assert_eq!(lines[0], "day,members,workspaces,artifact_bytes,bytes_in,bytes_out");
    assert!(lines[1].ends_with(&format!(",1,1,{bytes},{bytes},0")), "{text}");
    assert!(lines[2].ends_with(&format!(",1,1,{bytes},0,0")), "{text}");
    assert_eq!(lines.len(), 3);
    let log = world.ada.get("/o/acme/audit?action=exported").await.text();
    assert!(log.contains("downloaded the usage as CSV"), "{log}");
}
