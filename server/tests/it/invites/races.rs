//! Invites, when two things happen at the same instant.

use app::error::AppError;
use chrono::TimeDelta;

use super::{change, invited, invites, join, member, open_page};
use crate::support::{Answer, PASSWORD, TestApp};

const ROUNDS: usize = 8;

/// Neither of the two may fail by a fault of ours.
#[track_caller]
fn no_fault(answers: &[Answer]) {
    for answer in answers {
        assert!([303, 401, 404, 409, 410].contains(&answer.status), "{}: {}", answer.status, answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_use_one_link_at_the_same_instant_one_gets_the_account() {
    let (app, ada) = TestApp::with_org("acme").await;
    for round in 0..ROUNDS {
        let address = format!("bob-{round}@example.com");
        let link = invited(&app, &ada, &address).await;
        let (one, other) = (app.browser(), app.browser());
        let passwords = ["the password of the first", "the password of the second"];
        let answers: [Answer; 2] = tokio::join!(join(&one, &link, "One", passwords[0]), join(&other, &link, "Other", passwords[1])).into();
        no_fault(&answers);
        assert_eq!(answers.iter().filter(|answer| answer.status == 303).count(), 1, "round {round}");
        let winner = usize::from(answers[1].status == 303);
        app.browser().sign_in(&address, passwords[winner]).await.done();
        app.browser().sign_in(&address, passwords[1 - winner]).await.refused(401, &AppError::WrongCredentials);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sent_again_and_accepted_at_the_same_instant_it_is_one_or_the_other() {
    let (app, ada) = TestApp::with_org("acme").await;
    for round in 0..ROUNDS {
        let address = format!("bob-{round}@example.com");
        let link = invited(&app, &ada, &address).await;
        let id = invites(&app).await.into_iter().find(|row| row.email.as_str() == address).unwrap().id;
        app.state.clock.advance(TimeDelta::minutes(2));
        let bob = app.browser();
        let answers: [Answer; 2] = tokio::join!(join(&bob, &link, "Bob", PASSWORD), change(&ada, "/do/invites/resend", id)).into();
        no_fault(&answers);
        let is_in = member(&app, &address).await.is_some();
        assert_eq!(is_in, answers[0].status == 303, "round {round}");
        // Whoever came in did so by the old link; otherwise the new one works.
        for mail in app.mailbox().await {
            let late = join(&app.browser(), &mail.link(), "Bob", PASSWORD).await;
            assert_eq!(late.status == 303, !is_in, "round {round}: {}", late.status);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_ends_while_somebody_comes_in_leaves_nothing_behind() {
    let app = TestApp::start().await;
    for round in 0..ROUNDS {
        let admin = app.person(&format!("admin-{round}")).await;
        let slug = admin.found(&format!("org-{round}")).await;
        let form = [("org_slug", slug.as_str()), ("addresses", &format!("bob-{round}@example.com")), ("role", "member")];
        admin.post("/do/invites/create", &form).await.done();
        let link = app.only_mail().await.link();
        let (browser, end) = (app.browser(), [("org_slug", slug.as_str()), ("confirmation", slug.as_str())]);
        let answers: [Answer; 2] = tokio::join!(join(&browser, &link, "Bob", PASSWORD), admin.post("/do/orgs/delete", &end)).into();
        no_fault(&answers);
        assert_eq!(answers[1].status, 303, "the organization ends in any case");
        open_page(&app.browser(), &link).await.is(410);
    }
    let left = |table: &'static str| app.db_count(table);
    assert_eq!((left("invites").await, left("members").await), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_invite_the_same_people_at_the_same_instant_count_together() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.person("ada").await, app.person("bob").await);
    let (one, other) = (ada.found("one").await, bob.found("other").await);
    app.db_execute("DELETE FROM quotas").await;
    let people: Vec<_> = (0..20).map(|n| format!("person-{n}@example.com")).collect();
    let forwards = people.join("\n");
    let backwards = people.iter().rev().cloned().collect::<Vec<_>>().join("\n");
    let form = |slug: &str, list: &str| [("org_slug", slug.to_owned()), ("addresses", list.to_owned()), ("role", "member".to_owned())];
    let (first, second) = (form(one.as_str(), &forwards), form(other.as_str(), &backwards));
    let (first, second) = (first.each_ref().map(|(k, v)| (*k, v.as_str())), second.each_ref().map(|(k, v)| (*k, v.as_str())));
    let answers: [Answer; 2] = tokio::join!(ada.post("/do/invites/create", &first), bob.post("/do/invites/create", &second)).into();
    no_fault(&answers);
    assert!(answers.iter().all(|answer| answer.status == 303));
    assert_eq!(app.mailbox().await.len(), 40);
    assert_eq!(app.db_count("quotas WHERE used = 2").await, 20);
}
