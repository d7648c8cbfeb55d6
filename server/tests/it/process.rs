//! The server as a process of its own: how it starts, serves over TLS, and stops.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use app::domain::access::TokenAccess::ReadWrite;
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

use crate::support::archive::archive_of;
use crate::support::raw::{Raw, put_head};
use crate::support::{LONG, TestApp, until};

/// `buildkeep serve` beside the test's own server, on the same database and store.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    async fn start(app: &TestApp, settings: &[(&str, &str)]) -> Self {
        Self::start_by(app, settings, None).await
    }

    /// Starts it from a shell that has this umask.
    async fn start_by(app: &TestApp, settings: &[(&str, &str)], umask: Option<&str>) -> Self {
        let config = &app.state.config;
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let program = env!("CARGO_BIN_EXE_buildkeep");
        let mut command = match umask {
            None => Command::new(program),
            Some(umask) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\""), program]);
                shell
            }
        };
        command.args(["serve", "--listen", &address, "--data"]).arg(&config.data_dir).envs(settings.iter().copied());
        if let Some(url) = &config.database_url {
            command.env("BUILDKEEP_DATABASE_URL", url);
        }
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn().unwrap();
        until("it listens", async || TcpStream::connect(&address).await.is_ok()).await;
        Self { child, address }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id().unwrap()).unwrap();
        kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
    }

    /// Waits for its end; whether it says that all went well.
    async fn end(mut self) -> bool {
        tokio::time::timeout(LONG, self.child.wait()).await.expect("it stops").unwrap().success()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_it_takes_no_one_new_and_finishes_what_is_under_way() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let process = Process::start(&app, &[]).await;
    let body = archive_of(3 << 20);
    let (sent, rest) = body.split_at(1 << 20);
    let mut upload = Raw::connect(&process.url()).await;
    upload.send(put_head(&ci.secret, "1")).await;
    upload.send(format!("Content-Length: {}\r\nExpect: 100-continue\r\n\r\n", body.len())).await;
    upload.hear("100 Continue\r\n\r\n").await;
    upload.send(sent).await;

    process.signal(Signal::TERM);
    until("it takes no new connection", async || TcpStream::connect(&process.address).await.is_err()).await;
    upload.send(rest).await;
    assert!(upload.answer().await.starts_with("HTTP/1.1 200 OK"));
    assert!(process.end().await);
    assert!(ci.read("1").await.unwrap() == body, "stored whole, for the other server too");
}

/// Whoever may read, write or enter it beside its owner.
fn open_to_others(folder: &Path) -> Vec<PathBuf> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.metadata().unwrap().is_dir() {
            open.extend(open_to_others(&entry.path()));
        }
        if entry.metadata().unwrap().permissions().mode() & 0o077 != 0 {
            open.push(entry.path());
        }
    }
    open
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_the_umask_and_the_folder_are_only_the_owner_reads_what_is_stored() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let data = &app.state.config.data_dir;
    std::fs::write(data.join("mail/old.eml"), "left by an older version").unwrap();
    for open in ["", "mail", "mail/old.eml", "artifacts", "master.key"] {
        std::fs::set_permissions(data.join(open), std::fs::Permissions::from_mode(0o777)).unwrap();
    }
    let process = Process::start_by(&app, &[], Some("000")).await;
    let there = app.browser_at(&process.url());
    there.post("/do/accounts/sign-up", &[("name", "Zoe"), ("email", "zoe@example.com")]).await.done();
    ci.at(&process.url()).put("1", archive_of(3 << 20)).await.is(200);
    until("the mail is a file", async || std::fs::read_dir(data.join("mail")).unwrap().count() == 2).await;
    assert_eq!(open_to_others(data), Vec::<PathBuf>::new());
    assert_eq!(std::fs::metadata(data).unwrap().permissions().mode() & 0o777, 0o700);
    process.signal(Signal::TERM);
    assert!(process.end().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn told_twice_it_stops_at_once_and_keeps_nothing_half() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let process = Process::start(&app, &[]).await;
    let mut upload = Raw::connect(&process.url()).await;
    upload.send(put_head(&ci.secret, "1")).await;
    upload.send("Content-Length: 3000000\r\nExpect: 100-continue\r\n\r\n").await;
    upload.hear("100 Continue\r\n\r\n").await;
    upload.send("the beginning").await;

    process.signal(Signal::TERM);
    until("it takes no new connection", async || TcpStream::connect(&process.address).await.is_err()).await;
    process.signal(Signal::TERM);
    assert!(process.end().await);
    assert!(!upload.answer().await.contains("200 OK"));
    ci.get("1").await.is(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_certificate_it_serves_https_and_nothing_else() {
    let (app, ada, workspace) = TestApp::with_workspace().await;
    let ci = ada.token(&workspace, ReadWrite).await;
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
    std::fs::write(&certificate, issued.cert.pem()).unwrap();
    std::fs::write(&key, issued.signing_key.serialize_pem()).unwrap();
    let settings = [("BUILDKEEP_TLS_CERTIFICATE", certificate.to_str().unwrap()), ("BUILDKEEP_TLS_KEY", key.to_str().unwrap())];
    let process = Process::start(&app, &settings).await;

    let mut page = tls(&process.address, issued.cert.der()).await;
    page.send("GET /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    let page = page.answer().await;
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("strict-transport-security: max-age="), "{page}");

    let body = archive_of(3 << 20);
    let mut upload = tls(&process.address, issued.cert.der()).await;
    upload.send(put_head(&ci.secret, "1")).await;
    upload.send(format!("Content-Length: {}\r\n\r\n", body.len())).await;
    upload.send(&body).await;
    assert!(upload.answer().await.starts_with("HTTP/1.1 200 OK"));
    assert!(ci.read("1").await.unwrap() == body);

    let plain = ci.at(&process.url()).request(Method::GET, "/v1/cache/1");
    assert!(plain.send().await.is_err(), "who speaks plain HTTP to it gets no answer");
}

/// A connection by TLS that trusts this one certificate.
async fn tls(address: &str, certificate: &CertificateDer<'static>) -> Raw<TlsStream<TcpStream>> {
    let mut trusted = RootCertStore::empty();
    trusted.add(certificate.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(trusted).with_no_client_auth();
    let tcp = TcpStream::connect(address).await.unwrap();
    Raw(TlsConnector::from(Arc::new(config)).connect("localhost".try_into().unwrap(), tcp).await.unwrap())
}
