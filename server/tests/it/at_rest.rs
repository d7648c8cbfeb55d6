//! What a copy of the database, of the data folder and of the log gives away: no credential, and nothing that was built.

use std::fmt::Write as _;

use app::domain::access::TokenAccess::{ReadOnly, ReadWrite};
use app::notice::Notice;
use sea_orm::{ConnectionTrait as _, DbBackend, QueryResult, Statement};
use serde_json::json;
use tower_sessions::session::Id;

use crate::support::archive::archive;
use crate::support::run::Nx;
use crate::support::{Ci, PASSWORD, TestApp, files, log_lines};

const CONTENT: &[u8] = b"terminal output of a build that nobody else is to read";

/// What is looked for: a name, and the bytes.
struct Secrets(Vec<(&'static str, Vec<u8>)>);

impl Secrets {
    fn add(&mut self, what: &'static str, value: impl AsRef<[u8]>) {
        let value = value.as_ref();
        assert!(value.len() >= 12, "{what} is too short to be told from chance");
        self.0.push((what, value.to_vec()));
    }

    fn add_session(&mut self, cookie: &str) {
        let Id(number) = cookie.parse().unwrap();
        self.add("session cookie", cookie);
        self.add("session cookie as a number", number.to_string());
        self.add("session cookie as bytes", number.to_le_bytes());
        self.add("session cookie as bytes, reversed", number.to_be_bytes());
    }

    /// Fails the test when any of them stands there, as it is or in hexadecimal.
    fn are_not_in(&self, place: &str, bytes: &[u8]) {
        let lower = bytes.to_ascii_lowercase();
        for (what, secret) in &self.0 {
            assert!(!contains(bytes, secret), "{what} in {place}");
            assert!(!contains(&lower, hex::encode(secret).as_bytes()), "{what} (hexadecimal) in {place}");
        }
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_database_the_folder_and_the_log_reveals_no_credential_and_no_artifact() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let mut secrets = Secrets(Vec::new());
    secrets.add("password", PASSWORD);
    secrets.add("master key", std::fs::read(app.state.config.data_dir.join("master.key")).unwrap());

    // A person signs up; the mail waits in the queue while the first copy is taken.
    let zoe = app.browser();
    zoe.post("/do/accounts/sign-up", &[("name", "Zoe"), ("email", "zoe@example.com")]).await.done();
    let while_mail_waits = tables(&app).await;
    let link = app.only_mail().await.link();
    secrets.add("link", &link);
    let unused = {
        app.browser().post("/do/accounts/forgot-password", &[("email", &ada.email)]).await.done();
        app.only_mail().await.link()
    };
    secrets.add("link that is still good", &unused);
    secrets.are_not_in("the database while mail waits", while_mail_waits.as_bytes());
    zoe.post("/do/accounts/choose-password", &[("link", &link), ("password", "zoes horse battery")]).await.done();
    secrets.add("chosen password", "zoes horse battery");
    zoe.post("/do/accounts/change-password", &[("current", "zoes horse battery"), ("password", "zoes other battery")]).await.done();
    secrets.add("changed password", "zoes other battery");
    app.browser().sign_in(&ada.email, "a wrong horse battery").await.is(401);
    secrets.add("wrong password", "a wrong horse battery");
    for browser in [&zoe, &*ada] {
        secrets.add_session(&browser.session_cookie().unwrap());
    }

    // One invite was sent and its page opened; a link of another one, which waits in the queue, was handed over.
    let form = |address| [("org_slug", app.org().as_str()), ("addresses", address), ("role", "member")];
    ada.post("/do/invites/create", &form("one@example.com")).await.done();
    let invite = app.only_mail().await.link();
    secrets.add("link of an invite", &invite);
    app.browser().get(&format!("/invite?link={invite}")).await.is(200);
    ada.post("/do/invites/create", &form("two@example.com")).await.done();
    let invites = app.backend().invites.list(&app.operator(), app.org(), true, None).await.unwrap();
    let id = invites.rows[0].id.to_string();
    ada.post("/do/invites/link", &[("org_slug", app.org().as_str()), ("invite", &id)]).await.done();
    let Some(Notice::InviteLink(copied)) = ada.notice() else { panic!("the next page shows the link") };
    secrets.add("copied link of an invite", copied.secret.expose());

    let (writer, reader) = (ada.token(&workspace, ReadWrite).await, ada.token(&workspace, ReadOnly).await);
    let rotated = ada.rotate(&workspace, &reader, "24").await;
    for token in [&writer, &reader, &rotated] {
        token.get("1").await.is(404);
        secrets.add("token", &token.secret);
    }
    writer.put("1", archive(CONTENT)).await.is(200);
    writer.put("2", archive(&CONTENT.repeat(10_000))).await.is(200);
    reader.get("1").await.is(200);
    writer.with(&writer.secret.replace("bkci_", "bkci_x")).get("1").await.is(401);
    ada.revoke(&workspace, &writer).await;
    for (what, name) in run_of_secrets(&app, &reader).await {
        secrets.add(what, name);
    }
    app.flush().await;
    secrets.add("artifact", CONTENT);
    secrets.add("start of a compressed artifact", &archive(CONTENT)[..40]);

    let database = tables(&app).await;
    for known in ["ada@example.com", "zoe@example.com", "acme", "sign-in-failed", "revoked"] {
        assert!(database.contains(known), "{known}: the copy holds what it should");
    }
    secrets.are_not_in("the database", database.as_bytes());

    let data = &app.state.config.data_dir;
    let copied: Vec<_> = files(data).into_iter().filter(|file| !exempt(&file.strip_prefix(data).unwrap().to_string_lossy())).collect();
    assert!(copied.len() >= 2, "at least two artifacts: {copied:?}");
    for file in copied {
        secrets.are_not_in(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }

    let log = log_lines();
    // On a server without mail, one line alone holds the link of each mail, for the operator: `mail::folder` says why.
    let (told, log): (Vec<_>, Vec<_>) = log.lines().partition(|line| line.contains("no mail server is configured: a message was written"));
    assert!(told.iter().any(|line| line.contains(".eml")), "the log holds what it should");
    let log = log.join("\n");
    secrets.are_not_in("the log", log.as_bytes());
}

/// A run in which everything has a name that is nowhere else.
async fn run_of_secrets(app: &TestApp, ci: &Ci) -> Vec<(&'static str, &'static str)> {
    let names = [
        ("command", "nx run-many --secret-command"),
        ("branch", "feature/secret-branch"),
        ("commit", "5ec3e7c0331175ec3e7c033117"),
        ("title of a commit", "Buy the secret company"),
        ("author", "Secret Author <secret@example.org>"),
        ("CI execution", "secret-execution-4711"),
        ("CI environment", "secret-environment"),
        ("address of a job", "https://secret-ci.example.org/4711"),
        ("machine", "5ec3e73ac41e5ec3e73ac41e"),
        ("pull request", "secret-pull-4711"),
        ("task", "secret-project:secret-target"),
        ("project", "secret-project"),
        ("target", "secret-target"),
        ("configuration", "secret-configuration"),
        ("hash of a task", "98765432109876543210"),
        ("input of a hash", "secret-input-of-a-hash"),
        ("value of an input", "secret-value-of-an-input"),
        ("options", "--secret-option=4711"),
        ("line of a log", "the secret line of the log"),
    ];
    let name = |what: &str| names.iter().find(|(known, _)| *known == what).unwrap().1;
    let nx = Nx::start_as(
        app,
        ci,
        &json!({
            "command": name("command"),
            "branch": name("branch"),
            "pull_request": name("pull request"),
            "commit": { "sha": name("commit"), "title": name("title of a commit"), "author": name("author") },
            "ci": {
                "provider": "github",
                "execution_id": name("CI execution"),
                "execution_env": name("CI environment"),
                "url": name("address of a job"),
            },
            "machine": { "id": name("machine"), "platform": "linux", "cpu_cores": 8 },
        }),
    )
    .await;
    let task = json!({
        "configuration": name("configuration"),
        "hash": name("hash of a task"),
        "hash_details": { name("input of a hash"): name("value of an input") },
        "params": name("options"),
    });
    nx.tasks(&[nx.ran(0, name("task"), 5, &task)]).await;
    nx.log(0, 0, name("line of a log")).await;
    nx.end("success").await.is(204);
    nx.send("end", "not the key", "{}".to_owned()).await.is(404);
    [&names[..], &[("key of a run", String::leak(nx.key))]].concat()
}

/// `master.key` opens all of it, which is why it can be kept elsewhere. Mail files stand in for a mail server: a mailbox
/// has its links in clear too; with SMTP configured there are none.
fn exempt(path: &str) -> bool {
    path == "master.key" || path.starts_with("mail/")
}

/// Every table, row by row, as text; binary columns in hexadecimal.
pub async fn tables(app: &TestApp) -> String {
    let is_postgres = app.state.db.read().get_database_backend() == DbBackend::Postgres;
    let names = if is_postgres {
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    };
    let mut all = String::new();
    for table in texts(app, names, 1).await {
        let table = &table[0];
        let _ = writeln!(all, "== {table}");
        let (query, columns) = if is_postgres {
            (format!(r#"SELECT t::text FROM "{table}" t"#), 1)
        } else {
            let columns = texts(app, &format!("SELECT name FROM pragma_table_info('{table}')"), 1).await;
            let quoted: Vec<_> = columns.iter().map(|name| format!(r#"quote("{}")"#, name[0])).collect();
            (format!(r#"SELECT {} FROM "{table}""#, quoted.join(", ")), quoted.len())
        };
        for row in texts(app, &query, columns).await {
            let _ = writeln!(all, "{}", row.join(" | "));
        }
    }
    all
}

async fn texts(app: &TestApp, query: &str, columns: usize) -> Vec<Vec<String>> {
    let db = app.state.db.read();
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await.unwrap();
    let text = |row: &QueryResult| (0..columns).map(|column| row.try_get_by_index(column).unwrap()).collect();
    rows.iter().map(text).collect()
}
