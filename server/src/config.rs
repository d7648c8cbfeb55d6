//! Configuration: defaults, then an optional TOML file, then `BUILDKEEP_*` variables, then the command line.
//!
//! An unknown or malformed setting stops the start and is named. The table in the README lists all of them.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use lettre::message::Mailbox;
use serde::{Deserialize, Serialize};

use crate::admission::{OrgCreation, SignUp};
use crate::bounds::Bounds;
use crate::mail::settings::is_host_name;
use crate::oidc;
use crate::plans::{PlanSettings, Plans};
use crate::proxies::TrustedProxy;
use crate::public_url;

/// Every setting.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// Folder for the database, artifacts, mail files and the master key, as far as these are not elsewhere.
    pub data_dir: PathBuf,
    /// The address under which people and nx reach this server; default is `http://` (with TLS `https://`) and `listen`.
    pub public_url: Option<String>,
    /// Certificate chain (PEM) to serve TLS with; without it a proxy does that, or nobody.
    pub tls_certificate: Option<PathBuf>,
    /// Private key (PEM) of the certificate.
    pub tls_key: Option<PathBuf>,
    /// `sqlite://…` or `postgres://…`; default is a SQLite file in the data folder.
    pub database_url: Option<String>,
    /// The master key, 64 hex characters; default is the file below.
    pub master_key: Option<String>,
    /// File with the master key; default is `master.key` in the data folder, made at the first start.
    pub master_key_file: Option<PathBuf>,
    /// `smtp://user:password@host:587?tls=required`, or `smtps://…`; without it mail becomes files in the data folder.
    pub smtp_url: Option<String>,
    /// Sender of our mail.
    pub mail_from: String,
    /// The name of this server among mail servers, in `EHLO` and `Message-ID`; default is the host of `public_url`.
    pub mail_host: Option<String>,
    /// Mails to sign up or to choose a new password that one client network may cause within an hour.
    pub mails_per_hour: u32,
    /// Who may make an account: `open`, `invited` or `domains`.
    pub sign_up: SignUp,
    /// The domains whose people may make an account, with `sign_up = "domains"`.
    pub sign_up_domains: Vec<String>,
    /// Who may create an organization: `everyone` or `operator`.
    pub organizations: OrgCreation,
    /// DNS server that is asked for the records that prove domains, with its port; default is the system's.
    pub dns_server: Option<SocketAddr>,
    /// Proxies whose `X-Forwarded-For` is believed: addresses and ranges of them.
    pub trusted_proxies: Vec<TrustedProxy>,
    /// For what browsers are told to insist on TLS from now on, when `public_url` begins with `https://`.
    pub hsts: Hsts,
    /// Largest artifact in MiB.
    pub artifact_limit_mib: u32,
    /// What artifacts of CI executions may take in one workspace, in GiB.
    pub execution_limit_gib: u32,
    /// Uploads and downloads at once; more are answered as a miss.
    pub transfer_limit: u32,
    /// Days after which events of the audit log are deleted; default is never.
    pub audit_days: Option<u32>,
    /// Workspaces that there may be which `nx connect` created and nobody has claimed; 0 when only people who are signed in
    /// may create some.
    pub unclaimed_workspaces: u32,
    /// Days after which runs are deleted.
    pub run_days: u32,
    /// Plans with their limits; default is one without limits.
    pub plans: Vec<PlanSettings>,
    /// Name of the plan of organizations that were given none; needed when there are several.
    pub default_plan: Option<String>,
    /// Sign-in, sign-up and password requests a minute from one client address.
    pub sign_in_per_minute: u32,
    /// The OpenID provider that people can sign in with; default is Google.
    pub oidc_issuer: String,
    /// Our name at the provider; without it there is no such sign-in.
    pub oidc_client_id: Option<String>,
    /// Our secret at the provider.
    pub oidc_client_secret: Option<String>,
    /// Audiences that ID tokens may name beside us, although they do not say that they were made for us.
    pub oidc_trusted_audiences: Vec<String>,
    /// How people call the provider; default is `Google`, or `Single sign-on` for another issuer.
    pub oidc_name: Option<String>,
    /// Minutes between two checks whether an account at the provider still works.
    pub oidc_check_minutes: u32,
    /// Hours for which an account counts as working while the provider cannot be asked.
    pub oidc_grace_hours: u32,
    /// What to log, in the notation of `tracing`'s filter.
    pub log: String,
    /// `human` or `json`.
    pub log_format: LogFormat,
    /// Connections at once; fewer when the system allows fewer open files.
    pub connection_limit: u32,
    /// MiB of the disk of the artifacts that stay free: with less, nothing is stored without a token.
    pub keep_free_mib: u32,
    /// Address and port on which `/metrics` is served, and not on `listen` any more.
    pub metrics_listen: Option<SocketAddr>,
    /// What has to be sent as `Authorization: Bearer` for `/metrics`.
    pub metrics_token: Option<String>,
    /// Bounds that are no settings.
    #[serde(skip)]
    pub bounds: Bounds,
}

