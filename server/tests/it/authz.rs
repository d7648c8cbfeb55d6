//! Every address × every kind of actor, with the expected status. A route, page or server function that is not in
//! these tables fails a test; so does a row whose address is gone.
//!
//! The members of the organization at hand are `member` and `admin` (and another Admin, `$other`); `ex-member` was one;
//! `outsider` is Admin of another organization. It is private for these. `visitor` is nobody and `guest` has an account
//! and is in no organization, while it is public. A bearer token counts for nothing in the browser's routes: each kind of
//! token gets exactly what nobody gets. A cookie counts for nothing in the cache API.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use app::domain::ids::{DomainInviteId, InviteId, RunId};
use app::domain::role::Role;
use app::domain::visibility::VisibilityChange;
use chrono::TimeDelta;
use futures_util::StreamExt as _;
use reqwest::header::{ACCEPT, COOKIE};
use reqwest::{Method, RequestBuilder};
use serde_json::json;
use server::router::{browser_routes, plain_routes};

use crate::support::archive::archive;
use crate::support::run::Nx;
use crate::support::{Answer, Browser, Ci, PASSWORD, Person, TestApp, Workspace, metrics};

/// `POST`, and the form that is sent. 303 is done; 404 hides, 403 refuses, 401 asks to sign in.
pub const SERVER_FUNCTIONS: &str = "
                                nobody  outsider  ex-member  member  admin  visitor  guest   form
