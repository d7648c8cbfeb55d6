//! A browser, and a person who is signed in with one.

use std::ops::Deref;
use std::sync::Arc;

use app::domain::access::TokenAccess;
use app::domain::ids::{UserId, WorkspaceId};
use app::domain::invite::InviteResult;
use app::domain::names::OrgSlug;
use app::notice::{IssuedToken, Notice};
use app::request::{Actor, Caller, SignedIn};
use axum::http::HeaderMap;
use axum_extra::extract::cookie::CookieJar;
use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{ACCEPT, COOKIE, HeaderValue, ORIGIN, USER_AGENT};
use reqwest::{Client, Method, RequestBuilder, Url, redirect};
use server::auth::session::SessionData;
use server::auth::{actor, cookies, session};
use server::state::State;
use server::store::{sessions, users};
use tower_sessions::session::Id;

use super::{Answer, Ci, PASSWORD, http_client};

/// A browser with its cookies.
#[derive(Clone)]
pub struct Browser {
    /// The server's address.
    pub url: String,
    state: Arc<State>,
    cookies: Arc<Jar>,
    http: Client,
}

impl Browser {
    /// A browser that knows nothing of this server yet.
    pub fn new(state: &Arc<State>, url: &str) -> Self {
        let cookies = Arc::new(Jar::default());
        let http = http_client().redirect(redirect::Policy::none()).cookie_provider(cookies.clone()).build().unwrap();
        Self { url: url.to_owned(), state: state.clone(), cookies, http }
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).header(ACCEPT, "text/html")).await
    }

    /// Sends a form. What is wrong with it comes as a status and an error.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(self.form(path, form)).await
    }

    /// A form to be sent, with all that our own pages send along.
    pub fn form(&self, path: &str, form: &[(&str, &str)]) -> RequestBuilder {
        self.request(Method::POST, path).form(form).header(ORIGIN, &self.url).header(ACCEPT, "application/json")
    }

    /// A request with this browser's cookies.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url))
            .header(USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0")
    }

    /// Sends it.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let request = request.build().unwrap();
        let what = format!("{} {}", request.method(), request.url());
        Answer::read(what, self.http.execute(request).await.unwrap()).await.unwrap()
    }

    /// Signs in.
    pub async fn sign_in(&self, email: &str, password: &str) -> Answer {
        self.post("/do/accounts/sign-in", &[("email", email), ("password", password)]).await
    }

    /// Whether the server knows who this is. The form is refused either way, so nothing changes.
    pub async fn is_signed_in(&self) -> bool {
        match self.post("/do/accounts/rename", &[("name", "")]).await.status {
            401 => false,
            422 => true,
            other => panic!("an empty name was answered with {other}"),
        }
    }

    /// The `Cookie` header that this browser sends; empty without cookies.
    pub fn cookie_header(&self) -> String {
        let url: Url = self.url.parse().unwrap();
        self.cookies.cookies(&url).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    /// The value of the session cookie.
    pub fn session_cookie(&self) -> Option<String> {
        let name = session::cookie_name(&self.state.config);
        self.cookie_header().split("; ").find_map(|pair| pair.strip_prefix(&format!("{name}="))).map(ToOwned::to_owned)
    }

    /// Takes over a session cookie, as somebody would who copied it.
    pub fn take_session_cookie(&self, value: &str) {
        let name = session::cookie_name(&self.state.config);
        self.cookies.add_cookie_str(&format!("{name}={value}; Path=/"), &self.url.parse().unwrap());
    }

    /// The message that the next page will show.
    pub fn notice(&self) -> Option<Notice> {
        let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_str(&self.cookie_header()).unwrap())]);
        cookies::read(&self.state.config, &self.state.cookie_key, &CookieJar::from_headers(&headers), &headers)
            .notice
            .map(|sealed| sealed.notice)
    }

    /// What the next page will say about the lines of a list.
    pub async fn results(&self) -> Vec<InviteResult> {
        let id: Id = self.session_cookie().expect("a session cookie").parse().unwrap();
        let hash = self.state.hasher.hash(&format!("session {id}"));
        let stored = sessions::find(self.state.db.read(), &hash, self.state.clock.now()).await.unwrap().expect("a session");
        serde_json::from_str::<SessionData>(&stored.data).unwrap().results
    }

    /// Who a page would say is asking, for what pages read through the services.
    pub async fn caller(&self) -> Caller {
        let id: Id = self.session_cookie().expect("a session cookie").parse().unwrap();
        let db = self.state.db.read();
        let stored = sessions::find(db, &self.state.hasher.hash(&format!("session {id}")), self.state.clock.now())
            .await
            .unwrap()
            .expect("a session");
        let user = users::find(db, stored.user_id.unwrap()).await.unwrap().unwrap();
        let signed_in =
            SignedIn { id: user.id, name: user.name, email: user.email, session: stored.id, began: stored.created_at, proof: None };
        Caller { actor: Actor::User(signed_in), address: "127.0.0.1".to_owned(), incident: actor::new_incident(&self.state) }
    }
}

