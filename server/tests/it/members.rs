//! Who is in an organization. There is always an Admin, whatever happens at the same moment.

use app::backend::members::{JoinedBy, MemberRow};
use app::domain::role::Role;
use app::error::{AppError, Conflict};

use crate::support::{Answer, Person, TestApp};

const ROUNDS: usize = 12;

async fn set_role(actor: &Person, who: &Person, role: Role) -> Answer {
    actor.post("/do/members/set-role", &[("org_slug", "acme"), ("member", &who.id.to_string()), ("role", role.as_str())]).await
}

async fn remove(actor: &Person, who: &Person) -> Answer {
    actor.post("/do/members/remove", &[("org_slug", "acme"), ("member", &who.id.to_string())]).await
}

async fn leave(who: &Person) -> Answer {
    who.post("/do/members/leave", &[("org_slug", "acme")]).await
}

async fn members(app: &TestApp) -> Vec<MemberRow> {
    app.backend().members.list(&app.operator(), app.org(), "", None).await.unwrap().rows
}

/// Those who are Admins now.
async fn admins<'a>(app: &TestApp, of: [&'a Person; 2]) -> Vec<&'a Person> {
    let rows = members(app).await;
    let is_admin = |person: &&Person| rows.iter().any(|row| row.user == person.id && row.role == Role::Admin);
    of.into_iter().filter(is_admin).collect()
}