/do/accounts/sign-up               303       303        303     303    303      303    303   name=Zoe email=zoe@example.com
/do/accounts/choose-password       410       410        410     410    410      410    410   link=$unknown password=whatever-it-is
/do/accounts/sign-in               303       303        303     303    303      303    303   email=$outsider password=$password
/do/accounts/sign-out              303       303        303     303    303      303    303
/do/accounts/forgot-password       303       303        303     303    303      303    303   email=$outsider
/do/accounts/change-password       401       303        303     303    303      401    303   current=$password password=$password
/do/accounts/rename                401       303        303     303    303      401    303   name=Somebody
/do/accounts/choose-theme          303       303        303     303    303      303    303   theme=dark
/do/accounts/send-password-link    401       303        303     303    303      401    303
/do/accounts/delete                401       422        422     422    422      401    422   confirmation=something-else current=$password
/do/addresses/add                  401       303        303     303    303      401    303   email=$new current=$password
/do/addresses/resend               401       404        404     404    404      401    404   address=unknown@example.com
/do/addresses/confirm              401       410        410     410    410      401    410   link=$unknown
/do/addresses/remove               401       404        404     404    404      401    404   address=unknown@example.com
/do/addresses/make-primary         401       404        404     404    404      401    404   address=unknown@example.com
/do/sessions/end                   401       404        404     404    404      401    404   session=$unknown
/do/sessions/end-others            401       303        303     303    303      401    303
/do/orgs/create                    401       303        303     303    303      401    303   name=New slug=$fresh
/do/orgs/rename                    401       404        404     403    303      401    403   org_slug=$org name=Renamed
/do/orgs/change-slug               401       404        404     403    303      401    403   org_slug=$org slug=$fresh
/do/orgs/change-visibility         401       404        404     403    303      401    403   org_slug=$org change=make-public typed_name=$org
/do/orgs/set-visitor-logs          401       404        404     403    409      401    403   org_slug=$org logs=hidden
/do/orgs/delete                    401       404        404     403    303      401    403   org_slug=$org confirmation=$org
/do/billing/save-contact           401       404        404     403    303      401    403   org_slug=$org name=Acme email=a@example.com address=Berlin
/do/members/set-role               401       404        404     403    303      401    403   org_slug=$org member=$other role=member
/do/members/remove                 401       404        404     403    303      401    403   org_slug=$org member=$other
/do/members/leave                  401       404        404     303    303      401    403   org_slug=$org
/do/invites/create                 401       404        404     403    303      401    403   org_slug=$org addresses=new@example.com role=member
/do/invites/resend                 401       404        404     403    409      401    403   org_slug=$org invite=$invite
/do/invites/revoke                 401       404        404     403    303      401    403   org_slug=$org invite=$invite
/do/invites/link                   401       404        404     403    303      401    403   org_slug=$org invite=$invite
/do/invites/accept                 401       303        404     404    404      401    404   invite=$invite
/do/invites/join                   410       410        410     410    410      410    410   link=$unknown password=$password
/do/invites/switch                 303       303        303     303    303      303    303   link=$unknown
/do/domain-invites/add             401       404        404     403    303      401    403   org_slug=$org domain=acme.com role=member
/do/domain-invites/set-role        401       404        404     403    303      401    403   org_slug=$org id=$domain role=admin
/do/domain-invites/vouch           401       404        404     403    303      401    403   org_slug=$org id=$domain
/do/domain-invites/check           401       404        404     403    303      401    403   org_slug=$org id=$domain
/do/domain-invites/remove          401       404        404     403    303      401    403   org_slug=$org id=$domain
/do/domain-invites/join            401       303        409     303    303      401    303   org_slug=$org
/do/identities/link                401       410        410     410    410      401    410   current=$password
/do/identities/unlink              401       404        404     404    404      401    404
/do/identities/set-rule            401       404        404     403    303      401    403   org_slug=$org
/do/workspaces/create              401       404        404     403    303      401    403   org_slug=$org name=api
/do/workspaces/rename              401       404        404     403    303      401    403   org_slug=$org workspace_id=$workspace name=shop
/do/workspaces/set-retention       401       404        404     403    303      401    403   org_slug=$org workspace_id=$workspace days=3 gibibytes=3
/do/workspaces/delete              401       404        404     403    303      401    403   org_slug=$org workspace_id=$workspace confirmation=web
/do/ci-tokens/create               401       404        404     403    303      401    403   org_slug=$org workspace_id=$workspace name=ci access=read-only expires=7d
/do/ci-tokens/rotate               401       404        404     403    303      401    403   org_slug=$org workspace_id=$workspace token=$token overlap_hours=1
/do/ci-tokens/revoke               401       404        404     403    303      401    403   org_slug=$org workspace_id=$workspace token=$token
/do/connections/accept             401       404        404     403    410      401    403   org_slug=$org code=$unknown workspace=api
/do/connections/accept-into-new    401       410        410     410    410      401    410   name=New slug=$fresh code=$unknown first_workspace=api
/do/set-up/apply                   401       404        404     403    303      401    403   org_slug=$org workspace_id=$workspace set_up=main-writes id_access=none
/do/access-levels/set-id           401       404        404     403    303      401    403   org_slug=$org workspace_id=$workspace access=none
/do/access-levels/set-personal     401       404        404     403    303      401    403   org_slug=$org workspace_id=$workspace access=read-write
/do/token-policy/set               401       404        404     403    303      401    403   org_slug=$org ci_days=90 personal_days=90
/do/personal-tokens/create         401       303        303     303    303      401    303   name=laptop expires=90d current=$password
/do/personal-tokens/revoke         401       404        404     404    404      401    404   token=$unknown
/do/logins/confirm                 401       409        409     409    409      401    409   code=BCDF-GHJK expires=90d
/do/logins/refuse                  401       409        409     409    409      401    409   code=BCDF-GHJK
/do/artifacts/delete               401       404        404     403    303      401    403   org_slug=$org workspace_id=$workspace hash=1
/do/artifacts/purge                401       404        404     403    303      401    403   org_slug=$org workspace_id=$workspace which=all
";

/// `GET`. 302 leads to the sign-in page or, signed in already, away from it.
const PAGES: &str = "
                                    nobody  outsider  ex-member  member  admin  visitor  guest