/// `Strict-Transport-Security`: for what browsers insist on TLS for a year after each visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hsts {
    /// For nothing; a proxy may say it.
    Off,
    /// For the host of `public_url`.
    Host,
    /// For all hosts below it too, whoever serves them.
    Subdomains,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 3000)),
            data_dir: PathBuf::from("data"),
            public_url: None,
            tls_certificate: None,
            tls_key: None,
            database_url: None,
            master_key: None,
            master_key_file: None,
            smtp_url: None,
            mail_from: "Buildkeep <buildkeep@localhost>".to_owned(),
            mail_host: None,
            mails_per_hour: 20,
            sign_up: SignUp::Open,
            sign_up_domains: Vec::new(),
            organizations: OrgCreation::Everyone,
            dns_server: None,
            trusted_proxies: Vec::new(),
            hsts: Hsts::Host,
            artifact_limit_mib: 2048,
            execution_limit_gib: 10,
            transfer_limit: 512,
            audit_days: None,
            unclaimed_workspaces: 100,
            run_days: 90,
            plans: Vec::new(),
            default_plan: None,
            sign_in_per_minute: 20,
            oidc_issuer: oidc::GOOGLE.to_owned(),
            oidc_client_id: None,
            oidc_client_secret: None,
            oidc_trusted_audiences: Vec::new(),
            oidc_name: None,
            oidc_check_minutes: 15,
            oidc_grace_hours: 24,
            log: "info,sqlx=warn,sea_orm_migration=warn,tower_sessions_core=error".to_owned(),
            log_format: LogFormat::Human,
            connection_limit: 10_000,
            keep_free_mib: 2048,
            metrics_listen: None,
            metrics_token: None,
            bounds: Bounds::default(),
        }
    }
}

/// Why the configuration is not usable.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// Unknown or malformed, as the reader of files and variables says it.
    #[error("{0}")]
    Malformed(Box<figment::Error>),
    /// Well-formed, but not something to work with.
    #[error("setting `{setting}`: {problem}")]
    Unusable {
        /// The setting's name.
        setting: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// The named file is not there.
    #[error("the configuration file {0} does not exist")]
    NoFile(PathBuf),
}

