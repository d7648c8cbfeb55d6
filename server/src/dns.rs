//! What DNS says. Asked seldom, and by people who wait for a change: so nothing is remembered between two questions,
//! and the system's settings are read anew for each.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use app::domain::domain_invite::DnsAnswer;
use app::domain::ids::UserId;
use app::error::AppError;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RData};

/// One server has this long to answer, ...
const PATIENCE: Duration = Duration::from_secs(2);
/// ... and all servers with all their retries together.
const LONGEST: Duration = Duration::from_secs(10);
/// Questions that one person may cause within a minute: nobody is to ask the world's DNS through us.
const PER_PERSON: NonZeroU32 = NonZeroU32::new(10).expect("not zero");

/// Asks DNS servers.
pub struct Dns {
    server: Option<SocketAddr>,
    by_person: DefaultKeyedRateLimiter<UserId>,
}

impl Dns {
    /// Asks this server, or those that the system names.
    pub fn new(server: Option<SocketAddr>) -> Self {
        Self { server, by_person: RateLimiter::keyed(Quota::per_minute(PER_PERSON)) }
    }

    /// Counts a question of a person; an error when there were too many lately.
    pub fn count(&self, user: UserId) -> Result<(), AppError> {
        self.by_person.check_key(&user).map_err(|until| {
            let seconds = until.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            AppError::RateLimited(u32::try_from(seconds).unwrap_or(u32::MAX))
        })
    }

    /// Forgets those who have waited long enough.
    pub fn forget_old(&self) {
        self.by_person.retain_recent();
    }

    /// Whether any answer comes; what it says does not matter. Not a name under `.invalid`: those the resolver answers
    /// itself (RFC 6761).
    pub async fn check(&self) -> Result<(), String> {
        match self.ask("_buildkeep-challenge.example.com", "").await {
            DnsAnswer::Silence => Err("no answer came; check `dns_server`".to_owned()),
            DnsAnswer::Found | DnsAnswer::Others(_) | DnsAnswer::NoRecord | DnsAnswer::Failed(_) => Ok(()),
        }
    }

    /// Whether a TXT record of this name has this value.
    pub async fn ask(&self, name: &str, value: &str) -> DnsAnswer {
        match tokio::time::timeout(LONGEST, self.txt(name)).await {
            Ok(Ok(values)) => DnsAnswer::of(&values, value),
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(_)))) => DnsAnswer::NoRecord,
            Ok(Err(NetError::Dns(DnsError::ResponseCode(code)))) => DnsAnswer::Failed(code.to_string()),
            Ok(Err(error)) => {
                tracing::info!(name, %error, "no DNS server answered");
                DnsAnswer::Silence
            }
            Err(_) => {
                tracing::info!(name, "no DNS server answered in time");
                DnsAnswer::Silence
            }
        }
    }

    /// The values of all TXT records of a name; a value that comes in parts is put together (RFC 7208, 3.3).
    async fn txt(&self, name: &str) -> Result<Vec<String>, NetError> {
        let mut builder = match self.server {
            Some(address) => {
                let mut server = NameServerConfig::udp_and_tcp(address.ip());
                for connection in &mut server.connections {
                    connection.port = address.port();
                }
                let config = ResolverConfig::from_name_servers(vec![server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
            None => TokioResolver::builder_tokio()?,
        };
        let options = builder.options_mut();
        options.timeout = PATIENCE;
        options.use_hosts_file = ResolveHosts::Never;
        // Fully qualified: the system's search list is not to add anything.
        let mut name = Name::from_ascii(name)?;
        name.set_fqdn(true);
        let lookup = builder.build()?.txt_lookup(name).await?;
        let texts = lookup.answers().iter().filter_map(|record| match &record.data {
            RData::TXT(txt) => Some(txt.txt_data.concat()),
            _ => None,
        });
        Ok(texts.map(|text| String::from_utf8_lossy(&text).into_owned()).collect())
    }
}