/                                      200       200        200     200    200      200    200
/sign-in                               200       302        302     302    302      200    302
/sign-up                               200       302        302     302    302      200    302
/check-mail                            200       200        200     200    200      200    200
/choose-password                       410       410        410     410    410      410    410
/forgot-password                       200       200        200     200    200      200    200
/account                               302       200        200     200    200      302    200
/account/addresses                     302       200        200     200    200      302    200
/account/link                          302       400        400     400    400      302    400
/account/security                      302       200        200     200    200      302    200
/account/tokens                        302       200        200     200    200      302    200
/account/organizations                 302       200        200     200    200      302    200
/account/data                          302       200        200     200    200      302    200
/account/export.json                   302       200        200     200    200      302    200
/confirm-address                       410       410        410     410    410      410    410
/login/device                          302       200        200     200    200      302    200
/help/access                           200       200        200     200    200      200    200
/invite                                410       410        410     410    410      410    410
/connect/{code}                        200       400        400     400    400      200    400
/setup/connect-workspace/manual        200       200        200     200    200      200    200
/setup/connect-workspace/github/connect  200     200        200     200    200      200    200
/setup/connect-workspace/github/select   200     200        200     200    200      200    200
/orgs/new                              302       200        200     200    200      302    200
/o/{slug}                              302       404        404     200    200      200    200
/o/{slug}/members                      302       404        404     200    200      200    200
/o/{slug}/audit                        302       404        404     403    200      302    403
/o/{slug}/audit.csv                    302       404        404     403    200      302    403
/o/{slug}/audit.ndjson                 302       404        404     403    200      302    403
/o/{slug}/usage                        302       404        404     403    200      302    403
/o/{slug}/usage.csv                    302       404        404     403    200      302    403
/o/{slug}/invites                      302       404        404     403    200      302    403
/o/{slug}/domains                      302       404        404     403    200      302    403
/join/{slug}                           302       200        409     302    302      302    200
/o/{slug}/sign-in                      302       404        404     403    200      302    403
/runs/{run}                            302       404        404     302    302      302    302
/o/{slug}/runs                         302       404        404     200    200      200    200
/sso/start                             404       302        302     302    302      404    302
/sso/callback                          404       404        404     404    404      404    404
/o/{slug}/settings                     302       404        404     403    200      302    403
/o/{slug}/workspaces/new               302       404        404     403    200      302    403
/o/{slug}/w/{workspace}                302       404        404     200    200      200    200
/o/{slug}/w/{workspace}/runs           302       404        404     200    200      200    200
/o/{slug}/w/{workspace}/runs/{run}     302       404        404     200    200      200    200
/o/{slug}/w/{workspace}/runs/{run}/timeline                302       404        404     200    200      200    200
/o/{slug}/w/{workspace}/runs/{run}/tasks/{number}          302       404        404     200    200      200    200
/o/{slug}/w/{workspace}/runs/{run}/tasks/{number}/compare  302       404        404     200    200      200    200
/o/{slug}/w/{workspace}/runs/{run}/tasks/{number}/log.txt  302       404        404     200    200      200    200
/o/{slug}/w/{workspace}/statistics     302       404        404     200    200      200    200
/o/{slug}/w/{workspace}/statistics.csv 302       404        404     200    200      200    200
/o/{slug}/w/{workspace}/connect        302       404        404     200    200      302    403
/o/{slug}/w/{workspace}/tokens         302       404        404     200    200      302    403
/o/{slug}/w/{workspace}/setup          302       404        404     403    200      302    403
/o/{slug}/w/{workspace}/check-up       302       404        404     403    200      302    403
/o/{slug}/w/{workspace}/artifacts      302       404        404     200    200      200    200
/o/{slug}/w/{workspace}/settings       302       404        404     403    200      302    403
";

/// For programs. `cookie` is an Admin's browser; `elsewhere` is a read-write token of another workspace, which stores
/// and finds there. `any` is open to all alike, whatever it answers.
const PLAIN_ROUTES: &str = "
                                nobody  cookie  read-only  read-write  expired  revoked  elsewhere
