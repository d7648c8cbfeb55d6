//! A fresh database for each test, copied from one that was migrated once.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait as _, Database};
use server::config::Config;
use server::store::db::Db;
use tempfile::TempDir;
use tokio::sync::OnceCell;

const TEMPLATE: &str = "buildkeep_it_template";
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Dropped from the cluster when the test ends; a SQLite file goes with its folder.
pub struct TestDatabase {
    cluster: Option<(String, String)>,
}

impl TestDatabase {
    /// Makes one and names it in the configuration.
    pub async fn create(config: &mut Config) -> Self {
        let Ok(cluster) = std::env::var("BUILDKEEP_TEST_POSTGRES_URL") else {
            std::fs::write(config.data_dir.join("buildkeep.sqlite"), sqlite_template().await).unwrap();
            return Self { cluster: None };
        };
        postgres_template(&cluster).await;
        let name = unused_name();
        execute(&cluster, &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}")).await;
        config.database_url = Some(in_cluster(&cluster, &name));
        Self { cluster: Some((cluster, name)) }
    }

    /// The file that lies in the data folder already.
    pub const fn in_folder() -> Self {
        Self { cluster: None }
    }
}

/// A database without tables, for tests of how they come about.
pub struct EmptyDatabase {
    url: String,
    _dropped_with: (TestDatabase, TempDir),
}

impl EmptyDatabase {
    /// Makes one.
    pub async fn create() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (url, cluster) = match std::env::var("BUILDKEEP_TEST_POSTGRES_URL") {
            Ok(cluster) => {
                let name = unused_name();
                execute(&cluster, &format!("CREATE DATABASE {name}")).await;
                (in_cluster(&cluster, &name), Some((cluster, name)))
            }
            Err(_) => (format!("sqlite://{}?mode=rwc", folder.path().join("empty.sqlite").display()), None),
        };
        Self { url, _dropped_with: (TestDatabase { cluster }, folder) }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Which kind it is.
    pub fn is_postgres(&self) -> bool {
        !self.url.starts_with("sqlite:")
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let Some((cluster, name)) = self.cluster.take() else { return };
        // A runtime of its own: the test's is not to be blocked, and may be on its way out.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(execute(&cluster, &format!("DROP DATABASE {name} WITH (FORCE)")));
        });
        let dropped = dropping.join();
        assert!(dropped.is_ok() || std::thread::panicking(), "the test's database could not be dropped");
    }
}

fn unused_name() -> String {
    format!("buildkeep_it_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed))
}

async fn sqlite_template() -> &'static [u8] {
    static MIGRATED: OnceCell<Vec<u8>> = OnceCell::const_new();
    let make = async || {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("template.sqlite");
        migrate(&format!("sqlite://{}?mode=rwc", file.display())).await;
        assert!(no_rest(&file), "the template is whole in one file");
        std::fs::read(&file).unwrap()
    };
    MIGRATED.get_or_init(make).await
}

fn no_rest(file: &Path) -> bool {
    std::fs::metadata(file.with_extension("sqlite-wal")).map_or(true, |wal| wal.len() == 0)
}

async fn postgres_template(cluster: &str) {
    static MIGRATED: OnceCell<()> = OnceCell::const_new();
    let make = async || {
        execute(cluster, &format!("DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")).await;
        execute(cluster, &format!("CREATE DATABASE {TEMPLATE}")).await;
        migrate(&in_cluster(cluster, TEMPLATE)).await;
    };
    MIGRATED.get_or_init(make).await;
}

async fn migrate(url: &str) {
    let db = Db::connect(url).await.unwrap();
    if url.starts_with("sqlite:") {
        db.write().execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await.unwrap();
    }
    db.read().close_by_ref().await.unwrap();
    db.write().close_by_ref().await.unwrap();
}

async fn execute(url: &str, sql: &str) {
    let db = Database::connect(url).await.unwrap();
    db.execute_unprepared(sql).await.unwrap();
    db.close().await.unwrap();
}

fn in_cluster(cluster: &str, name: &str) -> String {
    let (server, _) = cluster.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}
