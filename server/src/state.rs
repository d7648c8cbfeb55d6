//! Everything that lives as long as the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use app::domain::artifact::ArtifactScope;
use app::domain::ids::WorkspaceId;
use app::domain::names::ArtifactHash;
use app::request::Site;
use axum_extra::extract::cookie::Key;
use moka::sync::Cache;
use tokio::sync::Notify;

use crate::admission::OrgCreation;
use crate::auth::attempts::Attempts;
use crate::auth::credential::Credentials;
use crate::auth::epoch::AccessEpoch;
use crate::auth::password::Passwords;
use crate::auth::refusals::Refusals;
use crate::auth::secret::SecretHasher;
use crate::auth::strangers::Strangers;
use crate::auth::token_refusals::TokenRefusals;
use crate::blob::fs::FsBlobs;
use crate::blob::{BlobError, BlobStore};
use crate::client_bundle;
use crate::clock::Clock;
use crate::config::{Config, ConfigError};
use crate::crowd::{self, Pages};
use crate::disk::Disk;
use crate::dns::Dns;
use crate::error::Error;
use crate::keys::{KeyError, Keyring, load_master_key};
use crate::mail::{MailError, Mailer};
use crate::oidc::Provider;
use crate::plans::Plans;
use crate::private_files;
use crate::proxies::Told;
use crate::services::limits::Quotas;
use crate::services::naming::Naming;
use crate::services::room::Coming;
use crate::services::runs::intake::Intake;
use crate::services::transfers::Shares;
use crate::services::usage::LastCount;
use crate::store::artifacts::StoredArtifact;
use crate::store::db::Db;
use crate::usage::Usage;

/// What an artifact is found by.
pub type ArtifactKey = (WorkspaceId, ArtifactScope, ArtifactHash);

/// The server's parts. Services and handlers share one.
pub struct State {
    /// Settings.
    pub config: Config,
    /// Database.
    pub db: Db,
    /// Time and ids.
    pub clock: Clock,
    /// Keys of data at rest.
    pub keys: Keyring,
    /// Password hashing.
    pub passwords: Passwords,
    /// What is stored of credentials.
    pub hasher: Arc<SecretHasher>,
    /// Tokens that were checked.
    pub credentials: Credentials,
    /// When what is remembered stops counting.
    pub epoch: AccessEpoch,
    /// Sealed bytes of artifacts.
    pub blobs: Arc<dyn BlobStore>,
    /// Where artifacts lie, for those that were asked for lately. An artifact never changes; one that was deleted
    /// elsewhere is noticed when its bytes are not there.
    pub found: Cache<ArtifactKey, Arc<StoredArtifact>>,
    /// The disk that they are on.
    pub disk: Disk,
    /// Artifacts on their way to where there is little room.
    pub coming: Coming,
    /// Artifacts that wait for their names.
    pub naming: Naming,
    /// Runs that clients tell of.
    pub intake: Intake,
    /// Counts to be written down.
    pub usage: Usage,
    /// The OpenID provider that people can sign in with.
    pub provider: Option<Provider>,
    /// The plans that the operator offers.
    pub plans: Plans,
    /// Whether organizations may store more.
    pub quotas: Quotas,
    /// When organizations were counted.
    pub last_count: LastCount,
    /// Outgoing mail.
    pub mailer: Mailer,
    /// What DNS says.
    pub dns: Dns,
    /// Wakes the worker that sends mail.
    pub mail_waiting: Notify,
    /// Wakes the worker that purges.
    pub purge_waiting: Notify,
    /// Transfers that may go on at once.
    pub transfers: Shares,
    /// Pages that may be made and read at once.
    pub pages: Pages,
    /// Attempts at signing in and the like.
    pub attempts: Attempts,
    /// Requests of those who have no credential.
    pub strangers: Strangers,
    /// What was refused lately, so that it is audited once.
    pub refusals: Refusals,
    /// The same for tokens that work no more.
    pub token_refusals: TokenRefusals,
    /// When the operator was told of proxies that are not configured.
    pub told: Told,
    /// Key of sealed cookies.
    pub cookie_key: Key,
    /// What pages say about this server.
    pub site: Arc<Site>,
    /// Set while the server shuts down: no longer ready for new work.
    pub stopping: AtomicBool,
}

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data folder cannot be used.
    #[error("the data folder {0} cannot be used: {1}")]
    DataDir(String, std::io::Error),
    /// The database cannot be used.
    #[error("the database cannot be opened ({0}); check `database_url`")]
    Database(sea_orm::DbErr),
    /// There is no master key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The artifact store cannot be used.
    #[error("the artifact store cannot be used: {0}")]
    Blobs(#[from] BlobError),
    /// The OpenID provider cannot be set up.
    #[error("the OpenID provider cannot be used ({0}); check `oidc_issuer` and `public_url`")]
    Provider(String),
    /// Mail cannot be set up.
    #[error(transparent)]
    Mail(#[from] MailError),
    /// A setting is not usable.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Organizations have plans that the configuration has not.
    #[error(
        "setting `plans`: organizations have the plan {0}, which it lacks; add it, or give them another one by `buildkeep admin org set-plan`"
    )]
    LostPlans(String),
    /// Something inside failed.
    #[error(transparent)]
    Inner(#[from] Error),
}