GET /v1/cache/{hash}               401     401        200         200      401      401        404
PUT /v1/cache/{hash}               401     401        403         200      401      401        200
GET //v1/cache/{hash}              401     401        200         200      401      401        404
PUT //v1/cache/{hash}              401     401        403         200      401      401        200
GET /w/{nxCloudId}/v1/cache/{hash}   200     200        200         200      401      401        401
PUT /w/{nxCloudId}/v1/cache/{hash}   403     403        403         200      401      401        401
GET /api/v1/whoami                   401     401        200         200      401      401        200
POST /api/v1/artifacts/lookup        401     401        400         400      401      401        400
GET /api/v1/artifacts/{hash}         401     401        200         200      401      401        404
PUT /api/v1/artifacts/{hash}         401     401        403         422      401      401        422
GET /nx-cloud/client/verify        200     200        200         200      200      200        200
GET /nx-cloud/client/{version}/client.tar.gz  200  200  200       200      200      200        200
GET /nx-cloud/client/{version}/start.tar.gz  200  200  200       200      200      200        200
GET /nx-cloud/client/{version}/client.js  404  404      404         404      404      404        404
POST /nx-cloud/v2/create-org-and-workspace  200  200    200       200      200      200        200
POST /nx-cloud/create-org-and-workspace  200   200      200       200      200      200        200
POST /nx-cloud/onboarding          200     200        200         200      200      200        200
GET /nx-cloud/system/features      200     200        200         200      200      200        200
GET /nx-cloud/system/version       200     200        200         200      200      200        200
POST /nx-cloud/is-workspace-claimed  200   200        200         200      200      200        200
POST /nx-cloud/stats               204     204        204         204      204      204        204
POST /nx-cloud/nx-console/ci-pipeline-executions    401  401   401     401      401      401        401
POST /nx-cloud/nx-console/ci-pipeline-executions/terminal-outputs  401  401  401  401  401  401   401
GET /nx-cloud/nx-console/terminal-outputs/{ticket}  404  404   404     404      404      404        404
POST /nx-cloud/mcp-context/pipeline-executions/search  401  401  401   401      401      401        401
GET /nx-cloud/mcp-context/pipeline-executions/{execution}  401  401  401  401   401      401        401
POST /nx-cloud/mcp-context/runs/search  401    401        401         401      401      401        401
GET /nx-cloud/mcp-context/runs/{run}   401     401        401         401      401      401        401
POST /nx-cloud/mcp-context/tasks/search  401   401        401         401      401      401        401
POST /nx-cloud/mcp-context/tasks/details  401  401        401         401      401      401        401
POST /api/v1/runs                    401     401        400         400      401      401        400
POST /api/v1/runs/{run}/report       401     401        404         404      401      401        404
POST /api/v1/runs/{run}/end          401     401        404         404      401      401        404
GET /api/openapi.json              200     200        200         200      200      200        200
POST /api/v1/logins                400     400        400         400      400      400        400
POST /api/v1/logins/token          400     400        400         400      400      400        400
DELETE /api/v1/personal-access-token   401     401        401         401      401      401        401
GET /healthz                       200     200        200         200      200      200        200
GET /readyz                        200     200        200         200      200      200        200
GET /metrics                       200     200        200         200      200      200        200
GET /robots.txt                    200     200        200         200      200      200        200
GET /favicon.svg                   any     any        any         any      any      any        any
GET /pkg/{version}/{file}          404     404        404         404      404      404        404
";

/// One row of a table: the address, a cell for each actor, and what stands behind them.
pub struct Row {
    /// The address.
    pub address: &'static str,
    /// What each actor is answered.
    pub cells: Vec<&'static str>,
    /// The form.
    pub rest: Vec<&'static str>,
}

/// Reads a table: its actors and its rows.
pub fn table(text: &'static str, actors: usize) -> Vec<Row> {
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let heads: Vec<_> = lines.next().unwrap().split_whitespace().take(actors).collect();
    let row = |line: &'static str| {
        let is_address = |word: &&str| word.contains('/');
        let end = line.split_whitespace().find(is_address).map(|address| line.find(address).unwrap() + address.len()).unwrap();
        let mut words = line[end..].split_whitespace();
        let cells: Vec<_> = words.by_ref().take(heads.len()).collect();
        assert_eq!(cells.len(), actors, "{line}");
        Row { address: &line[..end], cells, rest: words.collect() }
    };
    lines.map(row).collect()
}

fn addresses(text: &'static str, actors: usize) -> BTreeSet<String> {
    let rows = table(text, actors);
    let addresses: BTreeSet<_> = rows.iter().map(|row| row.address.to_owned()).collect();
    assert_eq!(addresses.len(), rows.len(), "no address stands twice");
    addresses
}

/// An organization of its own for each row, as a row may end it.
pub struct World {
    pub app: TestApp,
    outsider: Person,
    ex_member: Person,
    member: Person,
    pub admin: Person,
    /// In no organization.
    guest: Person,
    /// Another Admin.
    pub other: Person,
    elsewhere: Ci,
    /// A personal access token of the Admin.
    personal: String,
    expired: Ci,
    revoked: Ci,
}

/// What a row works with.
pub struct Place {
    pub workspace: Workspace,
    writer: Ci,
    reader: Ci,
    /// An invite for the outsider.
    invite: InviteId,
    /// A domain at which everybody here has an address.
    domain: DomainInviteId,
    /// A run with one task.
    run: RunId,
}

