//! A running server with a fresh database and folder.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use app::backend::Backend;
use app::backend::workspaces::Usage;
use app::domain::names::{Email, OrgSlug, PersonName};
use app::domain::role::Role;
use app::domain::secret::PlainSecret;
use app::request::{Actor, Caller};
use metrics_exporter_prometheus::PrometheusHandle;
use sea_orm::{ConnectionTrait as _, DbBackend, Statement};
use server::auth::actor::new_incident;
use server::blob::fs::FsBlobs;
use server::blob::{BlobError, BlobKey, BlobStore};
use server::config::Config;
use server::mail::queue;
use server::serve::{self, Guard};
use server::services::accounts::Accounts;
use server::services::members::Members;
use server::state::State;
use server::store::users;
use server::{router, services, telemetry};
use tempfile::TempDir;

use super::database::TestDatabase;
use super::mailbox::{self, Message};
use super::{Browser, Ci, Person, Workspace, logs};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// The recorder of all servers in this process.
pub fn metrics() -> PrometheusHandle {
    static METRICS: LazyLock<PrometheusHandle> = LazyLock::new(telemetry::start_metrics);
    METRICS.clone()
}

/// A running server.
pub struct TestApp {
    /// Its parts.
    pub state: Arc<State>,
    /// Its address.
    pub url: String,
    org: Option<OrgSlug>,
    _database: TestDatabase,
    _folder: TempDir,
}