/// Two Admins act at the same instant: exactly one succeeds, and one Admin remains.
#[track_caller]
fn one_of(answers: &[Answer; 2], also_allowed: &[u16]) {
    let mut statuses = answers.each_ref().map(|answer| answer.status);
    statuses.sort_unstable();
    assert_eq!(statuses[0], 303, "{statuses:?}");
    assert!(also_allowed.contains(&statuses[1]), "{statuses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_demote_each_other_at_the_same_instant_leave_one_admin() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    for round in 0..ROUNDS {
        let (one, other) = if round % 2 == 0 { (&ada, &bob) } else { (&bob, &ada) };
        let answers: [Answer; 2] = tokio::join!(set_role(one, other, Role::Member), set_role(other, one, Role::Member)).into();
        one_of(&answers, &[403]);
        let left = admins(&app, [&ada, &bob]).await;
        assert_eq!(left.len(), 1, "round {round}");
        for person in [&ada, &bob] {
            set_role(left[0], person, Role::Admin).await.done();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_step_down_at_the_same_instant_leave_one_admin() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    for round in 0..ROUNDS {
        let answers: [Answer; 2] = tokio::join!(set_role(&ada, &ada, Role::Member), set_role(&bob, &bob, Role::Member)).into();
        one_of(&answers, &[409]);
        let left = admins(&app, [&ada, &bob]).await;
        assert_eq!(left.len(), 1, "round {round}");
        for person in [&ada, &bob] {
            set_role(left[0], person, Role::Admin).await.done();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_remove_each_other_at_the_same_instant_leave_one_admin() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    for round in 0..ROUNDS {
        let answers: [Answer; 2] = tokio::join!(remove(&ada, &bob), remove(&bob, &ada)).into();
        one_of(&answers, &[404]);
        let left = admins(&app, [&ada, &bob]).await;
        assert_eq!(left.len(), 1, "round {round}");
        let gone = if left[0].id == ada.id { &bob } else { &ada };
        app.add_member(app.org(), gone, Role::Admin).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_admins_who_leave_at_the_same_instant_leave_one_admin() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    for round in 0..ROUNDS {
        let answers: [Answer; 2] = tokio::join!(leave(&ada), leave(&bob)).into();
        one_of(&answers, &[409]);
        let left = admins(&app, [&ada, &bob]).await;
        assert_eq!(left.len(), 1, "round {round}");
        let gone = if left[0].id == ada.id { &bob } else { &ada };
        app.add_member(app.org(), gone, Role::Admin).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_admin_cannot_step_down_leave_or_be_removed() {
    let (app, ada) = TestApp::with_org("acme").await;
    app.member("bob", Role::Member).await;
    let last = AppError::Conflict(Conflict::LastAdmin);
    set_role(&ada, &ada, Role::Member).await.refused(409, &last);
    leave(&ada).await.refused(409, &last);
    remove(&ada, &ada).await.refused(409, &last);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_counts_from_the_next_request_on() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Member).await;
    let rename = [("org_slug", "acme"), ("name", "Bobs")];
    bob.post("/do/orgs/rename", &rename).await.refused(403, &AppError::Forbidden);
    set_role(&ada, &bob, Role::Admin).await.done();
    bob.post("/do/orgs/rename", &rename).await.done();
    set_role(&ada, &bob, Role::Member).await.done();
    bob.post("/do/orgs/rename", &rename).await.refused(403, &AppError::Forbidden);
}

#[tokio::test(flavor = "multi_thread")]
async fn for_somebody_removed_the_organization_does_not_exist() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Admin).await;
    assert_eq!(remove(&ada, &bob).await.done(), "/o/acme/members");
    remove(&bob, &ada).await.refused(404, &AppError::NotFound);
    bob.get("/o/acme").await.is(404);
    assert!(bob.is_signed_in().await, "their account is their own");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_leaves() {
    let (app, _ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Member).await;
    assert_eq!(leave(&bob).await.done(), "/");
    assert_eq!(members(&app).await.len(), 1);
    leave(&bob).await.refused(404, &AppError::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_changes_nobody_and_an_outsider_finds_nothing() {
    let (app, ada) = TestApp::with_org("acme").await;
    let (bob, eve) = (app.member("bob", Role::Member).await, app.person("eve").await);
    eve.found("evil").await;
    set_role(&bob, &bob, Role::Admin).await.refused(403, &AppError::Forbidden);
    remove(&bob, &ada).await.refused(403, &AppError::Forbidden);
    set_role(&eve, &eve, Role::Admin).await.refused(404, &AppError::NotFound);
    remove(&eve, &ada).await.refused(404, &AppError::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_is_not_in_cannot_be_changed() {
    let (app, ada) = TestApp::with_org("acme").await;
    let eve = app.person("eve").await;
    set_role(&ada, &eve, Role::Admin).await.refused(404, &AppError::NotFound);
    remove(&ada, &eve).await.refused(404, &AppError::NotFound);
    let nonsense = ada.post("/do/members/remove", &[("org_slug", "acme"), ("member", "usr_nonsense")]).await;
    nonsense.refused(404, &AppError::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_says_who_in_which_role_since_when_and_how() {
    let (app, ada) = TestApp::with_org("acme").await;
    let bob = app.member("bob", Role::Member).await;
    let rows = app.backend().members.list(&bob.caller().await, app.org(), "", None).await.unwrap().rows;
    let shown: Vec<_> = rows.iter().map(|row| (row.user, row.name.as_str(), row.role, row.joined_by)).collect();
    assert_eq!(shown, [(ada.id, "ada", Role::Admin, JoinedBy::Created), (bob.id, "bob", Role::Member, JoinedBy::Operator)]);
    assert!(rows[0].joined_at < rows[1].joined_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_is_searched_by_name_and_address_and_signs_mean_themselves() {
    let (app, ada) = TestApp::with_org("acme").await;
    for name in ["bob", "bobby", "b_b"] {
        app.member(name, Role::Member).await;
    }
    let caller = ada.caller().await;
    for (search, found) in [("BOB", 2), ("bobby@example", 1), ("b_b", 1), ("%", 0), ("_", 1), ("\\", 0), ("'", 0), ("", 4)] {
        let page = app.backend().members.list(&caller, app.org(), search, None).await.unwrap();
        assert_eq!(page.rows.len(), found, "{search:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_list_comes_in_pages_that_hold_everybody_once() {
    let (app, ada) = TestApp::with_org("acme").await;
    let caller = ada.caller().await;
    insert_members(&app, 240).await;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = app.backend().members.list(&caller, app.org(), "", after.as_deref()).await.unwrap();
        assert!(page.rows.len() <= 100);
        seen.extend(page.rows.into_iter().map(|row| row.user));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 241);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 241);
}

/// Many accounts in the organization, without the cost of a password each; all joined in the same moment.
async fn insert_members(app: &TestApp, count: usize) {
    use app::domain::ids::UserId;
    use app::domain::names::{Email, PersonName};
    use server::store::users::{self, User};
    let state = &app.state;
    let scope = server::auth::access::org(state.db.read(), &app.operator(), app.org(), app::domain::permission::Permission::ManageMembers)
        .await
        .unwrap();
    let now = state.clock.now();
    let tx = state.db.begin_without_session().await.unwrap();
    for number in 0..count {
        let user = User {
            id: UserId::from_uuid(state.clock.new_id()),
            email: Email::parse(&format!("m{number}@example.com")).unwrap(),
            name: PersonName::parse("Member").unwrap(),
            password_hash: None,
            confirmed: true,
        };
        users::insert(&tx, &user, now).await.unwrap();
        server::store::members::insert(&tx, scope.id(), user.id, Role::Member, JoinedBy::Operator, now).await.unwrap();
    }
    tx.commit().await.unwrap();
}