impl Place {
    /// The address of a row, here.
    fn path(&self, address: &str) -> String {
        let path = address.replace("{slug}", self.workspace.org.as_str()).replace("{workspace}", &self.workspace.id.to_string());
        path.replace("{run}", &self.run.to_string()).replace("{number}", "0")
    }
}

impl World {
    pub async fn new() -> Self {
        let app = TestApp::start().await;
        let outsider = app.person("outsider").await;
        let home = outsider.workspace(&outsider.found("elsewhere").await, "web").await;
        let elsewhere = outsider.token_for(&home, ReadWrite, "never").await;
        let revoked = outsider.token_for(&home, ReadWrite, "never").await;
        outsider.revoke(&home, &revoked).await;
        let expired = outsider.token_for(&home, ReadWrite, "1").await;
        app.state.clock.advance(TimeDelta::days(1));
        let admin = app.person("admin").await;
        Self {
            outsider,
            personal: admin.personal_token("laptop", "never").await,
            ex_member: app.person("ex-member").await,
            member: app.person("member").await,
            admin,
            guest: app.person("guest").await,
            other: app.person("other").await,
            elsewhere,
            expired,
            revoked,
            app,
        }
    }

    fn people(&self) -> [&Person; 4] {
        [&self.outsider, &self.ex_member, &self.member, &self.admin]
    }

    pub async fn place(&self) -> Place {
        let admin = &self.admin;
        let org = admin.found(&fresh()).await;
        for (person, role) in [(&self.ex_member, Role::Admin), (&self.member, Role::Member), (&self.other, Role::Admin)] {
            self.app.add_member(&org, person, role).await;
        }
        admin.post("/do/members/remove", &[("org_slug", org.as_str()), ("member", &self.ex_member.id.to_string())]).await.done();
        let workspace = admin.workspace(&org, "web").await;
        let (writer, reader) = (admin.token(&workspace, ReadWrite).await, admin.token(&workspace, ReadOnly).await);
        // More organizations invite here than may write to one address within a day.
        self.app.db_execute("DELETE FROM quotas").await;
        let form = [("org_slug", org.as_str()), ("addresses", &self.outsider.email), ("role", "member")];
        admin.post("/do/invites/create", &form).await.done();
        let invites = self.app.backend().invites.list(&self.app.operator(), &org, true, None).await.unwrap();
        admin.post("/do/domain-invites/add", &[("org_slug", org.as_str()), ("domain", "example.com"), ("role", "member")]).await.done();
        let domains = self.app.backend().domain_invites.list(&self.app.operator(), &org).await.unwrap();
        let nx = Nx::start(&self.app, &reader).await;
        nx.tasks(&[nx.ran(0, "app:build", 5, &json!({}))]).await;
        let run = nx.id;
        let place = Place { workspace, writer, reader, invite: invites.rows[0].id, domain: domains[0].id, run };
        place.writer.put("1", archive(b"built")).await.is(200);
        place
    }

    /// A row may have ended a session, or begun one of somebody else in the same browser.
    pub async fn all_sign_in(&self) {
        for person in self.people().into_iter().chain([&self.guest]) {
            if !person.is_signed_in().await || person.caller().await.user().unwrap().id != person.id {
                person.sign_in(&person.email, PASSWORD).await.done();
            }
        }
    }

    /// The fields of a row's form, here.
    pub fn form(&self, place: &Place, row: &Row) -> Vec<(&'static str, String)> {
        row.rest.iter().map(|field| self.filled(place, field)).collect()
    }

    fn filled(&self, place: &Place, field: &'static str) -> (&'static str, String) {
        let (name, value) = field.split_once('=').unwrap();
        let value = match value {
            "$org" => place.workspace.org.to_string(),
            "$workspace" => place.workspace.id.to_string(),
            "$token" => place.writer.id.to_string(),
            "$invite" => place.invite.to_string(),
            "$domain" => place.domain.to_string(),
            "$other" => self.other.id.to_string(),
            "$outsider" => self.outsider.email.clone(),
            "$password" => PASSWORD.to_owned(),
            "$fresh" => fresh(),
            "$new" => format!("{}@example.com", fresh()),
            "$unknown" => "unknown".to_owned(),
            plain => plain.to_owned(),
        };
        (name, value)
    }