/// A workspace that a test works with.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// The organization's address.
    pub org: OrgSlug,
    /// The workspace.
    pub id: WorkspaceId,
}

impl Workspace {
    /// A form about this workspace: its hidden fields and these.
    pub fn form<'a>(&'a self, id: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        [&[("org_slug", self.org.as_str()), ("workspace_id", id)], more].concat()
    }
}

/// Somebody with an account, signed in.
pub struct Person {
    /// Their id.
    pub id: UserId,
    /// Their address.
    pub email: String,
    browser: Browser,
}

impl Deref for Person {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.browser
    }
}

impl Person {
    /// Takes the browser in which they are signed in.
    pub const fn new(id: UserId, email: String, browser: Browser) -> Self {
        Self { id, email, browser }
    }

    /// Creates an organization whose address and name are the same.
    pub async fn found(&self, slug: &str) -> OrgSlug {
        self.post("/do/orgs/create", &[("name", slug), ("slug", slug)]).await.done();
        OrgSlug::parse(slug).unwrap()
    }

    /// Creates a workspace.
    pub async fn workspace(&self, org: &OrgSlug, name: &str) -> Workspace {
        let target = self.post("/do/workspaces/create", &[("org_slug", org.as_str()), ("name", name)]).await.done();
        let id = target.split('/').nth(4).unwrap().parse().unwrap();
        Workspace { org: org.clone(), id }
    }

    /// Sends a form about a workspace.
    pub async fn post_about(&self, workspace: &Workspace, path: &str, more: &[(&str, &str)]) -> Answer {
        self.post(path, &workspace.form(&workspace.id.to_string(), more)).await
    }

    /// The workspace's Nx Cloud id, from the page that tells how to connect.
    pub async fn nx_cloud_id(&self, workspace: &Workspace) -> String {
        let page = self.get(&app::paths::workspace_connect(&workspace.org, workspace.id)).await.is(200).text();
        let (_, rest) = page.split_once("nxCloudId").unwrap();
        let start = rest.find(|c: char| c.is_ascii_digit() || ('a'..='f').contains(&c)).unwrap();
        let runs = rest[start..].split(|c: char| !c.is_ascii_hexdigit()).find(|part| part.len() == 24);
        runs.unwrap().to_owned()
    }

    /// Creates a token and takes its value from the page that shows it once.
    pub async fn token(&self, workspace: &Workspace, access: TokenAccess) -> Ci {
        self.token_for(workspace, access, "90d").await
    }

    /// The same with another life.
    pub async fn token_for(&self, workspace: &Workspace, access: TokenAccess, expires: &str) -> Ci {
        let form = [("name", "ci"), ("access", access.as_str()), ("expires", expires)];
        self.post_about(workspace, "/do/ci-tokens/create", &form).await.done();
        let issued = self.issued_token();
        Ci::new(&self.url, issued.id, issued.secret.expose().to_owned())
    }

    /// Gives a token a new value.
    pub async fn rotate(&self, workspace: &Workspace, token: &Ci, overlap_hours: &str) -> Ci {
        let form = [("token", token.id.to_string()), ("overlap_hours", overlap_hours.to_owned())];
        let form = form.each_ref().map(|(name, value)| (*name, value.as_str()));
        self.post_about(workspace, "/do/ci-tokens/rotate", &form).await.done();
        token.with(self.issued_token().secret.expose())
    }

    /// Takes a token back.
    pub async fn revoke(&self, workspace: &Workspace, token: &Ci) {
        self.post_about(workspace, "/do/ci-tokens/revoke", &[("token", &token.id.to_string())]).await.done();
    }

    /// Creates a personal access token and takes its value from the page that shows it once.
    pub async fn personal_token(&self, name: &str, expires: &str) -> String {
        self.post("/do/personal-tokens/create", &[("name", name), ("expires", expires), ("current", PASSWORD)]).await.done();
        match self.notice() {
            Some(Notice::PersonalTokenIssued(issued)) => issued.secret.expose().to_owned(),
            other => panic!("the next page shows no token but {other:?}"),
        }
    }

    fn issued_token(&self) -> IssuedToken {
        match self.notice() {
            Some(Notice::TokenIssued(issued)) => issued,
            other => panic!("the next page shows no token but {other:?}"),
        }
    }
}
