//! Joining by domain, when two things happen at the same instant.

use app::domain::role::Role;

use super::{add, change, domain, join, member};
use crate::support::{Answer, TestApp};

const ROUNDS: usize = 8;

/// Neither of the two may fail by a fault of ours.
#[track_caller]
fn no_fault(answers: &[Answer]) {
    for answer in answers {
        assert!([303, 403, 404, 409].contains(&answer.status), "{}: {}", answer.status, answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_twice_at_the_same_instant_is_in_once() {
    let (app, ada) = TestApp::with_org("acme").await;
    add(&ada, "example.com").await.done();
    for round in 0..ROUNDS {
        let bob = app.person(&format!("bob-{round}")).await;
        let answers: [Answer; 3] = tokio::join!(join(&bob, "acme"), join(&bob, "acme"), join(&bob, "acme")).into();
        for answer in answers {
            answer.done();
        }
    }
    let joined = app.db_count("audit_events WHERE action = 'joined'").await;
    assert_eq!((app.db_count("members").await, joined), (1 + 8, 8));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_that_is_removed_while_somebody_joins_lets_in_before_or_not_at_all() {
    let (app, ada) = TestApp::with_org("acme").await;
    for round in 0..ROUNDS {
        let bob = app.person(&format!("bob-{round}")).await;
        add(&ada, "example.com").await.done();
        let id = domain(&app, "example.com").await.id;
        let answers: [Answer; 2] = tokio::join!(join(&bob, "acme"), change(&ada, "remove", id)).into();
        no_fault(&answers);
        assert_eq!(answers[1].status, 303);
        assert_eq!(member(&app, &bob).await.is_some(), answers[0].status == 303, "round {round}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_who_is_demoted_while_somebody_joins_vouches_before_or_not_at_all() {
    let (app, ada) = TestApp::with_org("acme").await;
    let carol = app.member("carol", Role::Admin).await;
    add(&ada, "example.com").await.done();
    for round in 0..ROUNDS {
        let bob = app.person(&format!("bob-{round}")).await;
        let id = ada.id.to_string();
        let role = |role| [("org_slug", "acme"), ("member", id.as_str()), ("role", role)];
        let (demote, promote) = (role("member"), role("admin"));
        let answers: [Answer; 2] = tokio::join!(join(&bob, "acme"), carol.post("/do/members/set-role", &demote)).into();
        no_fault(&answers);
        assert_eq!(answers[1].status, 303);
        assert_eq!(member(&app, &bob).await.is_some(), answers[0].status == 303, "round {round}");
        let late = app.person(&format!("late-{round}")).await;
        assert_eq!(join(&late, "acme").await.status, 404);
        carol.post("/do/members/set-role", &promote).await.done();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_ends_while_somebody_joins_leaves_nothing_behind() {
    let app = TestApp::start().await;
    for round in 0..ROUNDS {
        let (admin, bob) = (app.person(&format!("admin-{round}")).await, app.person(&format!("bob-{round}")).await);
        let slug = admin.found(&format!("org-{round}")).await;
        admin.post("/do/domain-invites/add", &[("org_slug", slug.as_str()), ("domain", "example.com"), ("role", "member")]).await.done();
        let end = [("org_slug", slug.as_str()), ("confirmation", slug.as_str())];
        let answers: [Answer; 2] = tokio::join!(join(&bob, slug.as_str()), admin.post("/do/orgs/delete", &end)).into();
        no_fault(&answers);
        assert_eq!(answers[1].status, 303, "the organization ends in any case");
    }
    let left = |table: &'static str| app.db_count(table);
    assert_eq!((left("domain_invites").await, left("members").await, left("removed_members").await), (0, 0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_while_joining_again_stays_out() {
    let (app, ada) = TestApp::with_org("acme").await;
    add(&ada, "example.com").await.done();
    for round in 0..ROUNDS {
        let bob = app.person(&format!("bob-{round}")).await;
        join(&bob, "acme").await.done();
        let id = bob.id.to_string();
        let removal = [("org_slug", "acme"), ("member", id.as_str())];
        let answers: [Answer; 2] = tokio::join!(join(&bob, "acme"), ada.post("/do/members/remove", &removal)).into();
        no_fault(&answers);
        assert_eq!(member(&app, &bob).await, None, "round {round}");
    }
}
