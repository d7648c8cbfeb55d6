//! Every server function, called for somebody who was found out before and has lost it since: only what is asked again
//! inside of the transaction can refuse them.

use std::sync::{Arc, Mutex};

use app::domain::identity::{Proof, Standing};
use app::domain::names::Email;
use app::domain::secret::PlainSecret;
use app::error::AppError;
use app::request::{Actor, Caller, Draft, Request, SignedIn, Theme, Visit as _};
use axum::body::Body;
use axum::http::{Request as HttpRequest, header};
use leptos::prelude::provide_context;
use server::auth::actor::new_incident;
use server::auth::session::Store;
use server::auth::visit::BrowserVisit;
use tower_sessions::Session;

use crate::authz::{Row, SERVER_FUNCTIONS, World, table};
use crate::support::{PASSWORD, TestApp};

/// A browser without a session, in a request of this caller.
fn visit(app: &TestApp, caller: &Caller) -> BrowserVisit {
    BrowserVisit {
        state: app.state.clone(),
        session: Session::new(None, Arc::new(Store::new(&app.state)), None),
        caller: caller.clone(),
        device: String::new(),
        attempts: Mutex::default(),
        outbox: Mutex::default(),
    }
}

/// Sends a form to its server function, for this caller, past everything that looks at sessions.
async fn call(world: &World, caller: &Caller, row: &Row, form: &[(&'static str, String)]) -> (u16, String) {
    let app = &world.app;
    let request = Request {
        caller: caller.clone(),
        backend: app.backend(),
        visit: Arc::new(visit(app, caller)),
        notice: None,
        draft: Draft::default(),
        theme: Theme::System,
        now: app.state.clock.now(),
        address: row.address.to_owned(),
        site: app.state.site.clone(),
    };
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let http = HttpRequest::post(row.address)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::ACCEPT, "application/json")
        .body(Body::from(body))
        .unwrap();
    let answer = leptos_axum::handle_server_fns_with_context(move || provide_context(request.clone()), http).await;
    let answer = axum::response::IntoResponse::into_response(answer);
    let status = answer.status().as_u16();
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    (status, String::from_utf8_lossy(&body).into_owned())
}

fn signed_in(caller: &Caller) -> &SignedIn {
    caller.user().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_asks_for_the_session_inside_of_its_transaction() {
    let world = World::new().await;
    world.all_sign_in().await;
    let place = world.place().await;
    let stale = world.admin.caller().await;
    world.admin.post("/do/accounts/sign-out", &[]).await.done();
    let mut asked = 0;
    for row in table(SERVER_FUNCTIONS, 7).into_iter().filter(|row| row.cells[0] == "401") {
        let before = world.app.rows().await;
        let (status, answer) = call(&world, &stale, &row, &world.form(&place, &row)).await;
        assert_eq!(status, 500, "{}: {answer}", row.address);
        let error: AppError = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{}: {answer}", row.address));
        // Some are refused for what was typed, before anything is begun.
        if row.cells[4] == "303" {
            assert_eq!(error, AppError::Unauthenticated, "{}", row.address);
            asked += 1;
        }
        assert_eq!(world.app.rows().await, before, "{}", row.address);
    }
    assert!(asked > 35, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_change_asks_what_the_provider_says_inside_of_its_transaction() {
    let world = World::new().await;
    world.all_sign_in().await;
    let place = world.place().await;
    world.app.db_execute(&format!("UPDATE orgs SET requires_provider = TRUE WHERE slug = '{}'", place.workspace.org)).await;
    let now = world.admin.caller().await;
    let proof = Some(Proof { standing: Standing::Living, hosted_domain: None });
    let stale = Caller { actor: Actor::User(SignedIn { proof, ..signed_in(&now).clone() }), ..now };
    let about_the_org = |row: &Row| row.rest.iter().any(|field| field.starts_with("org_slug="));
    let mut asked = 0;
    for row in table(SERVER_FUNCTIONS, 7).into_iter().filter(|row| about_the_org(row) && row.cells[4] == "303") {
        // Whoever cannot get in may leave; whoever is in is led there, and kept out there.
        if ["/do/members/leave", "/do/domain-invites/join"].contains(&row.address) {
            continue;
        }
        let before = world.app.rows().await;
        let (_, answer) = call(&world, &stale, &row, &world.form(&place, &row)).await;
        let error: AppError = serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{}: {answer}", row.address));
        assert!(matches!(error, AppError::SignIn(_)), "{}: {error:?}", row.address);
        assert_eq!(world.app.rows().await, before, "{}", row.address);
        asked += 1;
    }
    assert!(asked > 25, "{asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_whose_password_is_changed_before_it_is_done_opens_nothing() {
    let world = World::new().await;
    world.all_sign_in().await;
    let (app, admin) = (&world.app, &world.admin);
    let caller = Caller { actor: Actor::Anonymous, address: String::new(), incident: new_incident(&app.state) };
    let email = Email::parse(&admin.email).unwrap();
    let password = PlainSecret::new(PASSWORD.to_owned());
    let user = app.backend().accounts.sign_in(&caller, email, password).await.unwrap();
    let form = [("current", PASSWORD), ("password", "another horse battery")];
    admin.post("/do/accounts/change-password", &form).await.done();
    let before = app.db_count("sessions").await;
    assert_eq!(visit(app, &caller).begin(user).await, Err(AppError::Unauthenticated));
    assert_eq!(app.db_count("sessions").await, before);
}