impl Config {
    /// Reads all sources and checks what can be checked without touching the outside.
    pub fn load(file: Option<&Path>, data_dir: Option<&Path>, listen: Option<SocketAddr>) -> Result<Self, ConfigError> {
        let mut sources = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            if !file.is_file() {
                return Err(ConfigError::NoFile(file.to_owned()));
            }
            sources = sources.merge(Toml::file_exact(file));
        }
        // `BUILDKEEP_CONFIG` names the file itself; the tools' folder and the tests' database belong to the scripts.
        sources = sources.merge(Env::prefixed("BUILDKEEP_").filter(|key| key != "config" && key != "tools" && !key.starts_with("test_")));
        if let Some(data_dir) = data_dir {
            sources = sources.merge(Serialized::default("data_dir", data_dir));
        }
        if let Some(listen) = listen {
            sources = sources.merge(Serialized::default("listen", listen));
        }
        let config: Self = sources.extract().map_err(|error| ConfigError::Malformed(Box::new(error)))?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let unusable = |setting, problem: &str| Err(ConfigError::Unusable { setting, problem: problem.to_owned() });
        if let Some(problem) = self.public_url.as_deref().and_then(|url| public_url::normalised(url).err()) {
            return unusable("public_url", problem);
        }
        if let Some(url) = &self.database_url
            && !(url.starts_with("sqlite:") || url.starts_with("postgres://") || url.starts_with("postgresql://"))
        {
            return unusable("database_url", "write it as postgres://user:password@host/database or sqlite://path");
        }
        if self.tls_certificate.is_some() != self.tls_key.is_some() {
            return unusable("tls_certificate", "set `tls_certificate` and `tls_key` together");
        }
        if self.mail_from.parse::<Mailbox>().is_err() {
            return unusable("mail_from", "write it as Buildkeep <buildkeep@example.com>");
        }
        if self.mail_host.as_ref().is_some_and(|host| !is_host_name(host)) {
            return unusable("mail_host", "write it as build.example.com");
        }
        if self.mails_per_hour == 0 {
            return unusable("mails_per_hour", "use 1 or more");
        }
        self.sign_up_rule()?;
        if !(1..=1_048_576).contains(&self.execution_limit_gib) {
            return unusable("execution_limit_gib", "use 1 to 1048576");
        }
        if !(1..=1_048_576).contains(&self.artifact_limit_mib) {
            return unusable("artifact_limit_mib", "use 1 to 1048576");
        }
        if self.transfer_limit == 0 {
            return unusable("transfer_limit", "use 1 or more");
        }
        if self.audit_days.is_some_and(|days| !(1..=36_500).contains(&days)) {
            return unusable("audit_days", "use 1 to 36500, or leave it out to keep events for ever");
        }
        if !(1..=36_500).contains(&self.run_days) {
            return unusable("run_days", "use 1 to 36500");
        }
        if self.sign_in_per_minute == 0 {
            return unusable("sign_in_per_minute", "use 1 or more");
        }
        if self.oidc_client_id.is_some() != self.oidc_client_secret.is_some() {
            return unusable("oidc_client_id", "set `oidc_client_id` and `oidc_client_secret` together");
        }
        let is_here = |rest: &str| ["localhost", "127.0.0.1"].contains(&rest.split([':', '/']).next().unwrap_or_default());
        if !self.oidc_issuer.starts_with("https://") && !self.oidc_issuer.strip_prefix("http://").is_some_and(is_here) {
            return unusable("oidc_issuer", "write it as https://accounts.example.com");
        }
        if !(1..=1440).contains(&self.oidc_check_minutes) {
            return unusable("oidc_check_minutes", "use 1 to 1440");
        }
        if !(1..=720).contains(&self.oidc_grace_hours) || self.oidc_grace_hours * 60 < self.oidc_check_minutes {
            return unusable("oidc_grace_hours", "use 1 to 720, and not less than `oidc_check_minutes`");
        }
        if !(16..=1_000_000).contains(&self.connection_limit) {
            return unusable("connection_limit", "use 16 to 1000000");
        }
        if self.metrics_token.as_ref().is_some_and(|token| token.len() < 16) {
            return unusable("metrics_token", "use at least 16 characters, as `openssl rand -hex 32` makes them");
        }
        if self.metrics_listen.is_some_and(|address| address == self.listen) {
            return unusable("metrics_listen", "use another port than `listen`");
        }
        Plans::new(self)?;
        Ok(())
    }

    /// How people call the OpenID provider.
    pub fn oidc_name(&self) -> &str {
        let default = if self.oidc_issuer == oidc::GOOGLE { "Google" } else { "Single sign-on" };
        self.oidc_name.as_deref().unwrap_or(default)
    }

    /// The address under which people and nx reach this server, without a trailing slash.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => public_url::normalised(url).unwrap_or_else(|_| url.clone()),
            None => format!("{}://{}", if self.tls_certificate.is_some() { "https" } else { "http" }, self.listen),
        }
    }

    /// Whether people reach the server over TLS, so that cookies and headers can insist on it.
    pub fn is_https(&self) -> bool {
        match &self.public_url {
            Some(url) => url.trim_start().get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://")),
            None => self.tls_certificate.is_some(),
        }
    }

    /// Whether this address is a proxy's whose word about its clients counts.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|proxy| proxy.covers(address))
    }

    /// What `Strict-Transport-Security` says; nothing without TLS.
    pub fn strict_transport(&self) -> Option<&'static str> {
        if !self.is_https() {
            return None;
        }
        match self.hsts {
            Hsts::Off => None,
            Hsts::Host => Some("max-age=31536000"),
            Hsts::Subdomains => Some("max-age=31536000; includeSubDomains"),
        }
    }

    /// What is wrong with how proxies in front are configured, as far as settings tell.
    pub fn proxy_problem(&self) -> Option<&'static str> {
        (self.is_https() && self.tls_certificate.is_none() && self.trusted_proxies.is_empty()).then_some(
            "`public_url` begins with https:// and TLS is not served here, so that a proxy stands in front, and `trusted_proxies` does not \
             name it: all people count as one client, in limits, sessions and the audit log",
        )
    }

    /// Where the database is.
    pub fn database_url(&self) -> String {
        self.database_url.clone().unwrap_or_else(|| format!("sqlite://{}?mode=rwc", self.data_dir.join("buildkeep.sqlite").display()))
    }

    /// Where artifacts lie.
    pub fn artifact_dir(&self) -> PathBuf {
        self.data_dir.join("artifacts")
    }

    /// Where mail is written when there is no mail server.
    pub fn mail_dir(&self) -> PathBuf {
        self.data_dir.join("mail")
    }

    /// Largest artifact in bytes.
    pub fn artifact_limit(&self) -> u64 {
        u64::from(self.artifact_limit_mib) << 20
    }

    /// What artifacts of CI executions may take in one workspace, in bytes.
    pub fn execution_limit(&self) -> u64 {
        u64::from(self.execution_limit_gib) << 30
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_public_url_is_named() {
        let config = Config { public_url: Some("https://build.example.com/keep".into()), ..Config::default() };
        assert!(config.check().unwrap_err().to_string().contains("public_url"));
        assert!(Config::default().check().is_ok());
    }

    #[test]
    fn the_public_url_is_the_same_however_it_is_written() {
        let config = Config { public_url: Some("HTTPS://Build.example.com:443/".into()), ..Config::default() };
        assert!(config.check().is_ok());
        assert_eq!(config.public_url(), "https://build.example.com");
        assert!(config.is_https());
    }

    #[test]
    fn browsers_insist_on_tls_for_what_the_setting_says_and_only_with_tls() {
        let with = |url: &str, hsts| Config { public_url: Some(url.into()), hsts, ..Config::default() }.strict_transport();
        assert_eq!(with("https://build.example.com", Hsts::Host), Some("max-age=31536000"));
        assert_eq!(with("https://build.example.com", Hsts::Subdomains), Some("max-age=31536000; includeSubDomains"));
        assert_eq!(with("https://build.example.com", Hsts::Off), None);
        assert_eq!(with("http://build.example.com", Hsts::Subdomains), None);
        assert_eq!(Config::default().hsts, Hsts::Host);
    }

    #[test]
    fn proxies_are_read_from_the_file_and_a_bad_one_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("buildkeep.toml");
        std::fs::write(&file, "trusted_proxies = [\"10.0.0.0/8\", \"::1\"]\nhsts = \"subdomains\"\n").unwrap();
        let config = Config::load(Some(&file), None, None).unwrap();
        assert!(config.trusts("10.1.2.3".parse().unwrap()) && config.trusts("::1".parse().unwrap()));
        assert!(!config.trusts("192.0.2.1".parse().unwrap()));
        std::fs::write(&file, "trusted_proxies = [\"10.0.0.0/99\"]\n").unwrap();
        let error = Config::load(Some(&file), None, None).err().unwrap().to_string();
        assert!(error.contains("trusted_proxies") && error.contains("10.0.0.0/99"), "{error}");
    }

    #[test]
    fn a_proxy_that_must_be_there_and_is_not_named_is_a_problem() {
        let config = Config { public_url: Some("https://build.example.com".into()), ..Config::default() };
        assert!(config.proxy_problem().is_some());
        let named = Config { trusted_proxies: vec!["10.0.0.1".parse().unwrap()], ..config };
        assert!(named.proxy_problem().is_none());
        assert!(Config::default().proxy_problem().is_none());
    }

    #[test]
    fn an_unknown_setting_in_the_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("buildkeep.toml");
        std::fs::write(&file, "artefact_limit_mib = 3\n").unwrap();
        let error = Config::load(Some(&file), None, None).err().unwrap().to_string();
        assert!(error.contains("artefact_limit_mib"), "{error}");
    }
}
