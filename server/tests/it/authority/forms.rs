//! Every form, opened by an Admin, and finished when they are one no more.

use crate::authz::{Row, SERVER_FUNCTIONS, World, table};
use crate::support::{Held, PASSWORD};

/// What nobody, who was a member, and who is one are answered, as the columns of the table.
const NOBODY: usize = 0;
const EX_MEMBER: usize = 2;
const MEMBER: usize = 3;

fn rows(is_wanted: impl Fn(&Row) -> bool) -> Vec<Row> {
    table(SERVER_FUNCTIONS, 7).into_iter().filter(is_wanted).collect()
}

/// Opens each form as an Admin, takes something from them, and sends the rest: the answer is the one of the column, and
/// what is refused has changed nothing.
async fn finished_after(rows: Vec<Row>, column: usize, take: impl AsyncFn(&World, &str)) {
    let world = World::new().await;
    for row in rows {
        world.all_sign_in().await;
        if !world.other.is_signed_in().await {
            world.other.sign_in(&world.other.email, PASSWORD).await.done();
        }
        let place = world.place().await;
        let form = world.form(&place, &row);
        let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let held = Held::form(&world.admin, row.address, &form).await;
        take(&world, place.workspace.org.as_str()).await;
        let before = world.app.rows().await;
        let (status, answer) = held.finish().await;
        assert_eq!(status.to_string(), row.cells[column], "{}: {answer}", row.address);
        if status != 303 {
            assert_eq!(world.app.rows().await, before, "{}", row.address);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_counts_for_a_session_that_has_ended_meanwhile() {
    finished_after(rows(|_| true), NOBODY, async |world, _| {
        let elsewhere = world.app.browser();
        let session = world.admin.caller().await.user().unwrap().session.to_string();
        elsewhere.sign_in(&world.admin.email, PASSWORD).await.done();
        elsewhere.post("/do/sessions/end", &[("session", &session)]).await.done();
    })
    .await;
}

fn is_about_the_org(row: &Row) -> bool {
    row.rest.iter().any(|field| field.starts_with("org_slug="))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_counts_for_a_member_who_was_removed_meanwhile() {
    // Nobody vouches for the domain any more, so there is nothing to come in by.
    let is_wanted = |row: &Row| is_about_the_org(row) && row.address != "/do/domain-invites/join";
    finished_after(rows(is_wanted), EX_MEMBER, async |world, org| {
        world.other.post("/do/members/remove", &[("org_slug", org), ("member", &world.admin.id.to_string())]).await.done();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_form_counts_for_an_admin_who_was_demoted_meanwhile() {
    finished_after(rows(is_about_the_org), MEMBER, async |world, org| {
        let form = [("org_slug", org), ("member", &world.admin.id.to_string()), ("role", "member")];
        world.other.post("/do/members/set-role", &form).await.done();
    })
    .await;
}
