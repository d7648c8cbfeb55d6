//! A data folder that an older version left (`fixtures/old_data.tar.gz`; how it was made says `fixtures/README.md`): it is
//! opened, and nothing is lost.

use app::domain::names::OrgSlug;
use app::error::{AppError, Conflict, Field};
use flate2::read::GzDecoder;

use crate::support::{Ci, TestApp};

const FOLDER: &[u8] = include_bytes!("fixtures/old_data.tar.gz");
const TOKEN: (&str, &str) = ("tok_01m8ka6p5ze2faqra1d3wz9zny", "bkci_FqHRX0mqUB9uQC15XNPBd2qhmUL10WEpq");
const WORKSPACE: &str = "wks_01m8ka6nvseacscssjtnjz7mbs";
const RUN: &str = "run_01m8ka6pa5e9rr77qab9hz90f3";
/// Address, password as it was typed then, and name of each account.
const PEOPLE: [(&str, &str, &str); 4] = [
    ("ada@example.com", "gr\u{fc}\u{df}e an alle welt", "Änne Müller"),
    ("ivan@example.com", "correct horse battery", "Иван Петров"),
    ("zoe@example.com", "scho\u{308}ne gru\u{308}\u{df}e", "Zo\u{ad}e"),
    ("blank@example.com", "correct horse battery", "\u{3164}"),
];

async fn opened() -> TestApp {
    let folder = tempfile::tempdir().unwrap();
    tar::Archive::new(GzDecoder::new(FOLDER)).unpack(folder.path()).unwrap();
    TestApp::on(folder).await
}

fn acme() -> OrgSlug {
    OrgSlug::parse("acme").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_signs_in_and_is_found_by_their_name() {
    let app = opened().await;
    for (email, password, _) in PEOPLE {
        app.browser().sign_in(email, password).await.done();
    }
    app.browser().sign_in("ada@example.com", "gru\u{308}\u{df}e an alle welt").await.done();
    let search = async |words: &str| app.backend().members.list(&app.operator(), &acme(), words, None).await.unwrap().rows;
    assert_eq!(search("").await.len(), PEOPLE.len());
    for (words, name) in [("ÄNNE", "Änne Müller"), ("mu\u{308}ller", "Änne Müller"), ("ИВАН", "Иван Петров"), ("zoe", "Zo\u{ad}e")]
    {
        let found = search(words).await;
        assert_eq!(found.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), [name], "{words}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_shows_what_was_there() {
    let app = opened().await;
    let ada = app.browser();
    ada.sign_in(PEOPLE[0].0, PEOPLE[0].1).await.done();
    for (page, shown) in [
        ("/o/acme/members".to_owned(), vec!["Änne Müller", "Иван Петров", "Zo\u{ad}e", "\u{3164}"]),
        ("/o/acme/invites".to_owned(), vec!["carl@example.com", "anne@example.org"]),
        ("/o/acme".to_owned(), vec![">web<", ">Web<", "Größe"]),
        ("/o/acme/usage".to_owned(), vec!["office@example.com", "80331 München"]),
        ("/o/acme/audit".to_owned(), vec!["carl@example.com"]),
        (format!("/o/acme/w/{WORKSPACE}/artifacts"), vec!["1166"]),
        (format!("/o/acme/w/{WORKSPACE}/tokens"), vec!["CI für alle"]),
        ("/account/tokens".to_owned(), vec!["laptop"]),
        (format!("/o/acme/w/{WORKSPACE}/runs/{RUN}"), vec!["Repariere die Größe", "shop:build"]),
        (format!("/o/acme/w/{WORKSPACE}/runs/{RUN}/tasks/0"), vec!["compiled by an older version"]),
    ] {
        let text = ada.get(&page).await.is(200).text();
        for words in shown {
            assert!(text.contains(words), "{page} does not show {words}: {text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn visitors_of_a_public_organization_go_on_seeing_its_runs() {
    let app = opened().await;
    for page in ["/o/acme/runs".to_owned(), format!("/o/acme/w/{WORKSPACE}/runs/{RUN}")] {
        let text = app.browser().get(&page).await.is(200).text();
        assert!(text.contains("nx run-many -t build") && !text.contains("@example.com"), "{page}: {text}");
    }
    app.browser().get("/o/kontor").await.is(302);
}

#[tokio::test(flavor = "multi_thread")]
async fn its_artifacts_are_read_and_new_ones_stored() {
    let app = opened().await;
    let ci = Ci::new(&app.url, TOKEN.0.parse().unwrap(), TOKEN.1.to_owned());
    let mut content = String::new();
    let body = ci.get("1166").await.is(200).body;
    std::io::Read::read_to_string(&mut GzDecoder::new(body.as_slice()), &mut content).unwrap();
    assert_eq!(content, "built by an older version");
    ci.put("1167", body.clone()).await.is(200);
    assert_eq!(ci.get("1167").await.is(200).body, body);
}

#[tokio::test(flavor = "multi_thread")]
async fn workspaces_whose_names_differ_in_case_alone_stay_and_get_no_company() {
    let app = opened().await;
    let ada = app.browser();
    ada.sign_in(PEOPLE[0].0, PEOPLE[0].1).await.done();
    let named = async || {
        let rows = app.backend().workspaces.list(&app.operator(), &acme()).await.unwrap();
        let mut names: Vec<String> = rows.into_iter().map(|row| row.name.into()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(named().await, ["Größe", "Web", "web"]);
    for name in ["WEB", "web", "größe"] {
        let create = [("org_slug", "acme"), ("name", name)];
        ada.post("/do/workspaces/create", &create).await.refused(409, &AppError::Conflict(Conflict::WorkspaceNameTaken));
    }
    let newer = app.backend().workspaces.list(&app.operator(), &acme()).await.unwrap();
    let newer = newer.into_iter().find(|row| row.name.as_str() == "Web").unwrap().id.to_string();
    let rename = |name: &'static str| [("org_slug", "acme".to_owned()), ("workspace_id", newer.clone()), ("name", name.to_owned())];
    for (name, status) in [("WEB", 409), ("shop", 303)] {
        let form = rename(name);
        let form = form.each_ref().map(|(field, value)| (*field, value.as_str()));
        ada.post("/do/workspaces/rename", &form).await.is(status);
    }
    assert_eq!(named().await, ["Größe", "shop", "web"]);
    ada.post("/do/accounts/rename", &[("name", "Zo\u{ad}e")]).await.refused_for(Field::Name);
}