    /// Sends the same for all actors of the browser: nobody, each kind of token (which is nobody too), then people.
    async fn browse(&self, place: &Place, row: &Row, request: impl Fn(&Browser) -> RequestBuilder) {
        let personal = self.personal.as_str();
        let secrets = [&place.writer, &place.reader, &self.expired, &self.revoked, &self.elsewhere].map(|token| token.secret.as_str());
        let strangers = ["nobody", "personal", "read-write", "read-only", "expired", "revoked", "elsewhere"]
            .into_iter()
            .zip(["", personal].into_iter().chain(secrets));
        // Some at once, as some forms take a fixed time on purpose; not all, as one network has so many places for passwords.
        let asking = strangers.map(async |(kind, secret)| {
            let browser = self.app.browser();
            let request = request(&browser);
            (kind, browser.send(if secret.is_empty() { request } else { request.bearer_auth(secret) }).await)
        });
        let answers: Vec<_> = futures_util::stream::iter(asking).buffered(3).collect().await;
        for (kind, answer) in answers {
            check(row, kind, 0, &answer);
        }
        for (column, person) in self.people().into_iter().enumerate() {
            check(row, &person.email, column + 1, &person.send(request(person)).await);
        }
    }

    /// The same for those who are not in, while everybody may look.
    async fn visit(&self, place: &Place, row: &Row, request: impl Fn(&Browser) -> RequestBuilder) {
        self.turn(place, VisibilityChange::MakePublic).await;
        let nobody = self.app.browser();
        check(row, "visitor", 5, &nobody.send(request(&nobody)).await);
        check(row, "guest", 6, &self.guest.send(request(&self.guest)).await);
        self.turn(place, VisibilityChange::MakePrivate).await;
    }

    async fn turn(&self, place: &Place, change: VisibilityChange) {
        let slug = place.workspace.org.as_str();
        let form = [("org_slug", slug), ("change", change.as_str()), ("typed_name", slug)];
        self.admin.post("/do/orgs/change-visibility", &form).await.done();
    }
}