impl State {
    /// Opens everything that the configuration names.
    pub async fn open(config: Config) -> Result<Arc<Self>, StartError> {
        let folder = config.artifact_dir();
        Self::open_with(config, || Ok(Arc::new(FsBlobs::new(folder)?))).await
    }

    /// The same with another store of artifacts.
    pub async fn open_with(
        config: Config,
        blobs: impl FnOnce() -> Result<Arc<dyn BlobStore>, BlobError> + Send,
    ) -> Result<Arc<Self>, StartError> {
        let plans = Plans::new(&config)?;
        let sign_up = config.sign_up_rule()?;
        private_files::tighten(&config).map_err(|error| StartError::DataDir(config.data_dir.display().to_string(), error))?;
        let master = load_master_key(&config)?;
        let db = Db::connect(&config.database_url()).await.map_err(StartError::Database)?;
        let blobs = blobs()?;
        let mailer = Mailer::new(&config, &master.subkey("mail"))?;
        let provider = Provider::new(&config).map_err(StartError::Provider)?;
        let hasher = Arc::new(SecretHasher::new(master.subkey("credential-hash").as_slice()));
        let site = Site {
            public_url: config.public_url(),
            provider: config.oidc_client_id.is_some().then(|| config.oidc_name().to_owned()),
            mail_folder: config.smtp_url.is_none().then(|| config.mail_dir().display().to_string()),
            sign_up,
            everyone_creates_orgs: config.organizations == OrgCreation::Everyone,
            version: env!("CARGO_PKG_VERSION"),
            client: client_bundle::file(),
        };
        Ok(Arc::new(Self {
            db,
            clock: Clock::default(),
            cookie_key: Key::from(&[*master.subkey("cookies: signing"), *master.subkey("cookies: sealing")].concat()),
            keys: Keyring::new(master),
            passwords: Passwords::new()?,
            credentials: Credentials::new(hasher.clone()),
            hasher,
            epoch: AccessEpoch::default(),
            blobs,
            disk: Disk::of(config.artifact_dir()),
            coming: Coming::default(),
            found: Cache::new(100_000),
            naming: Naming::default(),
            intake: Intake::default(),
            usage: Usage::default(),
            provider,
            plans,
            quotas: Quotas::default(),
            last_count: LastCount::default(),
            mailer,
            dns: Dns::new(config.dns_server),
            mail_waiting: Notify::new(),
            purge_waiting: Notify::new(),
            transfers: Shares::new(config.transfer_limit as usize),
            pages: crowd::pages(),
            attempts: Attempts::new(config.sign_in_per_minute),
            strangers: Strangers::default(),
            refusals: Refusals::default(),
            token_refusals: TokenRefusals::default(),
            told: Told::default(),
            site: Arc::new(site),
            stopping: AtomicBool::new(false),
            config,
        }))
    }

    /// Access was taken away, and the change is committed: forget what might say otherwise.
    pub fn access_changed(&self) {
        self.epoch.raise();
        self.keys.forget();
    }

    /// Whether the server is shutting down.
    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
