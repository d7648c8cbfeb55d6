//! Mails as they arrive: at a mail server, and as files where none is configured.

use server::mail::queue;

use crate::support::smtp::{MailServer, Taken};
use crate::support::{TestApp, files, log_lines};

const SIGN_UP: &str = "/do/accounts/sign-up";
const FORGOT: &str = "/do/accounts/forgot-password";
const EVIL: &str = "You won! see http://evil.example/x";

/// The value of a header that stands in the message once.
fn header<'a>(message: &'a Taken, name: &str) -> &'a str {
    let head = message.content.lines().take_while(|line| !line.is_empty());
    let found: Vec<_> = head.filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect();
    assert_eq!(found.len(), 1, "{name} in {}", message.content);
    found[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_server_is_told_who_writes_when_and_that_nobody_waits_for_an_answer() {
    let server = MailServer::start().await;
    let app = TestApp::start_with(|config| {
        config.smtp_url = Some(server.url.clone());
        config.public_url = Some("https://build.example.com".to_owned());
    })
    .await;
    for name in ["zoe", "yan"] {
        app.browser().post(SIGN_UP, &[("name", name), ("email", &format!("{name}@example.com"))]).await.done();
    }
    queue::send_due(&app.state).await.unwrap();
    let mails = server.messages();
    let ids: Vec<_> = mails.iter().map(|mail| header(mail, "Message-ID")).collect();
    assert!(ids.iter().all(|id| id.starts_with('<') && id.ends_with("@build.example.com>")), "{ids:?}");
    assert_ne!(ids[0], ids[1]);
    for mail in &mails {
        assert_eq!(mail.hello, "build.example.com");
        assert_eq!(header(mail, "Auto-Submitted"), "auto-generated");
        assert!(header(mail, "Date").ends_with(" +0000"), "{}", mail.content);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_among_mail_servers_can_be_set() {
    let server = MailServer::start().await;
    let app = TestApp::start_with(|config| {
        config.smtp_url = Some(server.url.clone());
        config.mail_host = Some("mx.example.net".to_owned());
    })
    .await;
    app.browser().post(SIGN_UP, &[("name", "zoe"), ("email", "zoe@example.com")]).await.done();
    queue::send_due(&app.state).await.unwrap();
    let mails = server.messages();
    assert_eq!(mails[0].hello, "mx.example.net");
    assert!(header(&mails[0], "Message-ID").ends_with("@mx.example.net>"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_tried_again_keeps_its_id() {
    let server = MailServer::start().await;
    let app = TestApp::start_with(|config| config.smtp_url = Some(server.url.clone())).await;
    app.browser().post(SIGN_UP, &[("name", "zoe"), ("email", "zoe@example.com")]).await.done();
    // As if the server had died after the mail server took it, and before that was noted.
    let queued = "INSERT INTO mails SELECT * FROM kept";
    app.db_execute("CREATE TABLE kept AS SELECT * FROM mails").await;
    queue::send_due(&app.state).await.unwrap();
    app.db_execute(queued).await;
    queue::send_due(&app.state).await.unwrap();
    let mails = server.messages();
    assert_eq!(mails.len(), 2);
    assert_eq!(header(&mails[0], "Message-ID"), header(&mails[1], "Message-ID"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_a_file_can_be_read_as_it_is_and_the_log_says_where_and_what() {
    let app = TestApp::start_with(|config| config.public_url = Some("https://build.example.com".to_owned())).await;
    app.person("ada").await;
    app.browser().post(SIGN_UP, &[("name", "Zoë"), ("email", "zoe@example.com")]).await.done();
    queue::send_due(&app.state).await.unwrap();
    app.browser().post(FORGOT, &[("email", "ada@example.com")]).await.done();
    queue::send_due(&app.state).await.unwrap();
    let mut written = files(&app.state.config.mail_dir());
    written.sort();
    let names: Vec<_> = written.iter().map(|file| file.file_name().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(names.len(), 2);
    assert!(names[0].contains("_welcome_zoe@example.com_") && names[1].contains("_new_password_ada@example.com_"), "by time: {names:?}");
    for (file, name) in written.iter().zip(&names) {
        let content = std::fs::read_to_string(file).unwrap();
        let link = content.lines().find(|line| line.starts_with("https://")).unwrap();
        assert!(link.starts_with("https://build.example.com/choose-password?link=bklnk_") && link.len() > 80, "{content}");
        assert!(content.lines().all(|line| line.len() <= 998) && !content.contains("quoted-printable"), "{content}");
        let log = log_lines();
        let logged = log.lines().find(|line| line.contains(name.as_str())).expect("the log names the file");
        assert!(logged.contains(link), "{logged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_mail_server_no_link_is_ever_logged() {
    let server = MailServer::start().await;
    let app = TestApp::start_with(|config| config.smtp_url = Some(server.url.clone())).await;
    for name in ["zoe", "silent-yan"] {
        app.browser().post(SIGN_UP, &[("name", name), ("email", &format!("{name}@example.com"))]).await.done();
    }
    app.state.mailer.set_send_time(std::time::Duration::from_millis(300));
    queue::send_due(&app.state).await.unwrap();
    let content = server.messages()[0].content.replace("=\n", "").replace("=3D", "=");
    let (_, rest) = content.split_once("link=").unwrap();
    let link: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    assert!(link.starts_with("bklnk_") && !log_lines().contains(&link));
    assert!(files(&app.state.config.data_dir).iter().all(|file| file.extension().is_none_or(|kind| kind != "eml")));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobodys_words_stand_in_a_mail_to_somebody_who_does_not_know_them() {
    let (app, ada) = TestApp::with_org("acme").await;
    let mallory = app.person("mallory").await;
    mallory.post("/do/accounts/rename", &[("name", EVIL)]).await.done();
    // Sign-up of an unknown and of a known address, and addresses that are claimed: one free, one somebody's.
    for email in ["zoe@example.com", &ada.email] {
        app.browser().post(SIGN_UP, &[("name", EVIL), ("email", email)]).await.done();
    }
    for email in ["yan@example.com", &ada.email] {
        mallory.post("/do/addresses/add", &[("email", email), ("current", crate::support::PASSWORD)]).await.done();
    }
    // A password that is asked for before the mailbox is proven.
    app.browser().post(FORGOT, &[("email", "zoe@example.com")]).await.done();
    let mails = app.mailbox().await;
    assert_eq!(mails.len(), 5, "{mails:?}");
    for mail in &mails {
        assert!(!mail.content.contains("won") && !mail.content.contains("evil"), "{mail:?}");
    }
    assert!(mails.iter().any(|mail| mail.content.contains("mallory@example.com")), "who it was stands there");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_names_organization_and_admin_in_short_and_links_to_nothing_else() {
    let (app, ada) = TestApp::with_org("acme").await;
    let name = "Claim your prize now at www.evil.example before it is gone for ever and ever";
    ada.post("/do/orgs/rename", &[("org_slug", "acme"), ("name", name)]).await.done();
    ada.post("/do/accounts/rename", &[("name", "https://evil.example/win")]).await.done();
    let form = [("org_slug", "acme"), ("addresses", "bob@example.com"), ("role", "member"), ("message", "Look: evil.example/x")];
    ada.post("/do/invites/create", &form).await.done();
    let mail = app.only_mail().await;
    assert!(!mail.content.contains("evil.example") && !mail.content.contains("for ever"), "{mail:?}");
    assert!(mail.content.contains("Look: evil. example/x") && mail.content.contains("ada@example.com"), "{mail:?}");
}