fn fresh() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("org-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

#[track_caller]
fn check(row: &Row, actor: &str, column: usize, answer: &Answer) {
    let expected = row.cells[column];
    let fits = if expected == "any" { matches!(answer.status, 200 | 404) } else { answer.status.to_string() == expected };
    assert!(fits, "{} as {actor}: {} instead of {expected}: {}", row.address, answer.status, answer.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_server_function_answers_each_actor_as_the_table_says() {
    let world = World::new().await;
    for row in table(SERVER_FUNCTIONS, 7) {
        world.all_sign_in().await;
        let place = world.place().await;
        let request = |browser: &Browser| {
            let form: Vec<_> = row.rest.iter().map(|field| world.filled(&place, field)).collect();
            let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
            browser.form(row.address, &form)
        };
        // Visitors change nothing, so they come first.
        world.visit(&place, &row, request).await;
        world.browse(&place, &row, request).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_page_answers_each_actor_as_the_table_says() {
    let world = World::new().await;
    let place = world.place().await;
    world.all_sign_in().await;
    for row in table(PAGES, 7) {
        let path = place.path(row.address);
        let request = |browser: &Browser| browser.request(Method::GET, &path).header(ACCEPT, "text/html");
        world.visit(&place, &row, request).await;
        world.browse(&place, &row, request).await;
    }
}

/// The organization asks for a sign-in through the provider, and nobody has one: whatever a member or an Admin could do
/// there is refused, except leaving; nobody else sees a difference.
#[tokio::test(flavor = "multi_thread")]
async fn a_member_whose_sign_in_does_not_open_the_organization_may_only_leave() {
    let world = World::new().await;
    let place = world.place().await;
    world.all_sign_in().await;
    world.app.db_execute(&format!("UPDATE orgs SET requires_provider = TRUE WHERE slug = '{}'", place.workspace.org)).await;
    let is_about_the_org = |row: &Row| row.address.contains("{slug}") || row.rest.iter().any(|field| field.starts_with("org_slug="));
    let expected = |row: &Row, column: usize| match (row.address, column, row.cells[column]) {
        // Whoever is in already is led there, and kept out there; others do not come in.
        ("/do/members/leave", _, cell) | ("/do/domain-invites/join" | "/join/{slug}", 3 | 4, cell) => cell,
        ("/do/domain-invites/join", _, "303") | (_, 3 | 4, "200" | "303" | "403" | "409" | "410") => "403",
        (_, _, cell) => cell,
    };
    let mut checked = 0;
    let mut rows = table(SERVER_FUNCTIONS, 7);
    rows.extend(table(PAGES, 7));
    rows.retain(is_about_the_org);
    // Who has left is no member any more.
    rows.sort_by_key(|row| row.address == "/do/members/leave");
    for row in &rows {
        for (column, person) in world.people().into_iter().enumerate() {
            let path = place.path(row.address);
            let request = if row.address.starts_with("/do/") {
                let form: Vec<_> = row.rest.iter().map(|field| world.filled(&place, field)).collect();
                let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
                person.form(&path, &form)
            } else {
                person.request(Method::GET, &path).header(ACCEPT, "text/html")
            };
            let answer = person.send(request).await;
            assert_eq!(answer.status.to_string(), expected(row, column + 1), "{} as {}", row.address, person.email);
            checked += 1;
        }
    }
    assert!(checked > 100, "{checked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_sends_nobody_to_sign_in_and_back() {
    let world = World::new().await;
    let answer = world.app.browser().get("/o/acme/members?search=a").await.is(302);
    assert_eq!(answer.header("location"), "/sign-in?next=%2Fo%2Facme%2Fmembers%3Fsearch%3Da");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_does_not_exist_looks_like_one_of_others() {
    let world = World::new().await;
    let place = world.place().await;
    world.all_sign_in().await;
    let (hidden, missing) = (format!("/o/{}", place.workspace.org), "/o/missing".to_owned());
    for (one, other) in [(hidden.clone(), missing.clone()), (format!("{hidden}/settings"), format!("{missing}/settings"))] {
        let (one, other) = (world.outsider.get(&one).await, world.outsider.get(&other).await);
        assert_eq!((one.status, other.status), (404, 404));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_plain_route_answers_each_actor_as_the_table_says() {
    let world = World::new().await;
    let Place { writer, reader, workspace, run, .. } = world.place().await;
    world.all_sign_in().await;
    let nobody = writer.with("");
    let nx_cloud_id = world.admin.nx_cloud_id(&workspace).await;
    for row in table(PLAIN_ROUTES, 7) {
        let (method, path) = row.address.split_once(' ').unwrap();
        let method: Method = method.parse().unwrap();
        for (column, (actor, client)) in [
            ("nobody", &nobody),
            ("cookie", &nobody),
            ("read-only", &reader),
            ("read-write", &writer),
            ("expired", &world.expired),
            ("revoked", &world.revoked),
            ("elsewhere", &world.elsewhere),
        ]
        .into_iter()
        .enumerate()
        {
            // What is read is there; what is stored is new.
            let hash = if method == Method::PUT { fresh() } else { "1".to_owned() };
            let path = path.replace("{hash}", &hash).replace("{nxCloudId}", &nx_cloud_id).replace("{run}", &run.to_string());
            let path = path.replace("{version}", "none").replace("{file}", "buildkeep.js");
            let mut request = client.request(method.clone(), &path);
            if actor == "cookie" {
                request = request.header(COOKIE, world.admin.cookie_header());
            }
            if method == Method::PUT {
                request = request.body(archive(b"built"));
            }
            check(&row, actor, column, &client.send(request).await);
        }
    }
}

#[test]
fn every_server_function_is_in_the_table() {
    let there: BTreeSet<_> = server_fn::axum::server_fn_paths().map(|(path, method)| format!("{method} {path}")).collect();
    let named: BTreeSet<_> = addresses(SERVER_FUNCTIONS, 7).into_iter().map(|path| format!("POST {path}")).collect();
    assert_eq!(there, named);
}

#[tokio::test]
async fn every_page_is_in_the_table() {
    let mut there: BTreeSet<_> = leptos_axum::generate_route_list(app::App).iter().map(|route| route.path().to_owned()).collect();
    there.extend(browser_routes().into_iter().map(|(path, _)| path.to_owned()));
    assert_eq!(there, addresses(PAGES, 7));
}

#[test]
fn every_plain_route_is_in_the_table() {
    let routes = plain_routes(metrics());
    let there: BTreeSet<_> =
        routes.iter().flat_map(|route| route.methods.iter().map(|method| format!("{method} {}", route.path))).collect();
    assert_eq!(there, addresses(PLAIN_ROUTES, 7));
}