impl TestApp {
    /// Starts a server as it is configured by default.
    pub async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// Starts a server with other settings.
    pub async fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        Self::start_on(change, |folder| Ok(Arc::new(FsBlobs::new(folder)?))).await
    }

    /// The same with another store of artifacts, made for a folder.
    pub async fn start_on(
        change: impl FnOnce(&mut Config),
        store: impl FnOnce(PathBuf) -> Result<Arc<dyn BlobStore>, BlobError> + Send,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (listener, mut config) = configured(&folder);
        std::fs::create_dir(&config.data_dir).unwrap();
        let database = TestDatabase::create(&mut config).await;
        change(&mut config);
        Self::open(folder, listener, config, database, store).await
    }

    /// Starts a server on the SQLite file and all that is in `data` of this folder.
    pub async fn on(folder: TempDir) -> Self {
        let (listener, config) = configured(&folder);
        Self::open(folder, listener, config, TestDatabase::in_folder(), |folder| Ok(Arc::new(FsBlobs::new(folder)?))).await
    }

    async fn open(
        folder: TempDir,
        listener: TcpListener,
        config: Config,
        database: TestDatabase,
        store: impl FnOnce(PathBuf) -> Result<Arc<dyn BlobStore>, BlobError> + Send,
    ) -> Self {
        logs::start();
        let artifacts = config.artifact_dir();
        let state = State::open_with(config, || store(artifacts)).await.unwrap();
        let url = listen(&state, listener);
        Self { state, url, org: None, _database: database, _folder: folder }
    }

    /// A server with an organization, and ada, its Admin.
    pub async fn with_org(slug: &str) -> (Self, Person) {
        Self::start().await.and_org(slug).await
    }

    /// The same on a server that runs already.
    pub async fn and_org(mut self, slug: &str) -> (Self, Person) {
        let ada = self.person("ada").await;
        self.org = Some(ada.found(slug).await);
        (self, ada)
    }

    /// A server with an organization, ada, its Admin, and a workspace.
    pub async fn with_workspace() -> (Self, Person, Workspace) {
        Self::start().await.and_workspace().await
    }

    /// The same on a server that runs already.
    pub async fn and_workspace(self) -> (Self, Person, Workspace) {
        let (app, ada) = self.and_org("acme").await;
        let workspace = ada.workspace(app.org(), "web").await;
        (app, ada, workspace)
    }

    /// The organization that the test began with.
    pub const fn org(&self) -> &OrgSlug {
        self.org.as_ref().expect("the test began with an organization")
    }

    /// Another server process on the same data; its address.
    pub async fn another_server(&self) -> (Arc<State>, String) {
        self.another_server_with(self.state.config.clone()).await
    }

    /// The same with other settings.
    pub async fn another_server_with(&self, config: Config) -> (Arc<State>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let state = State::open(config).await.unwrap();
        let url = listen(&state, listener);
        (state, url)
    }

    /// A browser in which nobody is signed in.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.state, &self.url)
    }

    /// The same at another server on the same data.
    pub fn browser_at(&self, url: &str) -> Browser {
        Browser::new(&self.state, url)
    }

    /// Somebody with an account, signed in. The account is the operator's work, to spare the way over the mail.
    pub async fn person(&self, name: &str) -> Person {
        self.person_at(&format!("{name}@example.com")).await
    }

    /// The same with another address, whose first part is the name.
    pub async fn person_at(&self, email: &str) -> Person {
        let (name, email) = (email.split('@').next().unwrap(), email.to_owned());
        let accounts = Accounts(self.state.clone());
        let (parsed, name) = (Email::parse(&email).unwrap(), PersonName::parse(name).unwrap());
        let created = accounts.create_confirmed(&self.operator(), &parsed, &name, PlainSecret::new(PASSWORD.to_owned())).await;
        let browser = self.browser();
        browser.sign_in(&email, PASSWORD).await.done();
        Person::new(created.unwrap().expect("a new address"), email, browser)
    }

    /// Somebody who is in the organization that the test began with.
    pub async fn member(&self, name: &str, role: Role) -> Person {
        let person = self.person(name).await;
        self.add_member(self.org(), &person, role).await;
        person
    }

    /// Gives somebody one more address, and proves it.
    pub async fn add_address(&self, person: &Person, email: &str) {
        person.post("/do/addresses/add", &[("email", email), ("current", PASSWORD)]).await.done();
        let mails = self.mailbox().await;
        let mail = mails.iter().find(|mail| mail.to == email).expect("a mail to the new address");
        person.post("/do/addresses/confirm", &[("link", &mail.link())]).await.done();
    }

    /// Adds somebody to an organization, as the operator.
    pub async fn add_member(&self, org: &OrgSlug, person: &Person, role: Role) {
        let user = users::find(self.state.db.read(), person.id).await.unwrap().unwrap();
        assert!(Members(self.state.clone()).add_by_operator(&self.operator(), org, &user, role).await.unwrap());
    }

    /// Whoever runs commands on the server.
    pub fn operator(&self) -> Caller {
        Caller { actor: Actor::Operator, address: "command line".to_owned(), incident: new_incident(&self.state) }
    }

    /// What pages read through.
    pub fn backend(&self) -> Backend {
        services::backend(&self.state)
    }

    /// The mail that was sent since the last look.
    pub async fn mailbox(&self) -> Vec<Message> {
        queue::send_due(&self.state).await.unwrap();
        mailbox::take_all(&self.state.config.mail_dir())
    }

    /// The only mail that was sent since the last look.
    pub async fn only_mail(&self) -> Message {
        let mut mails = self.mailbox().await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails.remove(0)
    }

    /// Writes down what was counted, as a worker does now and then.
    pub async fn flush(&self) {
        self.state.usage.flush(&self.state.db).await.unwrap();
    }

    /// What a workspace's cache holds and did, as its page shows it.
    pub async fn usage(&self, workspace: &Workspace) -> Usage {
        self.flush().await;
        self.backend().workspaces.open(&self.operator(), &workspace.org, workspace.id).await.unwrap().1.usage
    }

    /// The files of all stored artifacts.
    pub fn blobs(&self) -> BTreeSet<PathBuf> {
        let root = self.state.config.artifact_dir();
        let is_blob = |path: &PathBuf| BlobKey::parse(&path.strip_prefix(&root).unwrap().to_string_lossy()).is_some();
        files(&root).into_iter().filter(is_blob).collect()
    }

    /// Stores an artifact; the file that holds it.
    pub async fn store(&self, ci: &Ci, hash: &str, body: &[u8]) -> PathBuf {
        let before = self.blobs();
        ci.put(hash, body.to_vec()).await.is(200);
        let mut new = self.blobs().into_iter().filter(|path| !before.contains(path));
        let file = new.next().expect("a stored artifact is a file");
        assert_eq!(new.next(), None);
        file
    }

    /// Runs SQL behind the server's back.
    pub async fn db_execute(&self, sql: &str) {
        self.state.db.write().execute_unprepared(sql).await.unwrap();
    }

    /// Rows of a table.
    pub async fn db_count(&self, table: &str) -> i64 {
        let statement = Statement::from_string(self.state.db.read().get_database_backend(), format!("SELECT count(*) AS n FROM {table}"));
        self.state.db.read().query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap()
    }

    /// All rows of all tables but the ones in which it may be told that something was refused.
    pub async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        const TOLD: [&str; 5] = ["audit_events", "audit_heads", "quotas", "sessions", "seaql_migrations"];
        let db = self.state.db.read();
        let is_postgres = db.get_database_backend() == DbBackend::Postgres;
        let lines = async |sql: String| {
            let found = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await.unwrap();
            found.into_iter().map(|row| row.try_get_by_index::<String>(0).unwrap()).collect::<Vec<_>>()
        };
        let tables = if is_postgres {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
        } else {
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        };
        let mut rows = BTreeMap::new();
        for table in lines(tables.to_owned()).await.into_iter().filter(|table| !TOLD.contains(&table.as_str())) {
            let row = if is_postgres {
                "t::text".to_owned()
            } else {
                let columns = lines(format!("SELECT name FROM pragma_table_info('{table}')")).await;
                columns.iter().map(|column| format!("quote({column})")).collect::<Vec<_>>().join(" || ',' || ")
            };
            rows.insert(table.clone(), lines(format!("SELECT {row} FROM {table} t ORDER BY 1")).await);
        }
        rows
    }

    /// Makes every further use of the database fail.
    pub async fn db_break(&self) {
        self.state.db.read().close_by_ref().await.unwrap();
        self.state.db.write().close_by_ref().await.unwrap();
        assert!(self.state.db.ping().await.is_err());
    }
}

fn configured(folder: &TempDir) -> (TcpListener, Config) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = Config {
        listen: listener.local_addr().unwrap(),
        data_dir: folder.path().join("data"),
        // Tests sign in from one address, many times.
        sign_in_per_minute: 1_000_000,
        mails_per_hour: 1_000_000,
        artifact_limit_mib: 64,
        // Whatever the disk of the tests has.
        keep_free_mib: 0,
        // Nobody answers there: no test asks the world.
        dns_server: Some(SocketAddr::from(([127, 0, 0, 1], 9))),
        ..Config::default()
    };
    (listener, config)
}

fn listen(state: &Arc<State>, listener: TcpListener) -> String {
    listener.set_nonblocking(true).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let app = router::build(state, metrics()).into_make_service_with_connect_info::<SocketAddr>();
    let guard = Guard::new(state, state.config.connection_limit as usize);
    tokio::spawn(serve::plain(listener, guard).unwrap().serve(app));
    url
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let below = |path: PathBuf| if path.is_dir() { files(&path) } else { vec![path] };
    entries.flat_map(|entry| below(entry.unwrap().path())).collect()
}
